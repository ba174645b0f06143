package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/backuptest"
)

// noProcess checks that no tool with this engine's files still runs.
func (w *world) noProcess() {
	w.t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(w.scratch)) {
			w.t.Errorf("still runs: %q", line)
		}
	}
}

func TestDatabaseThatDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	createDatabase(t, "d_gone", "u_gone", "right")
	for name, c := range map[string]struct{ host, password, database, says string }{
		"wrong password": {"localhost:" + server.Socket, "wrong", "d_gone", "to correct them, or to make a dump."},
		"no server":      {"localhost:" + filepath.Join(w.root, "no.sock"), "right", "d_gone", "did not answer. Start the backup again once it answers"},
		"no database":    {"localhost:" + server.Socket, "right", "d_none", "hosting company where it is."},
	} {
		t.Run(name, func(t *testing.T) {
			w.wordPress(c.database, "u_gone", c.password, c.host)
			a := w.lacks(c.says)
			if text := a.read("MANIFEST.jsonl") + a.read("README.txt"); strings.Contains(text, "right") || strings.Contains(text, "wrong") {
				t.Errorf("the password is in the manifest: %s", text)
			}
			if line := a.manifest("database")[0]; line["name"] != c.database || line["cause"] == "" || line["cause"] == nil {
				t.Errorf("%v", line)
			}
		})
	}
}

// A hacked site must not send us to another machine, nor smuggle an option into
// a tool.
func TestHostileConfiguration(t *testing.T) {
	w := newWorld(t)
	local := "localhost:" + server.Socket
	for name, c := range map[string]struct{ database, user, password, host, sentence string }{
		"foreign host":         {"d", "u", "p", "db.evil.example", "“db.evil.example”, which its web manager has not confirmed"},
		"foreign address":      {"d", "u", "p", "203.0.113.7:3306", "not confirmed"},
		"foreign IPv6":         {"d", "u", "p", "[2001:db8::1]:3306", "not confirmed"},
		"almost loopback":      {"d", "u", "p", "127.0.0.1.evil.example", "not confirmed"},
		"option in password":   {"d", "u", "p\nplugin-dir=/tmp/evil", local, "DB_PASSWORD in wp-config.php holds a control character"},
		"option in user":       {"d", "u\r[mysqldump]\rtab=/tmp", "p", local, "DB_USER in wp-config.php holds a control character"},
		"option in socket":     {"d", "u", "p", "localhost:/tmp/x\nresult-file=/etc/x", "DB_HOST in wp-config.php holds a control character"},
		"NUL":                  {"d\x00", "u", "p", local, "DB_NAME in wp-config.php holds a control character"},
		"long":                 {"d", "u", strings.Repeat("p", 600), local, "longer than"},
		"relative socket":      {"d", "u", "p", "localhost:/run/../etc/s", "not a plain absolute path"},
		"no host":              {"d", "u", "p", "a b", "is not a host"},
		"database like option": {"--tab=/tmp/evil", "u", "p", local, "refused the user and password"},
		"no name":              {"", "u", "p", local, "DB_NAME in wp-config.php is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			w.wordPress(c.database, c.user, c.password, c.host)
			w.lacks(c.sentence)
		})
	}
}

// A database whose name begins with a dash or climbs is a name, never an option
// or a path.
func TestOddDatabaseNames(t *testing.T) {
	for name, folder := range map[string]string{"--all-databases": "--all-databases", "../etc": "%2E.%2Fetc", "naïve db": "na%C3%AFve%20db"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dbSite(t, w, name)
			if err := server.SQL(name, "CREATE TABLE t (x int); INSERT INTO t VALUES (5)"); err != nil {
				t.Fatal(err)
			}
			a := w.run()
			if !strings.Contains(a.read("database/"+folder+"/0001.sql"), "INSERT INTO `t`") || a.result.Rows != 1 {
				t.Errorf("%+v", a.result)
			}
		})
	}
}

