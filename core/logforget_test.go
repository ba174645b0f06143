package core_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
)

// everywhere is all that is kept, but of who is here, as text.
func (w *world) everywhere() string {
	w.t.Helper()
	var out bytes.Buffer
	w.check(w.console.ExportLog(w.t.Context(), w.ada, core.LogJSONL, &out))
	w.check(w.ledger.View(w.t.Context(), func(tx core.Tx) error {
		_ = tx.Sent().Each("", func(m core.Message) bool { out.WriteString(m.Address + " " + joinedMap(m.Data) + "\n"); return true })
		_ = tx.Requests().Each("", func(r core.Request) bool { out.WriteString(r.Reason + "\n"); return true })
		return tx.Grants().Each("", func(g core.Grant) bool { out.WriteString(g.Reason + "\n"); return true })
	}))
	return out.String()
}

func joinedMap(m map[string]string) string {
	text := ""
	for name, value := range m {
		text += name + "=" + value + " "
	}
	return text
}

// verified exports the log and checks that it continues a checkpoint.
func (w *world) continues(pinned string) audit.Report {
	w.t.Helper()
	var out bytes.Buffer
	w.check(w.console.ExportLog(w.t.Context(), w.ada, core.LogJSONL, &out))
	r, err := audit.Verify(&out, audit.VerifyOptions{Verifier: w.verifier, Pinned: pinned})
	w.check(err)
	return r
}

// Who was removed can be forgotten: nothing personal is left anywhere, and the
// log is the one that was signed before.
func TestAPersonIsForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
			ID: "rob", Role: core.RoleManager, Key: publicKey('r'), Email: "rob@home.example", Phone: "+31600000042",
		}))
		rob, err := w.console.KeyLogin(t.Context(), core.Login{User: "rob", Remote: "203.0.113.77"}, publicKey('r'))
		w.check(err)
		w.check(w.console.LoggedIn(t.Context(), rob))
		a := w.access()
		w.check(w.console.RevokeGrant(t.Context(), rob, w.state(a).Grant.ID, "wrong person"))
		w.deliver()
		w.refused(core.ErrState, w.console.ForgetPerson(t.Context(), w.eva, "rob"))
		w.refused(core.ErrNotFound, w.console.ForgetPerson(t.Context(), w.eva, "nobody"))
		w.check(w.console.RemovePerson(t.Context(), w.eva, "rob"))
		if r := w.refused(core.ErrState, w.console.ForgetPerson(t.Context(), w.eva, "rob")); r.Until.IsZero() {
			t.Error("it does not say until when")
		}
		w.deliver()
		before, err := w.console.Checkpoint(t.Context())
		w.check(err)
		personal := []string{"rob@home.example", "+31600000042", "203.0.113.77", rob.Factor}
		kept := w.everywhere()
		for _, text := range personal {
			if !strings.Contains(kept, text) {
				t.Fatalf("%q is nowhere, so nothing can be shown", text)
			}
		}
		w.check(w.console.ForgetPerson(t.Context(), w.eva, "rob"))
		kept = w.everywhere()
		for _, text := range personal {
			if i := strings.Index(kept, text); i >= 0 {
				t.Errorf("%q is still kept: …%s…", text, kept[max(0, i-200):i+50])
			}
		}
		for _, text := range []string{"eva@agency.example", "owner@acme.example", "manager:rob"} {
			if !strings.Contains(kept, text) {
				t.Errorf("%q is gone too", text)
			}
		}
		if r := w.continues(before); r.Erased == 0 || r.Personal == 0 {
			t.Errorf("%+v", r)
		}
		if lines := w.log(w.ada, core.LogQuery{Event: core.EventPersonForgotten}).Lines; len(lines) != 1 || lines[0].Data["person"] != "rob" {
			t.Errorf("%+v", lines)
		}
	})
}

func TestASiteIsForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		a := w.access()
		w.check(w.console.RevokeGrant(t.Context(), w.eva, w.state(a).Grant.ID, "wrong person"))
		w.deliver()
		w.refused(core.ErrState, w.console.ForgetSite(t.Context(), w.eva, "acme"))
		w.check(w.console.RemoveSite(t.Context(), w.eva, "acme"))
		w.refused(core.ErrState, w.console.ForgetSite(t.Context(), w.eva, "acme"))
		w.after(time.Second)
		w.deliver()
		w.refused(core.ErrDenied, w.console.ForgetSite(t.Context(), w.ada, "acme"))
		w.refused(core.ErrNotFound, w.console.ForgetSite(t.Context(), w.eva, "nothing"))
		before, err := w.console.Checkpoint(t.Context())
		w.check(err)
		w.check(w.console.ForgetSite(t.Context(), w.eva, "acme"))
		kept := w.everywhere()
		for _, text := range []string{"owner@acme.example", "198.51.100.9", "does not answer", "wrong person"} {
			if i := strings.Index(kept, text); i >= 0 {
				t.Errorf("%q is still kept: …%s…", text, kept[max(0, i-200):i+50])
			}
		}
		if !strings.Contains(kept, "owner@other.example") {
			t.Error("another site's owner is forgotten too")
		}
		w.continues(before)
	})
}
