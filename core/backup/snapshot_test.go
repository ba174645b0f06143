package backup

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A hacked site puts a FIFO, or a link out, in the place of a file that SQLite
// would open beside a damaged database. It must hold nobody, and lead nowhere.
func TestTrapsBesideADatabase(t *testing.T) {
	for _, suffix := range []string{"-journal", "-wal", "-shm"} {
		for name, trap := range map[string]func(string) error{
			"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"a link out":  func(path string) error { return os.Symlink("/etc/passwd", path) },
			"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			t.Run(name+" as "+suffix, func(t *testing.T) {
				dir := t.TempDir()
				damagedDatabase(t, filepath.Join(dir, "x.sqlite"))
				if err := trap(filepath.Join(dir, "x.sqlite"+suffix)); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				snap, err := snapshotOf(ctx, t, dir)
				if err == nil {
					t.Error("a damaged database was taken for a whole one")
					_ = snap.Close()
				}
				if ctx.Err() != nil {
					t.Error("it held the snapshot until the end of its time")
				}
			})
		}
	}
}

// damagedDatabase has a schema that SQLite cannot read.
func damagedDatabase(t *testing.T, path string) {
	t.Helper()
	if out, err := exec.Command("sqlite3", path, "CREATE TABLE t(x); CREATE TABLE u(z)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, 100); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func snapshotOf(ctx context.Context, t *testing.T, dir string) (*snapshot, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	e := &Engine{options: Options{Scratch: t.TempDir()}}
	return e.takeSnapshot(ctx, root, "x.sqlite")
}

// A database that changes while it is copied is not taken for one that stood
// still.
func TestCopyOfADatabaseThatChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	damagedDatabase(t, path)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	p, err := openPart(root, "x.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.close() }()
	if err := p.copyTo(t.Context(), filepath.Join(dir, "copy")); err != nil || !p.still(root) {
		t.Fatalf("%v, still: %v", err, p.still(root))
	}
	if err := os.WriteFile(path+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	absent, err := openPart(root, "x.sqlite-none")
	if err != nil || !absent.still(root) {
		t.Errorf("what is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.still(root) {
		t.Error("a change was not seen")
	}
	if err := p.copyTo(t.Context(), filepath.Join(dir, "copy")); !errors.Is(err, errTorn) {
		t.Errorf("a file that shrank: %v", err)
	}
}
