package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The script in the archive is as good as shellcheck can tell.
func TestRestoreScriptIsChecked(t *testing.T) {
	w := newWorld(t)
	w.write("index.html", "x")
	a := w.run()
	cmd := exec.Command("shellcheck", "-s", "sh", "restore.sh")
	cmd.Dir = a.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("shellcheck (task setup installs it): %v\n%s", err, out)
	}
}

// shells are the ones that a new manager may have, each with nothing of ours.
// The second has the tools of busybox alone, but for the database's client.
func shells(t *testing.T) map[string]func(dir string, args ...string) *exec.Cmd {
	t.Helper()
	applets := t.TempDir()
	if out, err := exec.Command("busybox", "--install", "-s", applets).CombinedOutput(); err != nil {
		t.Fatalf("busybox (task setup installs it): %v: %s", err, out)
	}
	client, err := exec.LookPath("mariadb")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(client, filepath.Join(applets, "mariadb")); err != nil {
		t.Fatal(err)
	}
	with := func(shell []string, path string) func(string, ...string) *exec.Cmd {
		return func(dir string, args ...string) *exec.Cmd {
			all := append(append(shell[1:len(shell):len(shell)], "./restore.sh"), args...)
			cmd := exec.Command(shell[0], all...)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + path, "TMPDIR=" + t.TempDir()}
			return cmd
		}
	}
	return map[string]func(string, ...string) *exec.Cmd{
		"dash": with([]string{"/bin/dash"}, "/usr/bin:/bin"), "busybox": with([]string{"/bin/busybox", "sh"}, applets),
	}
}

// hostilePassword would break out of each of the quotings that it goes through.
const hostilePassword = `it's "q" \ | & $HOME $(touch pwned) ; #=`

// Stock tools put the site back into another directory and another database,
// whose names and password are as hostile as they may be.
func TestRestoreScript(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "kit $(id)")
	grantAll(t, "", "u_kit $(id)")
	if err := server.SQL("kit $(id)", schema); err != nil {
		t.Fatal(err)
	}
	w.write("wp-content/uploads/caf\xe9 '$(touch pwned)'.txt", "hostile name")
	w.write("wp-content/a b.txt", "a space")
	if err := os.Symlink("a b.txt", filepath.Join(w.root, "wp-content/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(w.root, "wp-config.php"), 0o640); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(hostilePassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "again 'it' | & " + name
			createDatabase(t, into, "u'|&_"+name, hostilePassword)
			target := filepath.Join(t.TempDir(), "new site & co")
			args := []string{"--to", target, "--database", into, "--user", "u'|&_" + name, "--password-file", secret, "--socket", server.Socket}
			out, err := shell(a.dir, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, part := range []string{"files are as they were backed up", "1 file with an unusual name was not checked", "have the rows that the manifest says", "Done"} {
				if !strings.Contains(string(out), part) {
					t.Errorf("no %q in:\n%s", part, out)
				}
			}
			wantSiteAgain(t, w, target, into, "u'|&_"+name)
			if out, err := shell(a.dir, args...).CombinedOutput(); err == nil || !strings.Contains(string(out), "is not empty") {
				t.Errorf("a second run: %v\n%s", err, out)
			}
		})
	}
	if err := exec.Command("sh", "-c", `! find "$0" "$1" -name pwned | grep -q .`, a.dir, w.roots).Run(); err != nil {
		t.Error("what the site is called was run")
	}
}

// wantSiteAgain compares a restored site with the one that was backed up.
func wantSiteAgain(t *testing.T, w *world, target, database, user string) {
	t.Helper()
	diff := exec.Command("diff", "-r", "--no-dereference", "--exclude=wp-config.php", w.root, target)
	if out, err := diff.CombinedOutput(); err != nil {
		t.Errorf("diff: %v\n%s", err, out)
	}
	show := `define('ABSPATH', '/'); require $argv[1]; echo json_encode([DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, $table_prefix], JSON_UNESCAPED_SLASHES);`
	got, err := exec.Command("php", "-n", "-r", show, filepath.Join(target, "wp-config.php")).CombinedOutput()
	want := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	if expected := `["` + want.Replace(database) + `","` + want.Replace(user) + `","` + want.Replace(hostilePassword) + `","localhost:` + server.Socket + `","wp_"]`; err != nil || string(got) != expected {
		t.Errorf("the configuration says %s (%v), not %s", got, err, expected)
	}
	if info, err := os.Stat(filepath.Join(target, "wp-config.php")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("wp-config.php: %v %v", info.Mode(), err)
	}
	for _, table := range []string{"wp_posts", "wp_blobs", "wp_gen", "wp_old", "wp_empty", "odd `name`; (x)"} {
		compareTable(t, "kit $(id)", database, table)
	}
}

