package owner

import (
	"strings"
	"testing"

	"breakglass/tui/widget"
)

// A SHA-256 is there to be compared: in no window is a piece of it shown as if it were
// all.
func TestSumIsWhole(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	for width, want := range map[int]string{40: sum[:32] + "\n" + sum[32:], 63: sum[:32] + "\n" + sum[32:], 64: sum, 120: sum} {
		b := newBody(widget.Theme{}, width, 40)
		b.sum(sum)
		if got := strings.Join(b.lines, "\n"); got != want {
			t.Errorf("%d columns: %q", width, got)
		}
	}
}
