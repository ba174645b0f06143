package restore_test

import (
	"strings"
	"testing"

	"breakglass/core/backup/restore"
)

// What is left to do stands at the end of a line, so a long one is shown to there.
func TestAReportIsReadToItsEnd(t *testing.T) {
	long := strings.Repeat("a reason of some length, ", 20) + "so do this."
	for name, r := range map[string]restore.Report{"by hand": {Target: "/srv/new", Hand: []string{long}}, "a note": {Target: "/srv/new", Notes: []string{long}}} {
		if text := r.Text(); !strings.Contains(text, "  - "+long+"\n") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}