// What the site's own user may not see is said, and the rest is dumped.
func TestMissingPrivileges(t *testing.T) {
	w := newWorld(t)
	const name = "d_priv"
	createDatabase(t, name, "u_priv", "p")
	err := server.SQL(name, schema+"REVOKE ALL ON `d\\_priv`.* FROM u_priv@localhost; GRANT SELECT ON `d\\_priv`.* TO u_priv@localhost; CREATE TABLE gone (x int); CREATE VIEW broken AS SELECT x FROM gone; DROP TABLE gone")
	if err != nil {
		t.Fatal(err)
	}
	w.wordPress(name, "u_priv", "p", "localhost:"+server.Socket)
	a := w.run()
	notes := strings.Join(a.result.Notes, "\n")
	for _, part := range []string{"any triggers", "may not see stored routines", "scheduled events", "wp_view", "broken", "wp_old"} {
		if !strings.Contains(notes, part) {
			t.Errorf("no note of %q in:\n%s", part, notes)
		}
	}
	if a.result.Verdict != core.VerdictNotes {
		t.Error(a.result.Verdict)
	}
	a.wantRows("wp_posts", "9")
	report, err := w.engine.Inspect(t.Context(), w.order().SiteSpec)
	if err != nil || strings.Join(report.Notes, "\n") != notes {
		t.Errorf("inspect did not say so in advance: %v %v", err, report.Notes)
	}
}

// What a user may do by a role, or by the role of a role, is dumped like what is
// granted directly, with no note of what might be missing. A role that is not the
// user's by default is none to the site either.
func TestPrivilegesOfARole(t *testing.T) {
	for name, given := range map[string]string{"direct": "SET DEFAULT ROLE r_inner FOR u_role@localhost", "nested": "SET DEFAULT ROLE r_outer FOR u_role@localhost", "not by default": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			createDatabase(t, "d_role", "u_role", "p")
			t.Cleanup(func() {
				if err := server.SQL("", "DROP ROLE r_inner; DROP ROLE r_outer"); err != nil {
					t.Error(err)
				}
			})
			err := server.SQL("d_role", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2); CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 3; CREATE ROLE r_inner; CREATE ROLE r_outer; "+
				"GRANT ALL ON `d\\_role`.* TO r_inner; GRANT r_inner TO r_outer; GRANT r_inner TO u_role@localhost; GRANT r_outer TO u_role@localhost; REVOKE ALL ON `d\\_role`.* FROM u_role@localhost; "+given)
			if err != nil {
				t.Fatal(err)
			}
			w.wordPress("d_role", "u_role", "p", "localhost:"+server.Socket)
			if given == "" {
				w.lacks("knows no database “d_role”, or does not show it to the site's user")
				return
			}
			a := w.run()
			a.wantRows("t", "2")
			if a.result.Verdict != core.VerdictComplete || !strings.Contains(a.read("database/d_role/0001.sql"), "TRIGGER") {
				t.Errorf("%s: %q", a.result.Verdict, a.result.Notes)
			}
		})
	}
}

