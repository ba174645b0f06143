package whole

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"breakglass/core"
	"breakglass/store/writeback"

	"golang.org/x/sys/unix"
)

// File is a file on its way. Close must follow. It is not safe for concurrent use.
type File struct {
	*writeback.File
	path string
	part string // its name so far; "" where it has none
	done bool
}

// Create begins a file that is called path once it is sealed, mode 0600. It
// fails with core.ErrExists if there is something of that name already, a link
// that leads nowhere included.
func Create(path string) (*File, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("create %s: %w", path, core.ErrExists)
	}
	f, err := unnamed(path)
	if err == nil {
		return f, nil
	}
	if !lacksUnnamed(err) {
		return nil, fmt.Errorf("create %s: %w", path, writeback.NoSpace(err))
	}
	if f, err = named(path); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, writeback.NoSpace(err))
	}
	return f, nil
}

// errNoProc says that a file without a name could not be given one here.
var errNoProc = errors.New("/proc is not mounted")

// lacksUnnamed reports whether files without a name cannot be had in a folder:
// the file system has none (EOPNOTSUPP), or the kernel takes the order for one to
// write to the folder itself (EISDIR; ENOENT on some network file systems).
func lacksUnnamed(err error) bool {
	for _, lack := range []error{errNoProc, syscall.EOPNOTSUPP, syscall.EISDIR, syscall.EINVAL, syscall.ENOENT} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

func unnamed(path string) (*File, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path) //nolint:gosec // a descriptor is small
	if _, err := os.Stat(procPath(file)); err != nil {
		return nil, errors.Join(errNoProc, file.Close())
	}
	return &File{File: writeback.New(file), path: path}, nil
}

// procPath is where an open file can be had by a path.
func procPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) } //nolint:gosec // a descriptor is small

// partEnd is how the name of a part ends.
const partEnd = ".part"

// partStart is how the name of a part of this machine begins: a folder may be
// many machines', and the locks of another are not seen on every file system.
func partStart() string {
	host, err := os.Hostname()
	if err != nil || strings.ContainsAny(host, "/\x00") {
		host = ""
	}
	return ".breakglass-" + host[:min(len(host), 64)] + "-"
}

// named begins a part with a name, locked for as long as this process lives. A
// Sweep between the two has it locked itself, or gone already: then the next one
// is tried.
func named(path string) (*File, error) {
	for {
		part := filepath.Join(filepath.Dir(path), partStart()+rand.Text()+partEnd)
		file, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		if ours(part, file) {
			return &File{File: writeback.New(file), path: path, part: part}, nil
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
}

// lock takes a file or folder for this process, or fails at once. It is free
// again when it is closed, or the process has ended.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) } //nolint:gosec // a descriptor is small

// ours locks what this process has just made, and reports whether that is its own:
// a sweep that holds the lock is about to remove it. Where there are no locks
// nobody sweeps.
func ours(path string, f *os.File) bool {
	return !errors.Is(lock(f), unix.EWOULDBLOCK) && is(path, f)
}

// is reports whether a path still leads to an open file, and not by a link.
func is(path string, f *os.File) bool {
	named, err := os.Lstat(path)
	open, openErr := f.Stat()
	return err == nil && openErr == nil && os.SameFile(named, open)
}

// Seal makes the file durable and then gives it its name, in one step: whoever
// looks sees all of it or nothing. If something has taken the name meanwhile it
// fails with core.ErrExists and changes nothing.
func (f *File) Seal() error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("keep %s: %w", f.path, writeback.NoSpace(err))
	}
	err := f.name()
	if errors.Is(err, fs.ErrExist) {
		err = core.ErrExists
	}
	if err != nil {
		return fmt.Errorf("name %s: %w", f.path, writeback.NoSpace(err))
	}
	f.done = true
	if err := syncFolder(f.path); err != nil {
		return fmt.Errorf("keep the name %s: %w", f.path, err)
	}
	return nil
}

func (f *File) name() error {
	if f.part == "" {
		return unix.Linkat(unix.AT_FDCWD, procPath(f.Plain()), unix.AT_FDCWD, f.path, unix.AT_SYMLINK_FOLLOW)
	}
	err := unix.Renameat2(unix.AT_FDCWD, f.part, unix.AT_FDCWD, f.path, unix.RENAME_NOREPLACE)
	if !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOSYS) {
		return err
	}
	// An older file system: the name is taken first, and then what has it is
	// replaced.
	taken, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := taken.Close(); err != nil {
		return err
	}
	return os.Rename(f.part, f.path)
}

// syncFolder makes the names in a file's folder durable, where the file system
// can.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil //nolint:nilerr // who may write to a folder need not be able to read it
	}
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

// Replace makes a small file in the place of whatever has its name, mode 0600,
// durable: it follows no link that somebody put there.
func Replace(path string, data []byte) (err error) {
	f, err := named(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, writeback.NoSpace(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.part, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, writeback.NoSpace(err))
	}
	f.done = true
	return syncFolder(path)
}

// Close closes the file. One that is not sealed is gone.
func (f *File) Close() error {
	err := f.File.Close()
	if !f.done && f.part != "" {
		f.done = true
		err = errors.Join(err, os.Remove(f.part))
	}
	return err
}
