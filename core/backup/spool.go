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

// spool keeps a stream until the archive can take it, compressed lightly, in a file
// that has no name, so that even a crash leaves nothing behind. Where the disk
// is full it goes on in memory. It is for one goroutine at a time: first it is
// written, then Reader is called, then Close.
type spool struct {
	file   *os.File
	memory chunks
	full   bool // the disk: memory is used instead
	packed *s2.Writer
	size   int64 // uncompressed
}

// newSpool returns an empty spool with its file in dir.
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
	s.packed = s2.NewWriter(spoolStore{s}, s2.WriterConcurrency(1), s2.WriterBlockSize(spoolBlock))
	return s, nil
}

// spoolReserve is what parts of dumps leave free on the disk, in bytes: a full
// one would stop the site and its database.
const spoolReserve = 256 << 20

// newRoomySpool returns an empty spool that begins in memory where the disk is
// nearly full.
func newRoomySpool(dir string) (*spool, error) {
	if lacksRoom(dir, spoolReserve) {
		s := &spool{full: true}
		s.packed = s2.NewWriter(spoolStore{s}, s2.WriterConcurrency(1), s2.WriterBlockSize(spoolBlock))
		return s, nil
	}
	return newSpool(dir)
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
func (s *spool) Write(p []byte) (int, error) {
	n, err := s.packed.Write(p)
	s.size += int64(n)
	return n, err
}

// Size returns the bytes written, before compression.
func (s *spool) Size() int64 { return s.size }

// InMemory reports whether the spool holds memory instead of disk.
func (s *spool) InMemory() bool { return s.full }

// Finish ends the writing.
func (s *spool) Finish() error {
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

// spoolStore is where a spool's compressed bytes go.
type spoolStore struct{ *spool }

// Write implements io.Writer.
func (s spoolStore) Write(p []byte) (int, error) {
	done := 0
	if !s.full {
		n, err := s.file.Write(p)
		if err == nil {
			return n, nil
		}
		if !diskFull(err) {
			return n, fmt.Errorf("write spool: %w", err)
		}
		done = n
		if err := s.leaveDisk(); err != nil {
			return n, err
		}
	}
	if s.memory.Len()+len(p) > maxInMemory {
		return done, fmt.Errorf("write spool: neither disk nor memory has room: %w", core.ErrNoSpace)
	}
	n, err := s.memory.Write(p[done:])
	return done + n, err
}

// leaveDisk moves what a full disk took so far into memory.
func (s spoolStore) leaveDisk() error {
	s.full = true
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("leave full disk: %w", err)
	}
	if _, err := io.Copy(&s.memory, io.LimitReader(s.file, maxInMemory+1)); err != nil {
		return fmt.Errorf("leave full disk: %w", err)
	}
	err := s.file.Close()
	s.file = nil
	if err != nil {
		return fmt.Errorf("leave full disk: %w", err)
	}
	return nil
}
