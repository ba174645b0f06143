package writeback

import (
	"fmt"
	"os"
)

// Stretch is how much is handed to the disk at a time, and Bound how much may be
// on its way there, in bytes. They are multiples of a piece.
const (
	Stretch = 8 << 20
	Bound   = 64 << 20
)

// piece is how much the kernel is given at a time, in bytes. It takes one of this
// size that begins at a multiple of it as one thing, and anything else as dozens of
// pages, each with its own cost.
const piece = 256 << 10

// File is a file that is written from its start to its end. What was not synced
// when it is closed may not be in it. It is not safe for concurrent use, but for
// Close.
type File struct {
	file           *os.File
	waiting        []byte // less than a piece
	written, begun int64
	reserved       int64 // the file's blocks up to here are there already
	alone          bool  // this disk reserves nothing
	off            bool  // this disk takes no orders: Sync does it all
	failed         error // what was lost: whatever follows would hide the gap
}

// New returns f, of which nothing is written yet, as one that is written out
// while it grows. Closing either closes both.
func New(f *os.File) *File { return &File{file: f} }

// Plain returns the file itself, to be looked at.
func (f *File) Plain() *os.File { return f.file }

// Write implements io.Writer. An error may be of bytes that an earlier Write
// took. The kernel tells it once only, so it is that of every Write and Sync after
// it, too.
func (f *File) Write(p []byte) (int, error) {
	if f.failed != nil {
		return 0, f.failed
	}
	if f.waiting == nil {
		f.waiting = make([]byte, 0, piece)
	}
	size := len(p)
	for len(p) > 0 {
		n := min(len(p), piece-len(f.waiting))
		f.waiting, p = append(f.waiting, p[:n]...), p[n:]
		if len(f.waiting) < piece {
			break
		}
		f.reserve()
		if f.failed = f.flush(); f.failed != nil {
			return size - len(p), f.failed
		}
	}
	return size, nil
}

// reserve has the disk find room for the next stretch at once, rather than for each
// page in turn. Where it cannot, the write itself will tell.
func (f *File) reserve() {
	if f.alone || f.reserved >= f.written+piece {
		return
	}
	f.reserved = f.written + Stretch
	f.alone = !allocate(f.file, f.written, Stretch)
}

// flush gives the kernel what waits.
func (f *File) flush() error {
	n, err := f.file.Write(f.waiting)
	f.waiting = f.waiting[:0]
	f.written += int64(n)
	for err == nil && !f.off && f.written-f.begun >= Stretch {
		err = f.order()
	}
	return err
}

// order begins a stretch and waits for the one that is a bound behind it.
func (f *File) order() error {
	taken, err := begin(f.file, f.begun, Stretch)
	f.begun += Stretch
	if old := f.begun - Bound; taken && err == nil && old >= 0 {
		taken, err = await(f.file, old, Stretch)
	}
	f.off = !taken
	if err != nil {
		return fmt.Errorf("write %s to the disk: %w", f.file.Name(), err)
	}
	return nil
}

// Sync makes durable what was written, and gives back what was reserved beyond it: by
// us, or by a file system like XFS, which takes a file that reserves for one that wants
// to keep what it has.
func (f *File) Sync() error {
	if f.failed == nil {
		f.failed = f.settle()
	}
	return f.failed
}

func (f *File) settle() error {
	if err := f.flush(); err != nil {
		return err
	}
	if f.reserved > 0 {
		f.reserved = 0
		if err := f.file.Truncate(f.written); err != nil {
			return err
		}
	}
	return f.file.Sync()
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
