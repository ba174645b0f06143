package core_test

import (
	"bytes"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/audit"
)

// An archive can hold what the log says of the access under which it was made:
// from the first request to the start of the backup, proved, and nothing
// personal.
func TestABackupIsGivenTheProofOfItsGrant(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		w.prove(w.passphrase("other", w.kitOf("other"))) // somebody else's story between
		a := w.access()
		archive := w.backUp(a)
		orders := w.engine.Orders()
		data, err := orders[len(orders)-1].Proof(t.Context())
		w.check(err)
		b, err := audit.CheckBundle(bytes.NewReader(data), audit.VerifyOptions{Verifier: w.verifier})
		w.check(err)
		if b.Grant != w.state(a).Grant.ID || b.Lines != w.size() {
			t.Errorf("%+v of a log of %d", b.BundleHead, w.size())
		}
		seen := map[core.Event]bool{}
		for _, leaf := range b.Leaves {
			seen[core.Event(leaf.Verb)] = true
			if leaf.Site != "acme" {
				t.Errorf("entry %d is of %s", leaf.Seq, leaf.Site)
			}
			if leaf.Verb == string(core.EventJobStarted) && leaf.Data["archive"] != archive {
				t.Errorf("it began %v", leaf.Data)
			}
		}
		for _, event := range []core.Event{
			core.EventRequestDrafted, core.EventRequestCodeSent, core.EventRequestVerified, core.EventGrantActivated, core.EventJobStarted,
		} {
			if !seen[event] {
				t.Errorf("%s is not proved", event)
			}
		}
		for _, personal := range []string{"198.51.100.9", "does not answer", "owner@acme.example"} {
			if strings.Contains(string(data), personal) {
				t.Errorf("%q is in it", personal)
			}
		}
	})
}
