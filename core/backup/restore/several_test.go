package restore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/restore"
)

// several is a site of three programs, each with a database of its own: a
// WordPress, another in its folder, and a Laravel on PostgreSQL.
type several struct {
	*world
	postgres *backuptest.Postgres
}

func newSeveral(t *testing.T, name string) several {
	t.Helper()
	pg, dir := startPostgres(t)
	w := &world{t: t, name: name, root: filepath.Join(dir, "www", "acme"), target: filepath.Join(dir, "new", "site"), into: name + "_new"}
	blog := name + "_blog"
	for _, sub := range []string{"", "blog"} {
		database := name
		if sub != "" {
			database = blog
		}
		check(t, server.CreateDatabase(database, name, password))
		check(t, server.SQL(database, `CREATE TABLE wp_options (option_id int PRIMARY KEY, option_name varchar(191), option_value longtext);
			INSERT INTO wp_options VALUES (1, 'siteurl', 'https://old.example/`+sub+`'), (2, 'home', 'https://old.example/`+sub+`');
			CREATE TABLE only_`+database+` (x int); INSERT INTO only_`+database+` VALUES (1), (2)`))
		for file, text := range map[string]string{
			"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n",
			"wp-config.php": fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', '%s');\ndefine('DB_PASSWORD', '%s');\ndefine('DB_HOST', 'localhost:%s');\n$table_prefix = 'wp_';\n",
				database, name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password), server.Socket),
		} {
			check(t, os.MkdirAll(filepath.Join(w.root, sub), 0o755))
			check(t, os.WriteFile(filepath.Join(w.root, sub, file), []byte(text), 0o644))
		}
	}
	check(t, server.SQL("", "GRANT ALL ON `"+strings.ReplaceAll(name, "_", `\_`)+"%`.* TO "+name+"@localhost"))
	t.Cleanup(func() {
		for _, database := range []string{name, blog, name + "_new", name + "_new_blog"} {
			check(t, server.SQL("", "DROP DATABASE IF EXISTS "+database))
		}
	})
	check(t, pg.CreateDatabase("app", "app", "secret"))
	check(t, pg.CreateDatabase("app_new", "app_new", "other"))
	_, err := pg.As("app", "secret", "app", `CREATE TABLE "Odd.Name" (u text); INSERT INTO "Odd.Name" VALUES ('https://old.example/app');
		CREATE TABLE parts (n int) PARTITION BY RANGE (n); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1), (2), (3);`)
	check(t, err)
	check(t, os.MkdirAll(filepath.Join(w.root, "app"), 0o755))
	check(t, os.WriteFile(filepath.Join(w.root, "app/artisan"), []byte("#!/usr/bin/env php\n"), 0o644))
	check(t, os.WriteFile(filepath.Join(w.root, "app/.env"), fmt.Appendf(nil, "APP_URL=https://old.example/app\nDB_CONNECTION=pgsql\nDB_HOST=%s\nDB_PORT=5432\nDB_DATABASE=app\nDB_USERNAME=app\nDB_PASSWORD=secret\n", pg.Dir), 0o644))
	w.backUp(dir)
	check(t, os.Rename(w.root, w.root+".gone"))
	check(t, os.MkdirAll(filepath.Dir(w.target), 0o755))
	check(t, server.SQL("", "CREATE DATABASE "+name+"_new; CREATE DATABASE "+name+"_new_blog"))
	return several{w, pg}
}

// order is the order that gives each dump its database.
func (s several) order() restore.Order {
	o := s.world.order()
	mysql := o.Databases[0].Database
	blog := mysql
	blog.Name += "_blog"
	o.Databases = []restore.Target{
		{Dump: "app", Database: restore.Database{Driver: "postgres", Server: backup.Server{Socket: s.postgres.Dir, Port: 5432}, Name: "app_new", User: "app_new", Password: core.NewSecret("other")}},
		{Dump: s.name + "_blog", Database: blog},
		{Dump: s.name, Database: mysql},
	}
	return o
}

// empty makes sure that no dump was loaded.
func (s several) empty() {
	s.t.Helper()
	for _, database := range []string{s.into, s.into + "_blog"} {
		if got, err := server.Query(database, "SHOW TABLES"); err != nil || got != "" {
			s.t.Errorf("in %s: %v %s", database, err, got)
		}
	}
	if got, err := s.postgres.Query("app_new", `\dt`); err != nil || strings.TrimSpace(got) != "" {
		s.t.Errorf("in app_new: %v %s", err, got)
	}
}

