package vault

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"breakglass/store/writeback"
)

// writer is a core.VaultWriter, for one goroutine at a time; a Sweep may end
// it from another.
type writer struct {
	vault *Vault
	name  string
	file  *writeback.File
	over  atomic.Bool
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if w.over.Load() {
		return 0, fmt.Errorf("write archive %s: %w", w.name, os.ErrClosed)
	}
	n, err := w.file.Write(p)
	if err != nil {
		return n, fmt.Errorf("write archive: %w", writeback.NoSpace(err))
	}
	return n, nil
}

// Seal implements core.VaultWriter. If it fails, Abort is still to be called.
func (w *writer) Seal() error {
	if w.over.Load() {
		return fmt.Errorf("seal archive %s: %w", w.name, os.ErrClosed)
	}
	if err := w.file.Sync(); err != nil { // some disks say only now that they are full
		return fmt.Errorf("seal archive: %w", writeback.NoSpace(err))
	}
	w.vault.mu.Lock()
	defer w.vault.mu.Unlock()
	if w.over.Load() {
		return fmt.Errorf("seal archive %s: %w", w.name, os.ErrClosed)
	}
	if err := w.vault.root.Rename(partial+w.name, w.name); err != nil {
		return fmt.Errorf("seal archive: %w", writeback.NoSpace(err))
	}
	if err := errors.Join(w.end(), w.vault.sync()); err != nil {
		// Nobody was promised this archive, so nobody must find it.
		return fmt.Errorf("seal archive %s: %w", w.name, writeback.NoSpace(errors.Join(err, w.vault.root.Remove(w.name))))
	}
	return nil
}

// Abort implements core.VaultWriter.
func (w *writer) Abort() error {
	w.vault.mu.Lock()
	defer w.vault.mu.Unlock()
	if w.over.Load() {
		return nil
	}
	if err := errors.Join(w.end(), w.vault.root.Remove(partial+w.name)); err != nil {
		return fmt.Errorf("abort archive: %w", err)
	}
	return nil
}

// end closes the file and forgets the writer. The vault's lock is held.
func (w *writer) end() error {
	w.over.Store(true)
	delete(w.vault.open, w.name)
	return w.file.Close()
}

// reader is a core.VaultReader.
type reader struct {
	*os.File
	size int64
}

// Size returns the archive's size in bytes.
func (r *reader) Size() int64 { return r.size }
