package tuitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/lipgloss"
)

// Chrome is the lines that the shell takes of a window.
const Chrome = 4

// Fits checks that no line is too wide, and that there are not too many.
func Fits(t *testing.T, name, got string, width, height int) {
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

// Golden compares a screen with testdata/<name>, or writes that.
func Golden(t *testing.T, write bool, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if write {
		if err := os.MkdirAll("testdata", 0o755); err != nil { //nolint:gosec // a folder of the repository
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

// Evil is what an attacker would put into every field that there is.
const Evil = "e\x1b[2J\x07\u202evil\u2066\r\nINJECTED \u009b31m\x00" + "\xff" + "\u2028z"

// Safe checks that nothing but text and our own styles reaches the terminal.
func Safe(t *testing.T, when any, got string) {
	t.Helper()
	for _, r := range plain(got) {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028') {
			t.Fatalf("after %q: %U in %q", when, r, got)
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
