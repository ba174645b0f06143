package repoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"breakglass/core"
	"breakglass/core/safetext"
)

// maxConfig is how large a configuration may be.
const maxConfig = 1 << 20

// readFile reads a configuration. A link is refused: what is written would not
// be what is read. A file that is not there is fs.ErrNotExist.
func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrNotExist
		}
		return nil, unusable(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unusable(name, nil)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unusable(name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return nil, unusable(name, err)
	}
	src, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, unusable(name, err)
	}
	if len(src) > maxConfig {
		return nil, core.Refuse(core.ErrSite, "%s is far too large for a configuration; change it by hand.", safetext.Line(name))
	}
	return src, nil
}

func unusable(name string, cause error) error {
	return &core.Refusal{
		Kind: core.ErrSite, Cause: cause,
		Detail: fmt.Sprintf("%s is a link, is no plain file, or cannot be read, so it was left as it is; put the file itself there and try again.", safetext.Line(name)),
	}
}

// replaceFile puts text in the place of a file at once, with the mode and the
// owner that the file has.
func replaceFile(root *os.Root, name string, text []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("change %s: %w", safetext.Line(name), err)
		}
	}()
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return unusable(name, nil)
	}
	fresh := path.Join(path.Dir(name), "."+path.Base(name)+".breakglass-new")
	if err := root.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // of a run that was cut off
	}
	f, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(fillFile(f, text, info), f.Close()); err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	if err := root.Rename(fresh, name); err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	return syncDir(root, path.Dir(name))
}

// fillFile writes a file that is to be like another one.
func fillFile(f *os.File, text []byte, like fs.FileInfo) error {
	if _, err := f.Write(text); err != nil {
		return err
	}
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

func syncDir(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
