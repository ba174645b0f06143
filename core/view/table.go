package view

import (
	"strings"

	"github.com/rivo/uniseg"

	"breakglass/core/safetext"
)

// Table is a list as people read it: a heading, if any, and rows of cells. The
// cells are safe to show. A row may be shorter than the heading.
type Table struct {
	Head []string
	Rows [][]string
}

// gap stands between two columns.
const gap = "  "

// Text lays the table out in aligned columns, one row a line, each line ended
// by a newline and without trailing spaces. Where width is above 0, lines are
// cut to that many terminal columns; 0 cuts nothing, for pipes and files.
func (t Table) Text(width int) string {
	widths := t.Widths()
	var b strings.Builder
	rows := t.Rows
	if len(t.Head) > 0 {
		rows = append([][]string{t.Head}, rows...)
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(gap)
			}
			line.WriteString(Pad(cell, widths[i]))
		}
		text := strings.TrimRight(line.String(), " ")
		if width > 0 {
			text = Cut(text, width)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// Widths returns the columns that each column of the table needs.
func (t Table) Widths() []int {
	var widths []int
	measure := func(row []string) {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	measure(t.Head)
	for _, row := range t.Rows {
		measure(row)
	}
	return widths
}

// Pad fills a text with spaces up to width terminal columns.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}

// Cut shortens a text to width terminal columns, between graphemes, and marks
// the cut with "…".
func Cut(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	var b strings.Builder
	room := width - 1
	for g := uniseg.NewGraphemes(text); g.Next() && g.Width() <= room; room -= g.Width() {
		b.WriteString(g.Str())
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// cell makes one text of a peer fit to stand in a table; an empty one is
// [Nothing], so that columns stay readable for eyes and for awk.
func cell(text string) string {
	if text = safetext.Line(text); text != "" {
		return text
	}
	return Nothing
}

// pairs is a table of names and values.
type pairs [][]string

// add appends a row where there is a value.
func (p *pairs) add(name, value string) {
	if value != "" && value != Nothing {
		*p = append(*p, []string{name, value})
	}
}
