package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The auditor's way, over the log of a real emergency: the stock ssh in a real
// terminal, every page of the screen, and the line that it shows typed word for
// word and checked with the log's key.
func TestTheAuditorsWay(t *testing.T) {
	sites, root := staticSite(t, 1<<20)
	h := newHost(t, sites)
	h.addSite("acme", root, "--title", "Acme Bakery", "--call", "Eva, +31 20 555 0142")
	owner := h.enter("acme", 80, 24)
	owner.openAccess(h, 0)
	owner.press("Enter")
	line, _, _ := owner.download()
	h.fetch(line)
	owner.shows("All of it was sent to you")

	s := openTerminal(t, 100, 28, nil, append([]string{"ssh", "-o", "SendEnv=LANG"}, h.sshArgs("ann")...)...)
	s.shows("lines in the log · times in UTC · new lines show by themselves")
	verified := regexp.MustCompile(`verified to \d+`)
	eventually(t, "the log is verified", func() bool { return verified.MatchString(s.text()) })
	first := verified.FindString(s.text())
	h.mustSSH("eva", "", "site", "set", "acme", "--title", "Acme, the bakery") // the log grows under the screen
	eventually(t, "so is what is new", func() bool {
		now := verified.FindString(s.text())
		return now != "" && now != first
	})

	s.press("/")
	s.types("site:acme from:today event:grant")
	s.press("Enter")
	s.shows("Only site acme, event grant, from ")
	s.shows("grant.activated")
	s.press("Enter")
	s.shows("Proved just now: this line is in the log of")
	grant := regexp.MustCompile(`G-[0-9A-Z]+`).FindString(s.text())
	s.press("Escape")
	s.shows("Only site acme, event grant, from ")
	s.press("s")
	s.shows("The story of " + grant)
	for _, step := range []string{"Access was asked for: “The shop is down", "A code was sent by email", "Access was opened."} {
		s.shows(step)
	}
	picture(t, s, "auditor")
	s.press("End")
	s.shows("COMPLETE")
	s.press("Escape")
	s.shows("Only site acme, event grant, from ")
	s.press("/")
	s.press("C-u")
	s.types("grant:" + grant)
	s.press("Enter")
	s.shows("Only grant " + grant + ".")
	s.shows("download.complete")
	s.press("e")
	s.shows("log export --grant " + grant)
	s.press("C-c")
	s.shows("ended with status 0")
	exported(t, h, s.text(), grant)

	story := h.mustSSH("ann", "", "log", "story", grant)
	if !strings.Contains(story, "Every byte of acme-") || !strings.Contains(story, "accepted") {
		t.Errorf("the story by command:\n%s", story)
	}
	read := strings.Count(h.mustSSH("ann", "", "log", "list", "--event", "log", "--person", "ann", "--limit", "200"), "auditor:ann")
	if read != 2 { // one reading, one export
		t.Errorf("%d lines of an auditor's reading", read)
	}
}

// exported types the line that the screen left behind, and checks what it wrote.
func exported(t *testing.T, h *host, screen, grant string) {
	t.Helper()
	typed := regexp.MustCompile(`(?m)^ *ssh .* ann@127\.0\.0\.1 (log export .* > lines\.jsonl)$`).FindStringSubmatch(screen)
	if typed == nil {
		t.Fatalf("no line to type is left behind:\n%s", screen)
	}
	ssh := append([]string{"ssh"}, h.sshArgs("ann")...)
	cmd := exec.Command("sh", "-c", quoted(ssh)+" "+typed[1])
	cmd.Dir, cmd.Env = h.dir, append(os.Environ(), h.askpass()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", typed[1], err, out)
	}
	key := strings.Split(strings.TrimSpace(readFile(t, h.path("data/keys/log_key"))), "\n")
	lines := strings.Count(readFile(t, h.path("lines.jsonl")), "\n")
	if out := h.local("log", "verify", h.path("lines.jsonl"), "--key", key[len(key)-1]); !strings.Contains(out, fmt.Sprintf("verifies: %d entries", lines)) || lines < 6 {
		t.Errorf("%d lines, %s", lines, out)
	}
	if text := readFile(t, h.path("lines.jsonl")); !strings.Contains(text, grant) || strings.Contains(text, "person.added") {
		t.Errorf("it holds other lines:\n%s", text)
	}
}
