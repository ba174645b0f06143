package restore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/restore"
	"breakglass/core/coretest"
)

// startPostgres starts a PostgreSQL in a directory whose path is short enough for a
// socket, and open to whom it runs as.
func startPostgres(t *testing.T) (s *backuptest.Postgres, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "bg")
	check(t, err)
	check(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { check(t, exec.Command("rm", "-rf", dir).Run()) }) //nolint:gosec // a directory of the test's
	s, err = backuptest.StartPostgres(dir)
	check(t, err)
	t.Cleanup(func() { check(t, s.Stop()) })
	return s, dir
}

// A Laravel with PostgreSQL comes back in another database at another address;
// a database that is not empty, or that does not answer, is refused before.
func TestRestorePostgres(t *testing.T) {
	s, dir := startPostgres(t)
	check(t, s.CreateDatabase("shop", "shop", "secret"))
	check(t, s.CreateDatabase("again", "again", `o'th:er`))
	_, err := s.As("shop", "secret", "shop", `CREATE TABLE pages (id serial PRIMARY KEY, body text); INSERT INTO pages (body) SELECT '{"u":"https:\/\/old.example\/' || i || '"}' FROM generate_series(1, 300) i;
		CREATE SCHEMA stock; CREATE TABLE stock.items (n int); INSERT INTO stock.items VALUES (1), (2); CREATE VIEW many AS SELECT count(*) FROM pages;`)
	check(t, err)
	archive := backUpLaravel(t, dir, s.Dir)
	check(t, os.MkdirAll(filepath.Join(dir, "new"), 0o755))
	target := filepath.Join(dir, "new", "site")
	var said []string
	order := func(name, user, password string) restore.Order {
		return restore.Order{
			Archive: bytes.NewReader(archive), File: "acme.tar.gz", Size: int64(len(archive)), Target: target, URL: "https://new.example",
			Databases: []restore.Target{{Database: restore.Database{Driver: "postgres", Server: backup.Server{Socket: s.Dir, Port: 5432}, Name: name, User: user, Password: core.NewSecret(password)}}},
			Verify:    backup.VerifyOptions{Scratch: t.TempDir()}, Clock: coretest.NewClock(),
			Tell: func(e restore.Event) {
				if e.Check != nil {
					said = append(said, e.Check.String())
				}
			},
		}
	}
	for name, o := range map[string]restore.Order{"is not empty: it holds": order("shop", "shop", "secret"), "refuses the user “again” with that password": order("again", "again", "wrong"), "there is no database “nowhere”": order("nowhere", "again", `o'th:er`)} {
		if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
	for password, want := range map[string]string{"wrong": "The server refuses the user “again” with that password; check both.", "": "The server refuses the user “again” with that password; check both.", `o'th:er`: ""} {
		if got, err := restore.PasswordRefused(t.Context(), order("again", "again", password).Databases[0].Database); err != nil || got != want {
			t.Errorf("%q: %q, %v", password, got, err)
		}
	}
	t.Run("an old psql", func(t *testing.T) {
		oldPSQL(t)
		o := order("again", "again", `o'th:er`)
		if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "update postgresql-client, or say who must have signed") {
			t.Errorf("an archive of unknown origin: %v", err)
		}
		o.Verify.Fingerprint = "SHA256:of-somebody-else"
		if _, err := restore.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "The archive is not signed") {
			t.Errorf("one that must be signed: %v", err)
		}
	})
	if _, err := restore.Run(t.Context(), order("again", "again", `o'th:er`)); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(said, "\n"))
	}
	got, err := s.As("again", `o'th:er`, "again", "SELECT body FROM pages WHERE id = 7; SELECT count(*) FROM stock.items; SELECT * FROM many; SELECT nextval('pages_id_seq');")
	if want := `{"u":"https:\/\/new.example\/7"}` + "\n2\n300\n301"; err != nil || strings.TrimSpace(got) != want {
		t.Errorf("%v: %s", err, got)
	}
	env, err := os.ReadFile(filepath.Join(target, ".env"))
	if err != nil || !strings.Contains(string(env), "DB_DATABASE=again") || !strings.Contains(string(env), "APP_URL=https://new.example") {
		t.Errorf("%v\n%s", err, env)
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "✓ Tables: all 2 tables with 302 rows") || !strings.Contains(all, "✓ Configuration: with it the site reaches “again”.") {
		t.Error(all)
	}
}

