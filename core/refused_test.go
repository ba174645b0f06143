package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"breakglass/core"
)

// refuse has a provider refuse the console for one message.
func (w *world) refuse(id string, state core.MessageState) {
	w.t.Helper()
	w.begin(id)
	w.check(w.console.EndSend(w.t.Context(), id, core.Outcome{
		State: state, At: w.clock.Now().Add(time.Hour), Result: "the provider refuses this console: 401 Unauthorized", Misconfigured: true,
	}))
}

// of lists the open rows of an event, as "kind address".
func (w *world) of(event core.Event) []string {
	w.t.Helper()
	var rows []string
	for _, m := range w.pending() {
		if m.Event == event {
			rows = append(rows, fmt.Sprintf("%s %s", m.Kind, m.Address))
		}
	}
	slices.Sort(rows)
	return rows
}

// mailRows lists the rows by mail that were not tried yet.
func (w *world) mailRows() (ids []string) {
	w.t.Helper()
	for _, m := range w.pending() {
		if m.Kind == core.ContactEmail && m.State == core.MessageQueued && m.Event != core.EventChannelRefused {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// A provider that refuses the console is a line for each message, the first
// time; the managers hear of it once a day, by a way that still works.
func TestARefusedConsoleIsTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
			ID: "rob", Role: core.RoleManager, Key: publicKey('r'), Email: "rob@agency.example", Phone: "+31687654321",
		}))
		w.deliver()
		w.draft(w.owner)
		rows := w.mailRows()
		if len(rows) < 3 {
			t.Fatalf("%v", w.pending())
		}
		for _, id := range rows {
			w.refuse(id, core.MessageRetry)
		}
		if n := w.count(core.EventChannelRefused); n != len(rows) {
			t.Errorf("%d lines for %d messages", n, len(rows))
		}
		if got := w.of(core.EventChannelRefused); len(got) != 1 || got[0] != "sms +31687654321" {
			t.Errorf("told: %v", got)
		}
		w.after(2 * time.Hour)
		for _, id := range rows {
			w.refuse(id, core.MessageRetry)
		}
		if n := w.count(core.EventChannelRefused); n != len(rows) {
			t.Errorf("the same messages again: %d lines", n)
		}
		w.deliver()
		w.after(24 * time.Hour)
		w.draft(w.byKey())
		w.refuse(w.mailRows()[0], core.MessageRetry)
		if got := w.of(core.EventChannelRefused); len(got) != 1 {
			t.Errorf("told the day after: %v", got)
		}
	})
}

// What tells of a refusal and is refused in turn makes no more messages.
func TestARefusalIsNotToldForEver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "rob", Role: core.RoleManager, Key: publicKey('r'), Phone: "+31687654321"}))
		w.deliver()
		w.draft(w.owner)
		for range 5 {
			for _, m := range w.pending() {
				if m.State == core.MessageQueued {
					w.refuse(m.ID, core.MessageRetry)
				}
			}
		}
		for _, m := range w.pending() {
			if m.State == core.MessageQueued {
				t.Errorf("still new: %+v", m)
			}
		}
	})
}

// A code whose provider refuses the console goes the other way at once, and is
// told of; a console that has no channel of a kind is not refused by anybody.
func TestARefusedCodeGoesTheOtherWay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		w.deliver()
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		w.refuse(w.codeMessages()[0].ID, core.MessageFailed)
		codes := w.codeMessages()
		if len(codes) != 1 || codes[0].Kind != core.ContactPhone {
			t.Errorf("%+v", codes)
		}
		if n := w.count(core.EventChannelRefused); n != 1 {
			t.Errorf("%d lines", n)
		}
		w.check(w.console.EndSend(t.Context(), codes[0].ID, core.Outcome{State: core.MessageFailed, Result: "no SMS provider is set up on this console", Misconfigured: true}))
		if n := w.count(core.EventChannelRefused); n != 1 {
			t.Errorf("%d lines after one that nobody was asked to send", n)
		}
	})
}

// A code that fails after its site was removed is at its end, and stays so.
func TestCodeOfARemovedSiteIsSettled(t *testing.T) {
	for name, fail := range map[string]func(w *world, id string) error{
		"failed": func(w *world, id string) error {
			return w.console.EndSend(w.t.Context(), id, core.Outcome{State: core.MessageFailed, Result: "refused: 400"})
		},
		"failed, after it was switched": func(w *world, id string) error {
			w.check(w.console.SwitchChannel(w.t.Context(), id))
			return w.console.EndSend(w.t.Context(), id, core.Outcome{State: core.MessageFailed, Result: "refused: 400"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.draft(w.owner)
				w.must(w.console.SendCode(t.Context(), w.owner, "1"))
				id := w.codeMessages()[0].ID
				w.begin(id)
				w.check(w.console.RemoveSite(t.Context(), w.eva, "acme"))
				w.check(fail(w, id))
				if m := w.sent(id); m.State != core.MessageFailed || len(m.Code) > 0 {
					t.Errorf("%+v", m)
				}
				if len(w.codeMessages()) != 0 {
					t.Errorf("%+v", w.codeMessages())
				}
			})
		})
	}
}

// A clock that is set back is a line and a notice to the managers.
func TestSetBackClockIsTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.run()
		w.after(time.Second)
		w.clock.Jump(-2 * time.Hour)
		w.after(slow)
		if n := w.count(core.EventClock); n != 1 {
			t.Errorf("%d lines", n)
		}
		if got := w.of(core.EventClock); len(got) != 1 || got[0] != "email eva@agency.example" {
			t.Errorf("told: %v", got)
		}
	})
}
