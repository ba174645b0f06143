package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// backupToRestore makes a backup of a site with a database, acme.tar.gz, with its
// public key and a socket s beside it, and an empty database to restore into.
func backupToRestore(t *testing.T) (dir, name, into string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "acme") // a short name, for the picture
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	root := filepath.Join(dir, "old", "acme")
	check(t, os.MkdirAll(root, 0o755)) //nolint:gosec // a website is readable
	name = "ask_acme"
	check(t, database.CreateDatabase(name, name, "secret"))
	check(t, database.SQL(name, `CREATE TABLE wp_options (option_id int PRIMARY KEY, option_name varchar(191), option_value longtext);
		INSERT INTO wp_options VALUES (1, 'siteurl', 'https://acme.example'), (2, 'home', 'https://acme.example')`))
	into = "acme_new"
	check(t, database.CreateDatabase(into, name, "secret"))
	t.Cleanup(func() { check(t, database.SQL("", "DROP DATABASE "+name+"; DROP DATABASE "+into)) })
	for file, text := range map[string]string{
		"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n", "wp-config.php": fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', '%s');\ndefine('DB_PASSWORD', 'secret');\ndefine('DB_HOST', 'localhost:%s');\n$table_prefix = 'wp_';\n", name, name, database.Socket),
	} {
		check(t, os.WriteFile(filepath.Join(root, file), []byte(text), 0o600))
	}
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	if out, err := program("backup", root, "--output", filepath.Join(dir, "acme.tar.gz"), "--key", key).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	check(t, os.Symlink(database.Socket, filepath.Join(dir, "s")))
	return dir, name, into
}

// interviewed starts a restore that asks, as people call it.
func interviewed(t *testing.T, dir string) *terminal {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	check(t, os.Mkdir(bin, 0o755)) //nolint:gosec // for programs
	check(t, os.Symlink(os.Args[0], filepath.Join(bin, "breakglass")))
	return openTerminal(t, 100, 58, []string{asBreakglass + "=1"}, "env", "-C", dir, "HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"), "breakglass", "restore")
}

// Who answers all questions well is asked each of them once, reads the command that
// holds the answers as they would type it, and changes nothing by saying no.
func TestRestoreAsksOnce(t *testing.T) {
	dir, name, into := backupToRestore(t)
	s := interviewed(t, dir)
	owner := []struct{ asked, answer string }{{"That user; Enter alone", "www-data"}}
	if os.Geteuid() != 0 {
		owner = nil
	}
	for _, dialogue := range slices.Concat([]struct{ asked, answer string }{
		{"The backup's file:", "acme.tar.gz"},
		{"The directory for the site, empty or new:", "site"},
		{"The database:", "mysql://" + name + "@/" + into + "?socket=" + filepath.Join(dir, "s")},
	}, owner, []struct{ asked, answer string }{
		{"The site's new address", "https://new.example"},
		{"That fingerprint", "key.pub"},
		{"(it is not shown):", "secret"},
	}) {
		s.shows(dialogue.asked)
		s.types(dialogue.answer)
		s.press("Enter")
	}
	s.shows("Begin? Type yes")
	s.shows("breakglass restore acme.tar.gz --to site --database 'mysql://" + name + "@/" + into)
	if strings.Contains(s.text(), filepath.Dir(os.Args[0])) {
		t.Error("the command stands with the path of the test")
	}
	if n := strings.Count(s.text(), "(it is not shown):"); n != 1 {
		t.Errorf("the password is asked for %d times", n)
	}
	picture(t, s, "restore")
	s.types("no")
	s.press("Enter")
	s.shows("nothing was touched")
	if _, err := os.Stat(filepath.Join(dir, "site")); err == nil {
		t.Error("the site was put back")
	}
}