// fakeDumper puts a broken tool first in PATH.
func fakeDumper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\ncase \"$*\" in *--help*) echo 'mariadb-dump Ver broken'; exit 0;; esac\n" + script
	if err := os.WriteFile(filepath.Join(dir, "mariadb-dump"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

const shortDump = "cat <<'X'\nCREATE TABLE `t` (x int);\nINSERT INTO `t` (`x`) VALUES (5);\nX\n"

func TestBrokenDumper(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "d_fake")
	if err := server.SQL("d_fake", "CREATE TABLE t (x int); INSERT INTO t VALUES (5)"); err != nil {
		t.Fatal(err)
	}
	t.Run("no last line", func(t *testing.T) {
		fakeDumper(t, shortDump+"exit 0\n")
		a := w.breaksOff("broke off")
		a.wantRows("t", "1")
		if text := a.read("database/d_fake/0001.sql"); !strings.HasPrefix(text, "CREATE TABLE `t`") || !strings.HasSuffix(text, "\n-- The dump broke off here\n") {
			t.Errorf("%q", text)
		}
	})
	t.Run("last line in the middle", func(t *testing.T) {
		fakeDumper(t, shortDump+"echo '-- Dump completed early'\n"+shortDump+"exit 0\n")
		a := w.run()
		if a.result.Verdict != core.VerdictNotComplete || !strings.Contains(a.result.Notes[0], "broke off") {
			t.Errorf("%+v", a.result)
		}
	})
	t.Run("failure after the last line", func(t *testing.T) {
		fakeDumper(t, shortDump+"echo '-- Dump completed'\necho 'Got error: 1412' >&2\nexit 2\n")
		a := w.breaksOff("could not be read; all else of it is there")
		if said := fmt.Sprint(a.manifest("database")[0]["cause"]); !strings.Contains(said, "Got error: 1412") {
			t.Errorf("what the tool said is lost: %s", said)
		}
	})
	t.Run("dies", func(t *testing.T) {
		fakeDumper(t, "kill -9 $$\n")
		w.breaksOff("broke off")
	})
	t.Run("help fails", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mariadb-dump"), []byte("#!/bin/sh\nexit 127\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		w.lacks("does not run")
	})
	t.Run("not installed", func(t *testing.T) {
		t.Setenv("PATH", withoutDumper(t))
		w.lacks("Neither mariadb-dump nor mysqldump")
	})
	t.Run("leaves a child behind", func(t *testing.T) {
		fakeDumper(t, "sleep 1000 >/dev/null 2>&1 </dev/null "+w.scratch+" &\nexit 3\n")
		w.breaksOff("broke off")
	})
	t.Run("warns", func(t *testing.T) {
		fakeDumper(t, shortDump+"echo '-- Dump completed'\necho 'Warning: \033[31mcolumn statistics' >&2\nexit 0\n")
		a := w.run()
		if a.result.Verdict != core.VerdictNotes || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "column statistics") || strings.Contains(a.result.Notes[0], "\033") {
			t.Errorf("%+v", a.result)
		}
		if strings.Contains(a.read("database/d_fake/0001.sql"), "Warning") {
			t.Error("the warning is in the dump")
		}
	})
	t.Run("lacks a table", func(t *testing.T) {
		fakeDumper(t, "echo '-- Dump completed'\n")
		a := w.run()
		if a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "the table t of") {
			t.Errorf("%+v", a.result)
		}
	})
}

// No secret is on a command line or in an environment while a dump runs.
func TestDumpTellsNobodyThePassword(t *testing.T) {
	w := newWorld(t)
	const password = "sehr-geheim-4711"
	createDatabase(t, "d_secret", "u_secret", password)
	w.wordPress("d_secret", "u_secret", password, "localhost:"+server.Socket)
	seen := filepath.Join(t.TempDir(), "seen")
	fakeDumper(t, fmt.Sprintf("tr '\\0' '\\n' < /proc/$$/cmdline > %[1]s; env >> %[1]s; stat -L -c %%a \"${1#--defaults-file=}\" >> %[1]s; cat \"${1#--defaults-file=}\" > %[1]s.cnf; echo '-- Dump completed'\n", seen))
	w.run()
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(password)) || !bytes.Contains(text, []byte("\n600\n")) {
		t.Errorf("%s", text)
	}
	if options, err := os.ReadFile(seen + ".cnf"); err != nil || !bytes.Contains(options, []byte(password)) {
		t.Errorf("the option file of this test lacks the password, so it proves nothing: %v %s", err, options)
	}
}

// large makes a database whose dump takes a while.
func large(t *testing.T, sql func(database, statements string) error, name string) {
	t.Helper()
	err := sql(name, "CREATE TABLE big (id int PRIMARY KEY AUTO_INCREMENT, b longblob); INSERT INTO big (b) VALUES (RANDOM_BYTES(1024)); "+
		strings.Repeat("INSERT INTO big (b) SELECT REPEAT(RANDOM_BYTES(1024), 16) FROM big; ", 11))
	if err != nil {
		t.Fatal(err)
	}
}

