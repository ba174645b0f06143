package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// columnsOf is how wide the terminal is that w writes to; 0: it is none.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// say writes lines of text, folded where w is a terminal that they are too long for.
func say(w io.Writer, text string) { fmt.Fprint(w, inColumns(text, columnsOf(w))) }

// itemLead is what the further lines of an item stand behind: its indent and its sign.
var itemLead = regexp.MustCompile(`^ *(?:(?:[-✓!✗]|[0-9]+\.) )?`)

// inColumns breaks lines that are wider than so many columns between words, never
// within one: a path or an address that is too long stays whole. Further lines stand
// under the first word of an item. No columns leave all as it is.
func inColumns(text string, columns int) string {
	if columns <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if uniseg.StringWidth(line) > columns {
			lines[i] = lineInColumns(line, columns)
		}
	}
	return strings.Join(lines, "\n")
}

func lineInColumns(line string, columns int) string {
	lead := itemLead.FindString(line)
	indent := strings.Repeat(" ", uniseg.StringWidth(lead))
	var out strings.Builder
	out.WriteString(lead)
	used := len(indent)
	for i, word := range strings.Fields(line[len(lead):]) {
		width := uniseg.StringWidth(word)
		switch {
		case i == 0:
		case used+1+width > columns:
			out.WriteString("\n" + indent)
			used = len(indent)
		default:
			out.WriteByte(' ')
			used++
		}
		out.WriteString(word)
		used += width
	}
	return out.String()
}
