package audit

import "golang.org/x/mod/sumdb/tlog"

// frontier is a tree that only grows, kept as the roots of its full subtrees:
// one hash for each bit of its size.
type frontier struct {
	size  int64
	roots []tlog.Hash // the largest subtree first
}

// add appends a leaf's hash.
func (f *frontier) add(leaf tlog.Hash) {
	f.roots = append(f.roots, leaf)
	for bits := f.size; bits&1 == 1; bits >>= 1 {
		last := len(f.roots) - 1
		f.roots[last-1] = tlog.NodeHash(f.roots[last-1], f.roots[last])
		f.roots = f.roots[:last]
	}
	f.size++
}

// root returns the hash of the whole tree, which must not be empty.
func (f *frontier) root() tlog.Hash {
	last := len(f.roots) - 1
	root := f.roots[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(f.roots[i], root)
	}
	return root
}
