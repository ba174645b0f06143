package backup_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/coretest"

	"golang.org/x/crypto/ssh"
)

// world is a site, an engine that may read it, and what a run left.
type world struct {
	t       *testing.T
	roots   string // the allowed root
	root    string // the site's
	scratch string
	engine  *backup.Engine
	key     ssh.Signer
	lang    string // of the owner
}

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, roots: filepath.Join(dir, "www"), scratch: filepath.Join(dir, "scratch"), key: newKey(t)}
	w.root = filepath.Join(w.roots, "acme")
	if err := os.MkdirAll(w.root, 0o755); err != nil {
		t.Fatal(err)
	}
	w.engine = w.newEngine(w.key)
	return w
}

func (w *world) newEngine(key ssh.Signer) *backup.Engine {
	w.t.Helper()
	e, err := backup.New(backup.Options{Roots: []string{w.roots}, Signer: key, Scratch: w.scratch, Clock: coretest.NewClock(), Version: "v0-test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// write makes a file of the site.
func (w *world) write(path, text string) {
	w.t.Helper()
	path = filepath.Join(w.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// wordPress makes the site a WordPress with a configuration.
func (w *world) wordPress(name, user, password, host string) {
	w.t.Helper()
	w.write("wp-load.php", "<?php\n")
	w.write("wp-settings.php", "<?php\n")
	w.write("wp-includes/version.php", "<?php\n$wp_version = '6.6.1';\n")
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	w.write("wp-config.php", fmt.Sprintf("<?php\ndefine( 'DB_NAME', %s );\ndefine('DB_USER', %s);\ndefine('DB_PASSWORD', %s);\ndefine('DB_HOST', %s);\n$table_prefix = 'wp_';\n",
		quote(name), quote(user), quote(password), quote(host)))
}

func (w *world) order() core.BackupOrder {
	return core.BackupOrder{
		SiteSpec: core.SiteSpec{Site: "acme", Root: w.root, Lang: w.lang}, Name: "acme-20261124T120000Z", Created: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		Host: "console.example", Grant: "G1", Call: "Jane, +31 20 123",
	}
}

// archived is a finished archive, unpacked by tar alone.
type archived struct {
	*world
	result core.BackupResult
	bytes  []byte
	dir    string // the unpacked top folder
	file   string
}

// readSite reads a file of the site.
func (w *world) readSite(path string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.root, path))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// run backs the site up and unpacks the archive.
func (w *world) run() *archived {
	w.t.Helper()
	return w.runWith(nil)
}

// runWith is run that reports its progress.
func (w *world) runWith(report func(core.Progress)) *archived {
	w.t.Helper()
	var out bytes.Buffer
	result, err := w.engine.Run(w.t.Context(), w.order(), &out, report)
	if err != nil {
		w.t.Fatalf("run: %v (%v)", err, causes(err))
	}
	w.clean()
	a := w.unpack(result, out.Bytes())
	a.verify()
	return a
}

func (w *world) unpack(result core.BackupResult, data []byte) *archived {
	w.t.Helper()
	dir := w.t.TempDir()
	a := &archived{world: w, result: result, bytes: data, dir: filepath.Join(dir, w.order().Name), file: filepath.Join(dir, "a.tar.gz")}
	if err := os.WriteFile(a.file, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if text, err := exec.Command("tar", "-xzf", a.file, "-C", dir).CombinedOutput(); err != nil || len(text) > 0 {
		w.t.Fatalf("tar: %v: %s", err, text)
	}
	return a
}

// clean checks that nothing is left in the scratch directory.
func (w *world) clean() {
	w.t.Helper()
	entries, err := os.ReadDir(w.scratch)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range entries {
		w.t.Errorf("left in scratch: %s", entry.Name())
	}
}

func (a *archived) read(path string) string {
	a.t.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, path))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(data)
}

// manifest returns the lines of a kind.
func (a *archived) manifest(kind string) (lines []map[string]any) {
	a.t.Helper()
	scanner := bufio.NewScanner(strings.NewReader(a.read("MANIFEST.jsonl")))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := map[string]any{}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			a.t.Fatalf("%v: %s", err, scanner.Text())
		}
		if line["line"] == kind {
			lines = append(lines, line)
		}
	}
	return lines
}

// causes prints what lies under a refusal.
func causes(err error) string {
	var out []string
	var each func(error)
	each = func(err error) {
		if err == nil {
			return
		}
		out = append(out, err.Error())
		switch e := err.(type) { //nolint:errorlint // it goes through the whole tree
		case interface{ Unwrap() error }:
			each(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				each(err)
			}
		}
	}
	each(err)
	return strings.Join(out, " ← ")
}

// verify checks the archive with our own verifier.
func (a *archived) verify() backup.Report {
	a.t.Helper()
	report, err := backup.Verify(a.t.Context(), bytes.NewReader(a.bytes), backup.VerifyOptions{Signer: a.key.PublicKey(), Scratch: a.scratch})
	if err != nil || !report.Proven {
		a.t.Fatalf("verify: %v (%v)", err, report.Wrong)
	}
	if report.Verdict != a.result.Verdict || report.Tables != a.result.Tables || report.Rows != a.result.Rows || report.Files != a.result.Files {
		a.t.Errorf("verify reports %+v, the run %+v", report, a.result)
	}
	return report
}
