package tui

import (
	"os"
	"strings"
	"testing"

	"breakglass/core/words"
)

// Every text of the shell is asked for, and all that is asked for is there.
func TestWords(t *testing.T) {
	var source string
	for _, name := range []string{"tui.go", "frame.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source += string(text)
	}
	for _, id := range words.IDs() {
		name, ours := strings.CutPrefix(id, "shell.")
		if !ours || strings.HasPrefix(name, "role.") {
			continue
		}
		if !strings.Contains(source, `"`+strings.TrimPrefix(name, "key.")+`"`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for _, part := range strings.Split(source, `m.text("`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		if !strings.HasSuffix(id, ".") && !words.Has("shell."+id) {
			t.Errorf("shell.%s is asked for and not there", id)
		}
	}
	for _, role := range []string{"owner", "manager", "auditor"} {
		if !words.Has("shell.role." + role) {
			t.Errorf("no word for the role %s", role)
		}
	}
}
