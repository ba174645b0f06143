package widget_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"breakglass/core/view"
	"breakglass/tui/widget"
)

// plainTheme draws text alone, so that a test can read it.
func plainTheme(utf8 bool) widget.Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return widget.NewTheme(r, utf8)
}

// pressed is a key by its name, or letters that came at once.
func pressed(name string) tea.KeyMsg {
	for kind := tea.KeyType(-100); kind < 128; kind++ {
		if msg := (tea.KeyMsg{Type: kind}); kind != tea.KeyRunes && msg.String() == name && name != "" {
			if kind == tea.KeySpace {
				msg.Runes = []rune(" ")
			}
			return msg
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// numbers are rows n0 to n(len-1), and count how many of them were drawn.
func numbers(from, to int, drawn *int) widget.Rows {
	return widget.Rows{
		Len: to - from,
		Key: func(i int) string { return fmt.Sprint(from + i) },
		Cells: func(i int) []string {
			*drawn++
			return []string{fmt.Sprintf("n%d", from+i), "second", "third"}
		},
	}
}

func threeColumns() widget.Table {
	return widget.NewTable(plainTheme(false),
		widget.Column{Head: "One", Width: 8},
		widget.Column{Head: "Two", Width: 8, Grow: true, Rank: 1},
		widget.Column{Head: "Three", Width: 8, Rank: 2},
	)
}

func TestTableDrawsWhatShowsAndNoMore(t *testing.T) {
	drawn := 0
	table := threeColumns().SetRows(numbers(0, 1_000_000, &drawn))
	for _, key := range []string{"down", "pgdown", "end", "pgup", "up", "home"} {
		table, _ = table.Update(pressed(key))
		if got := table.View(60, 11); strings.Count(got, "\n") != 10 || !strings.Contains(got, "> n") {
			t.Errorf("after %s:\n%s", key, got)
		}
	}
	if drawn != 60 {
		t.Errorf("%d rows drawn in six views of ten", drawn)
	}
}

func TestTableKeepsTheSelection(t *testing.T) {
	for _, c := range []struct {
		name      string
		follow    bool
		keys      string
		from, to  int // the rows after the change, before it 100 to 200
		selection int
	}{
		{"rows above", false, "down down", 50, 200, 102},
		{"rows above the first", false, "", 50, 200, 100},
		{"rows above the newest, followed", true, "", 50, 200, 50},
		{"rows above another, followed", true, "down", 50, 200, 101},
		{"rows gone above", false, "end", 150, 200, 199},
		{"the row itself gone", false, "down down", 150, 200, 152},
		{"the row and those behind it gone", false, "end", 100, 120, 119},
		{"all gone", false, "end", 0, 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			drawn := 0
			table := threeColumns()
			if c.follow {
				table = table.Follow(true)
			}
			table = table.SetRows(numbers(100, 200, &drawn))
			for key := range strings.FieldsSeq(c.keys) {
				table, _ = table.Update(pressed(key))
			}
			table = table.SetRows(numbers(c.from, c.to, &drawn))
			got := -1
			if i, ok := table.Selected(); ok {
				got = c.from + i
			}
			if got != c.selection {
				t.Errorf("on %d, want %d", got, c.selection)
			}
		})
	}
}

func TestTableFitsEveryWidth(t *testing.T) {
	for _, utf8 := range []bool{false, true} {
		table := widget.NewTable(plainTheme(utf8),
			widget.Column{Head: "Eins", Width: 8},
			widget.Column{Head: "Zwei", Width: 8, Grow: true, Rank: 1},
			widget.Column{Head: "Drei", Width: 8, Rank: 2},
		).SetRows(widget.Rows{
			Len: 3,
			Key: func(i int) string { return fmt.Sprint(i) },
			Cells: func(int) []string {
				return []string{"你好你好你好", "long enough to be cut…", "\x1b[2J\u202e\n"}
			},
		})
		for width := 1; width < 100; width++ {
			got := table.View(width, 10)
			if strings.ContainsAny(got, "\x1b\u202e") || strings.Count(got, "\n") != 3 {
				t.Fatalf("width %d: %q", width, got)
			}
			for line := range strings.SplitSeq(got, "\n") {
				if lipgloss.Width(line) > width {
					t.Fatalf("width %d: %q", width, line)
				}
			}
			if strings.Contains(got, "Drei") != (width >= 30) || strings.Contains(got, "Zwei") != (width >= 20) {
				t.Errorf("width %d:\n%s", width, got)
			}
		}
	}
}

func TestFactsWrapBesideOrUnderTheirNames(t *testing.T) {
	facts := view.Table{Rows: [][]string{{"Name", "value"}, {"Longer name", strings.Repeat("word ", 20) + "end"}}}
	want := []string{
		"Name         value",
		"Longer name  word word word word word word word word word word word word word",
		"             word word word word word word word end",
	}
	if got := plainTheme(false).Facts(facts, 78); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	want = []string{"Name: value", "Longer name:", "  word word word word word word word", "  word word word word word word word", "  word word word word word word end"}
	if got := plainTheme(false).Facts(facts, 40); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestPagerReachesBothEnds(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("line %d.", i))
	}
	theme, p := plainTheme(false), widget.NewPager()
	see := func(keys, has, not string) {
		t.Helper()
		for key := range strings.FieldsSeq(keys) {
			p, _ = p.Update(pressed(key))
		}
		if got := p.View(theme, lines, 10); !strings.Contains(got, has) || strings.Contains(got, not) || strings.Count(got, "\n") != 9 {
			t.Errorf("after %q:\n%s", keys, got)
		}
	}
	see("", "line 8.", "line 9.")
	see("down", "line 9.", "line 0.")
	see("end", "line 29.", "line 20.")
	see("down down down up", "line 28.", "line 29.") // no key is lost beyond the end
	see("pgup pgup pgup pgup pgup", "line 0.", "line 9.")
	see("end home", "line 0.", "line 9.")
	if got := p.View(theme, lines[:10], 10); got != strings.Join(lines[:10], "\n") {
		t.Errorf("all of it:\n%s", got)
	}
}
