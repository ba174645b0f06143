package widget

import "strings"

// Bar draws how much of something is done, as a bar of width columns with its
// brackets. done is 0 to 1; anything outside is taken as the nearer end. A bar
// that is not full never looks full.
func (t Theme) Bar(done float64, width int) string {
	inside := max(width-2, 1)
	full := 0
	switch {
	case done >= 1:
		full = inside
	case done > 0:
		full = min(int(done*float64(inside)), inside-1)
	}
	return "[" + t.Good.Render(strings.Repeat(t.Symbols.BarFull, full)) +
		t.Muted.Render(strings.Repeat(t.Symbols.BarEmpty, inside-full)) + "]"
}
