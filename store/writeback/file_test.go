package writeback_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"breakglass/store/writeback"

	"golang.org/x/sys/unix"
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
	if taken := onDisk(t, plain.Name()); taken > int64(want.Len())+slack {
		t.Errorf("%d bytes take %d of the disk: what was reserved stayed", want.Len(), taken)
	}
	got, err := os.ReadFile(plain.Name())
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("the file holds %d bytes, not the %d that were written (%v)", len(got), want.Len(), err)
	}
}

// slack is what a file system may take beside a file's bytes.
const slack = 1 << 20

func onDisk(t *testing.T, path string) int64 {
	t.Helper()
	var info syscall.Stat_t
	if err := syscall.Stat(path, &info); err != nil {
		t.Fatal(err)
	}
	return info.Blocks * 512
}

// What was written since a Sync follows what it made durable.
func TestFileGoesOnAfterSync(t *testing.T) {
	t.Parallel()
	plain, err := os.Create(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	f := writeback.New(plain)
	defer f.Close() //nolint:errcheck // what was synced is read
	var want bytes.Buffer
	for i, size := range []int{0, 7, 300 << 10, writeback.Stretch + 1, 0, 5 << 20, 1} {
		piece := bytes.Repeat([]byte{byte('a' + i)}, size)
		want.Write(piece)
		if n, err := f.Write(piece); n != size || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, size, err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(plain.Name()); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("after the sync the file holds %d bytes, not the %d that were written (%v)", len(got), want.Len(), err)
		}
	}
}

// A disk that is full says so, in a Write or at the end.
func TestFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := writeback.New(full)
	defer f.Close() //nolint:errcheck // nothing is in it
	if _, err := f.Write(make([]byte, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a megabyte on a full disk gives %v", err)
	}
	late := writeback.New(full)
	if _, err := late.Write([]byte("less than a piece")); err != nil {
		t.Errorf("what only waits fails with %v", err)
	}
	if err := late.Sync(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("to sync it on a full disk gives %v", err)
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

// The kernel tells of a lost piece once only. A file that lacks one takes nothing
// more and is never called durable, also where the disk has room again.
func TestFileThatLostAPieceStaysLost(t *testing.T) {
	t.Parallel()
	disk, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	room, err := os.Create(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close() //nolint:errcheck // nothing is in it
	f := writeback.New(disk)
	defer f.Close() //nolint:errcheck // nothing is in it
	if _, err := f.Write(make([]byte, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a megabyte on a full disk gives %v", err)
	}
	if err := unix.Dup2(int(room.Fd()), int(disk.Fd())); err != nil { //nolint:gosec // descriptors are small
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("what follows")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("took %d bytes behind a gap: %v", n, err)
	}
	for range 2 {
		if err := f.Sync(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("to sync a file with a gap gives %v", err)
		}
	}
}

// Whoever closes a file while another writes ends the writing, and no order goes to
// whatever file has its descriptor next.
func TestFileIsClosedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	piece := make([]byte, writeback.Stretch)
	for range 8 {
		plain, err := os.Create(filepath.Join(t.TempDir(), "archive"))
		if err != nil {
			t.Fatal(err)
		}
		f, writing, ended := writeback.New(plain), make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := f.Write(piece)
			for close(writing); err == nil; {
				_, err = f.Write(piece)
			}
			ended <- err
		}()
		<-writing
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, os.ErrClosed) {
			t.Fatalf("a write to a closed file gives %v", err)
		}
	}
}
