package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"breakglass/core"
)

// maxCheckpoint is the longest checkpoint that is read, in bytes; one has
// about 200.
const maxCheckpoint = 64 << 10

// Witness is a core.Witness in one file beside the keys: whoever puts an older
// copy of the database back leaves it where it is. It is safe for concurrent
// use.
type Witness struct{ dir, path string }

// NewWitness returns the witness whose file lies in dir, which is made when it
// is needed.
func NewWitness(dir string) *Witness {
	return &Witness{dir: dir, path: filepath.Join(dir, "log_checkpoint")}
}

// Kept implements core.Witness.
func (w *Witness) Kept(context.Context) (_ string, err error) {
	f, err := os.OpenFile(w.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("kept checkpoint: %w", core.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("read the kept checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return "", fmt.Errorf("read the kept checkpoint: %w", err)
	}
	return string(text), nil
}

// Keep implements core.Witness: the file is written beside its place, synced and
// moved there, so that a crash leaves the old one or the new one.
func (w *Witness) Keep(_ context.Context, signed string) error {
	if err := w.keep(signed); err != nil {
		return fmt.Errorf("keep checkpoint: %w", asNoSpace(err))
	}
	return nil
}

func (w *Witness) keep(signed string) (err error) {
	if err := privateDir(w.dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(w.dir, ".checkpoint-*") // mode 0600, O_EXCL
	if err != nil {
		return err
	}
	_, err = f.WriteString(signed)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), w.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(w.dir)
}
