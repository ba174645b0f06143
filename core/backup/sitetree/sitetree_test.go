package sitetree_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"breakglass/core/backup/sitetree"
)

// treeOf is the tree of a site with what a hostile user could put there, and an
// included directory and file beside it.
func treeOf(t *testing.T) (tree *sitetree.Tree, dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"site/sub", "data/deep", "secret"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"site/a", "site/sub/b", "data/deep/c", "one", "secret/key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"site/in": "sub/b", "site/up": "../site/a", "site/out": "../secret/key", "site/absolute": dir + "/secret/key", "site/data": dir + "/data/deep/c",
		"site/loop": "loop", "site/gone": "nothing", "site/dir": "sub", "site/through": "dir/b", "site/sub/escape": "../../secret/key",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "site/fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(name string) *os.Root {
		root, err := os.OpenRoot(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	tree = sitetree.New(open("site"), dir+"/site")
	tree.More = []sitetree.Included{{Path: dir + "/data", Root: open("data")}, {Path: dir + "/one", Root: open("."), File: "one"}}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree, dir
}

// A link is followed on paper: to where it leads in the end, or out.
func TestResolve(t *testing.T) {
	tree, dir := treeOf(t)
	for link, want := range map[string]string{
		"in": "sub/b", "up": "a", "data": dir + "/data/deep/c", "through": "sub/b", "dir": "sub", "gone": "nothing", "loop": "loop",
		"out": "", "absolute": "", "sub/escape": "",
	} {
		name, inside := tree.Resolve(link)
		if inside != (want != "") || inside && name != want || tree.LeadsOut(link) != !inside {
			t.Errorf("%s leads to %q, inside %v; want %q", link, name, inside, want)
		}
	}
}

// Nothing but the root and what was included has a name.
func TestNames(t *testing.T) {
	tree, dir := treeOf(t)
	for absolute, want := range map[string]string{
		dir + "/site": ".", dir + "/site/sub/b": "sub/b", dir + "/data/deep/c": dir + "/data/deep/c", dir + "/one": dir + "/one",
		dir + "/secret/key": "", dir + "/sitemap": "", dir + "/database": "", dir + "/one/more": "", dir: "",
	} {
		if name, ok := tree.Name(absolute); ok != (want != "") || ok && name != want {
			t.Errorf("%s is called %q, %v; want %q", absolute, name, ok, want)
		}
	}
	if _, err := tree.Lstat(dir + "/secret/key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a neighbour's file was looked at: %v", err)
	}
	if names, err := sitetree.List(tree, dir+"/data/deep"); err != nil || !slices.Equal(names, []string{"c"}) {
		t.Errorf("%q %v", names, err)
	}
}

// A file is read where it lies and where a link within the site leads, and
// nothing blocks or leads out.
func TestFilesAreOpenedCarefully(t *testing.T) {
	tree, dir := treeOf(t)
	for name, want := range map[string]string{
		"a": "site/a", "in": "site/sub/b", "through": "site/sub/b", "data": "data/deep/c", dir + "/one": "one",
		"out": "", "absolute": "", "sub/escape": "", "fifo": "", "sub": "", "loop": "", "gone": "",
	} {
		text, _, err := sitetree.ReadSmall(tree, name)
		if (err == nil) != (want != "") || string(text) != want {
			t.Errorf("%s: %q %v, want %q", name, text, err, want)
		}
		f, _, err := sitetree.Open(tree, name)
		if below := want != "" && name != "data"; (err == nil) != below { // a link out of its own root is not followed
			t.Errorf("open %s: %v", name, err)
		}
		if err == nil {
			_ = f.Close() // it was only opened
		}
	}
	if err := os.Truncate(filepath.Join(dir, "site/a"), sitetree.MaxSmall+1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sitetree.ReadSmall(tree, "a"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a large file was read: %v", err)
	}
}

// A directory is reached by directories alone.
func TestOpenBelow(t *testing.T) {
	_, dir := treeOf(t)
	for relative, ok := range map[string]bool{"site/sub": true, "data/deep": true, ".": true, "site/dir": false, "site/a": false, "site/fifo": false, "nothing": false} {
		root, err := sitetree.OpenBelow(dir, relative)
		if (err == nil) != ok {
			t.Errorf("%s: %v", relative, err)
		}
		if root != nil {
			_ = root.Close() // it was only opened
		}
		if !ok && relative != "nothing" && !errors.Is(err, sitetree.ErrNotDir) {
			t.Errorf("%s: %v is not ErrNotDir", relative, err)
		}
	}
}
