package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"

	"breakglass/core"
	"breakglass/store/writeback"

	"golang.org/x/sys/unix"
)

const partial = ".partial-"

// plain is the form of an archive's name: one element of a path, never hidden.
var plain = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$`)

// Vault is a core.Vault in one folder. It is safe for concurrent use. One
// folder is for one process at a time.
type Vault struct {
	root *os.Root
	mu   sync.Mutex
	open map[string]*writer // those neither sealed nor aborted
}

// Open opens the vault in dir and makes the folder if it is not there. A folder
// that other users may enter is closed to them.
func Open(dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open vault: %w", writeback.NoSpace(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	if err := root.Chmod(".", 0o700); err != nil { //nolint:gosec // a folder needs its x
		return nil, errors.Join(fmt.Errorf("open vault: %w", err), root.Close())
	}
	return &Vault{root: root, open: make(map[string]*writer)}, nil
}

// Close gives the folder back. Readers and writers that are open still work.
func (v *Vault) Close() error {
	if err := v.root.Close(); err != nil {
		return fmt.Errorf("close vault: %w", err)
	}
	return nil
}

// Create implements core.Vault. A second archive of the same name is refused
// as long as the first is being written, too.
func (v *Vault) Create(ctx context.Context, name string) (core.VaultWriter, error) {
	if err := check(ctx, "create", name); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	// First the name is taken, then looked for among the sealed: this way
	// round nobody can seal it in between.
	f, err := v.root.OpenFile(partial+name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create archive %s: %w", name, core.ErrExists)
	}
	if err != nil {
		return nil, fmt.Errorf("create archive: %w", writeback.NoSpace(err))
	}
	if _, err := v.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = core.ErrExists
		}
		return nil, errors.Join(fmt.Errorf("create archive %s: %w", name, err), f.Close(), v.root.Remove(partial+name))
	}
	w := &writer{vault: v, name: name, file: writeback.New(f)}
	v.open[name] = w
	return w, nil
}

// Open implements core.Vault.
func (v *Vault) Open(ctx context.Context, name string) (core.VaultReader, error) {
	if err := check(ctx, "open", name); err != nil {
		return nil, err
	}
	f, err := v.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe put there must not block us
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open archive %s: %w", name, core.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = core.ErrNotFound
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open archive %s: %w", name, err), f.Close())
	}
	return &reader{File: f, size: info.Size()}, nil
}

// Remove implements core.Vault. Whoever has the archive open can read on.
func (v *Vault) Remove(ctx context.Context, name string) error {
	if err := check(ctx, "remove", name); err != nil {
		return err
	}
	err := v.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, v.sync()); err != nil {
		return fmt.Errorf("remove archive: %w", err)
	}
	return nil
}

// List implements core.Vault, in the order of names.
func (v *Vault) List(ctx context.Context) ([]string, error) {
	return v.list(ctx, func(entry fs.DirEntry) bool { return entry.Type().IsRegular() && plain.MatchString(entry.Name()) })
}

func (v *Vault) list(ctx context.Context, match func(fs.DirEntry) bool) (names []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list vault: %w", err)
	}
	entries, err := fs.ReadDir(v.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list vault: %w", err)
	}
	for _, entry := range entries {
		if match(entry) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Free implements core.Vault: what the file system gives to this user.
func (v *Vault) Free(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("measure free space: %w", err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(v.root.Name(), &disk); err != nil {
		return 0, fmt.Errorf("measure free space: %w", err)
	}
	return int64(disk.Bavail) * disk.Bsize, nil //nolint:unconvert // the types differ by platform
}

// Sweep implements core.Vault. A writer that is open here fails from then on.
func (v *Vault) Sweep(ctx context.Context) error {
	names, err := v.list(ctx, func(entry fs.DirEntry) bool { return strings.HasPrefix(entry.Name(), partial) })
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var failed error
	for _, w := range v.open {
		failed = errors.Join(failed, w.end())
	}
	for _, name := range names {
		if err := v.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if failed = errors.Join(failed, v.sync()); failed != nil {
		return fmt.Errorf("sweep vault: %w", failed)
	}
	return nil
}

// sync makes the names in the folder durable.
func (v *Vault) sync() (err error) {
	dir, err := v.root.Open(".")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return dir.Sync()
}

// check refuses a context that has ended and a name that is not plain.
func check(ctx context.Context, verb, name string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s archive: %w", verb, err)
	}
	if !plain.MatchString(name) {
		return fmt.Errorf("%s archive %q: a name has letters, digits, '.', '_' and '-' alone: %w", verb, name, core.ErrInvalid)
	}
	return nil
}