// Each dump of an archive goes to its database, each program's configuration
// names the right one, and the report counts each.
func TestEachDumpGoesToItsDatabase(t *testing.T) {
	s := newSeveral(t, "sv_all")
	o := s.order()
	o.DryRun = true
	report, err := restore.Run(t.Context(), o)
	if err != nil || len(report.Databases) != 3 || !strings.Contains(report.Text(), "The dump of “sv_all_blog” would go to sv_all@") {
		t.Fatalf("%v\n%s\n%s", err, report.Text(), s.said())
	}
	s.untouched()
	s.empty()
	s.checks = nil
	report, err = restore.Run(t.Context(), s.order())
	if err != nil {
		t.Fatalf("%v\n%s", err, s.said())
	}
	for database, want := range map[string]string{
		"sv_all_new":      "https://new.example/\nhttps://new.example/\n1\n2",
		"sv_all_new_blog": "https://new.example/blog\nhttps://new.example/blog\n1\n2",
	} {
		got, err := server.Query(database, "SELECT option_value FROM wp_options; SELECT x FROM only_"+strings.Replace(database, "_new", "", 1))
		if err != nil || strings.TrimSpace(got) != want {
			t.Errorf("%s: %v\n%s", database, err, got)
		}
	}
	got, err := s.postgres.Query("app_new", `SELECT u FROM "Odd.Name"; SELECT count(*) FROM parts`)
	if err != nil || strings.TrimSpace(got) != "https://new.example/app\n3" {
		t.Errorf("%v %s", err, got)
	}
	for file, want := range map[string]string{
		"wp-config.php": "'DB_NAME', 'sv_all_new'", "blog/wp-config.php": "'DB_NAME', 'sv_all_new_blog'", "app/.env": "DB_DATABASE=app_new\nDB_USERNAME=app_new\nDB_PASSWORD=other",
	} {
		text, err := os.ReadFile(filepath.Join(s.target, file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	for _, d := range report.Databases {
		if d.Tables < 2 || d.Rows < 4 || d.Rewritten == nil {
			t.Errorf("%+v", d)
		}
	}
	for _, said := range []string{
		"✓ Tables (sv_all): all 2 tables with 4 rows", "✓ Tables (sv_all_blog): all 2 tables with 4 rows", "✓ Tables (app): all 3 tables with 4 rows",
		"✓ Configuration (app): ", "✓ Configuration (sv_all_blog): ", "✓ Room for the database: ", "✓ Address (sv_all_blog): “home” of the site is https://new.example/blog now",
	} {
		if !strings.Contains(s.said(), said) {
			t.Errorf("not said: %s\n%s", said, s.said())
		}
	}
	if text := report.Text(); !strings.Contains(text, "app_new, of the dump of “app”: 3 tables, 4 rows") || strings.Contains(text, "by hand:") {
		t.Error(text)
	}
}

// What goes where is made sure of before anything is touched.
func TestEachDatabaseIsLookedAtBefore(t *testing.T) {
	s := newSeveral(t, "sv_look")
	check(t, server.SQL("", "CREATE DATABASE sv_look_full; CREATE TABLE sv_look_full.t (x int)"))
	t.Cleanup(func() { check(t, server.SQL("", "DROP DATABASE sv_look_full")) })
	for name, c := range map[string]struct {
		change   func(o *restore.Order)
		sentence string
	}{
		"one for several":    {func(o *restore.Order) { o.Databases = o.Databases[2:]; o.Databases[0].Dump = "" }, "the archive holds 3, of “sv_look”, “sv_look_blog”, “app”"},
		"no such dump":       {func(o *restore.Order) { o.Databases[1].Dump = "nothing" }, "the archive holds none of “nothing”"},
		"twice":              {func(o *restore.Order) { o.Databases[1].Dump = "sv_look" }, "go to two databases"},
		"one database":       {func(o *restore.Order) { o.Databases[1].Name = o.Databases[2].Name }, "are to go to one database"},
		"the last not empty": {func(o *restore.Order) { o.Databases[1].Name = "sv_look_full" }, "Database (sv_look_blog): “sv_look_full” is not empty"},
		"another kind": {func(o *restore.Order) {
			o.Databases[0].Dump, o.Databases[1].Dump = o.Databases[1].Dump, o.Databases[0].Dump
		}, "give a database of that kind"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.order()
			c.change(&o)
			if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v\nwant %q", err, c.sentence)
			}
			s.untouched()
			s.empty()
		})
	}
}

// When the second dump does not load, the first stays, and the same command goes
// on with the second.
func TestTheSecondLoadFails(t *testing.T) {
	s := newSeveral(t, "sv_fail")
	o := s.order()
	tell := o.Tell
	o.Tell = func(e restore.Event) {
		tell(e)
		if e.Progress != nil && e.Progress.Step == restore.StepLoad && strings.HasSuffix(e.Progress.Current, "_blog") {
			// What stands in the way of a table appears before the client gets a byte.
			check(t, server.SQL("sv_fail_new_blog", "CREATE TABLE IF NOT EXISTS wp_options (other int); CREATE OR REPLACE VIEW only_sv_fail_blog AS SELECT 1"))
		}
	}
	s.agreed = true
	_, err := restore.Run(t.Context(), o)
	if !errors.Is(err, core.ErrDatabase) || !strings.Contains(err.Error(), "The dump of “sv_fail_blog”") || !strings.Contains(err.Error(), "Loaded already, and left as they are: “sv_fail”") {
		t.Fatalf("%v\n%s", err, s.said())
	}
	check(t, server.SQL("sv_fail_new", "INSERT INTO only_sv_fail VALUES (3)")) // it must be left
	s.checks = nil
	if _, err := restore.Run(t.Context(), s.order()); err == nil || !strings.Contains(err.Error(), "3 rows instead of 2") {
		t.Fatalf("%v\n%s", err, s.said())
	}
	check(t, server.SQL("sv_fail_new", "DELETE FROM only_sv_fail WHERE x = 3"))
	if _, err := restore.Run(t.Context(), s.order()); err != nil {
		t.Fatalf("%v\n%s", err, s.said())
	}
	if got, err := server.Query("sv_fail_new_blog", "SELECT COUNT(*) FROM only_sv_fail_blog"); err != nil || strings.TrimSpace(got) != "2" {
		t.Errorf("%v %s", err, got)
	}
	if !strings.Contains(s.asked, "sv_fail_new_blog") {
		t.Errorf("asked %q", s.asked)
	}
}

// A program of the site whose database is not in the archive is not pointed at that
// of another.
func TestAnothersConfigurationIsLeft(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	w := &world{t: t, name: "sv_left", root: filepath.Join(dir, "www", "acme"), target: filepath.Join(dir, "new", "site"), into: "sv_left_new", lacking: true}
	check(t, server.CreateDatabase(w.name, w.name, password))
	check(t, server.SQL(w.name, "CREATE TABLE t (x int); GRANT ALL ON `sv\\_left\\_new`.* TO sv_left@localhost"))
	t.Cleanup(func() { check(t, server.SQL("", "DROP DATABASE sv_left; DROP DATABASE sv_left_new")) })
	for sub, name := range map[string]string{"": "sv_left", "blog": "sv_left_gone"} {
		check(t, os.MkdirAll(filepath.Join(w.root, sub), 0o755))
		for file, text := range map[string]string{
			"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n",
			"wp-config.php": fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', 'sv_left');\ndefine('DB_PASSWORD', '%s');\ndefine('DB_HOST', 'localhost:%s');\ndefine('WP_HOME', 'https://old.example');\n",
				name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password), server.Socket),
		} {
			check(t, os.WriteFile(filepath.Join(w.root, sub, file), []byte(text), 0o644))
		}
	}
	check(t, os.MkdirAll(filepath.Dir(w.target), 0o755))
	w.backUp(dir)
	w.makeDatabase()
	o := w.order()
	o.OldURLs = []string{"https://old.example"}
	report, err := restore.Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	for file, want := range map[string][]string{
		"wp-config.php": {"'DB_NAME', 'sv_left_new'", "'WP_HOME', 'https://new.example'"}, "blog/wp-config.php": {"'DB_NAME', 'sv_left_gone'", "'WP_HOME', 'https://new.example'"},
	} {
		text, err := os.ReadFile(filepath.Join(w.target, file))
		check(t, err)
		for _, part := range want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks %s:\n%s", file, part, text)
			}
		}
	}
	if hand := strings.Join(report.Hand, "\n"); !strings.Contains(hand, "blog/wp-config.php, line 2: DB_NAME: This database of the site was not restored") {
		t.Error(hand)
	}
}

