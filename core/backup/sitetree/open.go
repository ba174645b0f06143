package sitetree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"breakglass/core"
	"breakglass/core/safetext"
)

// Open opens a regular file of a site, whatever may have been put in its place
// since it was listed: a FIFO does not block, a device or a directory is refused,
// a link never leads out of the root.
func Open(disk Disk, name string) (*os.File, fs.FileInfo, error) {
	f, err := disk.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file any more: %w", name, fs.ErrInvalid)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// MaxSmall bounds what ReadSmall reads, in bytes.
const MaxSmall = 1 << 20

// ReadSmall reads a file of at most MaxSmall bytes. A link is followed as long as
// it stays within what is backed up.
func ReadSmall(disk Disk, name string) ([]byte, fs.FileInfo, error) {
	f, err := disk.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if t, ok := disk.(*Tree); ok && err != nil {
		if at, inside := t.Resolve(name); inside && at != name {
			f, err = t.OpenFile(at, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file: %w", name, fs.ErrInvalid)
	}
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > MaxSmall {
		return nil, nil, fmt.Errorf("%s is larger than %d bytes: %w", name, MaxSmall, fs.ErrInvalid)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSmall))
	return text, info, err
}

// maxDepth bounds how deep directories may lie in each other.
const maxDepth = 1000

// List returns the sorted names in a directory below the root.
func List(disk Disk, dir string) ([]string, error) { return ListAt(disk, dir, dir) }

// ListAt is List for a directory at a path below an open folder; dir is what it
// is called below the site's root.
func ListAt(disk Disk, at, dir string) ([]string, error) {
	if strings.Count(dir, "/") >= maxDepth {
		return nil, fmt.Errorf("more than %d directories in each other: %w", maxDepth, fs.ErrInvalid)
	}
	d, err := disk.OpenFile(at, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// ErrNotDir says that there is something else where a directory should be.
var ErrNotDir = errors.New("not a directory")

// OpenBelow opens a directory step by step from base on, and follows no link:
// whoever may write on the way could put in one to a neighbour's site. What is no
// directory, on the way too, is ErrNotDir.
func OpenBelow(base, relative string) (*os.Root, error) {
	at, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	for _, element := range strings.Split(filepath.Clean(relative), "/") {
		next, err := openDir(at, element)
		if err = errors.Join(err, at.Close()); err != nil {
			if next != nil {
				err = errors.Join(err, next.Close())
			}
			return nil, err
		}
		at = next
	}
	return at, nil
}

// openDir opens a directory that is no link.
func openDir(at *os.Root, name string) (*os.Root, error) {
	before, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotDir}
	}
	next, err := at.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	now, err := next.Lstat(".")
	if err == nil && !os.SameFile(before, now) {
		err = fmt.Errorf("open %s: it was replaced meanwhile: %w", name, fs.ErrInvalid)
	}
	if err != nil {
		return nil, errors.Join(err, next.Close())
	}
	return next, nil
}

// Unopened refuses a site whose directory cannot be opened, for the reason of err.
func Unopened(path string, err error) error {
	return core.Refuse(core.ErrSite, "The site's directory %s cannot be opened, so nothing was backed up; ask your web manager whether it was moved.", safetext.Line(safetext.Path(path))).Because(err)
}
