package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// How archives are tried out can be set, and what could not work is said at
// once.
func TestConfiguredRehearsal(t *testing.T) {
	for config, want := range map[string]string{
		"": "", "rehearsal: {user: nobody, dir: /tmp}\n": "", "rehearsal: {off: true}\n": "",
		"rehearsal: {user: root}\n":              `"root" is root`,
		"rehearsal: {user: no-such-user-here}\n": "there is no user",
		"rehearsal: {dir: tmp}\n":                "must be an absolute path",
		"rehearsal: {on: true}\n":                "unknown field",
	} {
		c, err := readConfig(writeConfigFile(t, config))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", config, err, want)
			continue
		}
		if err != nil {
			continue
		}
		r, err := c.Rehearsal.open(t.TempDir())
		check(t, err)
		if (r == nil) != c.Rehearsal.Off {
			t.Errorf("%s: %v", config, r)
		}
	}
}

// A site whose only database is a SQLite file is proved as well: its owner reads how
// many rows came back, and nowhere that there was nothing to try.
func TestASQLiteSiteIsRehearsed(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	root := filepath.Join(sites, "acme")
	check(t, os.MkdirAll(filepath.Join(root, "data"), 0o755)) //nolint:gosec // a website is readable
	check(t, os.WriteFile(filepath.Join(root, "index.html"), []byte("<p>Bread</p>"), 0o600))
	made := exec.Command("sqlite3", filepath.Join(root, "data/shop.db"), "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT); INSERT INTO orders (what) VALUES ('bread'), ('rolls'), ('cake'); CREATE TABLE keyed (k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO keyed VALUES ('a');")
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	h := newHost(t, sites)
	h.addSite("acme", root, "--title", "Acme Bakery")
	s := h.enter("acme", 100, 30)
	s.openAccess(h, 0)
	s.press("Enter")
	s.download()
	s.shows("Rehearsed ")
	s.shows("2 tables, 4 rows and ")
	if strings.Contains(s.text(), "no dump to load") {
		t.Error(s.text())
	}
}
