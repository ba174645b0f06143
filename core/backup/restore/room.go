package restore

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"breakglass/core/backup"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"golang.org/x/sys/unix"
)

// disk is one that a database server writes to.
type disk struct {
	id   unix.Fsid
	free int64
}

// diskAt measures the disk of a directory.
func diskAt(dir string) (disk, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return disk{}, false
	}
	return disk{s.Fsid, int64(s.Bavail) * s.Bsize}, true
}

// serverDisk measures the disk on which a database server keeps its data. It is
// known only of a server on this machine: of one behind a socket by the process
// that listens there, whose working directory is its data; else by the name that
// the server has for its machine, which in a container is another than ours.
func serverDisk(ctx context.Context, at backup.Server, socket, data, host string) (disk, bool) {
	if socket != "" {
		if pid := listener(ctx, socket); pid > 0 {
			if d, ok := diskAt(fmt.Sprintf("/proc/%d/cwd", pid)); ok {
				return d, true
			}
		}
	}
	ours, err := os.Hostname()
	if err != nil || host != ours || !filepath.IsAbs(data) || socket == "" && !loopback(at.Host) {
		return disk{}, false
	}
	return diskAt(data)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listener is the process that listens on a socket; 0: it is not one of those
// that can be seen from here.
func listener(ctx context.Context, socket string) (pid int32) {
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return 0
	}
	defer conn.Close() //nolint:errcheck // nothing was said on it
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return 0
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0
	}
	err = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			pid = cred.Pid
		}
	})
	if err != nil {
		return 0
	}
	return pid
}

// roomForDumps compares each disk of a database server with the dumps that go
// there. Tables with their indexes take about twice what their dump does; one that
// is all hexadecimal digits, half. Where the files are on that disk too and are
// not there yet, they count.
func (r *run) roomForDumps(c *checks) {
	need, disks, unknown := map[unix.Fsid]int64{}, []disk(nil), []string(nil)
	for _, t := range r.targets {
		if t.dump == nil {
			continue
		}
		d, ok := t.server.disk(r.ctx)
		if !ok {
			unknown = append(unknown, t.Where())
			continue
		}
		if need[d.id] == 0 {
			disks = append(disks, d)
		}
		need[d.id] += max(1, t.dump.Bytes)
	}
	for _, d := range disks {
		dumps := need[d.id]
		if own, ok := diskAt(filepath.Dir(r.place.target)); ok && own.id == d.id && r.state == nil {
			d.free -= r.known.Bytes
		}
		free := view.Size("", max(0, d.free))
		switch {
		case d.free < dumps/2+keptFree:
			c.fail("Room for the database", "%s are left on the database server's disk for dumps of %s, which is too little; make room there, or give a database on another server.", free, view.Size("", dumps))
		case d.free < 2*dumps+keptFree:
			c.warn("Room for the database", "%s are left on the database server's disk for dumps of %s, and tables with their indexes take up to twice as much: it may not be enough. If it is not, make room and give the same command again.", free, view.Size("", dumps))
		default:
			c.ok("Room for the database", "%s are left on the database server's disk, for dumps of %s.", free, view.Size("", dumps))
		}
	}
	if len(unknown) > 0 {
		c.warn("Room for the database", "how much is free at %s cannot be known from here; see there whether there is room for twice the dumps.", safetext.Line(strings.Join(unknown, ", ")))
	}
}
