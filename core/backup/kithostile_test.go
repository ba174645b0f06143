package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A site names a folder so that the path of a link in it reads, from the line
// break on, like that of a link elsewhere on the machine. That one stays as it is,
// and the site's own links are turned.
func TestRestoreShFollowsNoNameOutOfTheTarget(t *testing.T) {
	applets := t.TempDir()
	if out, err := exec.Command("busybox", "--install", "-s", applets).CombinedOutput(); err != nil {
		t.Fatalf("busybox; run `task setup`: %v\n%s", err, out)
	}
	for name, shell := range map[string][]string{"dash": {"/usr/bin:/bin", "/bin/dash"}, "busybox": {applets, "/bin/busybox", "sh"}} {
		t.Run(name, func(t *testing.T) {
			dir, top, target := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "site")
			victim, files := filepath.Join(dir, "current"), filepath.Join(top, "files")
			for path, text := range map[string]string{"restore.sh": readFile(t, "restore.sh"), "restore.conf": "kind static\nroot /old/root\n", "MANIFEST.jsonl": ""} {
				if err := os.WriteFile(filepath.Join(top, path), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(files, "a\n", dir), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, link := range []string{victim, filepath.Join(files, "a\n", victim), filepath.Join(files, "own")} {
				if err := os.Symlink("/old/root/x", link); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(shell[1], append(shell[2:], filepath.Join(top, "restore.sh"), "--to", target)...)
			cmd.Env = []string{"PATH=" + shell[0], "TMPDIR=" + t.TempDir()}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("restore.sh: %v\n%s", err, out)
			}
			for link, want := range map[string]string{victim: "/old/root/x", filepath.Join(target, "own"): target + "/x"} {
				if leads, err := os.Readlink(link); err != nil || leads != want {
					t.Errorf("%s leads to %s, want %s (%v)", link, leads, want, err)
				}
			}
		})
	}
}
