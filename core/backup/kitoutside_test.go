package backup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// releases is a site as deployers lay it out: its configuration and its uploads are
// links to what the releases share, which the manager included.
func releases(t *testing.T) (w *world, a *archived) {
	t.Helper()
	w = newWorld(t)
	createDatabase(t, "kit_out", "u_kit_out", "p")
	if err := server.SQL("kit_out", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	w.root = filepath.Join(w.roots, "acme/releases/42")
	w.lay(map[string]string{
		"acme/releases/42/artisan": "", "acme/releases/42/.env": "-> ../../shared/.env", "acme/releases/42/storage": "-> " + w.roots + "/acme/shared/a storage",
		"acme/releases/42/self": "-> " + w.roots + "/acme/releases/42/artisan", "acme/releases/42/away": "-> /usr/share", "acme/releases/42/by": "-> ../beside/x",
		"acme/shared/.env":                fmt.Sprintf("DB_CONNECTION=mysql\nDB_HOST=localhost\nDB_SOCKET=%s\nDB_DATABASE=kit_out\nDB_USERNAME=u_kit_out\nDB_PASSWORD=p\n", server.Socket),
		"acme/shared/a storage/app/a.jpg": "a jpg", "acme/shared/a storage/in": "-> app/a.jpg", "acme/shared/back": "-> ../releases/42/artisan", "acme/releases/beside/x": "x", "acme/single.key": "a key",
	})
	order := w.order()
	for _, path := range []string{"acme/shared", "acme/single.key", "acme/releases/beside"} {
		order.Include = append(order.Include, filepath.Join(w.roots, path))
	}
	return w, w.runOrder(order)
}

// leads is the end of a link's way.
func leads(t *testing.T, path string) string {
	t.Helper()
	end, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Error(err)
	}
	return end
}

// What lay outside of the site comes back with it: in another place beside it, with
// every link turned there, so that nothing of the old site is used; and in the old
// place where it was.
func TestRestoreScriptPutsBackWhatLayOutside(t *testing.T) {
	w, a := releases(t)
	old := readFile(t, filepath.Join(w.roots, "acme/shared/.env"))
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "kit_out_" + name
			createDatabase(t, into, "u_"+into, "new")
			dir := t.TempDir()
			target := filepath.Join(dir, "site")
			restore := func() (string, error) {
				cmd := shell(a.dir, "--to", target, "--database", into, "--user", "u_"+into, "--socket", server.Socket)
				cmd.Stdin = strings.NewReader("new\n")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			// A wrong password leaves nothing of it behind.
			if err := server.SQL("", "ALTER USER u_"+into+"@localhost IDENTIFIED BY 'other'"); err != nil {
				t.Fatal(err)
			}
			if out, err := restore(); err == nil {
				t.Errorf("with a wrong password:\n%s", out)
			}
			if err := server.SQL("", "ALTER USER u_"+into+"@localhost IDENTIFIED BY 'new'"); err != nil {
				t.Fatal(err)
			}
			out, err := restore()
			if err != nil || strings.Contains(out, "by hand") {
				t.Fatalf("%v\n%s", err, out)
			}
			shared := filepath.Join(dir, "site.outside", w.roots, "acme/shared")
			for link, want := range map[string]string{
				target + "/.env": shared + "/.env", target + "/storage/app/a.jpg": shared + "/a storage/app/a.jpg", target + "/storage/in": shared + "/a storage/app/a.jpg",
				target + "/self": target + "/artisan", shared + "/back": target + "/artisan", target + "/by": dir + "/beside/x", target + "/away": "/usr/share",
			} {
				if got := leads(t, link); got != want {
					t.Errorf("%s leads to %s, not to %s", link, got, want)
				}
			}
			if env := readFile(t, target+"/.env"); !strings.Contains(env, `DB_DATABASE="`+into+`"`) || !strings.Contains(env, `DB_PASSWORD="new"`) {
				t.Errorf("%s\n%s", env, out)
			}
			if readFile(t, filepath.Join(dir, "site.outside", w.roots, "acme/single.key")) != "a key" {
				t.Error("the key is another")
			}
			if now := readFile(t, filepath.Join(w.roots, "acme/shared/.env")); now != old {
				t.Errorf("the old site was changed:\n%s", now)
			}
		})
	}
	if err := os.Rename(filepath.Join(w.roots, "acme"), filepath.Join(w.roots, "gone")); err != nil {
		t.Fatal(err)
	}
	createDatabase(t, "kit_out_same", "u_kit_out_same", "new")
	cmd := exec.Command("dash", "restore.sh", "--to", w.root, "--database", "kit_out_same", "--user", "u_kit_out_same", "--socket", server.Socket)
	cmd.Dir, cmd.Stdin = a.dir, strings.NewReader("new\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("diff", "-r", "--no-dereference", "--exclude=.env", filepath.Join(w.roots, "gone"), filepath.Join(w.roots, "acme")).CombinedOutput(); err != nil {
		t.Errorf("diff: %v\n%s", err, out)
	}
	if env := readFile(t, w.root+"/.env"); !strings.Contains(env, `DB_DATABASE="kit_out_same"`) || leads(t, w.root+"/.env") != filepath.Join(w.roots, "acme/shared/.env") {
		t.Errorf("%s\n%s", env, out)
	}
}

