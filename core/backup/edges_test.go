package backup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"breakglass/core"
	"breakglass/core/backup"
)

// A file of holes is in the archive as it reads, byte for byte, and takes neither
// its size in the archive nor in memory.
func TestSparseFile(t *testing.T) {
	w := newWorld(t)
	const size = 300<<20 + 4097
	path := filepath.Join(w.root, "disk.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 5<<20 + 123, 200 << 20, size - 3} {
		if _, err := f.WriteAt([]byte("end"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	w.write("all hole", "")
	if err := os.Truncate(filepath.Join(w.root, "all hole"), 40<<20); err != nil {
		t.Fatal(err)
	}
	if stat := (unix.Stat_t{}); unix.Stat(path, &stat) != nil || stat.Blocks*512 >= size {
		t.Fatalf("this file system keeps no holes, so nothing is tried: %+v", stat)
	}
	a := w.run()
	if a.result.Verdict != core.VerdictComplete || len(a.bytes) > 2<<20 {
		t.Errorf("%s, %d bytes", a.result.Verdict, len(a.bytes))
	}
	want := sumOf(t, path)
	if got := sumOf(t, filepath.Join(a.dir, "files/disk.img")); got != want {
		t.Errorf("unpacked: %s, want %s", got, want)
	}
	for _, line := range a.manifest("file") {
		if line["path"] == "files/disk.img" && line["sha256"] != want {
			t.Errorf("in the manifest: %v", line)
		}
	}
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Paths longer than the system takes at once, with more directories in each
// other than are kept open, are in the archive like any other; that tar will not
// unpack them is said.
func TestLongPaths(t *testing.T) {
	w := newWorld(t)
	name := strings.Repeat("d", 200)
	at, err := unix.Open(w.root, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	long := ""
	for level := range 100 {
		if level >= 12 {
			name = "e"
		}
		if level >= 90 {
			name = strings.Repeat("f", 200)
		}
		if err := unix.Mkdirat(at, name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Close(at); err != nil {
			t.Fatal(err)
		}
		at, long = next, long+name+"/"
	}
	for name, size := range map[string]int{"small": 5, "large": 1 << 20} {
		fd, err := unix.Openat(at, name, unix.O_CREAT|unix.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), name)
		if _, err := f.WriteString(strings.Repeat("x", size)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Close(at); err != nil {
		t.Fatal(err)
	}
	if len(long) < 4096 {
		t.Fatalf("only %d bytes", len(long))
	}
	var out bytes.Buffer
	result, err := w.engine.Run(t.Context(), w.order(), &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(result.Notes, " "); result.Verdict != core.VerdictNotes || result.Files != 2 || !strings.Contains(notes, "longer than a plain tar can unpack") {
		t.Errorf("%+v", result)
	}
	if _, err := backup.Verify(t.Context(), bytes.NewReader(out.Bytes()), backup.VerifyOptions{Signer: w.key.PublicKey(), Scratch: w.scratch}); err != nil {
		t.Error(err)
	}
	found := 0
	for _, m := range takeApart(t, out.Bytes()) {
		if strings.HasSuffix(m.h.Name, "/files/"+long+"small") && len(m.data) == 5 || strings.HasSuffix(m.h.Name, "/files/"+long+"large") && len(m.data) == 1<<20 {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d files at the end of the path", found)
	}
}