// Who knows no option is asked for all that a restore needs, sees what will be
// done, and says yes to it.
func TestRestoreAsksWhatItNeeds(t *testing.T) {
	dir, name, into := backupToRestore(t)
	s := interviewed(t, dir)
	owner := []struct{ asked, answer string }{{"That user; Enter alone", "nobody-here"}, {"There is no user “nobody-here”", "nobody"}}
	if os.Geteuid() != 0 {
		owner = nil
	}
	for _, dialogue := range slices.Concat([]struct{ asked, answer string }{
		{"The backup's file:", "nothing.tar.gz"},
		{"There is no file nothing.tar.gz.", "'acme.tar.gz'"},
		{"The directory for the site, empty or new:", filepath.Join(dir, "old")},
		{"is not empty", filepath.Join(dir, "site")},
		{"The database:", "postgres://x@localhost/x"},
		{"begins with mysql://", "mysql://" + name + "@/" + into + "?socket=" + filepath.Join(dir, "s")},
	}, owner, []struct{ asked, answer string }{
		{"The site's new address", "https://new.example"},
		{"That fingerprint", "no.pub"},
		{"no.pub is neither a fingerprint", "SHA256:abc"},
		{"has 43 characters", "key.pub"},
		{"(it is not shown):", "sceret"},
		{"with that password; check both.", "secret"},
	}) {
		s.shows(dialogue.asked)
		s.types(dialogue.answer)
		s.press("Enter")
	}
	s.shows("✓ Dump: that of “ask_acme”, 1 tables, goes to ask_acme@")
	s.shows("Begin? Type yes")
	s.shows("restore acme.tar.gz --to " + filepath.Join(dir, "site") + " --database 'mysql://" + name + "@/" + into)
	if strings.Contains(s.text(), "secret") {
		t.Error("the password stands on the screen")
	}
	s.types("yes")
	s.press("Enter")
	s.shows("This report is kept in")
	s.shows("ended with status 0")
	config := readFile(t, filepath.Join(dir, "site", "wp-config.php"))
	if !strings.Contains(config, "'"+into+"'") {
		t.Errorf("%s", config)
	}
}

// Who restores a site with several databases is asked for each of them by name,
// with what it holds, and sees in the plan what goes where.
func TestRestoreAsksForEachDatabase(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "acme")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	root := filepath.Join(dir, "acme")
	for sub, name := range map[string]string{"": "two_shop", "blog": "two_blog"} {
		check(t, os.MkdirAll(filepath.Join(root, sub), 0o755)) //nolint:gosec // a website is readable
		check(t, database.CreateDatabase(name, "two", "secret"))
		check(t, database.CreateDatabase(name+"_new", "two", "secret"))
		t.Cleanup(func() { check(t, database.SQL("", "DROP DATABASE "+name+"; DROP DATABASE "+name+"_new")) })
		check(t, database.SQL(name, "CREATE TABLE wp_posts (id int); INSERT INTO wp_posts VALUES (1), (2), (3)"))
		for file, text := range map[string]string{
			"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n", "wp-config.php": fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', 'two');\ndefine('DB_PASSWORD', 'secret');\ndefine('DB_HOST', 'localhost:%s');\n$table_prefix = 'wp_';\n", name, database.Socket),
		} {
			check(t, os.WriteFile(filepath.Join(root, sub, file), []byte(text), 0o600))
		}
	}
	if out, err := program("backup", root, "--output", filepath.Join(dir, "acme.tar.gz")).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	url := func(name string) string { return "mysql://two@/" + name + "?socket=" + database.Socket }
	secret := filepath.Join(dir, "secret")
	check(t, os.WriteFile(secret, []byte("secret\n"), 0o600))
	out, err := program("restore", filepath.Join(dir, "acme.tar.gz"), "--to", filepath.Join(dir, "site"), "--database", url("two_shop_new"), "--password-file", secret).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--database two_shop=URL") {
		t.Errorf("one database for two dumps: %v\n%s", err, out)
	}
	s := openTerminal(t, 110, 60, []string{asBreakglass + "=1"}, "env", "-C", dir, os.Args[0], "restore", "acme.tar.gz")
	for _, dialogue := range []struct{ asked, answer string }{
		{"Dump of “two_blog”: 1 tables, 3 rows", ""},
		{"The directory for the site, empty or new:", filepath.Join(dir, "site")},
		{"The database for “two_shop”:", url("two_shop_new")},
		{"The database for “two_blog”:", url("two_blog_new")},
		{"That user; Enter alone", ""},
		{"The site's new address", ""},
		{"That fingerprint", ""},
		{"Password of two at the database for “two_shop” (it is not shown):", "secret"},
		{"Load the dump of “two_blog” into the database two@", ""},
		{"Begin? Type yes", "yes"},
	} {
		if strings.HasPrefix(dialogue.asked, "That user") && os.Geteuid() != 0 {
			continue
		}
		s.shows(dialogue.asked)
		if dialogue.answer != "" || strings.HasPrefix(dialogue.asked, "The site's") || strings.HasPrefix(dialogue.asked, "That") {
			s.types(dialogue.answer)
			s.press("Enter")
		}
	}
	s.shows("This report is kept in")
	for file, want := range map[string]string{"wp-config.php": "'two_shop_new'", "blog/wp-config.php": "'two_blog_new'"} {
		if config := readFile(t, filepath.Join(dir, "site", file)); !strings.Contains(config, want) {
			t.Errorf("%s:\n%s", file, config)
		}
	}
	report := readFile(t, filepath.Join(dir, "site.restore", "report.txt"))
	for _, name := range []string{"two_shop", "two_blog"} {
		if !strings.Contains(report, name+"_new, of the dump of “"+name+"”: 1 tables, 3 rows") {
			t.Errorf("%s is not counted:\n%s", name, report)
		}
	}
}

