package sitetree

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Disk is what is read of a site: a root, or a Tree.
type Disk interface {
	Lstat(name string) (fs.FileInfo, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Readlink(name string) (string, error)
}

// Tree is a site's root and the paths outside of it that the manager included. A
// name below the root is relative to it; one below an included path is that
// path's own, and begins with a slash. It may be read concurrently, once all is
// added.
type Tree struct {
	*os.Root
	Path string     // of the root, absolute and without links
	More []Included // in order
}

// Included is a path outside of the root.
type Included struct {
	Path string
	Root *os.Root // of that directory, or of the one that the file lies in
	File string   // its name there; "" is a directory
}

// New returns the tree of a root at a path, which it owns from now on.
func New(root *os.Root, path string) *Tree { return &Tree{Root: root, Path: path} }

// find returns where a name is to be looked up.
func (t *Tree) find(name string) (*os.Root, string, error) {
	if !strings.HasPrefix(name, "/") {
		return t.Root, name, nil
	}
	for _, in := range t.More {
		switch rest, below := strings.CutPrefix(name, in.Path+"/"); {
		case name == in.Path && in.File != "":
			return in.Root, in.File, nil
		case name == in.Path:
			return in.Root, ".", nil
		case below && in.File == "":
			return in.Root, rest, nil
		}
	}
	return nil, "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Lstat implements Disk.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	root, name, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return root.Lstat(name)
}

// OpenFile implements Disk.
func (t *Tree) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	root, name, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return root.OpenFile(name, flag, perm)
}

// Readlink implements Disk.
func (t *Tree) Readlink(name string) (string, error) {
	root, name, err := t.find(name)
	if err != nil {
		return "", err
	}
	return root.Readlink(name)
}

// Close gives all of it back.
func (t *Tree) Close() error { return errors.Join(t.Root.Close(), t.CloseMore()) }

// CloseMore gives back what was included, and leaves the root to the caller.
func (t *Tree) CloseMore() (err error) {
	for _, in := range t.More {
		err = errors.Join(err, in.Root.Close())
	}
	return err
}

// Name is what an absolute path is called here, if it lies in the tree.
func (t *Tree) Name(absolute string) (string, bool) {
	if absolute == t.Path {
		return ".", true
	}
	if inside, ok := strings.CutPrefix(absolute, strings.TrimSuffix(t.Path, "/")+"/"); ok {
		return inside, true
	}
	_, _, err := t.find(absolute)
	return absolute, err == nil
}

// absolute is the reverse of Name.
func (t *Tree) absolute(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(t.Path, name)
}

// Exists reports whether there is something but a directory: a link counts,
// wherever it leads.
func (t *Tree) Exists(name string) bool {
	info, err := t.Lstat(name)
	return err == nil && !info.IsDir()
}

// Join adds a name to a path below the root, byte for byte.
func Join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// Below returns a path relative to a directory that it lies in.
func Below(dir, name string) (string, bool) {
	if dir == "." {
		return name, true
	}
	return strings.CutPrefix(name, dir+"/")
}
