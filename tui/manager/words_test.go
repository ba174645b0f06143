package manager_test

import (
	"strings"
	"testing"

	"breakglass/core/words"
	"breakglass/tui/tuitest"
)

// Every text of ours in the catalogue is used, and every text that is asked for
// is there: one that is missing would show as its ID.
func TestWords(t *testing.T) {
	source := tuitest.Source(t, "*.go")
	// Texts whose ID is put together: its last part or its first stands alone.
	for _, id := range words.IDs() {
		name, ours := strings.CutPrefix(id, "manager.")
		if !ours {
			continue
		}
		if key, ok := strings.CutPrefix(name, "key."); ok {
			name = strings.TrimSuffix(key, ".name")
		}
		last := name[strings.LastIndex(name, ".")+1:]
		if !strings.Contains(source, `"`+name+`"`) && !strings.Contains(source, `"`+last+`"`) && !strings.Contains(source, `".`+last+`"`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for _, c := range []*console{world(), {}} {
		for _, stop := range stops {
			on(t, c, tuitest.Looks()[0], func(s *show) {
				s.Press(stop.keys...)
				s.Press("v", "r")
				s.Lacks(stop.name, "manager.", "log.key", "log.empty", "log.size")
			})
		}
	}
}
