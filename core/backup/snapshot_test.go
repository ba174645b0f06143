package backup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A name that leads to another file than the one looked at, as when a directory
// was swapped for a link, is not copied.
func TestSnapshotOfAnotherFile(t *testing.T) {
	dir := t.TempDir()
	ours, neighbours := filepath.Join(dir, "ours.db"), filepath.Join(dir, "neighbours.db")
	for _, path := range []string{ours, neighbours} {
		if out, err := exec.Command("sqlite3", path, "CREATE TABLE t (a)").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	f, err := os.Open(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	e, copied := &Engine{}, filepath.Join(dir, "copy")
	if err := e.vacuum(t.Context(), neighbours, copied, "mode=ro", info); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("another file: %v", err)
	}
	if _, err := os.Stat(copied); err == nil {
		t.Error("another file was copied")
	}
	if err := e.vacuum(t.Context(), ours, copied, "mode=ro", info); err != nil {
		t.Errorf("the file itself: %v", err)
	}
}
