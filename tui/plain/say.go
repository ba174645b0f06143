package plain

import (
	"io"
	"regexp"
	"strings"

	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/wizard"
)

// The width of a line, but for a command that is copied whole: in a window that is
// narrower no word is cut in two, and no line is so short that nothing fits.
const (
	maxWidth = 72
	minWidth = 20
)

// lineWidth is how wide lines are on a terminal of that many columns; 0: unknown.
func lineWidth(columns int) int {
	if columns <= 0 {
		return maxWidth
	}
	return min(max(columns, minWidth), maxWidth)
}

// printer writes lines. Its first error is the last: nothing is written after.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) write(text string) {
	if p.err == nil && text != "" {
		_, p.err = io.WriteString(p.w, text)
	}
}

// signs spells what a screen reader stumbles over, and an old terminal lacks.
var signs = strings.NewReplacer(
	"•••••", "***", "•", "*", "…", "...", "→", "->", "–", "-", "—", "-", "’", "'", "‘", "'", "“", `"`, "”", `"`, "·", ",", "×", "x",
)

// sentenceEnd is where a new sentence begins a new line.
var sentenceEnd = regexp.MustCompile(`([.?!]["”]?) +([“"\p{Lu}])`)

// text is a text of the catalogue, as one line for the person's language.
func (s *session) text(id string, data map[string]any) string {
	return words.Text(s.state.Lang, id, data)
}

// say writes sentences, each on a line of its own. What peers wrote was made
// safe on its way into the texts, and is once more here.
func (s *session) say(texts ...string) {
	for _, text := range texts {
		for sentence := range strings.SplitSeq(sentenceEnd.ReplaceAllString(text, "$1\n$2"), "\n") {
			s.item("", sentence)
		}
	}
}

// tell says texts of the catalogue that all take the same values.
func (s *session) tell(data map[string]any, ids ...string) {
	for _, id := range ids {
		s.say(s.text(id, data))
	}
}

// item writes a line of a list; its further lines stand under the first.
func (s *session) item(lead, text string) {
	indent := strings.Repeat(" ", len(lead))
	for i, line := range view.Wrap(signs.Replace(text), s.width-len(lead)) {
		if i > 0 {
			lead = indent
		}
		s.out.write(lead + safetext.Line(line) + "\n")
	}
}

// copyable writes a line that is copied: whole and alone, however long.
func (s *session) copyable(line string) { s.out.write("\n" + line + "\n\n") }

// gap begins a new page.
func (s *session) gap() { s.out.write("\n") }

// call says whom to call.
func (s *session) call() {
	s.tell(map[string]any{"Call": wizard.Whom(s.state)}, "owner.call")
}

// sentence says what an error means to an owner.
func (s *session) sentence(err error) string { return view.Sentence(s.state.Lang, err) }
