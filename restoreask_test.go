package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who knows no option is asked for all that a restore needs, sees what will be
// done, and says yes to it.
func TestRestoreAsksWhatItNeeds(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "acme") // a short name, for the picture
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	root := filepath.Join(dir, "old", "acme")
	check(t, os.MkdirAll(root, 0o755)) //nolint:gosec // a website is readable
	name := "ask_acme"
	check(t, database.CreateDatabase(name, name, "secret"))
	check(t, database.SQL(name, `CREATE TABLE wp_options (option_id int PRIMARY KEY, option_name varchar(191), option_value longtext);
		INSERT INTO wp_options VALUES (1, 'siteurl', 'https://acme.example'), (2, 'home', 'https://acme.example')`))
	into := "acme_new"
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
	s := openTerminal(t, 100, 46, []string{asBreakglass + "=1"}, "env", "-C", dir, os.Args[0], "restore")
	for _, dialogue := range []struct{ asked, answer string }{
		{"The backup's file:", "nothing.tar.gz"},
		{"There is no file nothing.tar.gz.", "acme.tar.gz"},
		{"The directory for the site, empty or new:", filepath.Join(dir, "old")},
		{"is not empty", filepath.Join(dir, "site")},
		{"The database:", "mysql://" + name + "@/" + into + "?socket=" + filepath.Join(dir, "s")},
		{"The site's new address", "https://new.example"},
		{"That fingerprint", "key.pub"},
		{"(it is not shown):", "secret"},
	} {
		s.shows(dialogue.asked)
		s.types(dialogue.answer)
		s.press("Enter")
	}
	s.shows("Begin? Type yes")
	if strings.Contains(s.text(), "secret") {
		t.Error("the password stands on the screen")
	}
	picture(t, s, "restore")
	s.types("yes")
	s.press("Enter")
	s.shows("This report is kept in")
	s.shows("ended with status 0")
	config := readFile(t, filepath.Join(dir, "site", "wp-config.php"))
	if !strings.Contains(config, "'"+into+"'") {
		t.Errorf("%s", config)
	}
}
