package owner

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/rivo/uniseg"

	"breakglass/tui/widget"
)

const (
	// readable is the width beyond which lines of text become hard to follow.
	readable = 92
	// roomy is the height of a body from which paragraphs get a line between.
	roomy = 14
)

// body collects the lines of a page.
type body struct {
	theme  widget.Theme
	width  int // of text
	window int // columns that there are
	height int
	roomy  bool
	lines  []string
	folded bool // it was said what rows of one line are
}

func newBody(theme widget.Theme, width, height int) *body {
	return &body{theme: theme, width: max(min(width, readable), 1), window: width, height: height, roomy: height >= roomy}
}

// gap puts an empty line where there is room for one.
func (b *body) gap() {
	if b.roomy && len(b.lines) > 0 {
		b.lines = append(b.lines, "")
	}
}

func (b *body) add(text string) { b.lines = append(b.lines, strings.Split(text, "\n")...) }

// say adds a paragraph.
func (b *body) say(text string) { b.styled(b.theme.Text, text) }

// quiet adds a paragraph that may be overlooked.
func (b *body) quiet(text string) { b.styled(b.theme.Muted, text) }

func (b *body) styled(style lipgloss.Style, text string) {
	if text == "" {
		return
	}
	b.gap()
	b.add(b.theme.Paragraph(style, text, b.width))
}

// next adds the one sentence that says what to do now.
func (b *body) next(text string) {
	b.gap()
	b.add(b.theme.Marked(b.theme.Strong, b.theme.Symbols.Cursor, text, b.width))
}

func (b *body) good(text string) {
	b.gap()
	b.add(b.theme.Marked(b.theme.Good, b.theme.Symbols.Tick, text, b.width))
}

func (b *body) bad(text string) {
	b.gap()
	b.add(b.theme.Marked(b.theme.Bad, b.theme.Symbols.Failed, text, b.width))
}

func (b *body) warn(text string) {
	b.gap()
	b.add(b.theme.Marked(b.theme.Warn, b.theme.Symbols.Warn, text, b.width))
}

// item adds one line of a list, without a gap.
func (b *body) item(sign, text string) {
	b.add(b.theme.Marked(b.theme.Text, sign, text, b.width))
}

// line adds a short line without a gap.
func (b *body) line(text string) {
	b.add(b.theme.Paragraph(b.theme.Text, text, b.width))
}

// copyable adds a line that is selected and copied: alone, without frame or
// indent. A window that is too narrow for it shows all of it in rows.
func (b *body) copyable(text string) {
	for _, row := range fold(text, b.window) {
		b.add(b.theme.Code.Render(row))
	}
}

// command adds a line to type or paste in a shell, and says of the first on a
// page that stands in rows that it is one line.
func (b *body) command(text, oneLine string) {
	b.copyable(text)
	if uniseg.StringWidth(text) > b.window && !b.folded {
		b.folded = true
		b.warn(oneLine)
	}
}

// sum adds a SHA-256, which is compared by eye: where a window is too narrow for all of
// it, in two halves, as one that is cut off looks like a whole one.
func (b *body) sum(text string) {
	if half := len(text) / 2; len(text) > b.window && half <= b.window {
		b.copyable(text[:half])
		text = text[half:]
	}
	b.copyable(text)
}

// asks adds a sentence and the field that it asks for, the field first where
// there is no room to spare: it must stay in sight under a long problem.
func (b *body) asks(lead, name string, input widget.Input, width int) {
	if b.roomy {
		b.say(lead)
	}
	b.field(name, input, width)
	if !b.roomy {
		b.say(lead)
	}
}

// choices adds a list that is chosen from. Where there is no room for all of it,
// each takes one line and those around the cursor show.
func (b *body) choices(texts []string, cursor int) {
	b.gap()
	from, to := 0, len(texts)
	if room := max(b.height-len(b.lines)-1, 1); !b.roomy && len(texts) > room {
		from = min(max(cursor-room/2, 0), len(texts)-room)
		to = from + room
	}
	for i, text := range texts[from:to] {
		sign, style := " ", b.theme.Text
		if from+i == cursor {
			sign, style = b.theme.Symbols.Cursor, b.theme.Selected
		}
		if !b.roomy {
			text = b.theme.Cut(b.theme.Line(text), b.width-2)
		}
		b.add(b.theme.Marked(style, sign, text, b.width))
	}
}

// field adds a field between brackets.
func (b *body) field(name string, input widget.Input, width int) {
	b.gap()
	b.line(name)
	inside := max(min(width, b.width-4), 1)
	text := input.View(inside, true)
	b.add("[ " + text + strings.Repeat(" ", max(0, inside-lipgloss.Width(text))) + " ]")
}

func (b *body) String() string { return strings.Join(b.lines, "\n") }
