package restore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core/backup/restore"
)

// Addresses in a SQLite database change in tables of every kind: those without
// numbers for their rows, known by the very addresses, and those whose columns take
// the number's name. What must be the only one of its kind and would not be stays.
func TestSQLiteTablesOfEveryKind(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	w := &world{t: t, root: filepath.Join(dir, "www", "acme"), target: filepath.Join(dir, "new", "site")}
	check(t, os.MkdirAll(w.root, 0o755))
	check(t, os.MkdirAll(filepath.Dir(w.target), 0o755))
	const moved = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)`
	sqlite := func(path, statements string) string {
		t.Helper()
		cmd := exec.Command("sqlite3", path)
		cmd.Stdin = strings.NewReader(statements)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("sqlite3: %v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	sqlite(filepath.Join(w.root, "app.db"), `
		CREATE TABLE cache (url TEXT, lang TEXT, body BLOB, at DATETIME, PRIMARY KEY (url, lang)) WITHOUT ROWID;
		`+moved+` INSERT INTO cache SELECT 'https://old.example/' || i, 'en', CAST('see https://old.example/' AS BLOB), 'https://old.example/at' FROM n;
		CREATE TABLE again (url TEXT PRIMARY KEY) WITHOUT ROWID;
		`+moved+` INSERT INTO again SELECT 'https://old.example/shop/' || i FROM n;
		CREATE TABLE taken (url TEXT PRIMARY KEY COLLATE NOCASE, n REAL) WITHOUT ROWID;
		INSERT INTO taken VALUES ('https://old.example/x', 1), ('https://new.example/shop/x', 2), ('https://old.example/y', 3);
		CREATE TABLE only (url TEXT UNIQUE); INSERT INTO only VALUES ('https://old.example/z'), ('https://new.example/shop/z');
		CREATE TABLE numbers (rowid TEXT, _rowid_ TEXT); INSERT INTO numbers VALUES ('https://old.example/1', 'https://old.example/2'), ('https://old.example/1', NULL);
		CREATE TABLE keyed (rowid TEXT, _rowid_ TEXT, oid TEXT PRIMARY KEY); INSERT INTO keyed VALUES ('https://old.example/', 'b', 'https://old.example/c');
		CREATE TABLE made (a TEXT, b TEXT GENERATED ALWAYS AS (a || '!')); INSERT INTO made (a) VALUES ('https://old.example/');
		CREATE TABLE wp_blogs (blog_id INTEGER PRIMARY KEY, domain TEXT, path TEXT); INSERT INTO wp_blogs VALUES (1, 'old.example', '/'), (2, 'old.example', '/two/'), (3, 'x.old.example', '/');
		CREATE TABLE nameless (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO nameless VALUES ('https://old.example/', '', '');`)
	w.backUp(dir)
	o := w.order()
	o.Databases, o.URL, o.OldURLs = nil, "https://new.example/shop", []string{"https://old.example"}
	report, err := restore.Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	got := sqlite(filepath.Join(w.target, "app.db"), `
		SELECT count(*), min(url), count(DISTINCT url), min(body), typeof(body), min(at) FROM cache WHERE url LIKE 'https://new.example/shop/%' AND url NOT LIKE '%shop/shop%';
		SELECT count(*) FROM again WHERE url LIKE 'https://new.example/shop/shop/%' AND url NOT LIKE '%shop/shop/shop%';
		SELECT * FROM taken ORDER BY n; SELECT * FROM only ORDER BY 1 DESC; SELECT * FROM numbers; SELECT * FROM keyed; SELECT * FROM made; SELECT * FROM nameless; SELECT domain || path FROM wp_blogs; PRAGMA integrity_check;`)
	want := strings.Join([]string{
		"2500|https://new.example/shop/1|2500|see https://new.example/shop/|blob|https://new.example/shop/at", "2500",
		"https://old.example/x|1.0", "https://new.example/shop/x|2.0", "https://new.example/shop/y|3.0",
		"https://old.example/z", "https://new.example/shop/z", "https://new.example/shop/1|https://new.example/shop/2", "https://new.example/shop/1|",
		"https://new.example/shop/|b|https://new.example/shop/c", "https://new.example/shop/|https://new.example/shop/!", "https://old.example/||",
		"new.example/shop/", "new.example/shop/two/", "x.old.example/", "ok",
	}, "\n")
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if report.Replaced.Keys != 2 || report.Replaced.Values != 3*2500+2500+1+3+2+1+4 {
		t.Errorf("%+v", report.Replaced)
	}
	if hand := strings.Join(report.Hand, "\n"); !strings.Contains(hand, "“nameless” in app.db") || strings.Contains(hand, "configuration") {
		t.Error(hand)
	}
}
