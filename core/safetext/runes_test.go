package safetext_test

import (
	"strings"
	"testing"
	"unicode"

	"breakglass/core/safetext"
)

// Every rune there is, at the start, inside and piled up: what a fuzzer would
// need luck to find.
func TestLineOnEveryRune(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		all.WriteRune('a')
		all.WriteRune(r)
		all.WriteRune(r)
		if r%64 == 63 {
			checkLine(t, all.String())
			all.Reset()
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r += 7 {
		if got := safetext.Path(string(r)); safetext.Path(got) != got {
			t.Fatalf("Path(%U) is not idempotent: %q", r, got)
		}
	}
}
