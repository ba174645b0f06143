package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"breakglass/core"
)

// maxSecret is the largest secret file that is read, in bytes.
const maxSecret = 64 << 10

// LoadOrCreate returns the secret kept in dir under name: the pepper, the log's
// signing key. They lie outside the database, so that a copy of it is useless
// to a guesser. The first call makes the secret with generate and keeps it, mode
// 0600, durably, before it returns. A file that others may read, or that
// belongs to somebody else, or is a link, is refused with core.ErrDenied; an
// empty one with core.ErrInvalid. Two processes that call it at once get the
// same secret.
func LoadOrCreate(dir, name string, generate func() ([]byte, error)) ([]byte, error) {
	if name == "" || name != filepath.Base(name) || name[0] == '.' {
		return nil, fmt.Errorf("secret %q: not a plain file name: %w", name, core.ErrInvalid)
	}
	if err := privateDir(dir); err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	path := filepath.Join(dir, name)
	secret, err := LoadSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if secret, err = generate(); err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	if len(secret) == 0 || len(secret) > maxSecret {
		return nil, fmt.Errorf("make secret %s: %d bytes: %w", name, len(secret), core.ErrInvalid)
	}
	err = createSecret(dir, path, secret)
	if errors.Is(err, fs.ErrExist) {
		return LoadSecret(path) // another process was faster
	}
	if err != nil {
		return nil, fmt.Errorf("keep secret %s: %w", name, asNoSpace(err))
	}
	return secret, nil
}

// LoadSecret reads a secret from a file that is ours alone, with the refusals of
// [LoadOrCreate]. One that is not there wraps fs.ErrNotExist.
func LoadSecret(path string) (secret []byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, core.Refuse(core.ErrDenied, "The secret %s is a link: put the file itself there.", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || !info.Mode().IsRegular() || int(owner.Uid) != os.Geteuid() {
		return nil, core.Refuse(core.ErrDenied, "The secret %s is not a file of the user that runs breakglass: see who put it there, then chown it.", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, core.Refuse(core.ErrDenied, "The secret %s can be read by other users: see who has read it, then run chmod 600 on it.", path)
	}
	if secret, err = io.ReadAll(io.LimitReader(f, maxSecret+1)); err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(secret) == 0 || len(secret) > maxSecret {
		return nil, core.Refuse(core.ErrInvalid, "The secret %s is empty or too long: put the right file back from your own copy.", path)
	}
	return secret, nil
}

// createSecret writes the secret beside its place and links it there whole, so
// that neither a crash nor another process ever sees half of it. fs.ErrExist
// says that there is one already.
func createSecret(dir, path string, secret []byte) (err error) {
	f, err := os.CreateTemp(dir, ".secret-*") // mode 0600, O_EXCL
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// privateDir makes a folder for this user alone. One that exists may be read
// by others, since our files in it cannot, but not written to.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return asNoSpace(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return core.Refuse(core.ErrDenied, "The folder %s can be written to by other users: run chmod 700 on it, or choose another.", dir)
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) (err error) {
	d, err := os.Open(dir) //nolint:gosec // the data folder, by the config
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}
