package plain

import (
	"strings"
	"testing"

	"breakglass/core/words"
)

// In a narrow window lines end between words; in a wide one they stay short enough to
// read, and so they do where nobody knows how wide it is.
func TestLinesFitTheWindow(t *testing.T) {
	const id = "owner.reason.why"
	for columns, most := range map[int]int{0: 72, 3: 20, 40: 40, 60: 60, 200: 72} {
		var out strings.Builder
		s := &session{out: &printer{w: &out}, width: lineWidth(columns)}
		s.tell(nil, id)
		for line := range strings.SplitSeq(out.String(), "\n") {
			if len(line) > most {
				t.Errorf("%d columns: %d in %q", columns, len(line), line)
			}
		}
		if got, want := strings.Fields(out.String()), strings.Fields(words.Text("en", id, nil)); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
}
