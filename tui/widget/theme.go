package widget

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/rivo/uniseg"

	"breakglass/core/safetext"
)

// Theme is how everything looks on one terminal. All its styles are bound to
// that terminal's renderer; derive others from them, never from lipgloss's own
// NewStyle. Copying it is fine, it does not change.
type Theme struct {
	Title    lipgloss.Style // the name of a screen
	Text     lipgloss.Style // plain sentences
	Muted    lipgloss.Style // what may be overlooked
	Strong   lipgloss.Style // what must not be overlooked
	Good     lipgloss.Style // with Symbols.Tick
	Warn     lipgloss.Style // with Symbols.Warn
	Bad      lipgloss.Style // with Symbols.Failed
	Key      lipgloss.Style // the name of a key
	Code     lipgloss.Style // what is typed or compared letter by letter
	Selected lipgloss.Style // the line under the cursor, with Symbols.Cursor
	Border   lipgloss.Style // rules and frames
	Symbols  Symbols
	Box      lipgloss.Border // of frames, rounded or ASCII
	utf8     bool
}

// Symbols are the signs that stand beside colours. All are one column wide,
// except for ASCII's Ellipsis, More and Less.
type Symbols struct {
	Tick, Running, Waiting, Failed, Warn string
	Cursor, Bullet, Ellipsis             string
	BarFull, BarEmpty                    string
	Rule, Separator                      string // a line across, between two words
	More, Less                           string // text goes on below, above
}

var unicodeSymbols = Symbols{
	Tick: "✓", Running: "▸", Waiting: "·", Failed: "✗", Warn: "!",
	Cursor: "›", Bullet: "•", Ellipsis: "…",
	BarFull: "█", BarEmpty: "░",
	Rule: "─", Separator: "·",
	More: "↓", Less: "↑",
}

var asciiSymbols = Symbols{
	Tick: "+", Running: ">", Waiting: ".", Failed: "x", Warn: "!",
	Cursor: ">", Bullet: "*", Ellipsis: "...",
	BarFull: "#", BarEmpty: "-",
	Rule: "-", Separator: "|",
	More: "v", Less: "^",
}

var asciiBox = lipgloss.Border{
	Top: "-", Bottom: "-", Left: "|", Right: "|",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	MiddleLeft: "+", MiddleRight: "+", Middle: "+", MiddleTop: "+", MiddleBottom: "+",
}

// NewTheme makes the theme of one terminal. The colours are those of the basic
// eight that can be read on dark and on light; white, black and grey are not
// used, since each of them vanishes on some background.
func NewTheme(r *lipgloss.Renderer, utf8 bool) Theme {
	plain := r.NewStyle()
	t := Theme{
		Title:    plain.Bold(true),
		Text:     plain,
		Muted:    plain.Faint(true),
		Strong:   plain.Bold(true),
		Good:     plain.Foreground(lipgloss.ANSIColor(2)),
		Warn:     plain.Foreground(lipgloss.ANSIColor(5)).Bold(true),
		Bad:      plain.Foreground(lipgloss.ANSIColor(1)).Bold(true),
		Key:      plain.Bold(true),
		Code:     plain.Foreground(lipgloss.ANSIColor(6)).Bold(true),
		Selected: plain.Reverse(true),
		Border:   plain.Faint(true),
		Symbols:  asciiSymbols,
		Box:      asciiBox,
		utf8:     utf8,
	}
	if utf8 {
		t.Symbols, t.Box = unicodeSymbols, lipgloss.RoundedBorder()
	}
	return t
}

// plainSigns spells the signs of our own texts and of masked addresses for
// terminals that announced no UTF-8. Letters stay: most such terminals show
// them all the same.
var plainSigns = strings.NewReplacer(
	"…", "...", "•", "*", "→", "->", "–", "-", "—", "-", "’", "'", "‘", "'", "“", `"`, "”", `"`, "·", "|", "×", "x", "≥", ">=", "≤", "<=",
)

// Line makes a text of anybody fit to be drawn as one line.
func (t Theme) Line(text string) string { return t.signs(safetext.Line(text)) }

// signs spells our own signs for terminals without UTF-8.
func (t Theme) signs(text string) string {
	if t.utf8 {
		return text
	}
	return plainSigns.Replace(text)
}

// Cut shortens an unstyled text to width columns, between graphemes, and marks
// the cut.
func (t Theme) Cut(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	mark := t.Symbols.Ellipsis
	room := width - uniseg.StringWidth(mark)
	if room < 0 {
		return ""
	}
	var b strings.Builder
	for g := uniseg.NewGraphemes(text); g.Next() && g.Width() <= room; room -= g.Width() {
		b.WriteString(g.Str())
	}
	return strings.TrimRight(b.String(), " ") + mark
}

// Wrap breaks an unstyled text into lines of at most width columns, between
// words where it can. Line breaks of the text stay, and a line's own leading
// spaces are repeated on the lines that it breaks into.
func (t Theme) Wrap(text string, width int) []string {
	var out []string
	for line := range strings.SplitSeq(t.signs(text), "\n") {
		out = append(out, wrapLine(line, max(width, 1))...)
	}
	return out
}

// wrapLine breaks one line.
func wrapLine(line string, width int) []string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return []string{""}
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	if len(indent) >= width/2 {
		indent = ""
	}
	var out []string
	now, used := indent, len(indent)
	for _, word := range words {
		for _, part := range split(word, width-len(indent)) {
			size := uniseg.StringWidth(part)
			switch {
			case used == len(indent):
			case used+1+size <= width:
				now, used = now+" ", used+1
			default:
				out = append(out, now)
				now, used = indent, len(indent)
			}
			now, used = now+part, used+size
		}
	}
	return append(out, now)
}

// split cuts a word that is wider than a line into parts that are not.
func split(word string, width int) []string {
	if uniseg.StringWidth(word) <= width {
		return []string{word}
	}
	var out []string
	var part strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(word); g.Next(); {
		if used > 0 && used+g.Width() > width {
			out = append(out, part.String())
			part.Reset()
			used = 0
		}
		part.WriteString(g.Str())
		used += g.Width()
	}
	return append(out, part.String())
}

// Paragraph draws a text in a style, wrapped to width.
func (t Theme) Paragraph(style lipgloss.Style, text string, width int) string {
	lines := t.Wrap(text, width)
	for i, line := range lines {
		if line != "" {
			lines[i] = style.Render(line)
		}
	}
	return strings.Join(lines, "\n")
}

// Marked draws a text behind a sign, its further lines indented to match:
// "✓ The backup is complete."
func (t Theme) Marked(style lipgloss.Style, sign, text string, width int) string {
	indent := uniseg.StringWidth(sign) + 1
	lines := t.Wrap(text, max(width-indent, 1))
	for i, line := range lines {
		lead := strings.Repeat(" ", indent)
		if i == 0 {
			lead = sign + " "
		}
		lines[i] = style.Render(lead + line)
	}
	return strings.Join(lines, "\n")
}
