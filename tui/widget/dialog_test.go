package widget_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/rivo/uniseg"

	"breakglass/core/safetext"
	"breakglass/tui/widget"
)

func question() widget.Question {
	return widget.Question{
		Text:   []string{strings.Repeat("What will happen. ", 12), "It counts."},
		Reason: "Reason", Name: "Type acme", Want: "acme", Act: "Do it", Cancel: "Cancel", Working: "Doing it.",
		NoReason: "Give a reason.", NotName: "That is not acme.",
	}
}

func TestDialog(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		want       widget.Answer
		reason     string
	}{
		{"nothing", "", widget.Asking, ""},
		{"Esc", "esc", widget.Cancelled, ""},
		{"Enter to the end", "enter enter enter", widget.Cancelled, ""},
		{"typed and Enter to the end", "why enter acme enter enter", widget.Cancelled, "why"},
		{"typed and chosen", "why enter acme enter right enter", widget.Confirmed, "why"},
		{"by Tab", "why tab acme tab tab enter", widget.Confirmed, "why"},
		{"round by the arrows", "why down acme up up enter", widget.Confirmed, "why"},
		{"round by the arrows to Cancel", "why down acme up up up enter", widget.Cancelled, "why"},
		{"chosen, then not", "why enter acme enter right left enter", widget.Cancelled, "why"},
		{"no name", "why tab tab tab enter", widget.Asking, "why"},
		{"part of the name", "why tab acm tab tab enter", widget.Asking, "why"},
		{"more than the name", "why tab acmee tab tab enter", widget.Asking, "why"},
		{"another case", "why tab ACME tab tab enter", widget.Asking, "why"},
		{"no reason", "tab acme tab tab enter", widget.Asking, ""},
		{"letters on a button", "tab tab tab y y y", widget.Asking, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, got := widget.NewDialog(plainTheme(false), question()), widget.Asking
			for key := range strings.FieldsSeq(c.keys) {
				d, got = d.Update(pressed(key))
			}
			if got != c.want || d.Reason() != c.reason {
				t.Errorf("answer %v, reason %q", got, d.Reason())
			}
		})
	}
}

func TestDialogWorksOnce(t *testing.T) {
	d, got := widget.NewDialog(plainTheme(false), question()), widget.Asking
	for key := range strings.FieldsSeq("why tab acme tab tab enter") {
		d, got = d.Update(pressed(key))
	}
	if got != widget.Confirmed || !strings.Contains(d.View(80, 20), "Doing it.") {
		t.Fatalf("answer %v in\n%s", got, d.View(80, 20))
	}
	for _, key := range []string{"enter", "esc", "x", "left"} {
		if d, got = d.Update(pressed(key)); got != widget.Asking {
			t.Errorf("%s answers %v while the act is under way", key, got)
		}
	}
	if d, got = d.Working(false).Update(pressed("enter")); got != widget.Confirmed || d.Reason() != "why" {
		t.Errorf("after it failed: answer %v, reason %q", got, d.Reason())
	}
}

// The fields and the choice show in every window that screens are drawn in.
func TestDialogFits(t *testing.T) {
	for _, keys := range []string{"", "why tab acme tab tab", "tab tab tab enter"} {
		d := widget.NewDialog(plainTheme(true), question())
		for key := range strings.FieldsSeq(keys) {
			d, _ = d.Update(pressed(key))
		}
		for width := widget.MinWidth; width < 120; width++ {
			for height := 7; height < 30; height++ {
				got := d.View(width, height)
				for _, text := range []string{"Reason", "Type acme", "[Cancel]", "[Do it]"} {
					if !strings.Contains(got, text) {
						t.Fatalf("%dx%d: no %q in\n%s", width, height, text, got)
					}
				}
				if strings.Count(got, "\n") >= height {
					t.Fatalf("%dx%d: too high:\n%s", width, height, got)
				}
				for line := range strings.SplitSeq(got, "\n") {
					if lipgloss.Width(line) > width {
						t.Fatalf("%dx%d: %q", width, height, line)
					}
				}
			}
		}
	}
}

func TestDialogTextScrolls(t *testing.T) {
	d := widget.NewDialog(plainTheme(false), question())
	if got := d.View(40, 9); strings.Contains(got, "It counts.") {
		t.Fatalf("nothing to scroll in\n%s", got)
	}
	for range 9 {
		d, _ = d.Update(pressed("pgdown"))
		d.View(40, 9)
	}
	if got := d.View(40, 9); !strings.Contains(got, "It counts.") {
		t.Errorf("not scrolled:\n%s", got)
	}
}

func TestInput(t *testing.T) {
	for _, c := range []struct{ name, keys, want, shown string }{
		{"types", "abc", "abc", "abc_"},
		{"one by one", "a b c", "abc", "abc_"},
		{"inserts", "ac left b", "abc", "abc"},
		{"erases", "abc backspace", "ab", "ab_"},
		{"erases ahead", "abc home delete", "bc", "bc"},
		{"erases a whole character", "ae\u0301 backspace", "a", "a_"},
		{"moves over a whole character", "ae\u0301 left x", "axé", "axe\u0301"},
		{"to the start and the end", "bc home a end d", "abcd", "abcd_"},
		{"all before", "abc left ctrl+u", "c", "c"},
		{"all behind", "abc left left ctrl+k", "a", "a_"},
		{"nothing to erase", "backspace delete left right a", "a", "a_"},
		{"stops at its limit", strings.Repeat("x", 30), strings.Repeat("x", 20), strings.Repeat("x", 20) + "_"},
		{"unsafe runes", "a\x1b[2J\u202e\u200b\u009b\x00\tb", "a[2Jb", "a[2Jb_"},
		{"no key of it pastes", "a ctrl+v b", "ab", "ab_"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := widget.NewInput(plainTheme(false), 20)
			for key := range strings.SplitSeq(c.keys, " ") {
				i = i.Update(pressed(key))
			}
			if i.Value() != c.want || i.View(40, true) != c.shown {
				t.Errorf("value %q, shown %q", i.Value(), i.View(40, true))
			}
		})
	}
}

func TestInputTakesSpacesAndWords(t *testing.T) {
	i := widget.NewInput(plainTheme(false), 100).Set("one two")
	for _, key := range []string{" ", "three four", "ctrl+w", "ctrl+w"} {
		i = i.Update(pressed(key))
	}
	if i.Value() != "one two" || i.View(40, true) != "one two _" {
		t.Errorf("value %q, shown %q", i.Value(), i.View(40, true))
	}
}

// Whatever is typed, the field shows the cursor and stays within its width.
func FuzzInput(f *testing.F) {
	f.Add("plain", 3, 10)
	f.Add("你好e\u0301\u0301\u0301👩\u200d👧", 4, 5)
	f.Fuzz(func(t *testing.T, text string, left, width int) {
		width = max(2, min(width, 200))
		i := widget.NewInput(plainTheme(true), 200)
		i = i.Update(pressed(text))
		for range min(left, 50) {
			i = i.Update(pressed("left"))
		}
		if got := i.View(width, true); uniseg.StringWidth(got) > width {
			t.Fatalf("%q in %d columns: %q", text, width, got)
		}
		if got := i.Value(); safetext.Line(got) != got {
			t.Fatalf("%q is not safe", got)
		}
	})
}
