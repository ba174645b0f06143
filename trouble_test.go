package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// staticSite makes a site of pages and one photo of that many random bytes.
func staticSite(t *testing.T, photo int) (sites, root string) {
	t.Helper()
	sites = t.TempDir()
	root = filepath.Join(sites, "acme")
	check(t, makeSampleSite(t.Context(), root))
	noise := make([]byte, photo)
	_, err := sampleRandom().Read(noise)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(root, "photo.jpg"), noise, 0o644)) //nolint:gosec // a website is readable
	return sites, root
}

// hugeFile puts a file into the site that takes long to read and no room.
func hugeFile(t *testing.T, root string) (remove func()) {
	t.Helper()
	path := filepath.Join(root, "video.raw")
	f, err := os.Create(path) //nolint:gosec // a path of the test
	check(t, err)
	check(t, f.Truncate(40<<30))
	check(t, f.Close())
	return func() { check(t, os.Remove(path)) }
}

// Kill -9 while a backup runs: after the restart everybody agrees on what
// happened, and the owner starts it again.
func TestKilledInTheMiddle(t *testing.T) {
	sites, root := staticSite(t, 1<<20)
	remove := hugeFile(t, root)
	h := newHost(t, sites)
	h.addSite("acme", root)
	s := h.enter("acme", 80, 24)
	s.openAccess(h, 0)
	s.press("Enter")
	s.shows("video.raw")
	if *updatePictures {
		s.shows("9 % is done")
		picture(t, s, "wizard")
	}
	h.kill()
	remove()
	h.start()

	if status := h.mustSSH("acme", "", "status", "--json"); !strings.Contains(status, `"state": "failed"`) || !strings.Contains(status, `"state": "active"`) {
		t.Errorf("after the restart: %s", status)
	}
	log := h.mustSSH("ann", "", "log", "list", "--event", "backup")
	if !strings.Contains(log, "backup.failed") || strings.Contains(log, "backup.sealed") {
		t.Errorf("the log says\n%s", log)
	}
	eventually(t, "the owner is told", func() bool {
		for _, path := range h.messages("") {
			if text := readFile(t, path); strings.Contains(text, "owner@example.com") && strings.Contains(text, "The server was stopped while the backup ran; start the backup") {
				return true
			}
		}
		return false
	})
	left, err := filepath.Glob(filepath.Join(h.dir, "data", "archives", "*"))
	check(t, err)
	if len(left) > 0 {
		t.Errorf("half an archive was left: %v", left)
	}
	again := h.enter("acme", 80, 24)
	again.reprove(h, 1)
	again.shows("Press Enter to start it once more")
	again.press("Enter")
	_, _, archive := again.download()
	if archive == "" {
		t.Error("no archive")
	}
}

// reprove opens a grant that is live already to this session; n is the number
// of codes that were sent before.
func (s *terminal) reprove(h *host, n int) {
	s.t.Helper()
	s.shows("Press Enter")
	for range 3 { // welcome, reason or contact: each has one primary action
		if strings.Contains(squeeze(s.text()), "Your code, like") {
			break
		}
		if strings.Contains(squeeze(s.text()), "Your reason:") {
			s.types("The connection broke")
		}
		before := s.text()
		s.press("Enter")
		eventually(s.t, "the next screen", func() bool { return s.text() != before })
	}
	s.shows("Your code, like")
	s.types(h.code(n + 1))
	s.press("Enter")
}

// When the manager revokes access, everything of it ends at once, multiplexed
// channels included, and the owner reads why.
func TestRevokedInTheMiddle(t *testing.T) {
	sites, root := staticSite(t, 24<<20)
	h := newHost(t, sites)
	h.addSite("acme", root, "--call", "Eva, +31 20 555 0142")
	s := h.enter("acme", 80, 24)
	s.openAccess(h, 0)
	s.press("Enter")
	_, user, archive := s.download()

	// A download through a second channel of a shared connection, held slow.
	control := h.path("control")
	master := exec.Command("ssh", append(append(h.options(), "-p", h.port, "-M", "-S", control, "-N"), user+"@127.0.0.1")...) //nolint:gosec // the stock client
	master.Env = append(os.Environ(), h.askpass()...)
	check(t, master.Start())
	eventually(t, "the connection is shared", func() bool { _, err := os.Stat(control); return err == nil })
	download := exec.Command("sftp", append(h.options(), "-l", "2000", "-o", "ControlPath="+control, user+"@127.0.0.1:"+archive, h.path("cut"))...) //nolint:gosec // as above
	check(t, download.Start())
	eventually(t, "the download runs", func() bool { info, err := os.Stat(h.path("cut")); return err == nil && info.Size() > 0 })

	grant := strings.Fields(strings.Split(h.mustSSH("eva", "", "grant", "list"), "\n")[1])[0]
	h.mustSSH("eva", "", "grant", "revoke", grant, "This was not agreed")
	s.shows("This was not agreed")
	if err := download.Wait(); err == nil {
		t.Error("the download went on to its end")
	}
	if err := master.Wait(); err == nil {
		t.Error("the shared connection ended as if nothing had happened")
	}
	s.shows("ended with status")
	if info, err := os.Stat(h.path("cut")); err != nil || info.Size() > 8<<20 {
		t.Errorf("%v, %v", info, err)
	}
}

