package auditor_test

import (
	"context"
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
	{"typing", []string{"/", "site:ac"}},
	{"none", []string{"/", "site:zoo", "enter"}},
	{"filtered", []string{"/", "site:acme", "enter", "down"}},
	{"line", []string{"down", "enter"}},
	{"export", []string{"e"}},
}

var ada = core.Actor{Role: core.RoleAuditor, Name: "ada", Factor: "SHA256:ada"}

// static is a console whose log never changes.
type static []core.LogLine

func (c static) Log(_ context.Context, _ core.Actor, q core.LogQuery) (core.LogPage, error) {
	page := core.LogPage{Size: int64(len(c))}
	for i := len(c) - 1; i >= 0; i-- {
		if (q.Before == 0 || int64(i) < q.Before) && len(page.Lines) < q.Limit && (q.Site == "" || q.Site == c[i].Site) {
			page.Lines = append(page.Lines, c[i])
		}
	}
	return page, nil
}

func lines() static {
	var all static
	for i, event := range []core.Event{
		core.EventBoot, core.EventLogin, core.EventRequestDrafted, core.EventRequestCodeSent, core.EventRequestVerified, core.EventGrantActivated,
		core.EventJobStarted, core.EventJobSealed, core.EventDownloadStarted, core.EventDownloadWhole, core.EventGrantClosed, core.EventLogRead,
	} {
		all = append(all, core.LogLine{
			Seq: int64(i), Time: time.Date(2026, 11, 24, 14, 2, i, 0, time.UTC), Actor: "owner:acme", Event: event, Site: "acme",
			Request: "R-2M9X", Grant: "G-7M2KQ4XA", From: "ready", To: "activated", Result: "ok", Hash: fmt.Sprintf("%064x", i),
			Data: map[string]string{"archive": "acme-20261124T140207Z.tar.gz"}, Personal: map[string]string{"remote": "198.51.100.9"},
		})
	}
	return all
}

func TestGolden(t *testing.T) {
	for _, l := range looks {
		for name, c := range map[string]static{"log": lines(), "empty": nil} {
			on(t, c, ada, l, func(s *show) { shoot(s, name, l) })
		}
		for _, stop := range stops {
			on(t, lines(), ada, l, func(s *show) {
				s.press(stop.keys...)
				shoot(s, stop.name, l)
			})
		}
	}
}

// shoot compares the screen in every size of window.
func shoot(s *show, name string, l look) {
	for _, w := range windows {
		file := fmt.Sprintf("%s-%dx%d-%s.txt", name, w.width, w.height, l.name)
		got := s.screen.View(w.width, w.height-chrome)
		fits(s.t, file, got, w.width, w.height-chrome)
		golden(s.t, file, got)
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

// Whatever is in the log, nothing but text reaches the terminal.
func TestHostileLines(t *testing.T) {
	line := core.LogLine{
		Actor: evil, Event: evil, Site: evil, Request: evil, Grant: evil, From: evil, To: evil, Result: evil, Hash: evil,
		Data: map[string]string{evil: evil}, Personal: map[string]string{evil: evil},
	}
	for _, l := range looks {
		for _, keys := range [][]string{nil, {"enter"}, {"/", evil}, {"/", evil, "enter"}, {"/", "site:" + evil, "enter"}, {"e"}} {
			on(t, static{line}, core.Actor{Name: evil}, l, func(s *show) {
				s.press(keys...)
				for _, w := range windows {
					got := s.screen.View(w.width, w.height-chrome)
					fits(t, fmt.Sprint(keys), got, w.width, w.height-chrome)
					checkSafe(t, keys, got+s.screen.Title())
				}
				checkSafe(t, keys, s.terminal.farewell)
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
