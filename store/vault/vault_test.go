package vault_test

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/core/coretest/smalldisk"
	"breakglass/store/vault"
)

func open(t *testing.T, dir string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func write(t *testing.T, v *vault.Vault, name, text string) core.VaultWriter {
	t.Helper()
	w, err := v.Create(t.Context(), name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestContract(t *testing.T) {
	coretest.TestVault(t, func(t *testing.T) core.Vault { return open(t, filepath.Join(t.TempDir(), "vault")) })
}

func TestArchivesAreForThisUserAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	v := open(t, dir)
	if err := write(t, v, "a", "x").Seal(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{".": fs.ModeDir | 0o700, "a": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

// After a crash the next process finds the whole archive and sweeps the half.
func TestCrashLeavesWholeArchivesAlone(t *testing.T) {
	dir := t.TempDir()
	before := open(t, dir)
	if err := write(t, before, "whole", "x").Seal(); err != nil {
		t.Fatal(err)
	}
	write(t, before, "half", "x") // and never ends
	after := open(t, dir)
	if names, err := after.List(t.Context()); err != nil || len(names) != 1 || names[0] != "whole" {
		t.Errorf("list: %q, %v", names, err)
	}
	if err := after.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// A link in the folder does not lead out of it, and a pipe does not block.
func TestWhatIsNoFileIsNotFound(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	outside := filepath.Join(t.TempDir(), "passwd")
	err := errors.Join(os.WriteFile(outside, []byte("secret"), 0o600), os.Symlink(outside, filepath.Join(dir, "link")),
		os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "folder"} {
		if _, err := v.Open(t.Context(), name); err == nil {
			t.Errorf("opened a %s", name)
		}
		if _, err := v.Create(t.Context(), name); !errors.Is(err, core.ErrExists) {
			t.Errorf("create over a %s: %v", name, err)
		}
	}
	if names, err := v.List(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("list: %q, %v", names, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := smalldisk.Mount(t, 4<<20)
	v := open(t, dir)
	w := write(t, v, "a", "start")
	chunk := make([]byte, 64<<10)
	if _, err := rand.Read(chunk); err != nil {
		t.Fatal(err)
	}
	var full error
	for range 100 {
		if _, full = w.Write(chunk); full != nil {
			break
		}
	}
	if !errors.Is(full, core.ErrNoSpace) {
		t.Fatalf("got %v", full)
	}
	if n, err := v.Free(t.Context()); n != 0 || err != nil {
		t.Errorf("%d bytes free, %v", n, err)
	}
	if _, err := w.Write(nil); !errors.Is(err, core.ErrNoSpace) {
		t.Errorf("a write after the gap: %v", err)
	}
	if err := w.Seal(); !errors.Is(err, core.ErrNoSpace) {
		t.Errorf("sealed an archive that lacks its end: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if n, err := v.Free(t.Context()); n < 3<<20 || err != nil {
		t.Errorf("%d bytes free after the abort, %v", n, err)
	}
	if err := write(t, v, "a", "again").Seal(); err != nil {
		t.Error(err)
	}
}
