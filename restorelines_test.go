package main

import (
	"strings"
	"testing"
)

// What a restore says fits the terminal, and no word of it is broken: a path that is
// too long for any line stays whole, to be copied.
func TestRestoreLinesKeepWords(t *testing.T) {
	text := "Checked:\n  - ✓ Dump: that of “acme”, 1 tables, goes to acme@/srv/a/very/long/path/of/a/socket/indeed.sock\n\n" +
		"✗ Database server: the server refuses the user “acme” with that password; check both.\n  10. Read it."
	for _, columns := range []int{20, 40, 79, 120} {
		got := inColumns(text, columns)
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
			t.Errorf("%d columns: words are not the same:\n%s", columns, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if len([]rune(line)) > columns && len(strings.Fields(line)) > 1 && !strings.Contains(line, "/srv/") {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
	if got, want := inColumns("✗ Server: it refuses the user.", 16), "✗ Server: it\n  refuses the\n  user."; got != want {
		t.Errorf("%q", got)
	}
	if inColumns(text, 0) != text {
		t.Error("what goes to no terminal is folded")
	}
}
