package core_test

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
)

// copyOf returns a ledger that holds what another one does now.
func (w *world) copyOf(from core.Ledger) *coretest.Ledger {
	w.t.Helper()
	to := coretest.NewLedger()
	to.Restore(from.(*coretest.Ledger))
	return to
}

// reopen opens the console anew with a signer that remembers nothing, as a new
// process does.
func (w *world) reopen() {
	w.t.Helper()
	w.console.Close()
	w.options.Signer = w.options.Signer.Fresh()
	w.open()
}

func (w *world) site(id string) core.SiteInfo {
	w.t.Helper()
	site, err := w.console.Site(w.t.Context(), w.eva, id)
	w.check(err)
	return site
}

// A database put back from an older copy revives ended grants and used codes.
// The attack: enter a code, copy the database while access is open, and put the
// copy back once it was revoked.
func TestAnOlderLedgerOpensNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.options.Witness = coretest.NewWitness()
		w.reopen()
		a := w.access()
		key := w.byKey()
		w.draft(key)
		code := w.sendCode(key)
		elder := w.copyOf(w.ledger.Ledger)
		w.check(w.console.RevokeGrant(t.Context(), w.eva, w.state(a).Grant.ID, "not her"))
		w.must(w.console.EnterCode(t.Context(), key, code))
		handedOut, err := w.console.Checkpoint(t.Context())
		w.check(err)
		w.deliver()

		w.ledger.Ledger = elder
		w.reopen()
		if site := w.site("acme"); site.Grant != nil || site.Request != nil {
			t.Errorf("still open: %+v, %+v", site.Grant, site.Request)
		}
		_, err = w.console.Authorize(t.Context(), a, core.CapDownload)
		w.anyRefusal(err)
		if _, err = w.console.EnterCode(t.Context(), key, code); err == nil {
			t.Error("a used code was taken again")
		}
		lines := w.log(w.ada, core.LogQuery{Event: core.EventLogRestored}).Lines
		first := lines[len(lines)-1]
		if len(lines) != 4 || !strings.Contains(handedOut, "\n"+first.Data["lines_signed"]+"\n"+first.Data["root_signed"]+"\n") {
			t.Errorf("%d lines, the first is %+v", len(lines), first)
		}
		told := map[string]bool{}
		for _, m := range w.pending() {
			if m.Event == core.EventLogRestored {
				told[m.Address] = true
			}
		}
		for _, address := range []string{"owner@acme.example", "+31612345678", "eva@agency.example"} {
			if !told[address] {
				t.Errorf("%s is not told", address)
			}
		}

		// The owner can ask again at once and waits an hour.
		again := w.prove(w.owner)
		if r := w.state(again).Request; r.State != core.RequestHolding || r.Ready.Sub(w.state(again).Now) != core.RestoreHold {
			t.Errorf("%+v", r)
		}
		w.after(core.RestoreHold)
		w.must(w.console.Activate(t.Context(), again))
		w.reopen() // the new epoch is one that goes on
		if w.site("acme").Grant == nil {
			t.Error("the grant of the new epoch did not live through a stop")
		}
		w.after(core.RestoreWatch)
		w.reopen()
		if r := w.state(w.prove(w.owner)).Request; r.State != core.RequestReady {
			t.Errorf("a day later: %+v", r)
		}
	})
}

// Whatever is kept that does not fit the log is an alarm; what was never handed
// out is none.
func TestWhatTheWitnessMakesOfALog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		stranger := newWorld(t)
		foreign, err := stranger.console.Checkpoint(t.Context())
		w.check(err)
		own, err := w.console.Checkpoint(t.Context())
		w.check(err)
		for name, c := range map[string]struct {
			kept  string
			alarm bool
		}{
			"nothing":              {"", false},
			"its own":              {own, false},
			"of another key":       {foreign, true},
			"cut off":              {own[:len(own)-3], true},
			"made longer":          {strings.Replace(own, "\n", "\n1", 1), true},
			"no checkpoint at all": {"x", true},
		} {
			witness := coretest.NewWitness()
			w.options.Witness = witness
			if c.kept != "" {
				w.check(witness.Keep(t.Context(), c.kept))
			}
			before := w.count(core.EventLogRestored)
			w.reopen()
			if alarm := w.count(core.EventLogRestored) > before; alarm != c.alarm {
				t.Errorf("%s: an alarm: %v", name, alarm)
			}
		}
	})
}

// A crash at any moment costs nobody their access: what is kept is of lines
// that are on the disk.
func TestACrashIsNoOlderLedger(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.options.Witness = coretest.NewWitness()
		w.reopen()
		a := w.access()
		for range 5 {
			w.must(w.console.Checkpoint(t.Context()))
			w.reopen()
		}
		if w.state(a).Grant.State != core.GrantActive || w.count(core.EventLogRestored) != 0 {
			t.Errorf("%+v", w.state(a).Grant)
		}
	})
}

// No checkpoint leaves that the witness has not got.
func TestACheckpointIsKeptBeforeItIsHandedOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		witness := coretest.NewWitness()
		w.options.Witness = witness
		w.reopen()
		witness.Fail(core.ErrNoSpace)
		if signed, err := w.console.Checkpoint(t.Context()); err == nil {
			t.Errorf("%q was handed out", signed)
		}
		witness.Fail(nil)
		signed, err := w.console.Checkpoint(t.Context())
		w.check(err)
		if kept, err := witness.Kept(t.Context()); err != nil || kept != signed {
			t.Errorf("kept %q, %v", kept, err)
		}
	})
}
