package widget

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/rivo/uniseg"

	"breakglass/core/view"
)

// Question is what a [Dialog] asks before a dangerous act, all of it in the
// person's language and safe to show.
type Question struct {
	Text     []string // what will happen, a paragraph each
	Reason   string   // names the field for the reason
	Name     string   // names the field that Want must be typed into
	Want     string
	Act      string // what the act is called
	Cancel   string
	Working  string // shown while the act is under way
	NoReason string // shown when the reason is missing
	NotName  string // shown when the typed name is another
}

// Answer is how far a dialog has come.
type Answer int

// The answers.
const (
	Asking Answer = iota
	Cancelled
	Confirmed
)

// The places that have the keys, in their order. Cancel comes before the act, so
// that pressing Enter again and again cancels.
const (
	onReason = iota
	onName
	onCancel
	onAct
	places
)

// Dialog asks for a reason and for the name of what is concerned, and then
// whether to go on. It goes on only when the act itself is chosen and the name
// is right.
type Dialog struct {
	theme   Theme
	ask     Question
	reason  Input
	name    Input
	text    Pager
	at      int
	working bool
	problem string
}

// NewDialog makes a dialog that nothing has been typed into.
func NewDialog(theme Theme, ask Question) Dialog {
	return Dialog{theme: theme, ask: ask, reason: NewInput(theme, 200), name: NewInput(theme, 64), text: NewPager()}
}

// Reason is what was typed as the reason.
func (d Dialog) Reason() string { return d.reason.Value() }

// Working marks the act as under way, or as ended in vain, so that it can be
// tried again.
func (d Dialog) Working(on bool) Dialog { d.working = on; return d }

// Update takes a key. While the act is under way none does anything.
func (d Dialog) Update(msg tea.KeyMsg) (Dialog, Answer) {
	if d.working {
		return d, Asking
	}
	switch msg.String() {
	case "esc":
		return d, Cancelled
	case "tab", "down":
		d.at = (d.at + 1) % places
		return d, Asking
	case "shift+tab", "up":
		d.at = (d.at + places - 1) % places
		return d, Asking
	case "pgup", "pgdown":
		d.text, _ = d.text.Update(msg)
		return d, Asking
	case "enter":
		return d.enter()
	}
	d.problem = ""
	switch d.at {
	case onReason:
		d.reason = d.reason.Update(msg)
	case onName:
		d.name = d.name.Update(msg)
	default:
		if k := msg.String(); k == "left" || k == "right" {
			d.at = onCancel + onAct - d.at
		}
	}
	return d, Asking
}

// enter goes on to the next field, or answers.
func (d Dialog) enter() (Dialog, Answer) {
	switch {
	case d.at == onCancel:
		return d, Cancelled
	case d.at != onAct:
		d.at++
		return d, Asking
	case d.reason.Value() == "":
		d.problem, d.at = d.ask.NoReason, onReason
		return d, Asking
	case d.name.Value() != d.ask.Want:
		d.problem, d.at = d.ask.NotName, onName
		return d, Asking
	}
	d.working = true
	return d, Confirmed
}

// View draws the dialog. Where the window is too low for all of the text, page
// keys scroll it, and what is wrong goes first; the fields and the choice always
// show.
func (d Dialog) View(width, height int) string {
	below := d.fields(width)
	switch {
	case d.working:
		below = append(below, d.theme.Marked(d.theme.Strong, d.theme.Symbols.Running, d.ask.Working, width))
	default:
		below = append(below, d.choice(width))
	}
	if d.problem != "" {
		below = append(below, d.theme.Marked(d.theme.Bad, d.theme.Symbols.Failed, d.problem, width))
	}
	foot := strings.Join(below, "\n")
	var text []string
	for n, paragraph := range d.ask.Text {
		if n > 0 && height >= roomy {
			text = append(text, "")
		}
		text = append(text, d.theme.Wrap(paragraph, width)...)
	}
	if height >= roomy {
		foot = "\n" + foot
	}
	room := height - strings.Count(foot, "\n") - 1
	if room < 2 {
		return foot
	}
	return d.text.View(d.theme, text, room) + "\n" + foot
}

// roomy is the height from which a dialog has lines to spare.
const roomy = 16

// fields draws the two fields, each behind its name where there is room.
func (d Dialog) fields(width int) []string {
	names := max(uniseg.StringWidth(d.ask.Reason), uniseg.StringWidth(d.ask.Name))
	var lines []string
	for at, input := range []Input{onReason: d.reason, onName: d.name} {
		name := []string{onReason: d.ask.Reason, onName: d.ask.Name}[at]
		mark, style := " ", d.theme.Text
		if d.at == at {
			mark, style = d.theme.Symbols.Cursor, d.theme.Strong
		}
		if width < narrowFacts {
			lines = append(lines, style.Render(d.theme.Cut(mark+" "+name, width)), "  "+d.box(input, width-2, d.at == at))
			continue
		}
		lead := mark + " " + view.Pad(name, names) + "  "
		lines = append(lines, style.Render(lead)+d.box(input, width-uniseg.StringWidth(lead), d.at == at))
	}
	return lines
}

// box draws a field between brackets, so that it shows without colour.
func (d Dialog) box(input Input, width int, focused bool) string {
	inside := max(width-2, 1)
	text := input.View(inside, focused && !d.working)
	return "[" + text + strings.Repeat(" ", max(0, inside-printed(text))) + "]"
}

// choice draws Cancel and the act.
func (d Dialog) choice(width int) string {
	button := func(at int, label string) string {
		if d.at == at {
			return d.theme.Selected.Render(d.theme.Symbols.Cursor + "[" + label + "]")
		}
		return d.theme.Text.Render(" [" + label + "]")
	}
	gap := " "
	if width >= narrowFacts {
		gap = "   "
	}
	return button(onCancel, d.ask.Cancel) + gap + button(onAct, d.ask.Act)
}
