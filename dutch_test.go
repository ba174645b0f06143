package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A site whose owner reads Dutch: the sheet, the messages and the wizard are
// Dutch, and a language without texts is refused with those that there are.
func TestDutchOwner(t *testing.T) {
	root := t.TempDir()
	check(t, os.WriteFile(filepath.Join(root, "index.html"), []byte("<p>hallo</p>\n"), 0o600))
	h := newHost(t, root)
	kit := h.addSite("acme", root, "--lang", "nl", "--zone", "Europe/Amsterdam", "--call", "Eva, +31 20 123 4567")
	for _, want := range []string{"NOODBLAD", "Wachtwoordzin, gevraagd als \"Password:\"", "WIE U KUNT BELLEN", "24 uur", " UTC)"} {
		if !strings.Contains(kit, want) {
			t.Errorf("the sheet lacks %q:\n%s", want, kit)
		}
	}
	if _, errs, status := h.ssh("eva", "", "site", "set", "acme", "--lang", "tlh"); status != 1 || !strings.Contains(errs, "There are no texts in “tlh”; there are: en, nl.") {
		t.Errorf("status %d: %s", status, errs)
	}
	s := h.enter("acme", 40, 50) // a phone
	s.shows("Druk op Enter om te beginnen")
	s.press("Enter")
	s.shows("Zeg in een paar woorden waarom")
	s.types("?")
	s.press("Enter")
	s.shows("Typ eerst een paar woorden")
	s.press("BSpace")
	s.types("De winkel ligt eruit en Eva reageert niet")
	s.press("Enter")
	s.shows("Waar mag die naartoe?")
	s.press("Enter")
	s.shows("Uw code, zoals")
	s.types(h.code(1))
	s.press("Enter")
	s.shows("Uw code was goed")
	for part, want := range map[string]string{"-code.eml": "Uw code voor de back-up van acme is", "-001.txt": "Bel Eva, +31 20 123 4567. Log "} {
		files := h.messages(part)
		if len(files) == 0 || !strings.Contains(readFile(t, files[len(files)-1]), want) {
			t.Errorf("%s: no message says %q", part, want)
		}
	}
	s.press("Enter")
	s.shows("Uw website")
	s.press("Enter")
	s.shows("loopt hier door, maar het is één opdracht")
	s.shows(" u ") // hours that are left
	found := sftpLine.FindStringSubmatch(strings.ReplaceAll(s.text(), "\\\n", ""))
	if found == nil {
		t.Fatalf("the rows are no sftp line:\n%s", s.text())
	}
	h.fetch(found[1])
	if _, err := os.Stat(h.path(found[3])); err != nil {
		t.Error(err)
	}
}

// What the console refuses and what a backup lacks, a Dutch owner reads in Dutch:
// before the start, in the wizard, in the archive and on the command line.
func TestDutchOwnerReadsWhy(t *testing.T) {
	root := t.TempDir()
	check(t, os.WriteFile(filepath.Join(root, "wp-config.php"), []byte("<?php\ndefine('DB_NAME', getenv('DB'));\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(root, "wp-settings.php"), []byte("<?php\n"), 0o600))
	h := newHost(t, root)
	h.addSite("acme", root, "--lang", "nl")
	if _, errs, status := h.ssh("acme", "", "cancel"); status == 0 || strings.Contains(errs, "No access") || strings.Contains(errs, "No request") {
		t.Errorf("status %d: %s", status, errs)
	}
	s := h.enter("acme", 100, 40)
	s.shows("Druk op Enter om te beginnen")
	s.press("Enter")
	s.shows("Zeg in een paar woorden waarom")
	s.types("Eva reageert niet")
	s.press("Enter")
	s.shows("Waar mag die naartoe?")
	s.press("Enter")
	s.shows("Uw code, zoals")
	s.types(h.code(1))
	s.press("Enter")
	s.shows("Uw code was goed")
	s.press("Enter")
	s.shows("berekent DB_NAME op regel 2")
	s.press("Enter")
	s.shows("compleet")
	found := sftpLine.FindStringSubmatch(s.text())
	if found == nil {
		t.Fatalf("no sftp line on the screen:\n%s", s.text())
	}
	h.fetch(found[1])
	text, err := exec.Command("tar", "-xzOf", h.path(found[3]), "--wildcards", "*/README.txt").Output() //nolint:gosec // the stock tar
	check(t, err)
	readme := squeeze(string(text))
	for _, want := range []string{"NIET COMPLEET", "berekent DB_NAME op regel 2, wat alleen de draaiende website kan", "`breakglass log verify PROOF.jsonl --key SLEUTEL`"} {
		if !strings.Contains(readme, want) {
			t.Errorf("README.txt lacks %q:\n%s", want, readme)
		}
	}
	s.shows("berekent DB_NAME")
}

// A manager has a test message sent over SSH, to an own address and a few times
// a minute; an auditor and an owner have no such command.
func TestChannelTestOverSSH(t *testing.T) {
	root := t.TempDir()
	h := newHost(t, root)
	h.addSite("acme", root)
	for range 3 {
		if _, errs, status := h.ssh("eva", "", "channel", "test", "--kind", "email"); status != 0 || !strings.Contains(errs, "left by email: written to a file on the server. That is not delivery") {
			t.Fatalf("status %d: %s", status, errs)
		}
	}
	if found := h.messages("-test.eml"); len(found) != 3 || !strings.Contains(readFile(t, found[0]), "To: eva@example.com") {
		t.Errorf("%v", found)
	}
	if _, errs, status := h.ssh("eva", "", "channel", "test", "--kind", "email"); status != 1 || !strings.Contains(errs, "wait a minute") {
		t.Errorf("a fourth: status %d: %s", status, errs)
	}
	if _, errs, status := h.ssh("eva", "", "channel", "test", "--kind", "sms"); status != 1 || !strings.Contains(errs, "no address of your own for sms") {
		t.Errorf("by sms: status %d: %s", status, errs)
	}
	for _, user := range []string{"ann", "acme"} {
		if _, errs, status := h.ssh(user, "", "channel", "test", "--kind", "email"); status != 2 || !strings.Contains(errs, "There is no command") {
			t.Errorf("%s: status %d: %s", user, status, errs)
		}
	}
	if out := h.mustSSH("ann", "", "log", "list", "--event", "channel"); strings.Count(out, "channel.tested") != 3 {
		t.Errorf("the log says:\n%s", out)
	}
}
