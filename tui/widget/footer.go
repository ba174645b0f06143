package widget

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/rivo/uniseg"

	"breakglass/core/view"
)

// Footer draws as many of the enabled keys as fit into width columns, the first
// ones first; the last of the list always has its place: it is the one for help.
func (t Theme) Footer(keys []key.Binding, width int) string {
	var shown []key.Binding
	for _, k := range keys {
		if k.Enabled() && k.Help().Key != "" {
			shown = append(shown, k)
		}
	}
	if len(shown) == 0 {
		return ""
	}
	last := shown[len(shown)-1]
	room := width - keyWidth(last)
	var parts []string
	for _, k := range shown[:len(shown)-1] {
		if room -= keyWidth(k) + footerGap; room < 0 {
			break
		}
		parts = append(parts, t.key(k))
	}
	return strings.Join(append(parts, t.key(last)), strings.Repeat(" ", footerGap))
}

// footerGap is the space between two keys.
const footerGap = 3

func keyWidth(k key.Binding) int {
	return uniseg.StringWidth(k.Help().Key) + 1 + uniseg.StringWidth(k.Help().Desc)
}

func (t Theme) key(k key.Binding) string {
	return t.Key.Render(k.Help().Key) + " " + t.Muted.Render(k.Help().Desc)
}

// Help lists every key with what it does, one a line, those that cannot be used
// now after a sign that says so.
func (t Theme) Help(keys []key.Binding, width int) []string {
	names := 0
	for _, k := range keys {
		names = max(names, uniseg.StringWidth(k.Help().Key))
	}
	var lines []string
	for _, k := range keys {
		if k.Help().Key == "" {
			continue
		}
		lead, style := "  ", t.Key
		if !k.Enabled() {
			lead, style = t.Symbols.Waiting+" ", t.Muted
		}
		for i, text := range t.Wrap(k.Help().Desc, max(width-names-4, 8)) {
			name := ""
			if i == 0 {
				name = k.Help().Key
			}
			lines = append(lines, lead+style.Render(view.Pad(name, names))+"  "+t.Text.Render(text))
			lead = "  "
		}
	}
	return lines
}
