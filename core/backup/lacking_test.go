package backup_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"breakglass/core"
)

// lacks backs up a site whose database cannot be dumped. All else must be in the
// archive, which says that it is not complete, which database is missing and
// why; whoever asks in advance is told the same.
func (w *world) lacks(part string) *archived {
	w.t.Helper()
	a := w.breaksOff(part)
	if lines := a.manifest("database"); len(lines) != 1 || lines[0]["path"] != "" {
		w.t.Errorf("%v", lines)
	}
	if _, err := os.Stat(filepath.Join(a.dir, "database")); err == nil {
		w.t.Error("there is a dump all the same")
	}
	if strings.Contains(a.read("README.txt"), "mysql --binary-mode") {
		w.t.Error("README.txt tells how to restore what is not there")
	}
	report, err := w.engine.Inspect(w.t.Context(), w.order().SiteSpec)
	if err != nil || !slices.Equal(report.Notes, a.result.Notes) {
		w.t.Errorf("inspect does not say so in advance: %v %v", err, report.Notes)
	}
	return a
}

// breaksOff backs up a site whose dump fails, and checks what is said of it.
func (w *world) breaksOff(part string) *archived {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.root, "kept.txt"), []byte("kept"), 0o644); err != nil {
		w.t.Fatal(err)
	}
	a := w.run()
	w.noGoroutines()
	w.noProcess()
	a.saysBroken(part)
	if a.read("files/kept.txt") != "kept" {
		w.t.Error("the files are not in the archive")
	}
	return a
}

// saysBroken checks that an archive tells of its one missing database.
func (a *archived) saysBroken(part string) {
	a.t.Helper()
	says := func(n string) bool { return strings.HasPrefix(n, "Missing: ") && strings.Contains(n, part) }
	if a.result.Verdict != core.VerdictNotComplete || !slices.ContainsFunc(a.result.Notes, says) {
		a.t.Errorf("%+v, want a note of %q", a.result, part)
	}
	lines := a.manifest("database")
	if len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0]["incomplete"]), part) || lines[0]["name"] == "" {
		a.t.Errorf("%v", lines)
	}
	dumps, err := filepath.Glob(filepath.Join(a.dir, "database/*/*.sql"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, path := range dumps {
		text, err := os.ReadFile(path)
		if err != nil || bytes.Contains(text, []byte("\n-- Dump completed")) {
			a.t.Errorf("%s claims to be whole, or %v", path, err)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(a.read("README.txt")), " "), part) {
		a.t.Error("README.txt does not say what is missing")
	}
}

// withoutDumper returns a PATH on which all is that these tests call but a tool
// that dumps.
func withoutDumper(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"tar", "gzip"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
