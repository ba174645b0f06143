package plain

import (
	"regexp"
	"strings"
	"testing"

	"breakglass/core/words"
	"breakglass/tui/tuitest"
	"breakglass/tui/wizard"
)

var (
	wholeID = regexp.MustCompile(`"((?:plain|owner)\.[a-z0-9_.]*[a-z0-9_])"`)
	partID  = regexp.MustCompile(`"((?:plain|owner)\.(?:[a-z0-9_.]*\.)?)"\+`)
)

// Every text that is asked for by its ID is there.
func TestEveryTextIsThere(t *testing.T) {
	text := tuitest.Source(t, "*.go")
	found := wholeID.FindAllStringSubmatch(text, -1)
	if len(found) < 50 {
		t.Fatalf("only %d IDs were found", len(found))
	}
	for _, id := range found {
		if !words.Has(id[1]) && !strings.Contains(text, `"`+id[1]+`"+`) {
			t.Errorf("%s has no text", id[1])
		}
	}
	for _, part := range []struct{ prefix, suffix string }{
		{"owner.question.", ".title"}, {"owner.question.", ".lead"},
	} {
		for _, name := range []string{"close", "cancel_request", "cancel_backup", "new_backup"} {
			if !words.Has(part.prefix + name + part.suffix) {
				t.Errorf("%s%s%s has no text", part.prefix, name, part.suffix)
			}
		}
	}
	for _, at := range []wizard.Place{wizard.Closed, wizard.Expired, wizard.Revoked, wizard.Locked, wizard.Vetoed, wizard.Lapsed, wizard.Cancelled, wizard.NoContact} {
		if !words.Has("owner."+string(at)+".lead") || !words.Has("plain.end."+string(at)) {
			t.Errorf("the page %s lacks a text", at)
		}
	}
	for _, state := range []string{"running", "done", "failed"} {
		if !words.Has("plain.step." + state) {
			t.Errorf("a step that is %s has no text", state)
		}
	}
}

// No text of ours is left over.
func TestNoIdleTexts(t *testing.T) {
	text := tuitest.Source(t, "*.go")
	var parts []string
	for _, part := range partID.FindAllStringSubmatch(text, -1) {
		parts = append(parts, part[1])
	}
	for _, id := range words.IDs() {
		if !strings.HasPrefix(id, "plain.") || strings.Contains(text, `"`+id+`"`) {
			continue
		}
		used := false
		for _, part := range parts {
			used = used || len(part) > len("plain.") && strings.HasPrefix(id, part) ||
				part == "plain." && strings.HasSuffix(id, ".go")
		}
		if !used {
			t.Errorf("%s is used nowhere", id)
		}
	}
}
