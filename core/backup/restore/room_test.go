package restore

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core/backup"

	"golang.org/x/sys/unix"
)

// roomy is a database server whose disk is as full as a test wants.
type roomy struct {
	server
	free  int64
	known bool
	id    int32
}

func (s roomy) disk(context.Context) (disk, bool) {
	return disk{id: unix.Fsid{Val: [2]int32{s.id, 1}}, free: s.free}, s.known
}

// The dumps that go to one disk are compared with it together; what cannot be
// known is said.
func TestRoomForDumps(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		servers []roomy
		want    string
	}{
		"enough":        {[]roomy{{free: 1000 * mib, known: true}}, "✓ Room for the database: 1"},
		"perhaps":       {[]roomy{{free: 200 * mib, known: true}}, "! Room for the database: 2"},
		"too little":    {[]roomy{{free: 70 * mib, known: true}}, "✗ Room for the database: 7"},
		"full":          {[]roomy{{free: -mib, known: true}}, "✗ Room for the database: 0"},
		"together":      {[]roomy{{free: 120 * mib, known: true}, {free: 120 * mib, known: true}}, "✗ Room for the database: 1"},
		"apart":         {[]roomy{{free: 300 * mib, known: true}, {free: 300 * mib, known: true, id: 1}}, "✓ Room for the database: 3"},
		"not known":     {[]roomy{{}}, "! Room for the database: how much is free at far.example:3306 cannot be known"},
		"one not known": {[]roomy{{free: 70 * mib, known: true}, {}}, "✗ Room for the database: 7"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &run{ctx: t.Context(), state: &state{}, place: place{target: filepath.Join(t.TempDir(), "site")}}
			for _, s := range c.servers {
				d := &backup.StoredDatabase{Database: backup.Database{Bytes: 100 * mib}}
				r.targets = append(r.targets, &target{Target: Target{Database: Database{Server: backup.Server{Host: "far.example", Port: 3306}}}, server: s, dump: d})
			}
			var list checks
			r.roomForDumps(&list)
			if len(list) == 0 || !strings.HasPrefix(list[0].String(), c.want) {
				t.Errorf("%v, want %q", list, c.want)
			}
		})
	}
}

// The disk of a server is that of the process behind its socket, or of the
// directory that a server on this machine names; any other's is not known.
func TestServerDisk(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	listening, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close() //nolint:errcheck // the test ends
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	own, _ := diskAt(".")
	for name, c := range map[string]struct {
		at                 backup.Server
		socket, data, host string
		known              bool
	}{
		"a socket":                     {socket: socket, known: true},
		"this machine":                 {at: backup.Server{Host: "127.0.0.1"}, data: dir, host: host, known: true},
		"another's name":               {at: backup.Server{Host: "127.0.0.1"}, data: dir, host: host + "x"},
		"another host":                 {at: backup.Server{Host: "192.0.2.1"}, data: dir, host: host},
		"a directory that is not here": {at: backup.Server{Host: "localhost"}, data: dir + "/none", host: host},
		"nobody listens":               {socket: socket + "x", data: dir, host: host + "x"},
	} {
		d, ok := serverDisk(t.Context(), c.at, c.socket, c.data, c.host)
		if ok != c.known || c.socket == socket && d.id != own.id {
			t.Errorf("%s: %v %v", name, d, ok)
		}
	}
}
