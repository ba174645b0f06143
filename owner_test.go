package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// enter logs the owner in at a terminal, as one does from the emergency sheet.
func (h *host) enter(site string, width, height int) *terminal {
	h.t.Helper()
	s := openTerminal(h.t, width, height, nil, append([]string{"ssh", "-o", "SendEnv=LANG"}, h.sshArgs(site)...)...)
	s.shows("assword:")
	s.types(h.passphrase)
	s.press("Enter")
	return s
}

// openAccess goes from the welcome to open access; n is the number of codes
// that were sent before.
func (s *terminal) openAccess(h *host, n int) {
	s.t.Helper()
	s.openTo(h, n, "Press Enter to start the backup")
}

// openTo does so where the page after it says something else.
func (s *terminal) openTo(h *host, n int, text string) {
	s.t.Helper()
	s.shows("Press Enter to begin")
	s.press("Enter")
	s.shows("why you need the backup")
	s.types("The shop is down and Eva does not answer")
	s.press("Enter")
	s.shows("Where should it go?")
	s.press("Enter")
	s.shows("Your code, like")
	s.types(h.code(n + 1))
	s.press("Enter")
	s.shows("Your code was right")
	s.press("Enter")
	s.shows(text)
}

var sftpLine = regexp.MustCompile(`(?m)^ *(sftp -P \d+ (\w+\+\w+)@127\.0\.0\.1:(\S+) \.)`)

// download reads the line that the wizard shows: the name to log in with and
// the archive.
func (s *terminal) download() (line, user, archive string) {
	s.t.Helper()
	s.shows("The backup is complete")
	found := sftpLine.FindStringSubmatch(s.text())
	if found == nil {
		s.t.Fatalf("no sftp line on the screen:\n%s", s.text())
	}
	return found[1], found[2], found[3]
}

// fetch types the wizard's line, word for word but for the options that keep
// the test's known_hosts apart.
func (h *host) fetch(line string) {
	h.t.Helper()
	words := strings.Fields(line)
	_, errs, status := h.client(words[0], "", append(h.options(), words[1:]...)...)
	if status != 0 {
		h.t.Fatalf("%s: status %d\n%s", line, status, errs)
	}
}

// The main job, as it will be done: a real WordPress on a real MariaDB, the
// stock ssh in a real terminal, the stock sftp, tar and mariadb.
func TestTheOwnersWay(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	h := newHost(t, sites)
	h.addSite("acme", w.root, "--title", "Acme Bakery", "--call", "Eva, +31 20 555 0142")
	before := w.tables(t, w.database)

	s := h.enter("acme", 80, 24)
	s.openAccess(h, 0)
	s.shows("WordPress 6")
	s.press("Enter")
	line, user, archive := s.download()
	h.fetch(line)
	s.shows("All of it was sent to you")
	s.shows("Rehearsed ") // loaded into a private server meanwhile

	file := h.path(archive)
	if out := h.local("verify", file, "--signer", archiveKey(t, h)); !strings.Contains(out, "All is right") {
		t.Error(out)
	}
	if out := h.local("verify", file, "--log-key", logKey(h)); !strings.Contains(out, "this backup's start among them") {
		t.Error(out)
	}
	top := w.restore(t, file, "wp_restored")
	if out := h.local("log", "verify", filepath.Join(top, "PROOF.jsonl"), "--key", logKey(h)); !strings.Contains(out, "grant.activated") || !strings.Contains(out, "backup.started") {
		t.Error(out)
	}
	same(t, w.root, filepath.Join(top, "files"))
	after := w.tables(t, "wp_restored")
	for name, table := range before {
		if after[name] != table {
			t.Errorf("table %s was\n%s\nand is\n%s", name, table, after[name])
		}
	}
	if len(before) < 12 || len(after) != len(before) {
		t.Errorf("%d tables before, %d after", len(before), len(after))
	}
	readBack(t, h, user, archive, file)

	// Handing over, and closing.
	s.press("Enter")
	s.shows("Tell your new manager")
	s.press("Enter")
	s.shows("Close access")
	closeAccess(s)
	if _, errs, status := h.client("sftp", "", append(h.options(), "-P", h.port, user+"@127.0.0.1:"+archive, "again")...); status == 0 {
		t.Errorf("a download after access was closed: %s", errs)
	}
	story(t, h)
}

