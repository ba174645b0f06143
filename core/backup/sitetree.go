package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// disk is what is read of a site: its root, or its root with what the manager
// included.
type disk interface {
	Lstat(name string) (fs.FileInfo, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Readlink(name string) (string, error)
}

// siteTree is a site's root and the paths outside of it that the manager included.
// A name below the root is relative to it; one below an included path is that
// path's own, and begins with a slash. Nothing else on the machine has a name.
type siteTree struct {
	*os.Root
	path string // of the root
	more []included
}

// included is a path outside of the root.
type included struct {
	path string
	root *os.Root // of that directory, or of the one that the file lies in
	file string   // its name there; "" is a directory
}

// find returns where a name is to be looked up.
func (t *siteTree) find(name string) (*os.Root, string, error) {
	if !strings.HasPrefix(name, "/") {
		return t.Root, name, nil
	}
	for _, in := range t.more {
		switch rest, below := strings.CutPrefix(name, in.path+"/"); {
		case name == in.path && in.file != "":
			return in.root, in.file, nil
		case name == in.path:
			return in.root, ".", nil
		case below && in.file == "":
			return in.root, rest, nil
		}
	}
	return nil, "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Lstat implements disk.
func (t *siteTree) Lstat(name string) (fs.FileInfo, error) {
	root, name, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return root.Lstat(name)
}

// OpenFile implements disk.
func (t *siteTree) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	root, name, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return root.OpenFile(name, flag, perm)
}

// Readlink implements disk.
func (t *siteTree) Readlink(name string) (string, error) {
	root, name, err := t.find(name)
	if err != nil {
		return "", err
	}
	return root.Readlink(name)
}

// Close gives all of it back.
func (t *siteTree) Close() error {
	err := t.Root.Close()
	for _, in := range t.more {
		err = errors.Join(err, in.root.Close())
	}
	return err
}

// name is what an absolute path is called here, if it lies in the tree.
func (t *siteTree) name(absolute string) (string, bool) {
	if absolute == t.path {
		return ".", true
	}
	if inside, ok := strings.CutPrefix(absolute, strings.TrimSuffix(t.path, "/")+"/"); ok {
		return inside, true
	}
	_, _, err := t.find(absolute)
	return absolute, err == nil
}

// absolute is the reverse of name.
func (t *siteTree) absolute(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(t.path, name)
}

// maxHops is how many links a path may lead through.
const maxHops = 40

// resolve says where a link leads in the end, or that this lies outside of the
// tree. Nothing outside is looked at: a name that is not there, or not ours to
// see, counts as a directory.
func (t *siteTree) resolve(link string) (name string, inside bool) {
	pending, err := t.Readlink(link)
	if err != nil {
		return link, true
	}
	at := path.Dir(t.absolute(link))
	for range maxHops {
		var next string
		if at, next, pending = t.firstLink(at, pending); next == "" {
			return t.name(at)
		}
		target, err := t.Readlink(next)
		if err != nil {
			return next, true
		}
		pending = target + "/" + pending
	}
	return link, true // a loop leads nowhere
}

// firstLink goes along a path until it meets a link within the tree: it returns
// the directory that this lies in, its name, and what is left of the path.
func (t *siteTree) firstLink(at, pending string) (dir, link, rest string) {
	if strings.HasPrefix(pending, "/") {
		at = "/"
	}
	for pending != "" {
		element, after, _ := strings.Cut(pending, "/")
		pending = after
		switch element {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		dir := at
		at = path.Clean(at + "/" + element)
		name, inside := t.name(at)
		if !inside {
			continue
		}
		if info, err := t.Lstat(name); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return dir, name, pending
		}
	}
	return at, "", ""
}

// openBelow opens a directory step by step from base on, and follows no link:
// whoever may write on the way could put in one to a neighbour's site.
func openBelow(base, relative string) (*os.Root, error) {
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
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotDir}
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

// leadsOut reports whether a link leads out of all that is backed up.
func (s *site) leadsOut(link string) bool {
	_, inside := s.root.resolve(link)
	return !inside
}
