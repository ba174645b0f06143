package auditor_test

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/words"
	"breakglass/tui/tuitest"
)

// Every text of the auditor and of the list of the log is used, and every text
// that is asked for is there: one that is missing would show as its ID.
func TestWords(t *testing.T) {
	source := tuitest.Source(t, "*.go", "../widget/tablelog*.go")
	for _, id := range words.IDs() {
		area, name, _ := strings.Cut(id, ".")
		if area != "auditor" && area != "log" {
			continue
		}
		if strings.HasPrefix(id, "log.only.") || strings.HasPrefix(id, "log.story.") {
			continue // core/view says them, and tests each
		}
		if key, ok := strings.CutPrefix(name, "key."); ok && id != "auditor.key.story.none" {
			name = strings.TrimSuffix(key, ".name")
		}
		if !strings.Contains(source, `"`+name+`"`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for _, events := range [][]core.Event{nil, bookEvents} {
		for _, stop := range stops {
			on(t, newBook(t, events...), look(), func(s *tuitest.Show) {
				s.Press(stop.keys...)
				s.Lacks(stop.name, "auditor.", "log.key", "log.empty", "log.size", "log.only", "log.story")
			})
		}
	}
}
