package auditor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/words"
	"breakglass/tui/tuitest"
)

// Every text of the auditor and of the list of the log is used, and every text
// that is asked for is there: one that is missing would show as its ID.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := filepath.Glob("../widget/tablelog*.go")
	if err != nil || len(lists) == 0 {
		t.Fatalf("no list of the log: %v", err)
	}
	var source strings.Builder
	for _, file := range append(files, lists...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
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
		if !strings.Contains(source.String(), `"`+name+`"`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for _, events := range [][]core.Event{nil, bookEvents} {
		for _, stop := range stops {
			on(t, newBook(t, events...), look(), func(s *tuitest.Show) {
				s.Press(stop.keys...)
				said := s.Screen.View(140, 40) + s.Screen.Title()
				for _, b := range s.Screen.Keys() {
					said += " " + b.Help().Key + " " + b.Help().Desc
				}
				for _, sign := range []string{"auditor.", "log.key", "log.empty", "log.size", "log.only", "log.story", "<no value>"} {
					if strings.Contains(said, sign) {
						t.Errorf("%s: %q in\n%s", stop.name, sign, said)
					}
				}
			})
		}
	}
}
