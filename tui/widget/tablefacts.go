package widget

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/rivo/uniseg"

	"breakglass/core/view"
)

// narrowFacts is the width below which a value stands under its name.
const narrowFacts = 60

// Facts draws a table of names and values, the values wrapped beside their names
// or, in a narrow window, under them.
func (t Theme) Facts(table view.Table, width int) []string {
	names := 0
	for _, row := range table.Rows {
		names = max(names, uniseg.StringWidth(row[0]))
	}
	var lines []string
	for _, row := range table.Rows {
		name, value := t.Line(row[0]), t.signs(strings.Join(row[1:], " "))
		if short := name + ": " + value; width < narrowFacts && uniseg.StringWidth(short) <= width {
			lines = append(lines, t.Muted.Render(name+": ")+t.Text.Render(value))
			continue
		}
		if width < narrowFacts {
			lines = append(lines, t.Muted.Render(t.Cut(name+":", width)))
			lines = append(lines, t.lines(value, "  ", width)...)
			continue
		}
		indent := strings.Repeat(" ", names+len(columnGap))
		values := t.lines(value, indent, width)
		values[0] = t.Muted.Render(view.Pad(name, names)) + columnGap + t.Text.Render(strings.TrimPrefix(values[0], indent))
		lines = append(lines, values...)
	}
	return lines
}

// lines wraps a text into indented lines.
func (t Theme) lines(text, indent string, width int) []string {
	lines := t.Wrap(text, max(width-len(indent), 1))
	for i := range lines {
		lines[i] = indent + lines[i]
	}
	return lines
}

// Pager shows lines that may be more than fit, from the one that it was scrolled
// to. Only Update scrolls; View notes how far that can go.
type Pager struct {
	top  int
	seen *pageSeen
}

// pageSeen is what the last View had: lines to show and room for them.
type pageSeen struct{ lines, room int }

// NewPager makes a pager at the top.
func NewPager() Pager { return Pager{seen: &pageSeen{}} }

// Update scrolls, and reports whether the key was one of the pager's.
func (p Pager) Update(msg tea.KeyMsg) (Pager, bool) {
	page := max(p.seen.room-1, 1)
	switch msg.String() {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup":
		p.top -= page
	case "pgdown", " ":
		p.top += page
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = p.seen.lines
	default:
		return p, false
	}
	p.top = max(0, min(p.top, p.seen.lines-p.seen.room))
	return p, true
}

// View draws the lines that there is room for; the last one of height says when
// there are more.
func (p Pager) View(t Theme, lines []string, height int) string {
	height = max(height, 2)
	*p.seen = pageSeen{lines: len(lines), room: height}
	if len(lines) <= height {
		return strings.Join(lines, "\n")
	}
	p.seen.room = height - 1
	top := max(0, min(p.top, len(lines)-p.seen.room))
	end := top + p.seen.room
	mark := t.Symbols.Less
	if end < len(lines) {
		mark = t.Symbols.More
		if top > 0 {
			mark = t.Symbols.Less + " " + t.Symbols.More
		}
	}
	return strings.Join(append(append([]string{}, lines[top:end]...), t.Muted.Render(mark)), "\n")
}

// Signs spells our own signs for a terminal that announced no UTF-8. The text
// must be safe already.
func (t Theme) Signs(text string) string { return t.signs(text) }
