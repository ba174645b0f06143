package rewrite_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/rewrite"
)

// postgresSchema is what a site on PostgreSQL has: serialized values in bytea, as
// Drupal keeps them, JSON, and functions.
const postgresSchema = `
CREATE TABLE config (name text PRIMARY KEY, data bytea, doc jsonb, note text);
INSERT INTO config VALUES ('a', convert_to('a:1:{s:3:"url";s:19:"https://old.example";}', 'UTF8'), '{"u": "https://old.example/é"}', E'tab\tline\nback\\ https://old.example/'),
  ('b', NULL, NULL, '\.'), ('c', '\x00ff', '[]', 's:20:"https://old.example/";');
CREATE FUNCTION link() RETURNS text LANGUAGE sql AS $body$ SELECT 'https://old.example/it''s' $body$;
CREATE VIEW links AS SELECT 'https://old.example/' || name AS link FROM config;
`

// A real dump of pg_dump, rewritten and loaded again, in both of its forms.
func TestPostgresMoves(t *testing.T) {
	server, err := backuptest.StartPostgres("/tmp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := server.CreateDatabase("old", "owner", "pw"); err != nil {
		t.Fatal(err)
	}
	if _, err := server.As("owner", "pw", "old", postgresSchema); err != nil {
		t.Fatal(err)
	}
	w := newRewriter(t)
	for into, option := range map[string]string{"copied": "--no-owner", "inserted": "--column-inserts"} {
		dump := postgresDump(t, server, "old", option)
		var out bytes.Buffer
		report, err := w.Dump(t.Context(), &out, bytes.NewReader(dump), rewrite.PostgreSQL)
		if err != nil || report.Total.Values != 6 || report.Tables["public.config"].Values != 4 || report.Total.Left() != 0 {
			t.Errorf("%s: %v %+v", into, err, report)
		}
		if err := server.SQL("postgres", "CREATE DATABASE "+into+" OWNER owner"); err != nil {
			t.Fatal(err)
		}
		if _, err := server.As("owner", "pw", into, out.String()); err != nil {
			t.Fatal(err)
		}
		const ask = `SELECT convert_from(data, 'UTF8'), doc->>'u', note, link() FROM config WHERE name = 'a'; SELECT note FROM config WHERE name <> 'a' ORDER BY name; SELECT min(link) FROM links; SELECT encode(data, 'hex') FROM config WHERE name = 'c'`
		before, err := server.As("owner", "pw", "old", ask)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(strings.NewReplacer(`s:19:`, `s:28:`, `s:20:`, `s:29:`).Replace(before), oldURL, newURL)
		if got, err := server.As("owner", "pw", into, ask); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", into, err, got, want)
		}
		after := postgresDump(t, server, into, option)
		for _, trace := range []string{"old.example", hex.EncodeToString([]byte("old.example"))} {
			if bytes.Contains(after, []byte(trace)) {
				t.Errorf("%s: a trace of the old address: %s", into, after)
			}
		}
	}
}

func postgresDump(t *testing.T, server *backuptest.Postgres, name, option string) []byte {
	t.Helper()
	cmd := exec.Command("pg_dump", "--host="+server.Dir, "--username=owner", option, name)
	cmd.Env = append(os.Environ(), "PGPASSWORD=pw")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	return out
}