// Access ends by itself: a download that runs is cut, and nothing more is given.
func TestAccessExpires(t *testing.T) {
	t.Parallel() // it takes the shortest life there is: a minute
	sites, root := staticSite(t, 24<<20)
	h := newHost(t, sites)
	h.addSite("acme", root, "--life", "1m")
	s := h.enter("acme", 80, 24)
	s.openAccess(h, 0)
	s.press("Enter")
	_, user, archive := s.download()
	_, errs, status := h.client("sftp", "", append(h.options(), "-l", "2000", "-P", h.port, user+"@127.0.0.1:"+archive, "cut")...)
	if status == 0 || !strings.Contains(errs, "expired") && !strings.Contains(errs, "is over") {
		t.Errorf("a download beyond the end: status %d, %s", status, errs)
	}
	s.shows("ended with status")
	if _, errs, status := h.client("sftp", "", append(h.options(), "-P", h.port, user+"@127.0.0.1:"+archive, "late")...); status == 0 {
		t.Errorf("a download after the end: %s", errs)
	}
	if log := h.mustSSH("ann", "", "log", "list", "--event", "grant"); !strings.Contains(log, "grant.expired") {
		t.Errorf("the log says\n%s", log)
	}
}

// The disk fills up while the archive is written: the owner reads what to do,
// the log can still be written, and with room again it works.
func TestTheDiskFillsUp(t *testing.T) {
	sites, root := staticSite(t, 64<<20)
	h := newHost(t, sites)
	h.addSite("acme", root)
	h.onSmallDisk(56 << 20)
	s := h.enter("acme", 80, 24)
	s.openTo(h, 0, "The disk of the server is too full")
	s.press("Enter")
	s.shows("Use the line on this page, or press s")
	s.press("s")
	s.shows("The backup could not be finished")
	log := h.mustSSH("ann", "", "log", "list", "--event", "backup")
	if !strings.Contains(log, "backup.failed") {
		t.Errorf("the log says\n%s", log)
	}
	check(t, os.Remove(filepath.Join(root, "photo.jpg")))
	s.press("s")
	_, _, archive := s.download()
	if archive == "" {
		t.Error("no archive")
	}
}

// What an attacker without the passphrase, and one with it, gets.
func TestTheWrongPeople(t *testing.T) {
	sites, root := staticSite(t, 1)
	h := newHost(t, sites)
	h.addSite("acme", root)
	right := h.passphrase
	h.passphrase = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
	_, known, status := h.ssh("acme", "", "status")
	if status != 255 {
		t.Errorf("a wrong passphrase: status %d", status)
	}
	_, unknown, status := h.ssh("nobody", "", "status")
	if status != 255 || strings.ReplaceAll(known, "acme", "nobody") != unknown {
		t.Errorf("a name that is not there gets %q, one that is %q", unknown, known)
	}
	h.passphrase = right
	s := h.enter("acme", 80, 24)
	s.shows("Press Enter to begin")
	s.press("Enter")
	s.shows("why you need the backup")
	s.types("\x1b]0;evil\x07x") // a title-setting sequence types nothing that is kept
	s.press("Enter")
	s.shows("Where should it go?")
	s.press("Enter")
	for tries := 4; tries > 0; tries-- {
		s.shows("Your code, like")
		s.types("AAAA-AAAA")
		s.press("Enter")
		s.shows(fmt.Sprintf("Tries left on this code: %d", tries))
		s.press("Escape")
		// An A right behind it would be Alt+A to any terminal.
		eventually(t, "the problem is taken away", func() bool { return !strings.Contains(s.text(), "Tries left on") })
	}
	if log := h.mustSSH("ann", "", "log", "list", "--json", "--limit", "100"); strings.Contains(log, `\u001b`) || strings.Count(log, "request.wrong_code") != 4 {
		t.Errorf("the log says\n%s", log)
	}
	for _, words := range [][]string{{"site", "list"}, {"log", "list"}, {"grant", "list"}, {"sh"}, {"rm", "-rf", "/"}} {
		if out, _, status := h.ssh("acme", "", words...); status != 2 || out != "" {
			t.Errorf("the owner's %v: status %d, %s", words, status, out)
		}
	}
	for _, bad := range [][]string{
		{"site", "add", "x", "--root", "/etc", "--email", "a@example.com"},
		{"site", "add", "x", "--root", filepath.Join(sites, "not-there"), "--email", "a@example.com"},
		{"site", "add", "x", "--root", filepath.Join(root, "images"), "--email", "a@example.com"},
		{"site", "add", "root", "--root", root, "--email", "a@example.com"},
	} {
		if out, errs, status := h.ssh("eva", "", bad...); status != 1 || errs == "" {
			t.Errorf("%v: status %d, %s%s", bad, status, out, errs)
		}
	}
}
