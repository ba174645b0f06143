package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A newcomer's first quarter of an hour: the demo, its lines word for word, and
// a second demo after it.
func TestTheDemo(t *testing.T) {
	home := t.TempDir() // its known_hosts is the newcomer's own
	port := freePort(t)
	for round := range 2 {
		d := startDemo(t, home, port)
		out := readFile(t, d.out)
		line := regexp.MustCompile(`(?m)^ *(ssh -p .* acme@127\.0\.0\.1)$`).FindStringSubmatch(out)
		passphrase := passphraseForm.FindString(out)
		if line == nil || passphrase == "" {
			t.Fatalf("the demo printed:\n%s", out)
		}
		s := openTerminal(t, 100, 30, []string{"HOME=" + home}, "sh", "-c", line[1])
		s.shows("assword:")
		s.types(passphrase)
		s.press("Enter")
		s.shows("Press Enter to begin")
		s.press("Enter")
		s.shows("why you need the backup")
		s.types("Trying it out")
		s.press("Enter")
		s.shows("Where should it go?")
		s.press("Enter")
		s.shows("Your code, like")
		s.types(d.code(t))
		s.press("Enter")
		s.shows("Your code was right")
		s.press("Enter")
		s.shows("Press Enter to start the backup")
		s.press("Enter")
		fetch, _, archive := s.download()
		file := fetchByHand(t, home, fetch, passphrase, archive, round == 0)
		if out, err := exec.Command("tar", "-tzf", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "/files/data/guestbook.sqlite") {
			t.Errorf("%v\n%s", err, out)
		}
		s.shows("All of it was sent to you")
		d.stop(t, home)
	}
}

// demoProcess is a demo that runs.
type demoProcess struct {
	cmd *exec.Cmd
	out string // the file of what it prints
}

func startDemo(t *testing.T, home, port string) *demoProcess {
	t.Helper()
	d := &demoProcess{cmd: program("demo", "--listen", "127.0.0.1:"+port), out: filepath.Join(t.TempDir(), "out")}
	d.cmd.Env = append(d.cmd.Env, "HOME="+home, "TMPDIR="+home, "XDG_CACHE_HOME=")
	f, err := os.Create(d.out)
	check(t, err)
	d.cmd.Stdout, d.cmd.Stderr = f, f
	check(t, d.cmd.Start())
	check(t, f.Close())
	t.Cleanup(func() { _ = d.cmd.Process.Kill() }) // does nothing after stop
	eventually(t, "the demo runs", func() bool { return strings.Contains(readFile(t, d.out), "Ctrl+C ends the demo") })
	return d
}

// stop presses Ctrl+C; nothing is left behind.
func (d *demoProcess) stop(t *testing.T, home string) {
	t.Helper()
	check(t, d.cmd.Process.Signal(os.Interrupt))
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v:\n%s", err, readFile(t, d.out))
	}
	left, err := filepath.Glob(filepath.Join(home, "breakglass-demo-*"))
	check(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// code reads the code off the demo's own terminal.
func (d *demoProcess) code(t *testing.T) string {
	t.Helper()
	alone := regexp.MustCompile(`(?m)^ +([0-9A-Z]{4}-[0-9A-Z]{4})$`)
	eventually(t, "the demo shows the code", func() bool { return alone.MatchString(readFile(t, d.out)) })
	return alone.FindStringSubmatch(readFile(t, d.out))[1]
}

// fetchByHand types the wizard's sftp line into a second terminal. The first
// time ssh asks whether to trust the host; a second demo is the same host.
func fetchByHand(t *testing.T, home, line, passphrase, archive string, first bool) string {
	t.Helper()
	s := openTerminal(t, 100, 30, []string{"HOME=" + home}, "sh", "-c", "cd "+home+" && "+line)
	if first {
		s.shows("continue connecting")
		s.types("yes")
		s.press("Enter")
	}
	s.shows("assword:")
	s.types(passphrase)
	s.press("Enter")
	s.shows("ended with status 0")
	return filepath.Join(home, archive)
}

// With a screen reader, or in a terminal that can move no cursor, the same way
// in plain lines.
func TestTheOwnersWayInPlainLines(t *testing.T) {
	sites, root := staticSite(t, 1<<20)
	h := newHost(t, sites)
	h.addSite("acme", root)
	s := openTerminal(t, 80, 50, []string{"TERM=dumb"}, append([]string{"env", "TERM=dumb", "ssh"}, h.sshArgs("acme")...)...)
	s.shows("assword:")
	s.types(h.passphrase)
	s.press("Enter")
	answer := func(shows, types string) {
		t.Helper()
		s.shows(shows)
		s.types(types)
		s.press("Enter")
	}
	answer("1. Ask for access.", "1")
	answer("why you need the backup", "The shop is down")
	answer("Where should it go?", "1")
	s.shows("Your code, like")
	answer("Your code, like", h.code(1))
	answer("1. Open access now.", "1")
	answer("1. Start the backup.", "1")
	s.shows("I have the file; go on.")
	found := sftpLine.FindStringSubmatch(s.text())
	if found == nil {
		t.Fatalf("no sftp line:\n%s", s.text())
	}
	h.fetch(found[1])
	h.local("verify", h.path(found[3]))
	answer("All of it was sent to you", "1")
	answer("Close access.", "1")
	answer("Yes or no:", "yes")
	s.shows("ended with status")
	if strings.Contains(s.colours(), "\x1b[") {
		t.Error("a line moves the cursor or has a colour")
	}
}
