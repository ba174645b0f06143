package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// errSkip, returned by a visit of a directory, leaves out what is in it.
var errSkip = errors.New("skip this directory")

// visit is called for all that a walk finds, with the path below the root. err
// says that it could not be looked at; for a directory visited before, that it
// could not be listed.
type visit func(relative string, info fs.FileInfo, err error) error

// visitAt is visit with a shorter way to the same thing: a path below a folder
// that is open. Who uses it after it has returned keeps the folder.
type visitAt func(relative string, in *folder, at string, info fs.FileInfo, err error) error

// walkTree walks a site in order: a directory, then its sorted entries. It holds
// one list of names for each level that it is in, and follows no link.
func walkTree(ctx context.Context, root *os.Root, f visit) error {
	return walkFolders(ctx, root, func(relative string, _ *folder, _ string, info fs.FileInfo, err error) error {
		return f(relative, info, err)
	})
}

// walkFolders is walkTree with the folders that it has open.
func walkFolders(ctx context.Context, root *os.Root, f visitAt) error {
	top := &folder{root: root, lent: true}
	info, err := root.Lstat(".")
	if err := f(".", top, ".", info, err); err != nil {
		return ignoreSkip(err)
	}
	return walkDir(ctx, top, ".", ".", f)
}

func ignoreSkip(err error) error {
	if errors.Is(err, errSkip) {
		return nil
	}
	return err
}

// maxDepth bounds how deep directories may lie in each other.
const maxDepth = 1000

// walkDir walks the directory at a path below an open folder.
func walkDir(ctx context.Context, in *folder, at, dir string, f visitAt) error {
	names, err := listFolder(in.root, at, dir)
	if err != nil {
		return ignoreSkip(f(dir, in, at, nil, err))
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return fmt.Errorf("walk: %w", context.Cause(ctx))
		}
		relative, below := join(dir, name), join(at, name)
		info, err := in.root.Lstat(below)
		if err := f(relative, in, below, info, err); err != nil {
			if errors.Is(err, errSkip) {
				continue
			}
			return err
		}
		if err == nil && info.IsDir() {
			if err := walkBelow(ctx, in, below, relative, info, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkBelow walks a directory that was just met, in a folder of its own if there
// is one to be had.
func walkBelow(ctx context.Context, in *folder, at, relative string, info fs.FileInfo, f visitAt) error {
	own := in.open(at, info)
	if own == nil {
		return walkDir(ctx, in, at, relative, f)
	}
	defer own.free()
	return walkDir(ctx, own, ".", relative, f)
}

// listDir returns the sorted names in a directory below the root.
func listDir(root *os.Root, dir string) ([]string, error) { return listFolder(root, dir, dir) }

// listFolder is listDir for a directory at a path below an open folder.
func listFolder(root *os.Root, at, relative string) ([]string, error) {
	if strings.Count(relative, "/") >= maxDepth {
		return nil, fmt.Errorf("more than %d directories in each other: %w", maxDepth, fs.ErrInvalid)
	}
	d, err := root.OpenFile(at, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
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

// maxHops is how many links a path may lead through.
const maxHops = 40

// leadsOut reports whether a link leads out of the site's root at any step. base
// is the root's own absolute path: absolute links into it stay inside. Nothing
// outside is looked at.
func leadsOut(root *os.Root, base, link string) bool {
	pending, err := root.Readlink(link)
	if err != nil {
		return false
	}
	at := path.Dir(link)
	for range maxHops {
		if strings.HasPrefix(pending, "/") {
			inside, ok := strings.CutPrefix(pending, strings.TrimSuffix(base, "/"))
			if !ok || inside != "" && inside[0] != '/' {
				return true
			}
			at, pending = ".", strings.TrimLeft(inside, "/")
		}
		next, rest, out := firstLink(root, at, pending)
		if out || next == "" {
			return out
		}
		target, err := root.Readlink(next)
		if err != nil {
			return false
		}
		at, pending = path.Dir(next), target+"/"+rest
	}
	return false // a loop leads nowhere
}

// firstLink goes along a relative path until it meets a link, and returns that
// and what is left of the path, or reports that the path climbs out. A name that
// is not there counts as a directory: what follows may still climb out.
func firstLink(root *os.Root, at, pending string) (link, rest string, out bool) {
	for pending != "" {
		name, after, _ := strings.Cut(pending, "/")
		pending = after
		switch {
		case name == "" || name == ".":
		case name == ".." && at == ".":
			return "", "", true
		case name == "..":
			at = path.Dir(at)
		default:
			at = join(at, name)
			info, err := root.Lstat(at)
			if err == nil && info.Mode().Type() == fs.ModeSymlink {
				return at, pending, false
			}
		}
	}
	return "", "", false
}

// join adds a name to a path below the root, byte for byte.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