// archiveKey is the fingerprint that stands on the emergency sheet.
func archiveKey(t *testing.T, h *host) string {
	t.Helper()
	out, err := exec.Command("ssh-keygen", "-y", "-f", h.path("data/keys/archive_key")).Output()
	check(t, err)
	check(t, os.WriteFile(h.path("archive.pub"), out, 0o600))
	out, err = exec.Command("ssh-keygen", "-l", "-f", h.path("archive.pub")).Output()
	check(t, err)
	return strings.Fields(string(out))[1]
}

// logKey is the log's verifier key, as the emergency sheet has it.
func logKey(h *host) string {
	h.t.Helper()
	lines := strings.Fields(readFile(h.t, h.path("data/keys/log_key")))
	return lines[len(lines)-1]
}

// closeAccess says yes where the wizard asks whether to close.
func closeAccess(s *terminal) {
	s.t.Helper()
	s.shows("No, leave it open") // the default, as for all that cannot be undone
	s.press("Tab")
	s.press("Enter")
	s.shows("Access is closed")
}

// readBack fetches the archive in the other ways that people have: scp both by
// SFTP and by its old protocol, sftp's listing, and reget after a cut.
func readBack(t *testing.T, h *host, user, archive, file string) {
	t.Helper()
	from := user + "@127.0.0.1:" + archive
	for name, args := range map[string][]string{
		"scp":       {"-P", h.port, from, "scp.tar.gz"},
		"scp -O":    {"-O", "-P", h.port, from, "old-scp.tar.gz"},
		"scp a sum": {"-P", h.port, from + ".sha256", "sum"},
	} {
		if _, errs, status := h.client("scp", "", append(h.options(), args...)...); status != 0 {
			t.Fatalf("%s: status %d\n%s", name, status, errs)
		}
	}
	// A download that was cut at half goes on where it stopped.
	whole, err := os.ReadFile(file)
	check(t, err)
	check(t, os.WriteFile(h.path("cut.tar.gz"), whole[:len(whole)/2], 0o600))
	_, errs, status := h.client("sftp", "", append(h.options(), "-a", "-P", h.port, from, "cut.tar.gz")...)
	if status != 0 {
		t.Fatalf("reget: status %d\n%s", status, errs)
	}
	for _, name := range []string{"scp.tar.gz", "old-scp.tar.gz", "cut.tar.gz"} {
		if copied := readFile(t, h.path(name)); copied != string(whole) {
			t.Errorf("%s differs from the archive: %d bytes of %d", name, len(copied), len(whole))
		}
	}
	if sum := readFile(t, h.path("sum")); !strings.Contains(sum, archive) {
		t.Errorf("the checksum file says %q", sum)
	}
	// The passphrase without the token downloads nothing.
	name, _, _ := strings.Cut(user, "+")
	if _, errs, status := h.client("sftp", "", append(h.options(), "-P", h.port, name+"@127.0.0.1:"+archive, "stolen")...); status == 0 || !strings.Contains(errs, "the wizard shows") {
		t.Errorf("without the token: status %d, %s", status, errs)
	}
}

// story looks at what was told and logged of all this.
func story(t *testing.T, h *host) {
	t.Helper()
	log := h.mustSSH("ann", "", "log", "list", "--limit", "200")
	for _, event := range []string{
		"site.added", "request.drafted", "request.code_sent", "request.verified", "request.ready", "grant.activated",
		"backup.started", "backup.sealed", "archive.rehearsed", "download.started", "download.complete", "grant.closed",
	} {
		if !strings.Contains(log, event) {
			t.Errorf("%s is not in the log:\n%s", event, log)
		}
		if event != "site.added" && event != "archive.rehearsed" && !anyMessage(t, h, "owner@example.com", event) {
			t.Errorf("nobody was told of %s", event)
		}
	}
	if code := h.code(1); strings.Contains(log, code) || strings.Contains(h.said(), code) || strings.Contains(h.said(), h.passphrase) {
		t.Error("a secret is in a log")
	}
	h.mustSSH("ann", "", "log", "export")
}

// anyMessage reports whether the log line of an event was told to an address.
func anyMessage(t *testing.T, h *host, to, event string) bool {
	t.Helper()
	out := h.mustSSH("ann", "", "log", "list", "--event", event, "--limit", "1")
	number := strings.Fields(strings.Split(out, "\n")[1])[0]
	found := false
	eventually(t, "the notices of "+event+" are out", func() bool {
		for _, path := range h.messages(fmt.Sprintf("M-%010s-", number)) {
			found = found || strings.Contains(readFile(t, path), to)
		}
		return found
	})
	return found
}
