package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"breakglass/core"
	"breakglass/store"
)

func random() ([]byte, error) {
	b := make([]byte, 32)
	_, err := rand.Read(b)
	return b, err
}

func never(t *testing.T) func() ([]byte, error) {
	return func() ([]byte, error) { t.Error("made a new secret"); return random() }
}

func TestSecretIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := store.LoadOrCreate(dir, "pepper", random)
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	second, err := store.LoadOrCreate(dir, "pepper", never(t))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("another secret the second time: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "pepper"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestSecretOfManyProcessesIsOne(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	got := make([][]byte, 16)
	for i := range got {
		all.Go(func() {
			var err error
			if got[i], err = store.LoadOrCreate(dir, "pepper", random); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, secret := range got {
		if !bytes.Equal(secret, got[0]) {
			t.Fatal("two secrets")
		}
	}
}

func TestSecretThatIsNotOursAloneIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(path string) error
		want  error
	}{
		{"readable by the group", func(path string) error { return os.Chmod(path, 0o640) }, core.ErrDenied},
		{"readable by all", func(path string) error { return os.Chmod(path, 0o604) }, core.ErrDenied},
		{"empty", func(path string) error { return os.Truncate(path, 0) }, core.ErrInvalid},
		{"huge", func(path string) error { return os.Truncate(path, 1<<30) }, core.ErrInvalid},
		{"a link", func(path string) error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) }, core.ErrDenied},
		{"a folder", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, core.ErrDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := store.LoadOrCreate(dir, "pepper", random); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(filepath.Join(dir, "pepper")); err != nil {
				t.Fatal(err)
			}
			if secret, err := store.LoadOrCreate(dir, "pepper", never(t)); !errors.Is(err, c.want) || secret != nil {
				t.Errorf("%d bytes, %v", len(secret), err)
			}
		})
	}
}

func TestSecretOfAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("needs root, which CI has")
		}
		t.Skip("only root can give a file away")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pepper"), []byte("planted"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "pepper"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadOrCreate(dir, "pepper", never(t)); !errors.Is(err, core.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestSecretThatCannotBeMade(t *testing.T) {
	dir, bad := t.TempDir(), errors.New("no entropy")
	if _, err := store.LoadOrCreate(dir, "pepper", func() ([]byte, error) { return nil, bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	if _, err := store.LoadOrCreate(dir, "pepper", func() ([]byte, error) { return nil, nil }); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("an empty one: %v", err)
	}
	for _, name := range []string{"", ".", "..", "a/b", "../pepper", ".hidden"} {
		if _, err := store.LoadOrCreate(dir, name, never(t)); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pepper")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left a file: %v", err)
	}
}
