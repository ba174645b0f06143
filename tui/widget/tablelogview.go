package widget

import (
	"strings"

	"github.com/rivo/uniseg"

	"breakglass/core/view"
	"breakglass/core/words"
)

func (l *LogList) text(id string, data map[string]any) string {
	return words.Text(l.lang, "log."+id, data)
}

// View draws the list, or the line that is open.
func (l *LogList) View(width, height int) string {
	if l.open != nil {
		lines := l.theme.Facts(view.LogDetail("", *l.open), width)
		if len(l.open.Personal) > 0 {
			lines = append(append(lines, ""), l.theme.Wrap(l.text("personal", nil), width)...)
		}
		return l.pager.View(l.theme, lines, height)
	}
	head := []string{l.theme.Text.Render(l.theme.Cut(l.theme.Line(l.status(width)), width))}
	head = append(head, l.filterLines(width, height/3)...)
	if l.table.Len() == 0 {
		return strings.Join(append(head, "", l.theme.Paragraph(l.theme.Text, l.empty(), width)), "\n")
	}
	head = append(head, l.table.View(width, height-len(head)))
	return strings.Join(head, "\n")
}

// status says how long the log is, in which zone times are, and what goes on, as
// far as there is room for it.
func (l *LogList) status(width int) string {
	if !l.fresh {
		return l.text("loading", nil)
	}
	parts := []string{l.text("size", map[string]any{"Count": l.size}), l.text("utc", nil)}
	switch at, _ := l.table.Selected(); {
	case l.cut:
		parts = append(parts, l.text("cut", nil))
	case l.fetching:
		parts = append(parts, l.text("looking", map[string]any{"Before": l.next}))
	case at == 0:
		parts = append(parts, l.text("following", nil))
	}
	for separator := " " + l.theme.Symbols.Separator + " "; ; parts = parts[:len(parts)-1] {
		text := strings.Join(parts, separator)
		if len(parts) == 1 || uniseg.StringWidth(text) <= width {
			return text
		}
	}
}

// filterLines draws the filter, and how to write one while it is typed, in not
// many more than most lines.
func (l *LogList) filterLines(width, most int) []string {
	label := l.text("filter", nil) + " "
	switch {
	case l.typing:
		lines := []string{l.theme.Strong.Render(label) + l.input.View(max(width-len(label), 1), true)}
		help := l.theme.Wrap(l.text("filter.help", nil), width)
		for _, line := range help[:min(len(help), max(most, 1))] {
			lines = append(lines, l.theme.Muted.Render(line))
		}
		return lines
	case l.filter != "":
		return []string{l.theme.Strong.Render(l.theme.Cut(label+l.theme.Line(l.filter), width))}
	}
	return nil
}

// empty says why there is nothing to see.
func (l *LogList) empty() string {
	switch {
	case !l.fresh:
		return ""
	case l.fetching || l.more:
		return l.text("empty.looking", map[string]any{"Before": l.next})
	case l.filter != "":
		return l.text("empty.filter", nil)
	default:
		return l.text("empty", nil)
	}
}
