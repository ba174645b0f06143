package repoint_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

func TestRefused(t *testing.T) {
	dir, root := site(t, map[string]string{"wp-config.php": wpConfig, "other.php": wpConfig})
	for _, o := range []repoint.Options{
		{Kind: "WordPress", Database: database("line\nbreak")}, {Kind: "WordPress", Database: database("nul\x00")}, {Kind: "WordPress"}, {Kind: "Typo3", Database: database("x")},
		{Kind: "WordPress", Database: repoint.Database{Name: "n", Driver: "oracle"}}, {Kind: "WordPress", Database: repoint.Database{Name: "n", Socket: "s"}}, {Kind: "WordPress", Database: repoint.Database{Name: "n", Host: "a/b"}},
		{Kind: "WordPress", Database: repoint.Database{Name: "n", Port: 1 << 17}}, {Kind: "WordPress", Database: database("x"), URLs: []rewrite.Pair{{Old: "x", New: "y"}}},
	} {
		if _, err := repointed(root, o); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for name, make := range map[string]func(path string) error{
		"link":   func(path string) error { return os.Symlink("other.php", path) },
		"out":    func(path string) error { return os.Symlink("/etc/passwd", path) },
		"broken": func(path string) error { return os.Symlink("nowhere", path) },
		"dir":    func(path string) error { return os.Mkdir(path, 0o755) },
		"fifo":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"huge":   func(path string) error { return os.WriteFile(path, make([]byte, 2<<20), 0o600) },
	} {
		path := filepath.Join(dir, "wp-config.php")
		if err := errors.Join(os.Remove(path), make(path)); err != nil {
			t.Fatal(err)
		}
		_, err := repointed(root, repoint.Options{Kind: "WordPress", Database: database("x")})
		if !errors.Is(err, core.ErrSite) || read(t, dir, "other.php") != wpConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := repointed(root, repoint.Options{Kind: "WordPress", File: "../../etc/passwd", Database: database("x")}); !errors.Is(err, core.ErrSite) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("out of the root: %v", err)
	}
}
