package owner

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/words"
	"breakglass/tui/tuitest"
	"breakglass/tui/wizard"
)

// Every text of the wizard that is asked for is there, and every one that is
// there is asked for. An ID that is put together is put together here again.
func TestWords(t *testing.T) {
	used := map[string]bool{}
	source := tuitest.Source(t, "*.go", "../wizard/*.go")
	take := func(pattern, prefix string, suffixes ...string) {
		t.Helper()
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(source, -1)
		if len(found) == 0 {
			t.Errorf("nothing is like %s", pattern)
		}
		for _, match := range found {
			if len(suffixes) == 0 {
				used[prefix+match[1]] = true
			}
			for _, suffix := range suffixes {
				used[prefix+match[1]+suffix] = true
			}
		}
	}
	take(`\.text\("([a-z0-9_.]+)",`, "")
	take(`(?:id :?=|id =) "(?:owner\.)?([a-z0-9_.]+)"`, "")
	take(`"(handover\.[a-z]+)"`, "")
	take(`(?:enter|esc)\("([a-z_]+)"`, "key.")
	take(`letter\("[a-z]", "([a-z_]+)"`, "key.")
	take(`id: "([a-z_]+)", do`, "key.")
	take(`\.unless\([^"]*"([a-z_]+)"\)`, "not.")
	take(`s\.put\("([a-z_]+)"`, "question.", ".title", ".lead", ".yes", ".no")
	take(`\b[A-Z][A-Za-z]+ +Place = "([a-z]+)"`, "", ".title")
	take(`"owner\.([a-z0-9_.]+)"`, "")
	take(`"((?:progress|streaming)\.[a-z]+)"`, "")
	for _, at := range []wizard.Place{wizard.Closed, wizard.Expired, wizard.Revoked, wizard.Locked, wizard.Vetoed, wizard.Lapsed, wizard.Cancelled, wizard.NoContact, wizard.Gone, wizard.Welcome, wizard.Reprove} {
		used[string(at)+".lead"], used[string(at)+".next"] = true, true
	}
	for n := 1; n <= steps; n++ {
		used["welcome.step"+strconv.Itoa(n)] = true
	}
	for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactPhone} {
		for _, when := range []string{"never", "today", "proven"} {
			used["contacts."+when+"."+string(kind)] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		if !strings.HasSuffix(id, ".") && !words.Has("owner."+id) {
			t.Errorf("owner.%s is asked for and not there", id)
		}
	}
	for _, id := range words.IDs() {
		if name, ours := strings.CutPrefix(id, "owner."); ours && !used[name] {
			t.Errorf("%s is used nowhere", id)
		}
	}
}
