package backup

import (
	"strings"
)

// order holds an archive to the order in which it was written: in each of its
// trees a directory comes before what is in it, and names grow. So nothing can
// come beneath a link or twice without being noticed, and no list of a million
// names is needed to notice it. The one exception are files that were read once
// more at the end.
type order struct {
	trees map[string]*tree
	again map[string]int // files that came once more, and how often
}

// tree is how far one tree of an archive has come.
type tree struct {
	last string
	dir  bool // last is a directory
}

// maxTrees bounds the trees of an archive: its first names, and its databases.
const maxTrees = 1000

func newOrder() *order { return &order{trees: map[string]*tree{}, again: map[string]int{}} }

// treeOf returns the tree that a path belongs to.
func treeOf(path string) string {
	first, rest, _ := strings.Cut(path, "/")
	if second, _, ok := strings.Cut(rest, "/"); first == databaseDir && ok {
		return first + "/" + second
	}
	return first
}

// take takes the next entry, and refuses one that is out of order.
func (o *order) take(path, kind string) error {
	name := treeOf(path)
	at := o.trees[name]
	if at == nil {
		if len(o.trees) >= maxTrees {
			return fault("The archive has more folders at its top than any of breakglass; it was tampered with.")
		}
		o.trees[name] = &tree{path, kind == lineDir}
		return nil
	}
	switch {
	case comparePaths(at.last, path) >= 0:
		return o.repeat(path, kind)
	case !at.dir && strings.HasPrefix(path, at.last+"/"):
		return fault("“%s” lies beneath “%s”, which is not a directory; this archive was tampered with.", shownLine(path), shownLine(at.last))
	}
	at.last, at.dir = path, kind == lineDir
	return nil
}

// repeat takes an entry that should have come earlier: it may be a file that
// was read again.
func (o *order) repeat(path, kind string) error {
	if kind != lineFile || len(o.again) >= maxAgain && o.again[path] == 0 {
		return outOfOrder(path)
	}
	o.again[path]++
	return nil
}

func outOfOrder(path string) error {
	return fault("“%s” stands twice in the archive, or out of order; this archive was tampered with.", shownLine(path))
}

// comparePaths compares paths element by element, as a walk meets them: what is
// in a directory comes directly behind it.
func comparePaths(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// repeats checks that what came again had come before, as a file.
type repeats struct {
	again map[string]int
	seen  map[string]int
}

// take takes the entries of an archive from its start on.
func (r repeats) take(e Entry) error {
	path, err := e.ExactPath()
	if err != nil {
		return err
	}
	if r.again[path] == 0 {
		return nil
	}
	if e.Line != lineFile {
		return outOfOrder(path)
	}
	r.seen[path]++
	return nil
}

// finish is called at the end.
func (r repeats) finish() error {
	for path, times := range r.again {
		if r.seen[path] <= times {
			return outOfOrder(path)
		}
	}
	return nil
}
