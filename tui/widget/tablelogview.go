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
		return l.pager.View(l.theme, l.openLines(width), height)
	}
	head := []string{l.theme.Text.Render(l.theme.Cut(l.theme.Line(l.status(width)), width))}
	head = append(head, l.filterLines(width, height)...)
	if l.table.Len() == 0 {
		return strings.Join(append(head, "", l.theme.Paragraph(l.theme.Text, l.empty(), width)), "\n")
	}
	head = append(head, l.table.View(width, height-len(head)))
	return strings.Join(head, "\n")
}

// openLines are those of the line that is open.
func (l *LogList) openLines(width int) []string {
	lines := l.theme.Facts(view.LogDetail("", *l.open), width)
	if len(l.open.Personal) > 0 {
		lines = append(append(lines, ""), l.theme.Wrap(l.text("personal", nil), width)...)
	}
	if l.beside == nil {
		return lines
	}
	above, below := l.beside(*l.open, width)
	if lines = append(append(above, ""), lines...); len(below) > 0 {
		lines = append(append(lines, ""), below...)
	}
	return lines
}

// status says what goes on, how long the log is and in which zone times are, as
// far as there is room for it.
func (l *LogList) status(width int) string {
	if !l.fresh {
		return l.text("loading", nil)
	}
	at := l.progress()
	switch {
	case l.searching():
		return l.text("searching", at)
	case l.paused && (l.lower > 0 || l.cut):
		return l.text("stopped", at)
	}
	parts := []string{l.text("size", map[string]any{"Count": l.size}), l.text("utc", nil)}
	switch at, _ := l.table.Selected(); {
	case l.cut:
		parts = append(parts, l.text("cut", nil))
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

// progress is how far a search has come.
func (l *LogList) progress() map[string]any {
	line := l.lower
	if line == 0 {
		line = l.upper
	}
	return map[string]any{"Line": line, "Percent": l.searched(), "Count": len(l.lines)}
}

// filterLines draws what is looked for, or what is being typed and how, in a part
// of the height that leaves room for a line of the list.
func (l *LogList) filterLines(width, height int) []string {
	most := max(height/3, 1)
	switch l.typing {
	case typingFilter:
		return l.typingLines(l.text("filter", nil), l.text("filter.help", nil), width, height)
	case typingNumber:
		return l.typingLines(l.text("jump", nil), l.text("jump.help", nil), width, height)
	}
	if !l.Filtered() {
		return nil
	}
	lines := l.theme.Wrap(l.text("only", map[string]any{"Filter": view.LogFilter(l.lang, l.query)}), width)
	if len(lines) > most {
		lines = append(lines[:most-1], l.theme.Cut(strings.Join(lines[most-1:], " "), width))
	}
	for i, line := range lines {
		lines[i] = l.theme.Strong.Render(line)
	}
	return lines
}

func (l *LogList) typingLines(label, help string, width, height int) []string {
	label += " "
	lines := []string{l.theme.Strong.Render(label) + l.input.View(max(width-uniseg.StringWidth(label), 1), true)}
	if l.wrong != "" {
		wrong := strings.Split(l.theme.Marked(l.theme.Bad, l.theme.Symbols.Failed, l.wrong, width), "\n")
		return append(lines, wrong[:min(len(wrong), max(height-4, 1))]...) // the status, the field and two of the table
	}
	wrapped := l.theme.Wrap(help, width)
	for _, line := range wrapped[:min(len(wrapped), max(height/3, 1))] {
		lines = append(lines, l.theme.Muted.Render(line))
	}
	return lines
}

// empty says why there is nothing to see.
func (l *LogList) empty() string {
	switch {
	case !l.fresh:
		return ""
	case l.paused:
		return l.text("empty.stopped", nil)
	case l.busy || l.lower > 0 || l.cut:
		return l.text("empty.looking", nil)
	case l.Filtered():
		return l.text("empty.filter", nil)
	default:
		return l.text("empty", nil)
	}
}
