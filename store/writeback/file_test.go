package writeback_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"breakglass/store/writeback"
)

// A file that is written out while it grows holds what was written, whatever
// the sizes of the writes.
func TestFileHoldsWhatWasWritten(t *testing.T) {
	t.Parallel()
	plain, err := os.Create(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	f := writeback.New(plain)
	var want bytes.Buffer
	for i := 0; want.Len() < writeback.Bound+3*writeback.Stretch; i++ {
		piece := bytes.Repeat([]byte{byte(i)}, 1+i*977%(1<<20))
		if i == 40 { // more than a stretch at once
			piece = bytes.Repeat([]byte{byte(i)}, 2*writeback.Stretch+5)
		}
		want.Write(piece)
		if n, err := f.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(piece), err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(plain.Name())
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("the file holds %d bytes, not the %d that were written (%v)", len(got), want.Len(), err)
	}
}

// What is no file of a disk takes no orders; what is written to it arrives all the
// same.
func TestFileWithoutDisk(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := writeback.New(null)
	defer f.Close() //nolint:errcheck // nothing is in it
	piece := make([]byte, writeback.Stretch)
	for range 3 {
		if n, err := f.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(piece), err)
		}
	}
}
