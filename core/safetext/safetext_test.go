package safetext_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"breakglass/core/safetext"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Our shop is down", "Our shop is down"},
		{"empty", "", ""},
		{"only space", " \t\n\u00a0\u3000 ", ""},
		{"folds and trims space", "  a\r\n\tb\u2003\u2028c\u0085 ", "a b c"},
		{"escape sequences lose their escape", "\x1b]0;pwned\x07\x1b[2Jx", "]0;pwned[2Jx"},
		{"C1 controls", "a\u009b31mb", "a31mb"},
		{"bidi controls", "a\u202egnp.exe\u2066b\u200f", "agnp.exeb"},
		{"zero width and soft hyphen", "pass\u200bwo\u00adrd\ufeff", "password"},
		{"tags", "a\U000e0041\U000e007fb", "ab"},
		{"private use and noncharacters", "a\ue000\U0010fffd\ufffeb", "ab"},
		{"invisible letters and blanks", "a\u3164\u115f\u2800\u034fb", "ab"},
		{"variation selectors", "❤\ufe0f", "❤"},
		{"invalid bytes show", "a\xff\xc0b", "a\ufffd\ufffdb"},
		{"composes", "Ame\u0301lie", "Amélie"},
		{"composes across what was dropped", "Ame\u200b\u0301lie", "Amélie"},
		{"a mark has no place to sit", "\u0301\u0302a", "a"},
		{"other scripts stay", "שלום नमस्ते 你好 Ω", "שלום नमस्ते 你好 Ω"},
		{"zalgo", "e" + strings.Repeat("\u0316", 99) + "x", "e\u0316\u0316\u0316\u0316x"},
		{"200 graphemes fit", strings.Repeat("é", 200), strings.Repeat("é", 200)},
		{"201 do not", strings.Repeat("é", 201), strings.Repeat("é", 199) + "…"},
		{"no space before the cut", strings.Repeat("a", 198) + " bcd", strings.Repeat("a", 198) + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := safetext.Line(c.in); got != c.want {
				t.Errorf("Line(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// One grapheme of a megabyte is what limits counted in graphemes miss.
func TestLineHasABoundInBytes(t *testing.T) {
	for name, in := range map[string]string{
		"hangul jamo":         strings.Repeat("\u1100", 1<<20),
		"prepended":           strings.Repeat("\u0d4e", 1<<20),
		"marks on every base": strings.Repeat("a\u0316\u0317\u0318\u0319\u031c", 1<<16),
		"long spaces":         "a" + strings.Repeat(" ", 1<<20) + "b",
		"invisible megabyte":  strings.Repeat("\u200b", 1<<20) + "end",
	} {
		t.Run(name, func(t *testing.T) { checkLine(t, in) })
	}
}

func TestPath(t *testing.T) {
	long := strings.Repeat("ordner/", 500)
	for _, c := range []struct{ name, in, want string }{
		{"plain", "wp-content/uploads/2024/über mich.jpg", "wp-content/uploads/2024/über mich.jpg"},
		{"newline and escape", "a\nb\x1b[2J\x7f", `a\x0ab\x1b[2J\x7f`},
		{"latin-1 bytes", "caf\xe9.txt", `caf\xe9.txt`},
		{"a real U+FFFD is a name", "a\ufffdb", "a\ufffdb"},
		{"bidi", "a\u202egnp.exe", `a\u{202e}gnp.exe`},
		{"odd spaces", "a\u00a0b\u2028c", `a\u{a0}b\u{2028}c`},
		{"C1", "a\u0085", `a\u{85}`},
		{"not normalised", "e\u0301", "e\u0301"},
		{"leading mark", "\u0301a", `\u{301}a`},
		{"pile of marks", "e\u0316\u0316\u0316\u0316\u0316", "e\u0316\u0316\u0316\u0316" + `\u{316}`},
		{"spaces stay", "  a  b ", "  a  b "},
		{"not cut", long, long},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := safetext.Path(c.in); got != c.want {
				t.Errorf("Path(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func seed(f *testing.F) {
	for _, s := range []string{
		"", "plain", "\x1b[2J\x00", "e\u0301\u200b\u0302", "\u0958\ufb2c\u0344", "\u1100\u1161\u11a8", "\U0001f1f3\U0001f1f1\U0001f1f3",
		"👩\u200d👧\ufe0f", "\xff\xfe", "\u0d4e\u0d4e\u0915\u094d\u0937", "\u2000\u2001\u2028", "\u0f73\u0f75\u0f81", strings.Repeat("a\u0344", 300),
	} {
		f.Add(s)
	}
}

func FuzzLine(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, s string) { checkLine(t, s) })
}

func FuzzPath(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, s string) {
		got := safetext.Path(s)
		if again := safetext.Path(got); again != got {
			t.Fatalf("Path is not idempotent: %q, then %q", got, again)
		}
		checkRunes(t, got)
	})
}

func checkLine(t *testing.T, in string) {
	t.Helper()
	got := safetext.Line(in)
	if again := safetext.Line(got); again != got {
		t.Fatalf("Line is not idempotent: %q, then %q", got, again)
	}
	if !norm.NFC.IsNormalString(got) {
		t.Fatalf("%q is not NFC", got)
	}
	if n := uniseg.GraphemeClusterCount(got); n > safetext.MaxGraphemes || len(got) > safetext.MaxBytes {
		t.Fatalf("%d graphemes, %d bytes", n, len(got))
	}
	if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
		t.Fatalf("%q has space to spare", got)
	}
	checkRunes(t, got)
}

func checkRunes(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Variation_Selector,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point) || (unicode.IsSpace(r) && r != ' ') {
			t.Fatalf("%q holds %U", s, r)
		}
	}
}

// A note keeps the sentence at its end that a line would lose, and is as safe.
func TestNote(t *testing.T) {
	long := strings.Repeat("word ", 150) + "ask\x1b[31m your web\u202e manager."
	if got := safetext.Note(long); !strings.HasSuffix(got, "ask[31m your web manager.") || safetext.Note(got) != got {
		t.Errorf("%q", got)
	}
	if got := safetext.Note(strings.Repeat("x", 5000)); len(got) != safetext.MaxNote-1+len("…") {
		t.Errorf("%d bytes", len(got))
	}
}
