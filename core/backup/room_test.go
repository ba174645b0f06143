package backup

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a disk of so much room, as mount says it.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+size); err != nil {
		t.Fatalf("this test takes root, to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// goesThrough writes a stream to a spool, in pieces as a dump comes, and expects
// it back.
func goesThrough(t *testing.T, s *spool, stream []byte) {
	t.Helper()
	for rest := stream; len(rest) > 0; {
		n := min(32<<10, len(rest))
		if _, err := s.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	r, err := s.Reader()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, stream) || s.Size() != int64(len(stream)) {
		t.Errorf("%d bytes of %d, %v", len(got), len(stream), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A dump is taken ahead onto a disk with room, as it is or packed, and never
// fills one that has little left: the site and its database live there too.
func TestADumpLeavesTheDiskRoom(t *testing.T) {
	for _, disk := range []struct {
		dir            string
		memory, packed bool
	}{{t.TempDir(), false, false}, {smallDisk(t, "2g"), false, true}, {smallDisk(t, "64m"), true, true}} {
		s, err := newPartSpool(disk.dir)
		if err != nil {
			t.Fatal(err)
		}
		if s.InMemory() != disk.memory || (s.packed != nil) != disk.packed {
			t.Errorf("%s: in memory %v, packed %v", disk.dir, s.InMemory(), s.packed != nil)
		}
		goesThrough(t, s, []byte(strings.Repeat("INSERT INTO t VALUES (1);\n", 1000)))
		if left, err := os.ReadDir(disk.dir); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v, %v", disk.dir, left, err)
		}
	}
}

// A disk that others fill while a dump is taken ends no backup: what it took
// moves into memory, packed, and the rest follows.
func TestADumpOutlivesItsDisk(t *testing.T) {
	stream := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(stream) //nolint:errcheck,gosec // it never fails
	copy(stream[2<<20:], bytes.Repeat([]byte("INSERT INTO t VALUES (1);\n"), 1<<15))
	for _, packed := range []bool{true, false} {
		s, err := newSpool(smallDisk(t, "1m"))
		if err != nil {
			t.Fatal(err)
		}
		if !packed {
			s.packed = nil
		}
		goesThrough(t, s, stream)
		if !s.InMemory() || s.packed == nil {
			t.Errorf("in memory %v, packed %v", s.InMemory(), s.packed != nil)
		}
	}
}