// A configuration that names two databases is pointed at both, and its addresses are
// replaced once, though the new one begins with the old.
func TestOneConfigurationOfTwoDatabases(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	w := &world{t: t, name: "sv_two", root: filepath.Join(dir, "www", "acme"), target: filepath.Join(dir, "new", "site"), into: "sv_two_new"}
	settings := "<?php\n$base_url = 'https://old.example';\n"
	for key, name := range map[string]string{"default": "sv_two", "erp": "sv_two_erp"} {
		check(t, server.CreateDatabase(name, w.name, password))
		check(t, server.SQL(name, "CREATE TABLE t (x int)"))
		check(t, server.SQL("", "CREATE DATABASE "+name+"_new"))
		t.Cleanup(func() { check(t, server.SQL("", "DROP DATABASE "+name+"; DROP DATABASE "+name+"_new")) })
		settings += fmt.Sprintf("$databases['%s']['default'] = ['driver' => 'mysql', 'database' => '%s', 'username' => 'sv_two', 'password' => '%s', 'host' => 'localhost', 'unix_socket' => '%s'];\n",
			key, name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password), server.Socket)
	}
	check(t, server.SQL("", "GRANT ALL ON `sv\\_two%`.* TO sv_two@localhost"))
	check(t, os.MkdirAll(filepath.Join(w.root, "sites/default"), 0o755))
	check(t, os.MkdirAll(filepath.Dir(w.target), 0o755))
	check(t, os.WriteFile(filepath.Join(w.root, "sites/default/settings.php"), []byte(settings), 0o644))
	w.backUp(dir)
	o := w.order()
	o.URL = "https://old.example/shop"
	second := o.Databases[0]
	o.Databases[0].Dump, second.Dump, second.Name = "sv_two", "sv_two_erp", "sv_two_erp_new"
	o.Databases = append(o.Databases, second)
	if _, err := restore.Run(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	text, err := os.ReadFile(filepath.Join(w.target, "sites/default/settings.php"))
	check(t, err)
	for _, part := range []string{"$base_url = 'https://old.example/shop';", "'database' => 'sv_two_new'", "'database' => 'sv_two_erp_new'"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("it lacks %s:\n%s", part, text)
		}
	}
}
