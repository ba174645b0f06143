package backup

import (
	"io/fs"
	"os"
	"sync/atomic"
)

// foldersOpen is how many folders of one branch are kept open. Deeper ones are
// reached from the last of them, step by step, so that no site makes us run out
// of descriptors.
const foldersOpen = 64

// folder is an open directory of a site: what lies in it is reached by one step,
// not by one for each directory on the way from the root. It is safe for
// concurrent use and closed when the last one who kept it frees it.
type folder struct {
	root  *os.Root
	lent  bool // it is the site's own root, which is not closed here
	depth int
	users atomic.Int32 // beside the walk
}

// open opens the directory at a path below, or returns nil where that cannot be
// had, or is not what info says any more: then the long way will tell.
func (f *folder) open(at string, info fs.FileInfo) *folder {
	if f.depth >= foldersOpen {
		return nil
	}
	root, err := f.root.OpenRoot(at)
	if err != nil {
		return nil
	}
	now, err := root.Stat(".")
	if err != nil || !os.SameFile(now, info) {
		_ = root.Close() // nothing was done with it
		return nil
	}
	return &folder{root: root, depth: f.depth + 1}
}

// keep makes the folder stay open until it was freed once more.
func (f *folder) keep() { f.users.Add(1) }

// free gives up what keep, or open, took.
func (f *folder) free() {
	if f.users.Add(-1) < 0 && !f.lent {
		_ = f.root.Close() // it was only read
	}
}
