package backup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/coretest"
)

func TestCheckRoot(t *testing.T) {
	w := newWorld(t)
	w.write("file", "x")
	if err := os.MkdirAll(w.roots+"-evil", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"out": "/etc", "inside": "acme", "dangling": "nothing"} {
		if err := os.Symlink(target, filepath.Join(w.roots, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ root, resolved, sentence string }{
		{w.root, w.root, ""},
		{w.root + "/../acme/.", w.root, ""},
		{filepath.Join(w.roots, "inside"), w.root, ""},
		{w.roots, w.roots, ""},
		{filepath.Join(w.roots, "none"), "", "There is no directory"},
		{filepath.Join(w.roots, "dangling"), "", "There is no directory"},
		{filepath.Join(w.root, "file"), "", "is not a directory"},
		{"/etc", "", "outside the directories that the configuration allows"},
		{w.roots + "-evil", "", "outside the directories that the configuration allows"},
		{w.root + "/../../../../../etc", "", "outside the directories that the configuration allows"},
		{filepath.Join(w.roots, "out"), "", "is a link that leads to /etc"},
		{"acme", "", "not an absolute path"},
		{filepath.Dir(w.scratch), "", "holds the data of this server itself"},
		{w.scratch, "", "holds the data of this server itself"},
		{"/", "", "holds the data of this server itself"},
		{"", "", "not an absolute path"},
	} {
		got, err := w.engine.CheckRoot(t.Context(), c.root)
		if c.sentence == "" {
			if err != nil || got != c.resolved {
				t.Errorf("%s: %s %v", c.root, got, err)
			}
			continue
		}
		refused(t, err, core.ErrInvalid, c.sentence)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.engine.CheckRoot(cancelled, w.root); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A root that has become a link since it was checked leads nowhere.
func TestRootSwappedForALink(t *testing.T) {
	w := newWorld(t)
	if err := os.Remove(w.root); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", w.root); err != nil {
		t.Fatal(err)
	}
	refused(t, w.runErr(w.order()), core.ErrSite, "cannot be opened")
	if _, err := w.engine.Inspect(t.Context(), w.order().SiteSpec); !errors.Is(err, core.ErrSite) {
		t.Error(err)
	}
	order := w.order()
	order.Root = "/etc"
	refused(t, w.runErr(order), core.ErrSite, "no longer among the directories")
	order = w.order()
	order.Name = "../x"
	refused(t, w.runErr(order), core.ErrInvalid, "cannot be an archive's name")
}

func TestNewEngine(t *testing.T) {
	w := newWorld(t)
	left := filepath.Join(w.scratch, "options-1.cnf")
	if err := os.WriteFile(left, []byte("password"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := w.newEngine(nil)
	w.clean() // what a crash left is swept
	if info, err := os.Stat(w.scratch); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info, err)
	}
	if e.Signer() != "" || e.Extension() != ".tar.gz" || !strings.HasPrefix(w.engine.Signer(), "SHA256:") {
		t.Errorf("%q %q %q", e.Signer(), e.Extension(), w.engine.Signer())
	}
	for _, o := range []backup.Options{
		{}, {Roots: []string{w.roots}, Scratch: w.scratch}, {Roots: []string{w.roots + "/none"}, Scratch: w.scratch, Clock: coretest.NewClock()},
		{Roots: []string{w.roots}, Scratch: "/proc/none", Clock: coretest.NewClock()},
	} {
		if _, err := backup.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// runErr backs up a site that must not succeed, and checks that nothing is left.
func (w *world) runErr(order core.BackupOrder) error {
	w.t.Helper()
	_, err := w.engine.Run(w.t.Context(), order, &bytes.Buffer{}, nil)
	w.clean()
	w.noGoroutines()
	w.noProcess()
	if err == nil {
		w.t.Fatal("the backup went through")
	}
	return err
}

// refused checks an error: its kind, and a sentence for the owner.
func refused(t *testing.T, err, kind error, part string) {
	t.Helper()
	var refusal *core.Refusal
	if !errors.Is(err, kind) || !errors.As(err, &refusal) || !strings.Contains(refusal.Detail, part) {
		t.Errorf("%v (%s), want %v: …%s…", err, causes(err), kind, part)
	}
}
