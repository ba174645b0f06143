package backup

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A dump is taken ahead onto a disk with room, and never fills one that has
// little left: the site and its database live there too.
func TestADumpLeavesTheDiskRoom(t *testing.T) {
	roomy := t.TempDir()
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "mode=700,size=64m"); err != nil {
		t.Fatalf("this test takes root, to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	})
	for dir, memory := range map[string]bool{roomy: false, small: true} {
		s, err := newRoomySpool(dir)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("INSERT INTO t VALUES (1);\n", 1000)
		if _, err := io.WriteString(s, text); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}
		r, err := s.Reader()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text || s.InMemory() != memory {
			t.Errorf("%s: %d bytes, %v, in memory %v", dir, len(got), err, s.InMemory())
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v, %v", dir, left, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