func TestCancelWhileDumping(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "d_cancel")
	large(t, server.SQL, "d_cancel")
	for i := range 1000 {
		w.write(fmt.Sprintf("f/%d", i), "x")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := core.Refuse(core.ErrRevoked, "Your manager ended it.")
	cancelled := false
	_, err := w.engine.Run(ctx, w.order(), &bytes.Buffer{}, func(p core.Progress) {
		if p.Rows > 10 && !cancelled {
			cancelled = true
			cancel(why)
		}
	})
	if !cancelled || !errors.Is(err, core.ErrCancelled) || !errors.Is(err, core.ErrRevoked) {
		t.Errorf("%v %v", cancelled, err)
	}
	w.clean()
	w.noGoroutines()
	w.noProcess()
}

func TestServerKilledWhileDumping(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	second, err := backuptest.StartMariaDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.CreateDatabase("d_kill", "u", "p"); err != nil {
		t.Fatal(err)
	}
	large(t, second.SQL, "d_kill")
	w := newWorld(t)
	w.wordPress("d_kill", "u", "p", "localhost:"+second.Socket)
	killed := false
	var out bytes.Buffer
	result, err := w.engine.Run(t.Context(), w.order(), &out, func(p core.Progress) {
		if p.Rows > 10 && !killed {
			killed = true
			if err := second.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	if !killed {
		t.Fatal("the dump was over before the server was killed")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.clean()
	w.noGoroutines()
	w.noProcess()
	a := w.unpack(result, out.Bytes())
	a.verify()
	a.saysBroken("broke off")
	if a.result.Rows < 10 || len(a.read("database/d_kill/0001.sql")) < 10*16<<10 {
		t.Errorf("what was dumped before is lost: %+v", a.result)
	}
	if a.read("files/wp-load.php") == "" {
		t.Error("the files are lost")
	}
}

// A table that cannot be read costs the owner neither the tables after it nor
// the truth.
func TestCrashedTable(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "d_crash")
	err := server.SQL("d_crash", `CREATE TABLE a_first (x int); INSERT INTO a_first VALUES (1);
		CREATE TABLE crashed (x int, KEY (x)) ENGINE=MyISAM; INSERT INTO crashed VALUES (1), (2), (3);
		CREATE TABLE z_last (x int); INSERT INTO z_last VALUES (7), (8); FLUSH TABLES`)
	if err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(server.Dir, "data", "d_crash", "crashed.MYI")
	if err := os.Truncate(index, 100); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	a.saysBroken("could not be read; all else of it is there")
	if notes := strings.Join(a.result.Notes, "\n"); !strings.Contains(notes, "crashed") {
		t.Errorf("no note names the table: %s", notes)
	}
	a.wantRows("a_first", "1")
	a.wantRows("z_last", "2")
	if text := a.read("database/d_crash/0001.sql"); !strings.HasSuffix(text, "\n-- The dump broke off here\n") {
		t.Errorf("the dump looks as if it were whole: %q", text[max(0, len(text)-200):])
	}
}

// A table that is altered after the snapshot was taken cannot be read in it.
func TestTableAlteredWhileDumping(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "d_alter")
	large(t, server.SQL, "d_alter")
	if err := server.SQL("d_alter", "CREATE TABLE changed (x int); INSERT INTO changed VALUES (1); CREATE TABLE z_last (x int); INSERT INTO z_last VALUES (7)"); err != nil {
		t.Fatal(err)
	}
	altered := false
	a := w.runWith(func(p core.Progress) {
		if p.Rows > 10 && !altered {
			altered = true
			if err := server.SQL("d_alter", "ALTER TABLE changed ADD COLUMN y int, ADD KEY (x)"); err != nil {
				t.Error(err)
			}
		}
	})
	if !altered {
		t.Fatal("the dump was over before the table was altered")
	}
	a.saysBroken("could not be read; all else of it is there")
	if notes := strings.Join(a.result.Notes, "\n"); !strings.Contains(notes, "changed") {
		t.Errorf("no note names the table: %s", notes)
	}
	a.wantRows("z_last", "1")
}