// A dump that fails takes back all that was put in place, outside as well.
func TestRestoreScriptTakesBackWhatLayOutside(t *testing.T) {
	_, a := releases(t)
	createDatabase(t, "kit_back", "u_kit_back", "new")
	dump := filepath.Join(a.dir, "database/kit_out/0001.sql")
	if err := os.WriteFile(dump, []byte("CREATE CHAIR x;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("dash", "restore.sh", "--skip-check", "--to", filepath.Join(dir, "site"), "--database", "kit_back", "--user", "u_kit_back", "--socket", server.Socket)
	cmd.Dir, cmd.Stdin = a.dir, strings.NewReader("new\n")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "run this again: kit_back") {
		t.Errorf("%v\n%s", err, out)
	}
	left, err := filepath.Glob(dir + "/*/*")
	if err != nil || len(left) > 0 {
		t.Errorf("%v left: %q", err, left)
	}
	if beside, err := filepath.Glob(dir + "/*"); err != nil || len(beside) != 1 {
		t.Errorf("%v left: %q", err, beside)
	}
}

// A program whose public directory was backed up finds the .env one level above it
// again, where it was read, and never one that was there before.
func TestRestoreScriptPutsBackWhatLayAbove(t *testing.T) {
	w := newWorld(t)
	createDatabase(t, "kit_above", "u_kit_above", "p")
	if err := server.SQL("kit_above", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	w.root = filepath.Join(w.roots, "app/public")
	w.lay(map[string]string{
		"app/artisan": "", "app/public/index.php": "<?php\n",
		"app/.env": fmt.Sprintf("DB_CONNECTION=mysql\nDB_HOST=localhost\nDB_SOCKET=%s\nDB_DATABASE=kit_above\nDB_USERNAME=u_kit_above\nDB_PASSWORD=p\n", server.Socket),
	})
	a := w.run()
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "kit_above_" + name
			dir := t.TempDir()
			for i, target := range []string{filepath.Join(dir, "one/public"), filepath.Join(dir, "one/again")} {
				name := into + fmt.Sprint(i)
				createDatabase(t, name, "u_"+name, "new")
				cmd := shell(a.dir, "--to", target, "--database", name, "--user", "u_"+name, "--socket", server.Socket)
				cmd.Stdin = strings.NewReader("new\n")
				out, err := cmd.CombinedOutput()
				if err != nil || (i == 1) != strings.Contains(string(out), "as something is at "+dir+"/one/.env already") {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			if env := readFile(t, dir+"/one/.env"); !strings.Contains(env, `DB_DATABASE="`+into+`0"`) {
				t.Error(env)
			}
			if env := readFile(t, filepath.Join(dir, "one/again.outside", w.roots, "app/.env")); !strings.Contains(env, `DB_DATABASE="`+into+`1"`) {
				t.Error(env)
			}
		})
	}
}

// A program of which the manager included all, while the site is its public directory,
// lies around that directory again, so that what is named by ../ is found.
func TestRestoreScriptPutsBackTheWholeProgram(t *testing.T) {
	w := newWorld(t)
	createDatabase(t, "kit_whole", "u_kit_whole", "p")
	if err := server.SQL("kit_whole", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	w.root = filepath.Join(w.roots, "app/public")
	w.lay(map[string]string{
		"app/artisan": "", "app/public/index.php": "<?php require __DIR__ . '/../vendor/autoload.php';\n", "app/vendor/autoload.php": "<?php\n", "app/public/storage": "-> ../store/public", "app/store/public/a.jpg": "a",
		"app/.env": fmt.Sprintf("DB_CONNECTION=mysql\nDB_HOST=localhost\nDB_SOCKET=%s\nDB_DATABASE=kit_whole\nDB_USERNAME=u_kit_whole\nDB_PASSWORD=p\n", server.Socket),
	})
	order := w.order()
	order.Include = []string{filepath.Join(w.roots, "app")}
	a := w.runOrder(order)
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "kit_whole_" + name
			createDatabase(t, into, "u_"+into, "new")
			dir := t.TempDir()
			cmd := shell(a.dir, "--to", filepath.Join(dir, "new/htdocs"), "--database", into, "--user", "u_"+into, "--socket", server.Socket)
			cmd.Stdin = strings.NewReader("new\n")
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Contains(string(out), "already") {
				t.Fatalf("%v\n%s", err, out)
			}
			if env := readFile(t, dir+"/new/.env"); !strings.Contains(env, `DB_DATABASE="`+into+`"`) {
				t.Errorf("%s\n%s", env, out)
			}
			if readFile(t, dir+"/new/vendor/autoload.php") != "<?php\n" || leads(t, dir+"/new/htdocs/storage/a.jpg") != dir+"/new/store/public/a.jpg" {
				t.Errorf("%s", out)
			}
			if _, err := os.Stat(dir + "/new/public"); err == nil {
				t.Error("the site lies there twice")
			}
		})
	}
}

