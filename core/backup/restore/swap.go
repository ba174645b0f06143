package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"syscall"

	"breakglass/core"
	"breakglass/core/safetext"

	"golang.org/x/sys/unix"
)

// A file of the site is never changed where it lies: an address that begins with
// the old one would be put in twice by a restore that goes on without knowing that
// it was there before. What is to become of it is made beside the target. The state
// that says that the change is done names the file too, and only then it takes its
// place. So a file that the state names and that is still beside the target is
// renamed by whoever goes on; one that is not there any more has taken its place;
// and what is there without being named is made again from what the site still has.

// readyDir holds the files that are about to take their place, in the directory
// beside the target, by their number in state.Ready.
const readyDir = "ready"

// swap is a file that is to take the place of one of the site's.
type swap struct {
	name string      // below the target
	like fs.FileInfo // whose mode and owner it gets
	// fill writes the file; false says that it is as it was, and that its place is
	// left alone.
	fill func(f *os.File) (changed bool, err error)
}

// swapIn makes files and puts them in their places, exactly once, whenever the
// restore is stopped: what the caller wrote into the state is kept in the moment in
// which the files are settled.
func (r *run) swapIn(swaps ...swap) error {
	dir := filepath.Join(r.place.beside, readyDir)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return fmt.Errorf("make changed files: %w", err)
	}
	for _, s := range swaps {
		changed, err := s.make(filepath.Join(dir, strconv.Itoa(len(r.state.Ready))))
		if err != nil {
			return fmt.Errorf("change %s: %w", safetext.Line(safetext.Path(s.name)), err)
		}
		if changed {
			r.state.Ready = append(r.state.Ready, s.name)
		}
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("make changed files: %w", err)
	}
	if err := r.state.keep(r.place); err != nil {
		return err
	}
	return r.takePlaces()
}

// make makes the file, so that it lasts.
func (s swap) make(to string) (changed bool, err error) {
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	if changed, err = s.fill(f); err == nil && changed {
		err = resemble(f, s.like)
	}
	err = errors.Join(err, f.Close())
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = &core.Refusal{Kind: core.ErrNoSpace, Cause: err, Detail: fmt.Sprintf(
			"The disk became full while %s was changed in a copy. The files are in place; make room and give the same command again: it goes on from here.", safetext.Line(safetext.Path(s.name)))}
	}
	return changed, err
}

// resemble gives a file the owner and the mode of another one.
func resemble(f *os.File, like fs.FileInfo) error {
	own, err := f.Stat()
	if err != nil {
		return err
	}
	was, ok := like.Sys().(*syscall.Stat_t)
	is, isOK := own.Sys().(*syscall.Stat_t)
	if ok && isOK && (was.Uid != is.Uid || was.Gid != is.Gid) {
		if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return err
		}
	}
	return errors.Join(f.Chmod(like.Mode().Perm()), f.Sync())
}

// takePlaces renames the files that the state names, unless they have taken their
// places already, and removes those that it does not name.
func (r *run) takePlaces() (err error) {
	root, err := os.OpenRoot(r.place.target)
	if err != nil {
		return fmt.Errorf("place changed files: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	dir := filepath.Join(r.place.beside, readyDir)
	for i, name := range r.state.Ready {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		if err := renameBelow(filepath.Join(dir, strconv.Itoa(i)), root, name); err != nil {
			return fmt.Errorf("place %s: %w", safetext.Line(safetext.Path(name)), err)
		}
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("place changed files: %w", err)
	}
	if r.state.Ready == nil {
		return nil
	}
	r.state.Ready = nil
	return r.state.keep(r.place)
}

// renameBelow moves a file, if it is there, to a name below a root, so that it lasts.
func renameBelow(from string, root *os.Root, name string) (err error) {
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if err := unix.Renameat(unix.AT_FDCWD, from, int(dir.Fd()), path.Base(name)); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return dir.Sync()
}

// syncDir makes the names in a directory last.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
