package plain

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// typed gives keys to a keyboard in pieces of n bytes and returns the lines,
// what was echoed, and whether the person left.
func typed(keys string, echo bool, n int) (lines []string, echoed string, left bool) {
	var out strings.Builder
	k := &keyboard{echo: echo, out: &printer{w: &out}}
	for len(keys) > 0 {
		n := min(n, len(keys))
		k.take([]byte(keys[:n]), true)
		keys = keys[n:]
		for {
			line, ok, gone := k.next()
			if gone {
				return lines, out.String(), true
			}
			if !ok {
				break
			}
			lines = append(lines, line)
		}
	}
	return lines, out.String(), false
}

func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		keys   string
		echo   bool
		lines  string // joined by |
		echoed string
		left   bool
	}{
		"lines":                     {"one\ntwo\n", false, "one|two", "", false},
		"lines of Windows":          {"one\r\ntwo\r\n", false, "one|two", "", false},
		"empty lines":               {"\n\r\n\r", false, "||", "", false},
		"a line begun":              {"one\ntw", false, "one", "", false},
		"a terminal":                {"one\rtwo\r", true, "one|two", "one\ntwo\n", false},
		"blanks around":             {"  a b\t \r", true, "a b", "  a b  \n", false},
		"rubbed out":                {"ab\x7fc\x08d\r", true, "ad", "ab\b \bc\b \bd\n", false},
		"more than there is":        {"a\x7f\x7f\x7fb\r", true, "b", "a\b \bb\n", false},
		"all of it":                 {"abc\x15d\r", true, "d", "abc\b \b\b \b\b \bd\n", false},
		"letters":                   {"é漢\x7f\x7fü\r", true, "ü", "é漢\b \b\b \b\b \bü\n", false},
		"an arrow":                  {"a\x1b[Ab\x1bOPc\x1b[1;5Cd\x1bxe\r", true, "abcde", "abcde\n", false},
		"an arrow without echo":     {"a\x1b[Ab\n", false, "ab", "", false},
		"Escape and Enter":          {"a\x1b\rb\r", true, "a|b", "a\nb\n", false},
		"controls":                  {"a\x00\x07\x0bb\r", true, "ab", "ab\n", false},
		"signs that steer":          {"a\u202e\u200bb\r", true, "a\u202e\u200bb", "ab\n", false}, // core makes the reason safe
		"no UTF-8":                  {"a\xff\xfeb\xc3\r", true, "ab", "ab\n", false},
		"Ctrl+C":                    {"1\rab\x03c\r", true, "1", "1\nab", true},
		"Ctrl+D":                    {"ab\x04", true, "", "ab", true},
		"Ctrl+C without a terminal": {"a\x03b\n", false, "ab", "", false},
	} {
		for _, n := range []int{1, 3, 1000} {
			lines, echoed, left := typed(c.keys, c.echo, n)
			if got := strings.Join(lines, "|"); got != c.lines || echoed != c.echoed || left != c.left {
				t.Errorf("%s by %d: %q, echoed %q, left %v", name, n, got, echoed, left)
			}
		}
	}
}

func TestAPasteIsCut(t *testing.T) {
	lines, _, _ := typed(strings.Repeat("x", 1<<20)+"\n", false, 1<<10)
	if len(lines) != 1 || len(lines[0]) != maxLine {
		t.Errorf("%d lines", len(lines))
	}
}

// Whatever is typed, and in whatever pieces, lines are the same and valid, and
// nothing is echoed that steers a terminal but the echo's own.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"one\r\ntwo", "\x1b[1;5A\x7f\x15é\xff\r", "漢\x08\x08\x03", "\x1bO\x1b[\r\r\n\n"} {
		f.Add(seed, true, 1)
		f.Add(seed, false, 2)
	}
	f.Fuzz(func(t *testing.T, keys string, echo bool, n int) {
		n = 1 + (n%7+7)%7
		lines, echoed, left := typed(keys, echo, n)
		whole, echoedWhole, leftWhole := typed(keys, echo, max(len(keys), 1))
		if strings.Join(lines, "|") != strings.Join(whole, "|") || echoed != echoedWhole || left != leftWhole {
			t.Errorf("%q by %d: %q, at once %q", keys, n, lines, whole)
		}
		if rest := strings.Trim(echoed, "\b \n"); strings.ContainsAny(rest, "\x1b\r\a\x00\x7f") || !utf8.ValidString(echoed) || !echo && echoed != "" {
			t.Errorf("%q echoes %q", keys, echoed)
		}
		for _, line := range lines {
			if !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x1b") {
				t.Errorf("%q has the line %q", keys, line)
			}
		}
	})
}

// What is typed before an end without an Enter is a line; then the person is gone.
func TestEndOfInput(t *testing.T) {
	k := &keyboard{out: &printer{w: io.Discard}}
	k.take([]byte("one\ntwo"), true)
	k.take(nil, false)
	for _, want := range []string{"one", "two"} {
		if line, ok, left := k.next(); line != want || !ok || left {
			t.Errorf("%q, %v, %v", line, ok, left)
		}
	}
	if _, ok, left := k.next(); ok || !left {
		t.Errorf("%v, %v", ok, left)
	}
}
