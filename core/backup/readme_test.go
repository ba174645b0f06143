package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// README.txt says who to call, how complete the copy is and how it is checked
// and restored. Its commands work as they stand, whatever a hostile database is
// called.
func TestReadme(t *testing.T) {
	w := newWorld(t)
	const name = "r $(touch pwned) $HOME"
	createDatabase(t, name, "u_r", "p")
	w.wordPress(name, "u_r", "p", "localhost:"+server.Socket)
	if err := os.Symlink("/etc", filepath.Join(w.root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(w.root, "wp-load.php"), 7<<20); err != nil { // a hole, which tar unpacks as zeros
		t.Fatal(err)
	}
	a := w.run()
	text := a.read("README.txt")
	for _, part := range []string{"needs 7.3 MB of disk", "Jane, +31 20 123", "NOT COMPLETE", "Missing: link is a link to /etc", a.result.Signer, "console.example"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
	signed := false
	commands := 0
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, " ") && utf8.RuneCountInString(line) > 78 {
			t.Errorf("too long: %s", line)
		}
		if check := strings.TrimSpace(line); strings.HasPrefix(check, "ssh-keygen ") {
			cmd := exec.Command("sh", "-c", check)
			cmd.Dir = a.dir
			out, err := cmd.CombinedOutput()
			signed = err == nil && strings.Contains(string(out), "Good") && strings.Contains(string(out), a.result.Signer)
			if !signed {
				t.Errorf("%s: %v: %s", check, err, out)
			}
		}
		dump, _, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok || !strings.HasPrefix(dump, "cat ") {
			continue
		}
		commands++
		cmd := exec.Command("sh", "-c", dump)
		cmd.Dir = a.dir
		if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "-- Dump completed") {
			t.Errorf("%s: %v", dump, err)
		}
	}
	if !signed {
		t.Error("nothing says how the signature is checked")
	}
	if _, err := os.Stat(filepath.Join(a.dir, "pwned")); err == nil || commands != 1 {
		t.Errorf("%d commands, or one of them ran what the database is called", commands)
	}
}
