package manager_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core/words"
	"breakglass/tui/tuitest"
)

// Every text of ours in the catalogue is used, and every text that is asked for
// is there: one that is missing would show as its ID.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
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
		if !strings.Contains(source.String(), `"`+name+`"`) && !strings.Contains(source.String(), `"`+last+`"`) && !strings.Contains(source.String(), `".`+last+`"`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for _, c := range []*console{world(), {}} {
		for _, stop := range stops {
			on(t, c, tuitest.Looks()[0], func(s *show) {
				s.Press(stop.keys...)
				s.Press("v", "r")
				said := s.Screen.View(140, 40) + s.Screen.Title()
				for _, b := range s.Screen.Keys() {
					said += " " + b.Help().Key + " " + b.Help().Desc
				}
				for _, sign := range []string{"manager.", "log.key", "log.empty", "log.size", "<no value>"} {
					if strings.Contains(said, sign) {
						t.Errorf("%s: %q in\n%s", stop.name, sign, said)
					}
				}
			})
		}
	}
}
