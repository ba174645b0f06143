package manager_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
)

var update = flag.Bool("update", false, "write the golden files anew")

// chrome is the lines that the shell takes of a window.
const chrome = 4

var windows = []struct{ width, height int }{{40, 12}, {80, 24}, {140, 40}}

var stops = []struct {
	name string
	keys []string
}{
	{"sites", nil},
	{"filter", []string{"/", "bak"}},
	{"site", []string{"enter"}},
	{"access", []string{"2", "e"}},
	{"grant", []string{"2", "enter"}},
	{"request", []string{"2", "down", "enter"}},
	{"log", []string{"3"}},
	{"revoke", []string{"r"}},
	{"veto-refused", []string{"2", "down", "v", "nobody called", "enter", "baker", "enter", "right", "enter"}},
}

func TestGolden(t *testing.T) {
	for _, l := range looks {
		for _, stop := range stops {
			on(t, world(), l, func(s *show) {
				s.press(stop.keys...)
				for _, w := range windows {
					name := fmt.Sprintf("%s-%dx%d-%s.txt", stop.name, w.width, w.height, l.name)
					got := s.screen.View(w.width, w.height-chrome)
					fits(t, name, got, w.width, w.height-chrome)
					golden(t, name, got)
				}
			})
		}
		on(t, &console{}, l, func(s *show) {
			for _, w := range windows {
				name := fmt.Sprintf("empty-%dx%d-%s.txt", w.width, w.height, l.name)
				got := s.screen.View(w.width, w.height-chrome)
				fits(t, name, got, w.width, 99)
				golden(t, name, got)
			}
		})
	}
}

// fits checks that no line is too wide, and that there are not too many.
func fits(t *testing.T, name, got string, width, height int) {
	t.Helper()
	lines := strings.Split(got, "\n")
	if len(lines) > height {
		t.Errorf("%s: %d lines", name, len(lines))
	}
	for _, line := range lines {
		if w := lipgloss.Width(line); w > width {
			t.Errorf("%s: %d columns: %q", name, w, line)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run with -update", err)
	}
	if string(want) != got+"\n" {
		t.Errorf("%s differs; run with -update and look at the change. Got\n%s", name, got)
	}
}

// evil is what an attacker would put into every field that there is.
const evil = "e\x1b[2J\x07\u202evil\u2066\r\nINJECTED \u009b31m\x00" + "\xff" + "\u2028z"

// Whatever is in the records, nothing but text reaches the terminal; that no line
// begins that we did not begin shows in the count of lines.
func TestHostileRecords(t *testing.T) {
	c := hostile()
	for _, l := range looks {
		for _, keys := range [][]string{
			nil, {"enter"}, {"2", "e"}, {"2", "enter"}, {"2", "down", "enter"}, {"3"}, {"3", "enter"}, {"r"}, {"2", "down", "v"},
			{"/", evil}, {"3", "/", evil, "enter"},
		} {
			on(t, c, l, func(s *show) {
				s.press(keys...)
				for _, w := range windows {
					got := s.screen.View(w.width, w.height-chrome) + s.screen.Title()
					for _, b := range s.screen.Keys() {
						got += b.Help().Desc
					}
					checkSafe(t, keys, got)
					fits(t, fmt.Sprint(keys), s.screen.View(w.width, w.height-chrome), w.width, w.height-chrome)
				}
				for _, said := range append(s.problems, s.notices...) {
					checkSafe(t, keys, said)
				}
			})
		}
	}
}

func checkSafe(t *testing.T, keys []string, got string) {
	t.Helper()
	for _, r := range plain(got) {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028') {
			t.Fatalf("after %q: %U in %q", keys, r, got)
		}
	}
}

// plain takes our own styling out of a text: SGR sequences and nothing else.
func plain(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
		if end < 0 || rest[end] != 'm' {
			return out.String() + "\x1b" + rest
		}
		text = rest[end+1:]
	}
}

// hostile is a console whose every text is evil.
func hostile() *console {
	contact := core.ContactInfo{ID: evil, Kind: evil, Masked: evil}
	grant := core.GrantInfo{ID: evil, Site: evil, Request: evil, State: core.GrantActive, Left: time.Hour, Reason: evil, Job: evil}
	odd := grant
	odd.State, odd.ID = evil, evil+"2"
	request := core.RequestInfo{
		ID: "R" + evil, Site: evil, State: core.RequestCodeSent, SentTo: contact, CanVeto: true,
		Message: core.MessageInfo{ID: evil, State: evil, Kind: evil, Result: evil},
	}
	line := core.LogLine{
		Actor: evil, Event: evil, Site: evil, Request: evil, Grant: evil, From: evil, To: evil, Result: evil, Hash: evil,
		Data: map[string]string{evil: evil}, Personal: map[string]string{evil: evil},
	}
	site := core.SiteInfo{
		ID: evil, Title: evil, Root: evil, Call: evil, Zone: evil, Lang: evil, DatabaseHost: evil,
		Contacts: []core.ContactInfo{contact}, Keys: []core.Key{{Name: evil, Fingerprint: evil}}, Request: &request, Grant: &grant,
		Archives: []core.ArchiveInfo{{Name: evil, Verdict: evil, Notes: []string{evil}}},
	}
	return &console{
		sites: []core.SiteInfo{site}, grants: []core.GrantInfo{grant, odd}, requests: []core.RequestInfo{request},
		story: core.GrantStory{
			Grant: grant, Lines: []core.LogLine{line},
			Job: &core.JobInfo{State: evil, Verdict: evil, Notes: []string{evil}, Problem: evil, Incident: evil},
		},
		log: []core.LogLine{line},
	}
}
