package backup_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

// moveConfigUp puts the configuration one level above the root.
func (w *world) moveConfigUp(mode os.FileMode) string {
	w.t.Helper()
	up := filepath.Join(w.roots, "wp-config.php")
	if err := errors.Join(os.Rename(filepath.Join(w.root, "wp-config.php"), up), os.Chmod(up, mode)); err != nil {
		w.t.Fatal(err)
	}
	return up
}

func TestConfigOneLevelUp(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "c_up")
	if err := server.SQL("c_up", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(w.root, "wp-config.php"))
	if err != nil {
		t.Fatal(err)
	}
	up := w.moveConfigUp(0o640)
	a := w.run()
	if a.read("outside/wp-config.php") != string(want) || a.result.Rows != 2 || a.result.Verdict != core.VerdictComplete {
		t.Errorf("%+v", a.result)
	}
	t.Run("not this site's", func(t *testing.T) {
		if err := errors.Join(os.Chmod(up, 0o600), os.Lchown(w.root, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		w.lacks("does not belong to this site")
	})
	t.Run("a link", func(t *testing.T) {
		real := filepath.Join(w.roots, "real")
		if err := errors.Join(os.Rename(up, real), os.Symlink("real", up)); err != nil {
			t.Fatal(err)
		}
		w.lacks("or it is a link")
	})
	t.Run("another WordPress lives there", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(w.roots, "wp-settings.php"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		w.lacks("without a wp-config.php")
	})
}

// A configuration that is a link out of the root is not followed.
func TestConfigThatIsALinkOut(t *testing.T) {
	w := newWorld(t)
	w.wordPress("d", "u", "p", "localhost")
	if err := os.Symlink("../wp-config.php", filepath.Join(w.root, "x")); err != nil {
		t.Fatal(err)
	}
	w.moveConfigUp(0o644)
	if err := os.Rename(filepath.Join(w.root, "x"), filepath.Join(w.root, "wp-config.php")); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	if a.result.Verdict != core.VerdictNotComplete || !strings.Contains(strings.Join(a.result.Notes, ""), "or it is a link out") {
		t.Errorf("%+v", a.result)
	}
}

// A second WordPress in the site comes along; where its database does not
// answer the verdict says so.
func TestSecondWordPress(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "c_second")
	if err := server.SQL("c_second", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wp-load.php", "wp-settings.php", "wp-config.php"} {
		text, err := os.ReadFile(filepath.Join(w.root, name))
		if err != nil {
			t.Fatal(err)
		}
		w.write("shop/"+name, string(text))
		if err := os.Remove(filepath.Join(w.root, name)); err != nil {
			t.Fatal(err)
		}
		if name != "wp-config.php" {
			w.write("zoo/"+name, "<?php")
		}
	}
	a := w.run()
	if a.result.Rows != 1 || a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "in zoo") {
		t.Errorf("%+v", a.result)
	}
	w.write("zoo/wp-config.php", "<?php define('DB_NAME', getenv('X')); define('DB_USER', ''); define('DB_PASSWORD', ''); define('DB_HOST', '');")
	a = w.run()
	if a.result.Rows != 1 || a.result.Verdict != core.VerdictNotComplete || !strings.Contains(strings.Join(a.result.Notes, ""), "computes DB_NAME") {
		t.Errorf("%+v", a.result)
	}
}

// Of a site whose programs an attacker has deleted the database still comes; a
// configuration that was left over does not stop the backup of what is there.
func TestConfigurationAlone(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "c_gutted")
	if err := server.SQL("c_gutted", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.root, "wp-settings.php")); err != nil {
		t.Fatal(err)
	}
	if a := w.run(); a.result.Rows != 1 || a.result.Verdict != core.VerdictComplete {
		t.Errorf("%+v", a.result)
	}
	w.wordPress("c_nowhere", "u", "p", "localhost:"+server.Socket)
	if err := os.Remove(filepath.Join(w.root, "wp-settings.php")); err != nil {
		t.Fatal(err)
	}
	if a := w.run(); a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "c_nowhere") {
		t.Errorf("%+v", a.result)
	}
}