// What goes wrong leaves an empty target and says what to do.
func TestRestoreScriptFails(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "kit_bad")
	if err := server.SQL("kit_bad", "CREATE TABLE one (x int); INSERT INTO one VALUES (1), (2); CREATE TABLE two (x int)"); err != nil {
		t.Fatal(err)
	}
	w.write("index.php", "<?php\n")
	a := w.run()
	createDatabase(t, "kit_into", "u_kit_into", "p")
	edit := func(t *testing.T, dir, path, old, with string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("no %q in %s: %v", old, path, err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(strings.Replace(string(text), old, with, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const dump = "database/kit_bad/0001.sql"
	for _, c := range []struct {
		name string
		do   func(t *testing.T, dir string) []string // more options
		says string
	}{
		{"a changed file", func(t *testing.T, dir string) []string { edit(t, dir, "files/index.php", "<?php", "<?PHP"); return nil }, "missing or changed: files/index.php"},
		{"a missing file", func(t *testing.T, dir string) []string {
			if err := os.Remove(filepath.Join(dir, "files/index.php")); err != nil {
				t.Fatal(err)
			}
			return nil
		}, "missing or changed: files/index.php"},
		{"a lost row", func(t *testing.T, dir string) []string {
			edit(t, dir, dump, "(2)", "(2),(3)")
			return []string{"--skip-check"}
		}, "one\t2"},
		{"broken SQL", func(t *testing.T, dir string) []string {
			edit(t, dir, dump, "CREATE TABLE `two`", "CREATE CHAIR `two`")
			return []string{"--skip-check"}
		}, "could not be loaded"},
		{"a wrong user", func(*testing.T, string) []string { return []string{"--user", "nobody"} }, "cannot be opened"},
		{"no database named", func(*testing.T, string) []string { return []string{"--database", "one too many"} }, "holds 1 databases"},
		{"a target in the backup", func(_ *testing.T, dir string) []string { return []string{"--to", filepath.Join(dir, "files/new")} }, "own folder"},
		{"an unknown option", func(*testing.T, string) []string { return []string{"--force"} }, "is not an option"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "unpacked")
			if out, err := exec.Command("cp", "-a", a.dir, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			target := filepath.Join(t.TempDir(), "new")
			args := append([]string{"restore.sh", "--to", target, "--database", "kit_into", "--user", "u_kit_into", "--socket", server.Socket}, c.do(t, dir)...)
			cmd := exec.Command("sh", args...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader("p\n")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.says) {
				t.Errorf("%v, want %q:\n%s", err, c.says, out)
			}
			if entries, err := os.ReadDir(target); err == nil && len(entries) > 0 {
				t.Errorf("left in the target: %v", entries)
			}
			if err := server.SQL("", "DROP DATABASE kit_into; CREATE DATABASE kit_into"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The configurations of other programs are pointed at the new database too, and
// what the script cannot do it says.
func TestRestoreScriptRepoints(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{
		"MANIFEST.jsonl":             "",
		"restore.sh":                 readFile(t, "restore.sh"),
		"database/d/0001.sql":        "CREATE TABLE a (x int);\n",
		"files/.env":                 "APP=1\nDB_HOST=old\nDB_PORT=1\nexport DB_DATABASE=\"old\"\nDB_USERNAME=old # x\nDB_PASSWORD='old'\n",
		"files/configuration.php":    "<?php\nclass JConfig {\npublic $host = 'old';\npublic $user = 'o\\'ld';\npublic $password = \"o\\\"ld\";\npublic $db = 'old'; public $dbprefix = 'x_';\n}\n",
		"files/sites/settings.php":   "<?php\n$databases['default']['default'] = array (\n  'database' => 'old',\n  'username' => 'old',\n  \"password\" => 'old', 'host' => 'old');\n",
		"files/gone/wp-config.php":   "<?php\ndefine('DB_NAME', getenv('X'));\n",
		"files/target-is-a-link.php": "x",
		"restore.conf": `kind Laravel
root /nowhere
database mysql d
edit env host DB_HOST 2 d .env
edit env port DB_PORT 3 d .env
edit env name DB_DATABASE 4 d .env
edit env user DB_USERNAME 5 d .env
edit env password DB_PASSWORD 6 d .env
edit property hostport host 3 d configuration.php
edit property user user 4 d configuration.php
edit property password password 5 d configuration.php
edit property name db 6 d configuration.php
edit array name database 3 d sites/settings.php
edit array user username 4 d sites/settings.php
edit array password password 5 d sites/settings.php
edit array host host 5 d sites/settings.php
edit define name DB_NAME 2 d gone/wp-config.php
byhand the database in files/other.php
`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "points_" + name
			createDatabase(t, into, "u|&_"+name, hostilePassword)
			target := filepath.Join(t.TempDir(), "t")
			cmd := shell(dir, "--to", target, "--database", into, "--user", "u|&_"+name, "--socket", server.Socket)
			cmd.Stdin = strings.NewReader(hostilePassword + "\n")
			out, err := cmd.CombinedOutput()
			for _, part := range []string{"DB_NAME in line 2 of gone/wp-config.php", "the database in files/other.php", "the socket " + server.Socket + " in .env"} {
				if err != nil || !strings.Contains(string(out), part) {
					t.Errorf("%v, no %q in:\n%s", err, part, out)
				}
			}
			show := `chdir($argv[1]); require 'configuration.php'; require 'sites/settings.php'; $j = new JConfig; $d = $databases['default']['default'];
				echo json_encode([[$j->db, $j->user, $j->password, $j->host, $j->dbprefix], [$d['database'], $d['username'], $d['password'], $d['host']]], JSON_UNESCAPED_SLASHES);`
			got, err := exec.Command("php", "-n", "-r", show, target).CombinedOutput()
			secret := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(hostilePassword)
			user := "u|&_" + name
			want := `[["` + into + `","` + user + `","` + secret + `","localhost:` + server.Socket + `","x_"],["` + into + `","` + user + `","` + secret + `","localhost"]]`
			if err != nil || string(got) != want {
				t.Errorf("%v\n%s, want\n%s", err, got, want)
			}
			dotenv := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(hostilePassword)
			env := "APP=1\nDB_HOST=\"localhost\"\nDB_PORT=\"3306\"\nexport DB_DATABASE=\"" + into + "\"\nDB_USERNAME=\"" + user + "\"\nDB_PASSWORD=\"" + dotenv + "\"\n"
			if text := readFile(t, filepath.Join(target, ".env")); text != env {
				t.Errorf("%s, want\n%s", text, env)
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A site on PostgreSQL comes back in the same way.
func TestRestoreScriptOnPostgres(t *testing.T) {
	s := newPostgres(t, "kitpg", "pw")
	if _, err := s.As("kitpg", "pw", "kitpg", pgShop); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.laravel(s, "kitpg", "pw")
	a := w.run()
	const password = `p:a\s'"$x`
	if err := s.CreateDatabase("kitpgback", "kitpgback", password); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "new")
	cmd := exec.Command("dash", "restore.sh", "--to", target, "--database", "kitpgback", "--user", "kitpgback", "--host", s.Dir)
	cmd.Dir, cmd.Stdin = a.dir, strings.NewReader(password+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before, err := s.Query("kitpg", pgPrint)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := s.Query("kitpgback", pgPrint); err != nil || after != before || !strings.Contains(after, "0102") {
		t.Errorf("before:\n%s\nafter:\n%s%v", before, after, err)
	}
	env := readFile(t, filepath.Join(target, ".env"))
	for _, line := range []string{`DB_HOST="` + s.Dir + `"`, `DB_PORT="5432"`, `DB_DATABASE="kitpgback"`, `DB_USERNAME="kitpgback"`, `DB_PASSWORD="p:a\\s'\"\$x"`} {
		if !strings.Contains(env, line+"\n") {
			t.Errorf("no %s in\n%s", line, env)
		}
	}
}
