package rehearse_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/rehearse"
)

// withSQLite backs up a site whose only database is a SQLite file, as statements
// make it.
func withSQLite(t *testing.T, statements string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	cmd := exec.Command("sqlite3", path)
	cmd.Stdin = strings.NewReader(statements)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return backUp(t, map[string]string{"index.html": "<p>", "data/app.db": string(text), "data/none.db": "SQLite format 3", "short": "SQLite"})
}

const sqliteSchema = `CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO pages (body) VALUES ('one-of-three'), ('two'), ('three');
	CREATE TABLE keyed (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID; INSERT INTO keyed VALUES ('a', x'00'), ('b', NULL);
	CREATE INDEX bodies ON pages (body); CREATE VIEW v AS SELECT * FROM pages; CREATE VIRTUAL TABLE words USING fts5 (w); INSERT INTO words VALUES ('x');`

// A site whose only database is a SQLite file has it opened, checked to its last
// page and counted, though no database server is installed.
func TestSQLiteIsProvedToo(t *testing.T) {
	data := withSQLite(t, sqliteSchema)
	found, err := rehearsal(t, t.Context(), rehearse.Options{Path: []string{t.TempDir()}}, bytes.NewReader(data))
	if err != nil || found.Why != "" || found.Tables < 2 || found.Rows < 5 || !strings.HasPrefix(found.Server, "SQLite 3") {
		t.Errorf("%+v %v", found, err)
	}
}

// inSQLite returns the SQLite database of an archive as statements change it,
// within its size.
func inSQLite(t *testing.T, data []byte, statements string) (before, after string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	before = content(t, data, "/data/app.db")
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sqlite3", path, statements).CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) != len(before) {
		t.Fatalf("%d bytes instead of %d, %v", len(text), len(before), err)
	}
	return before, string(text)
}

// content is that of a file in an archive.
func content(t *testing.T, data []byte, suffix string) string {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, suffix) {
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
}

// A SQLite database that is not what was backed up is found, and so is one that
// is broken in a place where nobody counts.
func TestASQLiteThatIsNotWhole(t *testing.T) {
	data := withSQLite(t, sqliteSchema)
	for name, c := range map[string]struct {
		old, with  string
		statements string
		what       string
		why        core.RehearsalProblem
	}{
		"a row less":    {statements: "DELETE FROM pages WHERE id = 2", what: "data/app.db, pages: 2/3", why: core.RehearsalRows},
		"no such table": {statements: "ALTER TABLE pages RENAME TO pagez", what: "data/app.db, pages: –/3", why: core.RehearsalRows},
		"its index":     {old: "one-of-three", with: "one-of-thref", what: "data/app.db: integrity_check says", why: core.RehearsalRefused},
		"no database":   {old: "SQLite format 3\x00", with: "SQLite format 4\x00", what: "data/app.db: it is no SQLite database", why: core.RehearsalRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if c.statements != "" {
				c.old, c.with = inSQLite(t, data, c.statements)
			}
			found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(change(t, data, "/data/app.db", c.old, c.with)))
			if err != nil || found.Why != c.why || !strings.HasPrefix(found.What, c.what) {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}

// What a hostile SQLite database makes its reader do ends at the bounds of the
// process that reads it.
func TestAHostileSQLite(t *testing.T) {
	data := withSQLite(t, "CREATE TABLE t (a TEXT CHECK (length('"+strings.Repeat("-", 60)+"') > 1)); INSERT INTO t VALUES ('x'), ('y'); CREATE INDEX i ON t (length(a), length('"+strings.Repeat("+", 60)+"'));\n"+
		"CREATE VIEW v AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r;")
	for name, c := range map[string]struct {
		old, with string
		why       core.RehearsalProblem
	}{
		"a view that never ends":            {"x", "x", ""},
		"a condition that takes all memory": {"length('" + strings.Repeat("-", 60) + "')", "length(hex(zeroblob(499000000)))", ""},
		"an index that takes all memory":    {"length('" + strings.Repeat("+", 60) + "')", "length(hex(zeroblob(499000000)))", core.RehearsalMemory},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(change(t, data, "/data/app.db", c.old, c.with)))
			if err != nil || found.Why != c.why || c.why == "" && found.Rows != 2 {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}
