package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/store"
)

// small keeps tests from writing 16 MiB each.
var small = store.Options{BallastSize: 64 << 10}

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	coretest.TestLedger(t, func(t *testing.T) core.Ledger { return open(t, filepath.Join(t.TempDir(), "breakglass.db")) })
}

func TestFilesAreForThisUserAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	open(t, filepath.Join(dir, "breakglass.db"))
	for name, want := range map[string]fs.FileMode{".": fs.ModeDir | 0o700, "breakglass.db": 0o600, "ballast": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestFolderThatOthersWriteToIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	if _, err := store.Open(filepath.Join(dir, "breakglass.db"), small); !errors.Is(err, core.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestSecondProcessIsToldWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breakglass.db")
	open(t, path)
	start := time.Now()
	_, err := store.Open(path, small) // another descriptor of the file, as another process has
	if took := time.Since(start); took > 1500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	var refusal *core.Refusal
	if !errors.As(err, &refusal) || !errors.Is(err, core.ErrBusy) {
		t.Fatalf("got %v", err)
	}
	if s := refusal.Error(); !strings.Contains(s, path) || !strings.Contains(s, "stop that one first") {
		t.Errorf("says %q", s)
	}
}

func TestFileOfAnotherKindIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breakglass.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, small); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestRecordsOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breakglass.db")
	first, err := store.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	err = first.Update(t.Context(), func(tx core.Tx) error {
		_, err := tx.Sites().Put(core.Site{ID: "acme", Title: "Acme"})
		return errors.Join(err, tx.Log().Append([]byte("leaf"), [][32]byte{{1}}))
	})
	if err := errors.Join(err, first.Close()); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	err = second.View(t.Context(), func(tx core.Tx) error {
		site, err := tx.Sites().Get("acme")
		size, err2 := tx.Log().Size()
		if site.Title != "Acme" || site.Version != 1 || size != 1 {
			t.Errorf("%+v, log of %d", site, size)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}

// Whatever zone a time came in, it is kept and comes back in UTC, to the
// nanosecond, and the caller's record is not touched.
func TestTimesAreKeptInUTC(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "breakglass.db"))
	at := time.Date(2026, 3, 29, 2, 30, 0, 7, time.FixedZone("CEST", 7200))
	in := core.Site{ID: "acme", Created: at, Vetoes: []time.Time{at},
		Contacts: []core.Contact{{Added: at}}, Locks: map[string]core.Lock{"x": {Until: at}}}
	err := s.Update(t.Context(), func(tx core.Tx) error {
		out, err := tx.Sites().Put(in)
		for _, got := range []time.Time{out.Created, out.Vetoes[0], out.Contacts[0].Added, out.Locks["x"].Until} {
			if got.Location() != time.UTC || !got.Equal(at) {
				t.Errorf("%v came back as %v", at, got)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if in.Vetoes[0].Location() == time.UTC || in.Locks["x"].Until.Location() == time.UTC {
		t.Error("Put changed its caller's record")
	}
}
