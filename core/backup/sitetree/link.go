package sitetree

import (
	"io/fs"
	"path"
	"strings"
)

// maxHops is how many links a path may lead through.
const maxHops = 40

// Resolve says where a link leads in the end, or that this lies outside of the
// tree. Nothing outside is looked at: a name that is not there, or not ours to
// see, counts as a directory.
func (t *Tree) Resolve(link string) (name string, inside bool) {
	pending, err := t.Readlink(link)
	if err != nil {
		return link, true
	}
	at := path.Dir(t.absolute(link))
	for range maxHops {
		var next string
		if at, next, pending = t.firstLink(at, pending); next == "" {
			return t.Name(at)
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
func (t *Tree) firstLink(at, pending string) (dir, link, rest string) {
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
		name, inside := t.Name(at)
		if !inside {
			continue
		}
		if info, err := t.Lstat(name); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return dir, name, pending
		}
	}
	return at, "", ""
}

// LeadsOut reports whether a link leads out of the tree.
func (t *Tree) LeadsOut(link string) bool {
	_, inside := t.Resolve(link)
	return !inside
}
