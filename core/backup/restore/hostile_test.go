package restore_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/coretest/smalldisk"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// hostile takes a right archive apart, adds to it behind an entry, and has an
// unsigned manifest agree with all of it, as an attacker would.
func (w *world) hostile(behind string, add ...member) []byte {
	w.t.Helper()
	members := takeApart(w.t, w.archive)
	i := index(w.t, members, behind) + 1
	for n := range add {
		add[n].h.Name = "acme-1/" + add[n].h.Name
	}
	members = slices.Insert(members, i, add...)
	members = members[:len(members)-1] // the signature
	m := &members[len(members)-1]
	for _, a := range add {
		name := strings.TrimPrefix(a.h.Name, "acme-1/")
		line := `{"line":"file","path":"` + name + `","size":1,"mode":"0644","mtime":"1970-01-01T00:00:00Z","sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}` + "\n"
		if a.h.Typeflag == tar.TypeSymlink {
			line = `{"line":"link","path":"` + name + `","size":0,"mode":"0777","mtime":"1970-01-01T00:00:00Z","target":"` + a.h.Linkname + `"}` + "\n"
		}
		at := bytes.Index(m.data, []byte(`"path":"`+behind+`"`))
		end := at + bytes.IndexByte(m.data[at:], '\n') + 1
		m.data = slices.Insert(m.data, end, []byte(line)...)
		behind = name
	}
	return putTogether(w.t, members)
}

// Whatever an archive says, nothing is written outside of the target, and of a
// refused one nothing is left.
func TestHostileArchives(t *testing.T) {
	w := newWorld(t, "r_hostile")
	w.makeDatabase()
	outside := filepath.Join(t.TempDir(), "outside")
	check(t, os.Mkdir(outside, 0o755))
	file := func(name string) member {
		return member{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, []byte("x")}
	}
	link := func(name, to string) member {
		return member{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to, Mode: 0o777}, nil}
	}
	for name, c := range map[string]struct {
		add      []member
		sentence string
	}{
		"climbs":                    {[]member{file("files/../../../evil")}, "would lead out"},
		"climbs by a link":          {[]member{link("files/jndex", outside), file("files/jndex/evil")}, "lies beneath"},
		"climbs by a relative link": {[]member{link("files/jndex", "../../.."), file("files/jndex/evil")}, "lies beneath"},
		"link and file of one name": {[]member{link("files/jndex", outside+"/evil"), file("files/jndex")}, "twice in the archive"},
		"file through a late link":  {[]member{file("files/jndex"), link("files/jndex", outside)}, "twice in the archive"},
		"a hard link":               {[]member{{tar.Header{Name: "files/jndex", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, nil}}, "neither a file"},
		"a device":                  {[]member{{tar.Header{Name: "files/jndex", Typeflag: tar.TypeBlock, Devmajor: 8}, nil}}, "neither a file"},
		"a FIFO":                    {[]member{{tar.Header{Name: "files/jndex", Typeflag: tar.TypeFifo}, nil}}, "neither a file"},
		"a manifest that lies":      {[]member{file("files/jndex")}, "last line does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			archive := w.hostile("files/index.php", c.add...)
			o := w.order()
			o.Archive, o.Size, o.Verify.Signer = bytes.NewReader(archive), int64(len(archive)), nil
			_, err := restore.Run(t.Context(), o)
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v, want %q", err, c.sentence)
			}
			// Verify says the very same.
			_, verified := backup.Verify(t.Context(), bytes.NewReader(archive), backup.VerifyOptions{})
			if verified == nil || verified.Error() != err.Error() {
				t.Errorf("verify says %v, restore %v", verified, err)
			}
			w.untouched()
			if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
				t.Errorf("outside: %v %v", left, err)
			}
		})
	}
}

// Few bytes that unpack to very many are stopped early.
func TestBomb(t *testing.T) {
	w := newWorld(t, "r_bomb")
	w.makeDatabase()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	check(t, err)
	tw := tar.NewWriter(z)
	check(t, tw.WriteHeader(&tar.Header{Name: "acme-1/files", Typeflag: tar.TypeDir, Mode: 0o755}))
	check(t, tw.WriteHeader(&tar.Header{Name: "acme-1/files/0", Typeflag: tar.TypeReg, Size: 64 << 20}))
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, err := tw.Write(zeros)
		check(t, err)
	}
	check(t, errors.Join(tw.Close(), z.Close()))
	o := w.order()
	o.Archive, o.Size = bytes.NewReader(out.Bytes()), int64(out.Len())
	if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("%v", err)
	}
	w.untouched()
}

// A disk that is too small, that cannot be written to or that is itself the
// target is said to be so, and stays as it was.
func TestDisks(t *testing.T) {
	w := newWorld(t, "r_disks")
	w.makeDatabase()
	small, readOnly, whole := smalldisk.Mount(t, 40<<20), smalldisk.Mount(t, 64<<20), smalldisk.Mount(t, 64<<20)
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB, where 8 are free
	members := takeApart(t, w.archive)
	members[index(t, members, "files/index.php")].data = large
	archive := putTogether(t, members)
	check(t, unix.Mount("", readOnly, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	for name, c := range map[string]struct {
		target   string
		archive  []byte
		sentence string
	}{
		"too small for the archive": {filepath.Join(small, "site"), nil, "the archive alone has"},
		"too small for a file":      {filepath.Join(small, "site"), archive, "There is no room for “files/index.php”: it takes 16.8 MB"},
		"read-only":                 {filepath.Join(readOnly, "site"), w.archive, "cannot be written to"},
		"a disk of its own":         {whole, w.archive, "is a disk of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.order()
			o.Target, o.Archive, o.Size = c.target, bytes.NewReader(c.archive), int64(len(c.archive))
			if c.archive == nil {
				o.Size = 100 << 20
			}
			_, err := restore.Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v, want %q", err, c.sentence)
			}
			for _, disk := range []string{small, readOnly, whole} {
				if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
					t.Errorf("left on %s: %v %v", disk, left, err)
				}
			}
		})
	}
}

// A link, and later a file beneath it that claims to be read once more: the order
// of names lets that pass until the end of the archive. It is refused at once all
// the same, as it could replace what the restore keeps for itself, which a crash
// leaves.
func TestALateFileBeneathALink(t *testing.T) {
	w := newWorld(t, "r_late")
	w.makeDatabase()
	file := func(name string) member {
		return member{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, []byte("x")}
	}
	link := member{tar.Header{Name: "files/jndex", Typeflag: tar.TypeSymlink, Linkname: "../..", Mode: 0o777}, nil}
	archive := w.hostile("files/index.php", link, file("files/k"), file("files/jndex/state.json"), file("files/../behind"))
	o := w.order()
	o.Archive, o.Size, o.Verify.Signer = bytes.NewReader(archive), int64(len(archive)), nil
	if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "“files/jndex/state.json” stands twice") {
		t.Errorf("the restore ended with %v", err)
	}
	w.untouched()
}
