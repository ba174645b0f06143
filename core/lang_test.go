package core_test

import (
	"strings"
	"testing"

	"breakglass/core"
)

// A language that there are no texts in is refused wherever one is set, with the
// list of those that there are; nothing is changed by it.
func TestOnlyLanguagesThatThereAre(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.console.Close()
		w.options.Languages = []string{"en", "nl"}
		w.open()
		dutch, klingon := "nl", "tlh\n"
		w.must(w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Lang: &dutch}))
		o := order("more")
		o.Lang = dutch
		w.must(w.console.AddSite(t.Context(), w.eva, o))
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "rob", Role: core.RoleManager, Key: publicKey('r'), Lang: dutch}))
		before := w.everything()
		o = order("other")
		o.Lang = klingon
		_, set := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Lang: &klingon})
		_, add := w.console.AddSite(t.Context(), w.eva, o)
		_, person := w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "sue", Role: core.RoleManager, Key: publicKey('s'), Lang: klingon})
		for what, err := range map[string]error{"set": set, "add": add, "person": person} {
			if refusal := w.refused(core.ErrInvalid, err); !strings.HasPrefix(refusal.Detail, "There are no texts in “tlh") || !strings.HasSuffix(refusal.Detail, "; there are: en, nl.") {
				t.Errorf("%s: %v", what, refusal)
			}
		}
		if w.everything() != before {
			t.Error("something was changed")
		}
	})
}
