package backup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/backuptest"
)

// postgres starts this package's one PostgreSQL server; TestMain stops it.
var postgres = sync.OnceValues(func() (s *backuptest.Postgres, err error) {
	s, err = backuptest.StartPostgres(filepath.Dir(server.Dir))
	stopPostgres = func() error { return s.Stop() }
	if err != nil {
		stopPostgres = func() error { return nil }
	}
	return s, err
})

var stopPostgres = func() error { return nil }

// newPostgres gives a test the server and an empty database of the name, whose
// owner has the same name.
func newPostgres(t *testing.T, name, password string) *backuptest.Postgres {
	t.Helper()
	s, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateDatabase(name, name, password); err != nil {
		t.Fatal(err)
	}
	return s
}

// laravel makes the site a Laravel with a PostgreSQL database.
func (w *world) laravel(s *backuptest.Postgres, name, password string) {
	w.t.Helper()
	w.write("artisan", "#!/usr/bin/env php\n")
	w.write(".env", fmt.Sprintf("APP_NAME=Shop\nDB_CONNECTION=pgsql\nDB_HOST=%s\nDB_PORT=5432\nDB_DATABASE=%s\nDB_USERNAME=%[2]s\nDB_PASSWORD='%s'\n", s.Dir, name, password))
}

const pgShop = `
CREATE TABLE "Odd.""name" (id serial PRIMARY KEY, note text, data bytea);
INSERT INTO "Odd.""name" (note, data) VALUES (E'a;''b\nc\t\\.', '\x00ff27'), (NULL, NULL), ('$$ -- PostgreSQL database dump complete', '');
CREATE SCHEMA stock;
CREATE TABLE stock.items (sku text PRIMARY KEY, n int) PARTITION BY HASH (sku);
CREATE TABLE stock.items_0 PARTITION OF stock.items FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE stock.items_1 PARTITION OF stock.items FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO stock.items SELECT 'sku' || i, i FROM generate_series(1, 5000) i;
CREATE TABLE nothing ();
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE plpgsql AS $body$ BEGIN /* ; ' */ RETURN 2 * i; END $body$;
CREATE VIEW many AS SELECT count(*) FROM stock.items;
SELECT lo_from_bytea(4711, '\x0102');
`

// pgPrint tells whether two databases hold the same.
const pgPrint = `SELECT md5(string_agg(sku || n, ',' ORDER BY sku)) FROM stock.items;
SELECT id, note, encode(data, 'hex') FROM "Odd.""name" ORDER BY id; SELECT * FROM many; SELECT twice(21); SELECT encode(lo_get(4711), 'hex'); SELECT nextval('"Odd.""name_id_seq"');`

func TestPostgresComesBackWithPsqlAlone(t *testing.T) {
	s := newPostgres(t, "pgshop", `p:a\s'"s`)
	if _, err := s.As("pgshop", `p:a\s'"s`, "pgshop", pgShop); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.laravel(s, "pgshop", `p:a\s'"s`)
	// Single quotes have no escapes in .env: this password stands in double ones.
	w.write(".env", strings.Replace(w.readSite(".env"), `'p:a\s'"s'`, `"p:a\\s'\"s"`, 1))
	a := w.run()
	if a.result.Verdict != core.VerdictComplete {
		t.Fatalf("verdict %s: %v", a.result.Verdict, a.result.Notes)
	}
	if a.result.Rows != 5003 || a.result.Tables != 5 {
		t.Errorf("%d rows of %d tables, not 5003 of 5", a.result.Rows, a.result.Tables)
	}
	databases := a.manifest("database")
	if len(databases) != 1 || !strings.HasPrefix(databases[0]["server"].(string), "PostgreSQL ") {
		t.Errorf("manifest: %v", databases)
	}
	if err := s.CreateDatabase("pgback", "pgback", "pw"); err != nil {
		t.Fatal(err)
	}
	load := exec.Command("sh", "-c", `cat database/pgshop/*.sql | psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U pgback -d pgback`, "sh", s.Dir)
	load.Dir, load.Env = a.dir, append(os.Environ(), "PGPASSWORD=pw")
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v: %s", err, out)
	}
	before, err := s.Query("pgshop", pgPrint)
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.Query("pgback", pgPrint)
	if err != nil {
		t.Fatal(err)
	}
	if before != after || !strings.Contains(after, "0102") {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// What the site's own user may not read would end the whole dump; it is left
// out by name, and the verdict says so.
func TestPostgresThatIsNotAllOfItReadable(t *testing.T) {
	s := newPostgres(t, "pgpart", "pw")
	err := s.SQL("pgpart", `CREATE SCHEMA closed; CREATE TABLE closed.gone (a int); CREATE TABLE secret (a int); CREATE SEQUENCE counted;
		CREATE TABLE rows (a int); INSERT INTO rows VALUES (1); ALTER TABLE rows ENABLE ROW LEVEL SECURITY; GRANT SELECT ON rows TO pgpart;
		SELECT lo_from_bytea(1, '\x01'); CREATE TABLE own (a int); INSERT INTO own VALUES (1), (2); ALTER TABLE own OWNER TO pgpart;`)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.laravel(s, "pgpart", "pw")
	a := w.run()
	if a.result.Verdict != core.VerdictNotComplete {
		t.Errorf("verdict %s", a.result.Verdict)
	}
	notes := strings.Join(a.result.Notes, "\n")
	for _, want := range []string{"closed", "public.counted, public.secret", "public.rows", "1 large objects"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note tells of %q:\n%s", want, notes)
		}
	}
	if a.result.Rows != 2 {
		t.Errorf("%d rows, not 2", a.result.Rows)
	}
}

// A hacked site that names another's user must not be served because of who
// runs the console, or because the server trusts its machine.
func TestPostgresThatTrustsAnybodyIsNotDumped(t *testing.T) {
	s := newPostgres(t, "pgtrust", "pw")
	hba := filepath.Join(s.Dir, "data", "pg_hba.conf")
	old, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	reload := func(text []byte) {
		if err := os.WriteFile(hba, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.SQL("postgres", "SELECT pg_reload_conf()"); err != nil {
			t.Fatal(err)
		}
	}
	reload(append([]byte("local pgtrust pgtrust trust\n"), old...))
	defer reload(old)
	for { // the reload takes a moment
		if _, err := s.As("pgtrust", "wrong", "pgtrust", "SELECT 1"); err == nil {
			break
		}
	}
	w := newWorld(t)
	w.laravel(s, "pgtrust", "pw")
	a := w.run()
	if a.result.Verdict != core.VerdictNotComplete || !strings.Contains(strings.Join(a.result.Notes, "\n"), "without its password") {
		t.Errorf("verdict %s: %v", a.result.Verdict, a.result.Notes)
	}
}

func TestPostgresThatGoesAwayMidDump(t *testing.T) {
	s, err := backuptest.StartPostgres(filepath.Dir(server.Dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop() //nolint:errcheck // it is dead already
	if err := s.CreateDatabase("pgdrop", "pgdrop", "pw"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.As("pgdrop", "pw", "pgdrop", "CREATE TABLE big AS SELECT i, repeat(md5(i::text), 40) AS t FROM generate_series(1, 100000) i"); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.laravel(s, "pgdrop", "pw")
	a := w.runWith(func(p core.Progress) {
		if p.Rows > 0 {
			s.Kill() //nolint:errcheck // the second time it is dead
		}
	})
	if a.result.Verdict != core.VerdictNotComplete || !strings.Contains(strings.Join(a.result.Notes, "\n"), "broke off") {
		t.Errorf("verdict %s: %v", a.result.Verdict, a.result.Notes)
	}
}