// backUpLaravel makes a Laravel below dir that keeps its data in the database shop of
// a server of PostgreSQL, and backs it up.
func backUpLaravel(t *testing.T, dir, socket string) []byte {
	t.Helper()
	root := filepath.Join(dir, "www", "acme")
	check(t, os.MkdirAll(root, 0o755))
	check(t, os.WriteFile(filepath.Join(root, "artisan"), []byte("#!/usr/bin/env php\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(root, ".env"), []byte(fmt.Sprintf("APP_URL=https://old.example\nDB_CONNECTION=pgsql\nDB_HOST=%s\nDB_PORT=5432\nDB_DATABASE=shop\nDB_USERNAME=shop\nDB_PASSWORD=secret\n", socket)), 0o600))
	engine, err := backup.New(backup.Options{Roots: []string{root}, Scratch: filepath.Join(dir, "scratch"), Clock: coretest.NewClock()})
	check(t, err)
	var archive bytes.Buffer
	_, err = engine.Run(t.Context(), core.BackupOrder{SiteSpec: core.SiteSpec{Site: "acme", Root: root}, Name: "acme-1", Created: time.Unix(1e9, 0)}, &archive, nil)
	check(t, err)
	return archive.Bytes()
}

// oldPSQL puts a psql before the real one that knows no \restrict.
func oldPSQL(t *testing.T) {
	t.Helper()
	real, err := exec.LookPath("psql")
	check(t, err)
	dir := t.TempDir()
	script := "#!/bin/sh\nasked=$(cat)\ncase $asked in *'\\restrict'*) echo 'invalid command \\restrict' >&2; exit 3;; esac\nprintf '%s\\n' \"$asked\" | exec " + real + " \"$@\"\n"
	check(t, os.WriteFile(filepath.Join(dir, "psql"), []byte(script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// Whatever a dump of PostgreSQL says to psql, it runs nothing and reads and
// writes no file of this machine.
func TestHostileDumpsOfPostgres(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "bg")
	check(t, err)
	check(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	s, err := backuptest.StartPostgres(dir)
	check(t, err)
	t.Cleanup(func() { check(t, s.Stop()) })
	check(t, s.CreateDatabase("shop", "shop", "secret"))
	_, err = s.As("shop", "secret", "shop", `CREATE TABLE pages (body text); INSERT INTO pages VALUES (E'one\\nestrict\\ttwo'), (E'\\restrict x'), (E'\\\\restrict y'), (E'\\\\!');`)
	check(t, err)
	good := backUpLaravel(t, dir, s.Dir)
	touched := filepath.Join(dir, "touched")
	for name, sql := range map[string]string{
		"a shell":         `\! touch ` + touched,
		"a pipe":          `\o | touch ` + touched,
		"a file":          `\o ` + touched,
		"a copy":          `\copy pages to ` + touched,
		"in backquotes":   "\\set x `touch " + touched + "`",
		"another's key":   "\\unrestrict x\n\\! touch " + touched,
		"behind a string": "SELECT '\n' \\! touch " + touched,
		"beside a text that psql reads otherwise": "SET standard_conforming_strings = off;\nSELECT '\\';\n\\! touch " + touched + "\n--';",
	} {
		t.Run(name, func(t *testing.T) {
			check(t, s.CreateDatabase("into", "into", "secret"))
			defer func() {
				check(t, errors.Join(s.SQL("postgres", `DROP DATABASE "into"`), s.SQL("postgres", `DROP ROLE "into"`), os.RemoveAll(filepath.Join(dir, "new")), os.RemoveAll(touched)))
			}()
			check(t, os.MkdirAll(filepath.Join(dir, "new"), 0o755))
			archive := infected(t, good, "--\n\n\\restrict ", "--\n"+sql)
			_, err := restore.Run(t.Context(), restore.Order{
				Archive: bytes.NewReader(archive), Size: int64(len(archive)), Target: filepath.Join(dir, "new", "site"),
				Databases: []restore.Target{{Database: restore.Database{Driver: "postgres", Server: backup.Server{Socket: s.Dir, Port: 5432}, Name: "into", User: "into", Password: core.NewSecret("secret")}}},
				Verify:    backup.VerifyOptions{Scratch: t.TempDir()}, Clock: coretest.NewClock(),
			})
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "a command for psql") {
				t.Errorf("the restore ended with %v", err)
			}
			if _, err := os.Lstat(touched); err == nil {
				t.Error("psql touched a file")
			}
		})
	}
}
