package whole

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"breakglass/store/writeback"

	"golang.org/x/sys/unix"
)

// Sweep removes the parts in the folder of path that a process has left there
// which is gone, and returns their names. What belongs to somebody else or to
// another machine, what cannot be locked and what cannot be removed stays: that is
// no reason not to write a new one.
func Sweep(path string) (removed []string) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, partStart()) && strings.HasSuffix(name, partEnd) && entry.Type().IsRegular() && sweep(filepath.Join(dir, name), os.Remove) {
			removed = append(removed, name)
		}
	}
	return removed
}

// sweep removes what is at a path if it is ours and its process has gone.
func sweep(path string, remove func(string) error) (gone bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	f := os.NewFile(uintptr(fd), path) //nolint:gosec // a descriptor is small
	defer f.Close()                    //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && lock(f) == nil && is(path, f) && remove(path) == nil
}

// Folder is a folder of this process alone that is gone when it is closed. What
// a process that was killed has left, the next one removes.
type Folder struct {
	Path string
	hold *os.File
}

// TempFolder makes a folder in the system's directory for temporary files, mode
// 0700, whose name begins with start, and removes those that processes have left
// there which are gone.
func TempFolder(start string) (*Folder, error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), start+"*"))
	if err != nil {
		return nil, fmt.Errorf("sweep %s: %w", os.TempDir(), err)
	}
	for _, path := range old {
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			sweep(path, os.RemoveAll) // what stays costs room and no more; the next one tries again
		}
	}
	for {
		path, err := os.MkdirTemp("", start)
		if err != nil {
			return nil, fmt.Errorf("make a scratch directory: %w", writeback.NoSpace(err))
		}
		hold, err := os.Open(path)
		if err == nil {
			if ours(path, hold) {
				return &Folder{Path: path, hold: hold}, nil
			}
			err = hold.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // swept just now
			return nil, fmt.Errorf("make a scratch directory: %w", err)
		}
	}
}

// Close removes the folder and all that is in it.
func (f *Folder) Close() error {
	if err := errors.Join(os.RemoveAll(f.Path), f.hold.Close()); err != nil {
		return fmt.Errorf("remove the scratch directory: %w", err)
	}
	return nil
}
