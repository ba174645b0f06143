package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"breakglass/core"

	"github.com/klauspost/compress/s2"
	"golang.org/x/sys/unix"
)

// maxInMemory bounds what a spool keeps in memory where there is no disk,
// compressed, in bytes.
const maxInMemory = 96 << 20

// spoolBlock is how much a spool packs at a time.
const spoolBlock = 256 << 10

// spool keeps a stream until the archive can take it, packed lightly unless there
// is plenty of disk, in a file that has no name, so that even a crash leaves
// nothing behind. Where the disk is full it goes on in memory. It is for one
// goroutine at a time: first it is written, then Reader is called, then Close.
type spool struct {
	file   *os.File
	memory chunks
	full   bool       // the disk: memory is used instead
	packed *s2.Writer // nil: the file holds the stream as it is
	size   int64      // of the stream
}

// newSpool returns an empty spool that packs, with its file in dir.
func newSpool(dir string) (*spool, error) {
	s := &spool{}
	file, err := unnamed(dir)
	switch {
	case diskFull(err):
		s.full = true
	case err != nil:
		return nil, fmt.Errorf("make spool: %w", err)
	default:
		s.file = file
	}
	s.pack()
	return s, nil
}

// pack makes the spool pack what is written from now on.
func (s *spool) pack() {
	s.packed = s2.NewWriter(spoolStore{s}, s2.WriterConcurrency(1), s2.WriterBlockSize(spoolBlock))
}

// spoolReserve is what parts of dumps leave free on the disk, in bytes: a full
// one would stop the site and its database. Where spoolPlenty is free, 64 times
// the largest part, a part lies there as it is: packing it costs more than the
// disk does.
const (
	spoolReserve = 256 << 20
	spoolPlenty  = 4 << 30
)

// newPartSpool returns an empty spool for a part of a dump. It begins in memory
// where the disk is nearly full.
func newPartSpool(dir string) (*spool, error) {
	if lacksRoom(dir, spoolReserve) {
		s := &spool{full: true}
		s.pack()
		return s, nil
	}
	s, err := newSpool(dir)
	if err == nil && !s.full && !lacksRoom(dir, spoolPlenty) {
		s.packed = nil
	}
	return s, err
}

// lacksRoom reports whether less than need bytes are free under dir. A disk that
// does not tell is tried.
func lacksRoom(dir string, need uint64) bool {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return false
	}
	return disk.Bavail*uint64(disk.Bsize) < need //nolint:gosec,unconvert // a block has a size
}

// diskFull reports whether a disk, or somebody's part of it, has no room left.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// unnamed makes a file and takes its name away.
func unnamed(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "spool-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Write implements io.Writer.
func (s *spool) Write(p []byte) (n int, err error) {
	if s.packed != nil {
		n, err = s.packed.Write(p)
	} else {
		n, err = spoolStore{s}.Write(p)
	}
	s.size += int64(n)
	return n, err
}

// Size returns the bytes written, before compression.
func (s *spool) Size() int64 { return s.size }

// InMemory reports whether the spool holds memory instead of disk.
func (s *spool) InMemory() bool { return s.full }

// Finish ends the writing.
func (s *spool) Finish() error {
	if s.packed == nil {
		return nil
	}
	if err := s.packed.Close(); err != nil {
		return fmt.Errorf("finish spool: %w", err)
	}
	return nil
}

// Reader returns all that was written, from the start. Finish comes before it.
func (s *spool) Reader() (io.Reader, error) {
	var stored = s.memory.reader()
	if !s.full {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read spool: %w", err)
		}
		stored = s.file
	}
	if s.packed == nil {
		return stored, nil
	}
	return s2.NewReader(stored, s2.ReaderMaxBlockSize(spoolBlock)), nil
}

// Close gives the disk and the memory back.
func (s *spool) Close() error {
	s.memory.free()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// spoolStore is where a spool's bytes are kept.
type spoolStore struct{ *spool }

// Write implements io.Writer.
func (s spoolStore) Write(p []byte) (int, error) {
	if s.full {
		return s.keep(p)
	}
	n, err := s.file.Write(p)
	if err == nil {
		return n, nil
	}
	if !diskFull(err) {
		return n, fmt.Errorf("write spool: %w", err)
	}
	to, err := s.leaveDisk()
	if err != nil {
		return n, err
	}
	more, err := to.Write(p[n:])
	return n + more, err
}

// keep takes bytes into memory.
func (s spoolStore) keep(p []byte) (int, error) {
	if s.memory.Len()+len(p) > maxInMemory {
		return 0, fmt.Errorf("write spool: neither disk nor memory has room: %w", core.ErrNoSpace)
	}
	return s.memory.Write(p)
}

// leaveDisk moves what a full disk took so far into memory, packed if it was not
// before, and returns where what follows goes.
func (s spoolStore) leaveDisk() (to io.Writer, err error) {
	file := s.file
	s.file, s.full, to = nil, true, s
	defer func() { err = errors.Join(err, file.Close()) }()
	if s.packed == nil {
		s.pack()
		to = s.packed
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("leave full disk: %w", err)
	}
	if _, err := io.Copy(to, file); err != nil {
		return nil, fmt.Errorf("leave full disk: %w", err)
	}
	return to, nil
}
