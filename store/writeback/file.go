package writeback

import (
	"fmt"
	"os"
)

// Stretch is how much is handed to the disk at a time, and Bound how much may be
// on its way there, in bytes. They are multiples of a page.
const (
	Stretch = 8 << 20
	Bound   = 64 << 20
)

// File is a file that is written from its start to its end. It is not safe for
// concurrent use.
type File struct {
	*os.File
	written, begun int64
	off            bool // this disk takes no orders: Sync does it all
}

// New returns f, of which nothing is written yet, as one that is written out
// while it grows. Closing either closes both.
func New(f *os.File) *File { return &File{File: f} }

// Write implements io.Writer. An error may be of bytes that an earlier Write
// took: the kernel tells it once only, so whoever gets one must give the file up.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.written += int64(n)
	for err == nil && !f.off && f.written-f.begun >= Stretch {
		err = f.order()
	}
	return n, err
}

// order begins a stretch and waits for the one that is a bound behind it.
func (f *File) order() error {
	taken, err := begin(f.File, f.begun, Stretch)
	f.begun += Stretch
	if old := f.begun - Bound; taken && err == nil && old >= 0 {
		taken, err = await(f.File, old, Stretch)
	}
	f.off = !taken
	if err != nil {
		return fmt.Errorf("write %s to the disk: %w", f.Name(), err)
	}
	return nil
}
