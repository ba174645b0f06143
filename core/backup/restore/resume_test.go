package restore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/restore"
)

// atLoad returns an order that calls f once, while the dump is loaded.
func (w *world) atLoad(f func()) restore.Order {
	o := w.order()
	tell := o.Tell
	o.Tell = func(e restore.Event) {
		tell(e)
		if e.Progress != nil && e.Progress.Step == restore.StepLoad && f != nil {
			f()
			f = nil
		}
	}
	return o
}

// A server that dies in the middle of the load leaves a state from which the same
// command goes on, once it may empty what it had begun to fill.
func TestServerDiesWhileLoading(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "bg")
	check(t, err)
	check(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	mortal, err := backuptest.StartMariaDB(dir)
	check(t, err)
	t.Cleanup(func() { check(t, mortal.Stop()) })
	w := newWorld(t, "r_dies")
	check(t, mortal.CreateDatabase(w.into, w.name, password))
	o := w.atLoad(func() { check(t, mortal.Kill()) })
	o.Databases[0].Server = backup.Server{Socket: mortal.Socket}
	if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrDatabase) || !strings.Contains(err.Error(), "the same command again") {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(w.target, "index.php")); err != nil {
		t.Errorf("the files are not in place: %v", err)
	}
	again := w.order()
	again.Databases[0].Server = backup.Server{Socket: mortal.Socket}
	if _, err := restore.Run(t.Context(), again); !errors.Is(err, core.ErrDatabase) || !strings.Contains(err.Error(), "no server answers") {
		t.Errorf("while it is dead: %v", err)
	}
	check(t, mortal.Start())
	// It broke off before the first table was there, or after: make it after.
	check(t, mortal.SQL(w.into, "CREATE TABLE IF NOT EXISTS wp_options (x int)"))
	again = w.order()
	again.Databases[0].Server = backup.Server{Socket: mortal.Socket}
	if _, err := restore.Run(t.Context(), again); !errors.Is(err, core.ErrState) || !strings.Contains(w.asked, "Empty it and load again?") {
		t.Fatalf("not agreed: %v, asked %q", err, w.asked)
	}
	w.agreed = true
	if _, err := restore.Run(t.Context(), again); err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	if got, err := mortal.Query(w.into, "SELECT COUNT(*) FROM wp_posts"); err != nil || strings.TrimSpace(got) != "500" {
		t.Errorf("%s %v", got, err)
	}
}

// What is not of this restore is never dropped, and another order does not go on
// with it.
func TestResumeIsCareful(t *testing.T) {
	w := newWorld(t, "r_care")
	w.makeDatabase()
	cut := func() { // what stands in the way of a table appears before the client gets a byte
		check(t, server.SQL(w.into, "CREATE VIEW wp_posts AS SELECT 1"))
	}
	if _, err := restore.Run(t.Context(), w.atLoad(cut)); err == nil {
		t.Fatal("the load went on over what stands there")
	}
	w.agreed = true
	for name, change := range map[string]func(o *restore.Order){
		"another archive":  func(o *restore.Order) { o.File = "other.tar.gz" },
		"another database": func(o *restore.Order) { o.Databases[0].Name = w.name },
		"another address":  func(o *restore.Order) { o.URL = "https://third.example" },
	} {
		o := w.order()
		change(&o)
		if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrState) || !strings.Contains(err.Error(), "Give that same command again") {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, server.SQL(w.into, "CREATE TABLE somebody_elses (x int)"))
	if _, err := restore.Run(t.Context(), w.order()); !errors.Is(err, core.ErrExists) || !strings.Contains(err.Error(), "“somebody_elses”") {
		t.Errorf("%v", err)
	}
	if got := w.query("SELECT COUNT(*) FROM somebody_elses"); got != "0" {
		t.Error("it is gone")
	}
	check(t, server.SQL(w.into, "DROP TABLE somebody_elses"))
	if _, err := restore.Run(t.Context(), w.order()); err != nil {
		t.Errorf("%v\n%s", err, w.said())
	}
}

// What a crash left while it unpacked is cleared away by the next try; what is
// somebody else's is not.
func TestLeftovers(t *testing.T) {
	w := newWorld(t, "r_left")
	w.makeDatabase()
	beside := w.target + ".restore"
	check(t, os.MkdirAll(filepath.Join(beside, "archive/files"), 0o700))
	if _, err := restore.Run(t.Context(), w.order()); !errors.Is(err, core.ErrExists) || !strings.Contains(err.Error(), "is in the way") {
		t.Errorf("%v", err)
	}
	check(t, os.WriteFile(filepath.Join(beside, "state.json"), []byte(`{"format":2,"step":"unpack","target":"`+w.target+`"}`), 0o600))
	if _, err := restore.Run(t.Context(), w.order()); err != nil {
		t.Errorf("%v\n%s", err, w.said())
	}
}
