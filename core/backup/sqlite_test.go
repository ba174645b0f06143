package backup_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

// liveSQLite opens a database of the site and keeps it open, as a site would.
func liveSQLite(t *testing.T, path, mode string) *sql.DB {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode("+mode+")&_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, statement := range []string{
		"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, b BLOB)", "INSERT INTO notes (text, b) VALUES ('it''s', x'00ff'), ('🦊', NULL), ('three', x'')",
		"CREATE TABLE empty (x)", "CREATE VIRTUAL TABLE words USING fts5(w)", "INSERT INTO words VALUES ('hello')",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// sqlite3 asks the stock client.
func sqlite3(t *testing.T, path, query string) string {
	t.Helper()
	out, err := exec.Command("sqlite3", "-readonly", path, query).CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// The rows of an open database are still in its write-ahead log; a copy of the
// file alone would lose them.
func TestSQLiteSnapshotOfALiveDatabase(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			w := newWorld(t)
			w.write("index.html", "x")
			const odd = "data/o dd?#%41.sqlite"
			live := filepath.Join(w.root, "data/app.db")
			db := liveSQLite(t, live, mode)
			renamed := filepath.Join(w.root, odd)
			if err := exec.Command("sqlite3", renamed, "CREATE TABLE t (a); INSERT INTO t VALUES (7)").Run(); err != nil {
				t.Fatal(err)
			}
			before := listing(t, w.root)
			a := w.run()
			if after := listing(t, w.root); after != before {
				t.Errorf("the site was changed:\n%s\nbefore:\n%s", after, before)
			}
			if a.result.Verdict != core.VerdictComplete {
				t.Errorf("%+v", a.result)
			}
			copied := filepath.Join(a.dir, "files/data/app.db")
			if got := sqlite3(t, copied, "PRAGMA integrity_check; SELECT text, hex(b) FROM notes; SELECT w FROM words"); got != "ok\nit's|00FF\n🦊|\nthree|\nhello" {
				t.Errorf("restored: %q", got)
			}
			if got := sqlite3(t, filepath.Join(a.dir, "files", odd), "SELECT a FROM t"); got != "7" {
				t.Errorf("restored: %q", got)
			}
			for _, suffix := range []string{"-wal", "-shm"} {
				if _, err := os.Lstat(copied + suffix); err == nil {
					t.Errorf("%s is in the archive", suffix)
				}
			}
			a.wantRows("notes", "3")
			a.wantRows("empty", "0")
			if _, err := db.Exec("INSERT INTO notes (text) VALUES ('the site goes on')"); err != nil {
				t.Errorf("the site's own connection: %v", err)
			}
		})
	}
}

// listing is every name and time of a tree.
func listing(t *testing.T, root string) string {
	t.Helper()
	out, err := exec.Command("find", root, "-printf", "%p %s %m %T@\n").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	return strings.Join(lines, "\n")
}

// A database that was closed cleanly is copied without making any file beside
// it, even in write-ahead mode.
func TestSQLiteAtRest(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.root, "app.db")
	if out, err := exec.Command("sqlite3", path, "PRAGMA journal_mode=wal; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	before := listing(t, w.root)
	a := w.run()
	if after := listing(t, w.root); after != before {
		t.Errorf("the site was changed:\n%s\nbefore:\n%s", after, before)
	}
	a.wantRows("t", "2")
	if got := sqlite3(t, filepath.Join(a.dir, "files/app.db"), "SELECT sum(a) FROM t"); got != "3" {
		t.Errorf("restored: %q", got)
	}
}

// What only looks like a database is copied as it is, and that is noted.
func TestBrokenSQLite(t *testing.T) {
	w := newWorld(t)
	content := "SQLite format 3\x00" + strings.Repeat("\x01garbage", 1000)
	w.write("bad.db", content)
	w.write("bad.db-wal", "kept")
	w.write("large.db", content+strings.Repeat("x", 1<<20))
	a := w.run()
	if a.result.Verdict != core.VerdictNotes || len(a.result.Notes) != 2 {
		t.Errorf("%+v", a.result)
	}
	if a.read("files/bad.db") != content || a.read("files/bad.db-wal") != "kept" || len(a.read("files/large.db")) != len(content)+1<<20 {
		t.Error("the files were not copied as they are")
	}
}

// Rows of a dump and of SQLite files add up in the progress as in the result.
func TestProgressWithDatabases(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "s_both")
	if err := server.SQL("s_both", "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2); CREATE TABLE b (x int)"); err != nil {
		t.Fatal(err)
	}
	liveSQLite(t, filepath.Join(w.root, "app.db"), "wal")
	var last core.Progress
	result, _, err := w.runEager(func(p core.Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if last.Rows != result.Rows || last.Tables != result.Tables || result.Rows < 5 || last.BytesDone != last.BytesTotal || last.FilesDone != last.FilesTotal {
		t.Errorf("%+v, the run %+v", last, result)
	}
	if len(last.Steps) != 4 || last.Steps[1] != (core.Step{Name: core.StepDatabase, State: core.StepDone}) {
		t.Errorf("%+v", last.Steps)
	}
}