// WordPress in a directory of its own finds its configuration one level up,
// inside the site.
func TestWordPressInItsOwnDirectory(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "c_own")
	if err := server.SQL("c_own", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	w.write("index.php", "<?php require 'core/wp-blog-header.php';")
	for _, name := range []string{"wp-load.php", "wp-settings.php"} {
		w.write("core/"+name, "<?php")
		if err := os.Remove(filepath.Join(w.root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if a := w.run(); a.result.Rows != 1 || a.result.Verdict != core.VerdictComplete || len(a.manifest("database")) != 1 {
		t.Errorf("%+v", a.result)
	}
}

// Caches and other backups stay out, each is named, and the verdict stays.
func TestLeftOut(t *testing.T) {
	w := newWorld(t)
	w.wordPress("d", "u", "p", "localhost")
	w.write("wp-content/db.php", "<?php // Plugin: SQLite Database Integration\n")
	database := filepath.Join(w.root, "wp-content/database/.ht.sqlite")
	if err := os.MkdirAll(filepath.Dir(database), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sqlite3", database, "CREATE TABLE wp_posts (a); INSERT INTO wp_posts VALUES (1)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	out := []string{"wp-content/cache/page/x.html", "wp-content/updraft/old.zip", "wp-content/uploads/backwpup-abc/x.tar", "wp-content/ai1wm-backups/x"}
	in := []string{"wp-content/uploads/2024/a.jpg", "cache/x", "wp-content/plugins/cache/x.php", "storage/framework/cache/x", "wp-content/uploads/backup.jpg"}
	for _, path := range append(out, in...) {
		w.write(path, "x")
	}
	a := w.run()
	if a.result.Verdict != core.VerdictComplete || a.result.Rows != 1 {
		t.Errorf("%+v", a.result)
	}
	for _, path := range out {
		if _, err := os.Stat(filepath.Join(a.dir, "files", path)); err == nil {
			t.Errorf("%s is in the archive", path)
		}
		if info, err := os.Stat(filepath.Join(a.dir, "files", strings.Join(strings.Split(path, "/")[:2], "/"))); err != nil || !info.IsDir() {
			t.Errorf("the directory around %s is not kept: %v", path, err)
		}
	}
	for _, path := range in {
		if a.read("files/"+path) != "x" {
			t.Errorf("%s is not in the archive", path)
		}
	}
	if lines := a.manifest("omitted"); len(lines) != len(out) {
		t.Errorf("%v", lines)
	}
	if end := a.manifest("end"); len(end) != 1 || len(end[0]["left_out"].([]any)) != len(out) {
		t.Errorf("%v", end)
	}
	if header := a.manifest("header"); len(header) != 1 || header[0]["kind"] != "WordPress 6.6.1" {
		t.Errorf("%v", header)
	}
}

// A database that is not understood is never passed over in silence.
func TestSitesOfOtherKinds(t *testing.T) {
	for path, c := range map[string]struct {
		kind    string
		verdict core.Verdict
	}{
		"sites/default/settings.php": {"Drupal", core.VerdictNotComplete},
		"configuration.php":          {"Joomla", core.VerdictNotComplete},
		"app/etc/env.php":            {"Magento", core.VerdictNotComplete},
		"artisan":                    {"Laravel", core.VerdictNotComplete},
		".env":                       {".env", core.VerdictNotComplete},
		"contact.php":                {"PHP files", core.VerdictNotes},
		"index.html":                 {"static files", core.VerdictComplete},
	} {
		t.Run(c.kind, func(t *testing.T) {
			w := newWorld(t)
			w.write(path, "DB_HOST=db.example\n")
			a := w.run()
			if a.result.Verdict != c.verdict || a.manifest("header")[0]["kind"] != c.kind {
				t.Errorf("%+v %v", a.result, a.manifest("header"))
			}
		})
	}
}

// A WordPress that detection does not reach, and databases beside the one of
// wp-config.php, are said to be missing.
func TestDatabasesThatAreNotReached(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "c_more")
	w.write("artisan", "x") // the WordPress at the root is what is served
	a := w.run()
	if a.result.Verdict != core.VerdictComplete {
		t.Errorf("%+v", a.result)
	}
	w.write("db-config.php", "<?php // HyperDB")
	w.write("a/b/c/d/wp-load.php", "<?php")
	w.write("a/b/c/d/wp-settings.php", "<?php")
	a = w.run()
	notes := strings.Join(a.result.Notes, "\n")
	if a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 2 || !strings.Contains(notes, "several databases") || !strings.Contains(notes, "a/b/c/d/wp-settings.php") {
		t.Errorf("%+v", a.result)
	}
}

func TestInspect(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "i_site")
	if err := server.SQL("i_site", "CREATE TABLE a (x int); CREATE TABLE b (x int) ENGINE=MyISAM; CREATE VIEW v AS SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sqlite3", filepath.Join(w.root, "x.db"), "CREATE TABLE t (a)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.Symlink("/etc", filepath.Join(w.root, "link")); err != nil {
		t.Fatal(err)
	}
	before := listing(t, w.root)
	report, err := w.engine.Inspect(t.Context(), w.order().SiteSpec)
	if err != nil {
		t.Fatal(err)
	}
	if report.Kind != "WordPress 6.6.1" || report.Root != w.root || report.Files != 5 || report.Bytes == 0 || len(report.Databases) != 2 || len(report.Notes) != 2 {
		t.Errorf("%+v", report)
	}
	if d := report.Databases[0]; d.Name != "i_site" || d.Tables != 2 || !strings.HasPrefix(d.Server, "MariaDB 10.") || d.Bytes == 0 {
		t.Errorf("%+v", d)
	}
	if d := report.Databases[1]; d.Name != "x.db" || d.Server != "SQLite" {
		t.Errorf("%+v", d)
	}
	if after := listing(t, w.root); after != before {
		t.Errorf("the site was changed:\n%s", after)
	}
	w.clean()
}
