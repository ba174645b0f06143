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

// walkTree walks a site in order: a directory, then its sorted entries. It holds
// one list of names for each level that it is in, and follows no link.
func walkTree(ctx context.Context, root *os.Root, f visit) error {
	info, err := root.Lstat(".")
	if err := f(".", info, err); err != nil {
		return ignoreSkip(err)
	}
	return walkDir(ctx, root, ".", f)
}

func ignoreSkip(err error) error {
	if errors.Is(err, errSkip) {
		return nil
	}
	return err
}

// maxDepth bounds how deep directories may lie in each other.
const maxDepth = 1000

func walkDir(ctx context.Context, root *os.Root, dir string, f visit) error {
	names, err := listDir(root, dir)
	if err != nil {
		return ignoreSkip(f(dir, nil, err))
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return fmt.Errorf("walk: %w", context.Cause(ctx))
		}
		relative := join(dir, name)
		info, err := root.Lstat(relative)
		if err := f(relative, info, err); err != nil {
			if errors.Is(err, errSkip) {
				continue
			}
			return err
		}
		if err == nil && info.IsDir() {
			if err := walkDir(ctx, root, relative, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func listDir(root *os.Root, dir string) ([]string, error) {
	if strings.Count(dir, "/") >= maxDepth {
		return nil, fmt.Errorf("more than %d directories in each other: %w", maxDepth, fs.ErrInvalid)
	}
	d, err := root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
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
