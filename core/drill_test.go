package core_test

import (
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// A drill is real messages to everyone, all marked, and nothing else: no request,
// no grant, and codes that open nothing.
func TestADrillIsMessagesAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		info, err := w.console.Drill(t.Context(), w.eva, "acme")
		w.check(err)
		if len(info.Codes) != 2 || info.Notices != 3 || strings.Contains(strings.Join(info.Codes, " "), "owner@") {
			t.Errorf("%+v", info)
		}
		queued := w.pending()
		if len(queued) != 5 {
			t.Errorf("%d messages", len(queued))
		}
		var codes []string
		for _, m := range queued {
			if m.Data[core.DataDrill] == "" || m.Request != "" || m.Grant != "" {
				t.Errorf("not marked: %+v", m)
			}
			_, code, err := w.console.BeginSend(t.Context(), m.ID)
			w.check(err)
			if code.IsZero() != (m.Event != core.EventCode) {
				t.Errorf("%s carries a code: %v", m.ID, !code.IsZero())
			}
			if !code.IsZero() {
				codes = append(codes, code.Reveal())
			}
			w.check(w.console.EndSend(t.Context(), m.ID, core.Outcome{State: core.MessageAccepted, Result: "250 ok"}))
		}
		if state := w.state(w.owner); state.Request != nil || state.Grant != nil {
			t.Errorf("a drill left %+v, %+v", state.Request, state.Grant)
		}
		_, err = w.console.EnterCode(t.Context(), w.owner, codes[0])
		w.refused(core.ErrState, err)
		w.draft(w.owner) // and in earnest a drill's code is a wrong one
		w.sendCode(w.owner)
		_, err = w.console.EnterCode(t.Context(), w.owner, codes[0])
		w.refused(core.ErrWrongCode, err)

		told := 0
		for _, l := range w.log(w.ada, core.LogQuery{Event: core.EventMessageAccepted, Site: "acme"}).Lines {
			if l.Data[core.DataDrill] == "true" {
				told++
			}
		}
		if told != 5 {
			t.Errorf("the log tells of %d of 5 messages", told)
		}
		if page := w.log(w.ada, core.LogQuery{Event: core.EventDrill}); len(page.Lines) != 1 || page.Lines[0].Actor != "manager:eva" || page.Lines[0].Site != "acme" {
			t.Errorf("%+v", page.Lines)
		}
	})
}

// A drill names what nothing can be sent to, and none begins where that is all.
func TestADrillNeedsAProvider(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.options.Mute = []core.ContactKind{core.ContactEmail, core.ContactPhone}
		w.open()
		_, err := w.console.Drill(t.Context(), w.eva, "acme")
		w.refused(core.ErrNoContact, err)
		if state := w.state(w.owner); len(state.Contacts) != 2 {
			t.Errorf("the owner may choose of %+v", state.Contacts)
		}
		w.options.Mute = w.options.Mute[1:]
		w.open()
		if state := w.state(w.owner); len(state.Contacts) != 1 || state.Contacts[0].Kind != core.ContactEmail {
			t.Errorf("the owner may choose of %+v", state.Contacts)
		}
		info, err := w.console.Drill(t.Context(), w.eva, "acme")
		w.check(err)
		if len(info.Codes) != 1 || len(info.Mute) != 1 || !strings.HasPrefix(info.Mute[0], "+31") {
			t.Errorf("%+v", info)
		}
	})
}

// A drill's code that comes too late is not sent, and drills cannot flood anybody.
func TestADrillIsBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.Drill(t.Context(), w.eva, "acme"))
		_, err := w.console.Drill(t.Context(), w.eva, "acme")
		if refusal := w.refused(core.ErrBusy, err); refusal.Until.IsZero() {
			t.Error("it does not say when the next can follow")
		}
		w.after(core.CodeLife)
		for _, m := range w.pending() {
			if m.Event == core.EventCode {
				_, _, err := w.console.BeginSend(t.Context(), m.ID)
				w.refused(core.ErrState, err)
			}
		}
		w.after(core.DrillPause - core.CodeLife + time.Second)
		w.must(w.console.Drill(t.Context(), w.eva, "acme"))
		_, err = w.console.Drill(t.Context(), w.eva, "nix")
		w.refused(core.ErrNotFound, err)
		for _, contact := range []string{"1", "2"} {
			w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", contact))
		}
		w.after(core.ContactWait + time.Second)
		_, err = w.console.Drill(t.Context(), w.eva, "acme")
		w.refused(core.ErrNoContact, err)
	})
}
