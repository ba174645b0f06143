package coretest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"breakglass/core"
)

// Vault is a core.Vault in memory whose capacity a test sets. It is safe for
// concurrent use.
type Vault struct {
	mu       sync.Mutex // held for a few instructions only
	capacity int64
	sealed   map[string][]byte
	partial  map[string]*vaultWriter
}

// NewVault returns an empty Vault with room for 1 GiB.
func NewVault() *Vault {
	return &Vault{capacity: 1 << 30, sealed: map[string][]byte{}, partial: map[string]*vaultWriter{}}
}

// SetCapacity sets how many bytes fit, of sealed and unsealed archives together.
func (v *Vault) SetCapacity(bytes int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.capacity = bytes
}

// Partials returns how many archives are begun and neither sealed nor aborted:
// after a test that should be none.
func (v *Vault) Partials() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.partial)
}

// Create implements core.Vault.
func (v *Vault) Create(ctx context.Context, name string) (core.VaultWriter, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	if v.sealed[name] != nil || v.partial[name] != nil {
		return nil, fmt.Errorf("archive %q: %w", name, core.ErrExists)
	}
	w := &vaultWriter{vault: v, name: name}
	v.partial[name] = w
	return w, nil
}

// Open implements core.Vault.
func (v *Vault) Open(ctx context.Context, name string) (core.VaultReader, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	data := v.sealed[name]
	if data == nil {
		return nil, fmt.Errorf("archive %q: %w", name, core.ErrNotFound)
	}
	return vaultReader{bytes.NewReader(data)}, nil
}

// Remove implements core.Vault.
func (v *Vault) Remove(ctx context.Context, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("remove archive: %w", err)
	}
	delete(v.sealed, name)
	return checkName(name)
}

// List implements core.Vault.
func (v *Vault) List(ctx context.Context) ([]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.sealed)), ctx.Err()
}

// Free implements core.Vault.
func (v *Vault) Free(ctx context.Context) (int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.free(), ctx.Err()
}

func (v *Vault) free() int64 {
	left := v.capacity
	for _, data := range v.sealed {
		left -= int64(len(data))
	}
	for _, w := range v.partial {
		left -= int64(len(w.data))
	}
	return max(0, left)
}

// Sweep implements core.Vault: writers that are still open are as good as lost.
func (v *Vault) Sweep(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sweep vault: %w", err)
	}
	for _, w := range v.partial {
		w.over = true
	}
	clear(v.partial)
	return nil
}

// checkName holds names to what a plain file name in a URL could be.
func checkName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	if name == "" || name[0] == '.' || len(name) > 200 || strings.Trim(name, letters) != "" {
		return fmt.Errorf("archive name %q: %w", name, core.ErrInvalid)
	}
	return nil
}

// vaultWriter is an archive being written. Its fields belong to the vault's lock.
type vaultWriter struct {
	vault *Vault
	name  string
	data  []byte
	bad   error // the first write that failed
	over  bool
}

func (w *vaultWriter) Write(p []byte) (int, error) {
	w.vault.mu.Lock()
	defer w.vault.mu.Unlock()
	if w.over {
		return 0, fmt.Errorf("write archive %q: %w", w.name, os.ErrClosed)
	}
	fits := p[:min(int64(len(p)), w.vault.free())]
	w.data = append(w.data, fits...)
	if len(fits) < len(p) {
		w.bad = fmt.Errorf("write archive %q: %w", w.name, core.ErrNoSpace)
		return len(fits), w.bad
	}
	return len(p), nil
}

func (w *vaultWriter) Seal() error {
	w.vault.mu.Lock()
	defer w.vault.mu.Unlock()
	switch {
	case w.over:
		return fmt.Errorf("seal archive %q: %w", w.name, os.ErrClosed)
	case w.bad != nil:
		return fmt.Errorf("seal archive: %w", w.bad)
	}
	w.over = true
	delete(w.vault.partial, w.name)
	w.vault.sealed[w.name] = append(make([]byte, 0, len(w.data)), w.data...)
	return nil
}

func (w *vaultWriter) Abort() error {
	w.vault.mu.Lock()
	defer w.vault.mu.Unlock()
	if !w.over {
		w.over = true
		delete(w.vault.partial, w.name)
	}
	return nil
}

// vaultReader reads a sealed archive, which nobody changes.
type vaultReader struct{ *bytes.Reader }

func (vaultReader) Close() error { return nil }
