package widget

import (
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"github.com/rivo/uniseg"
)

// themeFor makes a theme for a terminal with or without UTF-8, and with 256
// colours or none.
func themeFor(utf8, colours bool) Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	if colours {
		r.SetColorProfile(termenv.ANSI256)
	}
	return NewTheme(r, utf8)
}

func TestWrapKeepsEveryWordWithinTheWidth(t *testing.T) {
	theme := themeFor(true, false)
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one\n\ntwo", 7, []string{"one", "", "two"}},
		{"  indented text here", 12, []string{"  indented", "  text here"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"a abcdefghij", 4, []string{"a", "abcd", "efgh", "ij"}},
		{"日本語の文字", 4, []string{"日本", "語の", "文字"}},
		{"x", 0, []string{"x"}},
		{"日", 1, []string{"日"}}, // wider than the line: it cannot be cut
	}
	for _, test := range tests {
		if got := theme.Wrap(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("Call Eva, +31 6 1234. 日本語\n  and then", 11)
	f.Fuzz(func(t *testing.T, text string, width int) {
		theme := themeFor(true, false)
		text = theme.Line(text)
		width = 2 + (width&0xff+0xff)%0xff
		lines := theme.Wrap(text, width)
		for _, line := range lines {
			if uniseg.StringWidth(line) > width {
				t.Fatalf("%q is wider than %d", line, width)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(lines, "")); got != squeeze(text) {
			t.Fatalf("%q became %q", text, got)
		}
		if cut := theme.Cut(text, width); uniseg.StringWidth(cut) > width {
			t.Fatalf("Cut(%q, %d) = %q", text, width, cut)
		}
	})
}

func TestCutMarksWhatItLeftOut(t *testing.T) {
	tests := []struct {
		utf8  bool
		text  string
		width int
		want  string
	}{
		{true, "abcdef", 6, "abcdef"},
		{true, "abcdef", 4, "abc…"},
		{false, "abcdef", 5, "ab..."},
		{true, "abc def", 5, "abc…"},
		{true, "日本語", 4, "日…"},
		{false, "abcdef", 2, ""},
		{true, "abcdef", 0, ""},
	}
	for _, test := range tests {
		if got := themeFor(test.utf8, false).Cut(test.text, test.width); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestLineOfAStrangerCannotSteerTheTerminal(t *testing.T) {
	if got := themeFor(false, false).Line("a\x1b[2J•\u202e…\nb"); got != "a[2J*... b" {
		t.Errorf("got %q", got)
	}
	if got := themeFor(true, false).Line("j•••••@e.nl"); got != "j•••••@e.nl" {
		t.Errorf("got %q", got)
	}
}

func TestMarkedIndentsFurtherLines(t *testing.T) {
	theme := themeFor(true, false)
	if got, want := theme.Marked(theme.Bad, "✗", "one two three", 9), "✗ one two\n  three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Without UTF-8 no sign of ours leaves ASCII; with it all are one column wide.
func TestSymbols(t *testing.T) {
	ascii, unicode := reflect.ValueOf(asciiSymbols), reflect.ValueOf(unicodeSymbols)
	for i := range ascii.NumField() {
		name, plain, fine := ascii.Type().Field(i).Name, ascii.Field(i).String(), unicode.Field(i).String()
		if plain == "" || strings.Trim(plain, "\x20!\"#$%&'()*+,-./:;<=>?[]^_`{|}~abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%s is not ASCII: %q", name, plain)
		}
		if uniseg.StringWidth(fine) != 1 {
			t.Errorf("%s is %d columns wide", name, uniseg.StringWidth(fine))
		}
	}
	box := reflect.ValueOf(asciiBox)
	for i := range box.NumField() {
		if side := box.Field(i).String(); len(side) != 1 || side[0] > '~' {
			t.Errorf("border %s: %q", box.Type().Field(i).Name, side)
		}
	}
}

// Colours are of the basic eight, and neither white, black nor grey: each of
// them vanishes on some background.
func TestColoursAreLegibleOnDarkAndLight(t *testing.T) {
	theme := reflect.ValueOf(themeFor(true, true))
	styles := 0
	for i := range theme.NumField() {
		if !theme.Type().Field(i).IsExported() {
			continue
		}
		style, ok := theme.Field(i).Interface().(lipgloss.Style)
		if !ok {
			continue
		}
		styles++
		switch colour := style.GetForeground().(type) {
		case lipgloss.NoColor:
		case lipgloss.ANSIColor:
			if colour < 1 || colour > 6 {
				t.Errorf("%s has colour %d", theme.Type().Field(i).Name, colour)
			}
		default:
			t.Errorf("%s has a colour %v beyond the basic ones", theme.Type().Field(i).Name, colour)
		}
		if _, none := style.GetBackground().(lipgloss.NoColor); !none {
			t.Errorf("%s sets a background", theme.Type().Field(i).Name)
		}
	}
	if styles < 10 {
		t.Fatalf("looked at %d styles", styles)
	}
	plain := themeFor(true, false)
	if got := plain.Bad.Render("x"); got != "x" {
		t.Errorf("a terminal without colours gets %q", got)
	}
}

func TestBar(t *testing.T) {
	theme := themeFor(false, false)
	tests := []struct {
		done float64
		want string
	}{
		{0, "[----------]"}, {0.5, "[#####-----]"}, {0.999, "[#########-]"}, {1, "[##########]"},
		{-3, "[----------]"}, {7, "[##########]"}, {math.NaN(), "[----------]"}, {math.Inf(1), "[##########]"}, {math.Inf(-1), "[----------]"},
	}
	for _, test := range tests {
		if got := theme.Bar(test.done, 12); got != test.want {
			t.Errorf("Bar(%v) = %q, want %q", test.done, got, test.want)
		}
	}
	if got := theme.Bar(0.5, 0); got != "[-]" {
		t.Errorf("the narrowest is %q", got)
	}
}

func binding(shown, desc string, enabled bool) key.Binding {
	k := key.NewBinding(key.WithKeys(shown), key.WithHelp(shown, desc))
	k.SetEnabled(enabled)
	return k
}

func TestFooterShowsWhatFitsAndAlwaysTheHelp(t *testing.T) {
	theme := themeFor(true, false)
	keys := []key.Binding{binding("Enter", "go on", true), binding("d", "disabled", false), binding("Esc", "back", true), binding("?", "help", true)}
	for width, want := range map[int]string{
		80: "Enter go on   Esc back   ? help", 31: "Enter go on   Esc back   ? help", 30: "Enter go on   ? help", 19: "? help",
	} {
		if got := theme.Footer(keys, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if got := theme.Footer(nil, 80); got != "" {
		t.Errorf("no keys: %q", got)
	}
}

func TestHelpListsDisabledKeysToo(t *testing.T) {
	theme := themeFor(true, false)
	keys := []key.Binding{binding("Enter", "go on to the next page", true), binding("d", "no", false)}
	want := []string{"  Enter  go on to the", "         next page", "· d      no"}
	if got := theme.Help(keys, 21); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