// Where the old address cannot be read from a site, the questions ask for it before
// anything is unpacked; without questions the same is said before.
func TestRestoreAsksForTheOldAddress(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "acme")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	root := filepath.Join(dir, "acme")
	check(t, os.MkdirAll(root, 0o755)) //nolint:gosec // a website is readable
	check(t, os.WriteFile(filepath.Join(root, "index.php"), []byte("<?php\n"), 0o600))
	if out, err := program("backup", root, "--output", filepath.Join(dir, "acme.tar.gz")).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	out, err := program("restore", filepath.Join(dir, "acme.tar.gz"), "--to", filepath.Join(dir, "dry"), "--url", "https://new.example", "--dry-run").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "give --old-url https://OLD beside --url") {
		t.Errorf("nobody is told beforehand: %v\n%s", err, out)
	}
	s := openTerminal(t, 100, 60, []string{asBreakglass + "=1"}, "env", "-C", dir, os.Args[0], "restore", "acme.tar.gz")
	for _, dialogue := range []struct{ asked, answer string }{
		{"The directory for the site, empty or new:", filepath.Join(dir, "site")},
		{"That user; Enter alone", ""},
		{"The site's new address", "https://new.example"},
		{"The site's old address", ""},
		{"It is needed: give the address that the site had", "old.example"},
		{"old.example", "https://old.example"},
		{"That fingerprint", ""},
		{"Begin? Type yes", "yes"},
	} {
		if strings.HasPrefix(dialogue.asked, "That user") && os.Geteuid() != 0 {
			continue
		}
		s.shows(dialogue.asked)
		s.types(dialogue.answer)
		s.press("Enter")
	}
	s.shows("Address https://new.example, before https://old.example")
	s.shows("ended with status 0")
}

// The line that goes on without the questions takes every answer as it was given, for a
// shell, and no password.
func TestRestoreAgain(t *testing.T) {
	o := restoreOrder{
		file: "my acme.tar.gz", to: "/srv/it's", url: "https://new.example", signer: "SHA256:x", owner: "www-data",
		databases: []string{"", "shop=mysql://u:p@ss@localhost/shop?socket=/s", "postgres://u@h/n"}, passwordFiles: []string{"pw"},
	}
	want := ` restore 'my acme.tar.gz' --to '/srv/it'\''s' --database 'shop=mysql://u@localhost/shop?socket=/s' --database postgres://u@h/n ` +
		`--url https://new.example --owner www-data --signer SHA256:x --password-file pw`
	if got, ok := strings.CutPrefix(o.again(), os.Args[0]); !ok || got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A path is taken as a person types one, or drags it into a terminal.
func TestTypedPath(t *testing.T) {
	t.Setenv("HOME", "/home/eva")
	for text, want := range map[string]string{"~/acme.tar.gz": "/home/eva/acme.tar.gz", "'/a b/c'": "/a b/c", `"x"`: "x", "'": "'", "~": "~", "a": "a", "": ""} {
		if got := typedPath(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