// A dump of MySQL 8 goes into a server that lacks its collations: the nearest take
// their place in tables, columns, views and routines, and texts that only speak of
// them stay.
func TestRestoreScriptMapsCollations(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "kit_coll")
	const schema = "CREATE TABLE a (x varchar(20) COLLATE utf8mb4_swedish_ci, y varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_danish_ci, t text) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_swedish_ci;\n" +
		"INSERT INTO a VALUES ('x', 'y', 'COLLATE utf8mb4_swedish_ci, stays');\n" +
		"CREATE VIEW v AS SELECT x COLLATE utf8mb4_swedish_ci AS x FROM a;\n" +
		"CREATE TABLE b (z varchar(20)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;\n"
	if err := server.SQL("kit_coll", schema); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	dump := filepath.Join(a.dir, "database/kit_coll/0001.sql")
	// As a newer server would say it; the last is one that nobody knows.
	text := strings.NewReplacer("utf8mb4_swedish_ci, stays", "utf8mb4_swedish_ci, stays", "utf8mb4_swedish_ci", "utf8mb4_0900_xx_ci", "utf8mb4_danish_ci", "utf8mb4_0900_xx_as_cs").Replace(readFile(t, dump))
	if err := os.WriteFile(dump, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			into := "kit_coll_" + name
			createDatabase(t, into, "u_"+into, "p")
			cmd := shell(a.dir, "--skip-check", "--to", filepath.Join(t.TempDir(), "t"), "--database", into, "--user", "u_"+into, "--socket", server.Socket)
			cmd.Stdin = strings.NewReader("p\n")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "The server lacks the collation utf8mb4_0900_xx_ci; utf8mb4_") {
				t.Fatalf("%v\n%s", err, out)
			}
			got, err := server.Query("", "SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME LIKE 'utf8mb4\\_%', COLLATION_NAME LIKE '%\\_ci' FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '"+into+"' ORDER BY 1, 2; SELECT t FROM "+into+".a")
			want := "a\tt\t1\t1\na\tx\t1\t1\na\ty\t1\t0\nb\tz\t1\t0\nv\tx\t1\t1\nCOLLATE utf8mb4_swedish_ci, stays\n"
			if err != nil || got != want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, want)
			}
		})
	}
	text = strings.Replace(text, "utf8mb4_0900_xx_ci", "klingon_0900_ai_ci", 1)
	if err := os.WriteFile(dump, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	createDatabase(t, "kit_coll_none", "u_kit_coll_none", "p")
	dir := t.TempDir()
	cmd := exec.Command("dash", "restore.sh", "--skip-check", "--to", dir, "--database", "kit_coll_none", "--user", "u_kit_coll_none", "--socket", server.Socket)
	cmd.Dir, cmd.Stdin = a.dir, strings.NewReader("p\n")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "lacks the collation klingon_0900_ai_ci, which database/kit_coll needs") {
		t.Errorf("%v\n%s", err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, left: %v", err, left)
	}
}
