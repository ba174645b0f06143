package widget

import (
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/rivo/uniseg"

	"breakglass/core/safetext"
)

// Input is one line being typed. It takes the characters that are safe to show
// and drops the rest of a paste. No key of it reads a clipboard: that would be
// the server's.
type Input struct {
	theme         Theme
	limit         int
	before, after string // the cursor
}

// NewInput makes an empty one that holds up to limit characters.
func NewInput(theme Theme, limit int) Input { return Input{theme: theme, limit: limit} }

// Set replaces the text and puts the cursor behind it.
func (i Input) Set(text string) Input {
	i.before, i.after = safetext.Line(text), ""
	return i
}

// Value is what was typed, as one safe line.
func (i Input) Value() string { return safetext.Line(i.before + i.after) }

// Update takes a key.
func (i Input) Update(msg tea.KeyMsg) Input {
	switch msg.String() {
	case "left", "ctrl+b":
		kept, last := cutLast(i.before)
		i.before, i.after = kept, last+i.after
	case "right", "ctrl+f":
		first, rest := cutFirst(i.after)
		i.before, i.after = i.before+first, rest
	case "home", "ctrl+a":
		i.before, i.after = "", i.before+i.after
	case "end", "ctrl+e":
		i.before, i.after = i.before+i.after, ""
	case "backspace", "ctrl+h":
		i.before, _ = cutLast(i.before)
	case "delete", "ctrl+d":
		_, i.after = cutFirst(i.after)
	case "ctrl+u":
		i.before = ""
	case "ctrl+k":
		i.after = ""
	case "ctrl+w", "alt+backspace":
		word := strings.TrimRight(i.before, " ")
		i.before = word[:strings.LastIndex(word, " ")+1]
	default:
		if (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace) && !msg.Alt {
			i.before += i.takeable(msg.Runes)
		}
	}
	return i
}

// takeable keeps the first of the runes that a safe line may hold, as many as
// there is room for.
func (i Input) takeable(runes []rune) string {
	room := i.limit - utf8.RuneCountInString(i.before) - utf8.RuneCountInString(i.after)
	var keep strings.Builder
	for _, r := range runes {
		if room <= 0 {
			break
		}
		if one := "x" + string(r); r == ' ' || safetext.Line(one) == one {
			keep.WriteRune(r)
			room--
		}
	}
	return keep.String()
}

// cutLast takes the last character, as people count them, off a text.
func cutLast(text string) (kept, last string) {
	for rest, state := text, -1; rest != ""; {
		kept = text[:len(text)-len(rest)]
		last, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
	}
	return kept, last
}

// cutFirst takes the first one.
func cutFirst(text string) (first, rest string) {
	first, rest, _, _ = uniseg.FirstGraphemeClusterInString(text, -1)
	return first, rest
}

// View draws the text in width columns, with the cursor where the field has the
// keys.
func (i Input) View(width int, focused bool) string {
	before, at, after := i.theme.signs(i.before), "_", ""
	if i.after != "" {
		at, after = cutFirst(i.theme.signs(i.after))
	}
	if !focused {
		return i.theme.Text.Render(i.theme.Cut(i.theme.signs(i.before+i.after), width))
	}
	room := max(width-uniseg.StringWidth(at), 0)
	for uniseg.StringWidth(before) > room {
		_, before = cutFirst(before)
	}
	room -= uniseg.StringWidth(before)
	return i.theme.Text.Render(before) + i.theme.Selected.Render(at) + i.theme.Text.Render(leading(after, room))
}

// leading returns the start of a text that is at most width columns wide.
func leading(text string, width int) string {
	var b strings.Builder
	for g := uniseg.NewGraphemes(text); g.Next() && g.Width() <= width; width -= g.Width() {
		b.WriteString(g.Str())
	}
	return b.String()
}

// printed is the width of a styled text.
func printed(text string) int { return lipgloss.Width(text) }
