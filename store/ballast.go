package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"breakglass/core"

	"golang.org/x/sys/unix"
)

// DefaultBallast is the size of the ballast in bytes, by access.md.
const DefaultBallast = 16 << 20

// ballast is a file whose space can be given back.
type ballast struct {
	mu   *sync.Mutex
	path string
	size int64
}

func newBallast(dir string, size int64) ballast {
	if size <= 0 {
		size = DefaultBallast
	}
	return ballast{mu: new(sync.Mutex), path: filepath.Join(dir, "ballast"), size: size}
}

func (b ballast) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.there()
}

func (b ballast) there() bool {
	info, err := os.Lstat(b.path)
	return err == nil && info.Mode().IsRegular() && info.Size() >= b.size
}

// release gives the space back and reports whether there was any.
func (b ballast) release() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return os.Remove(b.path) == nil
}

// restore allocates the ballast if it is not there. It leaves a little space
// that an Update may need next: a sixteenth more than its size must be free.
func (b ballast) restore() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.there() {
		return nil
	}
	var disk unix.Statfs_t
	dir := filepath.Dir(b.path)
	if err := unix.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("measure free space of %s: %w", dir, err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < b.size+b.size/16 { //nolint:gosec,unconvert // no disk has 2^63 bytes; the types differ by platform
		return fmt.Errorf("restore ballast: %d bytes are free: %w", free, core.ErrNoSpace)
	}
	if err := b.write(); err != nil {
		return errors.Join(fmt.Errorf("restore ballast: %w", asNoSpace(err)), removeIfThere(b.path))
	}
	return nil
}

// write fills the file with random bytes, because zeros take no space on a
// file system that compresses or keeps holes.
func (b ballast) write() (err error) {
	f, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.CopyN(f, rand.Reader, b.size); err != nil {
		return err
	}
	return f.Sync()
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// noSpace reports whether the disk, or this user's share of it, is full.
// Where bbolt grows its file it keeps but the text of the error.
func noSpace(err error) bool {
	return err != nil && (errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) ||
		strings.Contains(err.Error(), unix.ENOSPC.Error()) || strings.Contains(err.Error(), unix.EDQUOT.Error()))
}

// asNoSpace makes a full disk known to core by its sentinel.
func asNoSpace(err error) error {
	if noSpace(err) && !errors.Is(err, core.ErrNoSpace) {
		return fmt.Errorf("%w: %w", core.ErrNoSpace, err)
	}
	return err
}
