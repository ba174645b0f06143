package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"breakglass/core"
)

// transition is one step of a use case: what leads to it, the step, the lines
// that it writes and whom each is told to.
type transition struct {
	before func(*world) core.Actor
	do     func(*world, core.Actor) error
	events string // one leaf each, in order
	silent bool   // nobody is sent a message
}

func transitions() map[string]transition {
	owner := func(w *world) core.Actor { return w.owner }
	drafted := func(w *world) core.Actor { w.draft(w.owner); return w.owner }
	code := "" // of the world at hand
	sent := func(w *world) core.Actor { w.draft(w.owner); code = w.sendCode(w.owner); return w.owner }
	ready := func(w *world) core.Actor { return w.prove(w.owner) }
	active := func(w *world) core.Actor { return w.access() }
	drop := func(_ any, err error) error { return err }
	return map[string]transition{
		"draft": {owner, func(w *world, a core.Actor) error { return drop(w.console.Draft(w.t.Context(), a, "why")) }, "request.drafted", false},
		"send":  {drafted, func(w *world, a core.Actor) error { return drop(w.console.SendCode(w.t.Context(), a, "1")) }, "request.code_sent", false},
		"wrong": {sent, func(w *world, a core.Actor) error {
			_, err := w.console.EnterCode(w.t.Context(), a, wrong(code))
			return expected(core.ErrWrongCode, err)
		}, "request.wrong_code", true},
		"lock": {func(w *world) core.Actor {
			w.draft(w.owner)
			for range core.TriesPerRequest - 1 {
				_, _ = w.console.EnterPaper(w.t.Context(), w.owner, wrong(w.kit.Paper.Reveal()))
			}
			return w.owner
		}, func(w *world, a core.Actor) error {
			_, err := w.console.EnterPaper(w.t.Context(), a, wrong(w.kit.Paper.Reveal()))
			return expected(core.ErrLocked, err)
		}, "request.wrong_code request.locked", false},
		"verify": {sent, func(w *world, a core.Actor) error { return drop(w.console.EnterCode(w.t.Context(), a, code)) },
			"request.verified request.ready", false},
		"paper": {drafted, func(w *world, a core.Actor) error {
			return drop(w.console.EnterPaper(w.t.Context(), a, w.kit.Paper.Reveal()))
		}, "request.verified request.holding", false},
		"join": {func(w *world) core.Actor {
			w.access()
			a := w.byKey()
			w.draft(a)
			code = w.sendCode(a)
			return a
		}, func(w *world, a core.Actor) error { return drop(w.console.EnterCode(w.t.Context(), a, code)) },
			"request.verified grant.reproved", false},
		"cancel": {ready, func(w *world, a core.Actor) error { return w.console.CancelRequest(w.t.Context(), a) }, "request.cancelled", false},
		"veto": {ready, func(w *world, a core.Actor) error {
			return w.console.Veto(w.t.Context(), w.eva, w.openRequest(), "no")
		}, "request.vetoed", false},
		"activate": {ready, func(w *world, a core.Actor) error { return drop(w.console.Activate(w.t.Context(), a)) }, "grant.activated", false},
		"close":    {active, func(w *world, a core.Actor) error { return w.console.CloseAccess(w.t.Context(), a) }, "grant.closed", false},
		"revoke": {active, func(w *world, a core.Actor) error {
			return w.console.RevokeGrant(w.t.Context(), w.eva, w.anyGrant(), "no")
		}, "grant.revoked", false},
		"wrong token": {active, func(w *world, a core.Actor) error {
			_, err := w.console.PassphraseLogin(w.t.Context(), core.Login{User: "acme+000000"}, w.kit.Passphrase)
			return expected(core.ErrBadLogin, err)
		}, "grant.wrong_token", true},
		"download": {func(w *world) core.Actor { a := w.access(); w.backUp(a); return a }, func(w *world, a core.Actor) error {
			file, err := w.console.OpenFile(w.t.Context(), a, w.state(a).Archives[0].Name)
			if err == nil {
				w.t.Cleanup(func() { _ = file.Close() })
			}
			return err
		}, "download.started", false},
		"add contact": {owner, func(w *world, a core.Actor) error {
			return drop(w.console.AddContact(w.t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactPhone, Address: "+31687654321"}))
		}, "contact.added", false},
		"remove contact while access is open": {active, func(w *world, a core.Actor) error {
			return w.console.RemoveContact(w.t.Context(), w.eva, "acme", "2")
		}, "grant.revoked contact.removed", false},
		"new kit while a request is open": {drafted, func(w *world, a core.Actor) error {
			return drop(w.console.MakeKit(w.t.Context(), w.eva, "acme"))
		}, "request.vetoed kit.printed", false},
		"passphrase": {owner, func(w *world, a core.Actor) error {
			return drop(w.console.SetPassphrase(w.t.Context(), w.eva, "acme"))
		}, "owner.passphrase", false},
		"owner key": {owner, func(w *world, a core.Actor) error {
			return drop(w.console.AddOwnerKey(w.t.Context(), w.eva, "acme", publicKey('z')))
		}, "owner.key_added", false},
		"owner key removed": {owner, func(w *world, a core.Actor) error {
			return w.console.RemoveOwnerKey(w.t.Context(), w.eva, "acme", w.byKey().Factor)
		}, "owner.key_removed", false},
		"add site": {owner, func(w *world, a core.Actor) error {
			return drop(w.console.AddSite(w.t.Context(), w.eva, order("more")))
		}, "site.added", false},
		"set site": {owner, func(w *world, a core.Actor) error {
			title := "New"
			return drop(w.console.SetSite(w.t.Context(), w.eva, "acme", core.SiteChange{Title: &title}))
		}, "site.changed", false},
		"remove site": {active, func(w *world, a core.Actor) error { return w.console.RemoveSite(w.t.Context(), w.eva, "acme") },
			"grant.revoked site.removed", false},
		"add person": {owner, func(w *world, a core.Actor) error {
			return drop(w.console.AddPerson(w.t.Context(), w.eva, core.PersonOrder{ID: "new", Role: core.RoleManager, Key: publicKey('n')}))
		}, "person.added", false},
		"remove person": {owner, func(w *world, a core.Actor) error { return w.console.RemovePerson(w.t.Context(), w.eva, "ada") },
			"person.removed", false},
		"log in": {owner, func(w *world, a core.Actor) error { return w.console.LoggedIn(w.t.Context(), a) }, "login", true},
	}
}

// expected turns the refusal that a step should end in into success.
func expected(kind, err error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return fmt.Errorf("not %w but %w", kind, err)
}

// Every transition writes its leaf and its messages in its own transaction:
// wherever a write fails, nothing at all has happened, and afterwards the step
// can be taken.
func TestATransitionIsWholeOrNothing(t *testing.T) {
	for name, step := range transitions() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := step.before(w)
				synctest.Wait()
				before, since := w.everything(), w.size()
				outbox := len(w.pending())
				writes := 0
				for {
					w.ledger.failAt = writes + 1
					err := step.do(w, a)
					w.ledger.failAt = 0
					if err == nil {
						break
					}
					if writes++; !errors.Is(err, errBroken) || writes > 100 {
						t.Fatalf("write %d: %v", writes, err)
					}
					if w.everything() != before {
						t.Errorf("something was kept although write %d failed", writes)
					}
				}
				if writes < 2 {
					t.Errorf("the step wrote %d things", writes)
				}
				if got := w.events(since); got != step.events {
					t.Errorf("logged %q, want %q", got, step.events)
				}
				if told := len(w.pending()) > outbox; told == step.silent {
					t.Errorf("somebody was told: %v", told)
				}
			})
		})
	}
}

// Each line of a site that is told of is told to every contact, watcher and
// manager, once, by the rows of that very line.
func TestEverybodyIsTold(t *testing.T) {
	for name, step := range transitions() {
		if step.silent || strings.Contains(step.events, "person.") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.must(w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "watcher@acme.example", Watch: true}))
				w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
					ID: "bob", Role: core.RoleManager, Key: publicKey('b'), Email: "bob@agency.example", Phone: "+31699999999", Sites: []string{"acme", "more"},
				}))
				w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
					ID: "cas", Role: core.RoleManager, Key: publicKey('c'), Email: "cas@agency.example", Sites: []string{"elsewhere"},
				}))
				a := step.before(w)
				w.deliver()
				since := w.size()
				w.check(step.do(w, a))
				want := []string{"+31612345678", "+31699999999", "bob@agency.example", "eva@agency.example", "owner@acme.example", "watcher@acme.example"}
				switch name {
				case "add site":
					want = []string{"+31612345678", "+31699999999", "bob@agency.example", "eva@agency.example", "owner@more.example"}
				case "add contact":
					want = append(want, "+31687654321")
				}
				slices.Sort(want)
				for _, l := range w.lines(since) {
					var got []string
					for _, m := range w.pending() {
						if m.Leaf == l.Seq && m.Event == l.Event {
							got = append(got, m.Address)
						}
					}
					slices.Sort(got)
					if told := l.Event != core.EventRequestWrongCode; told && !slices.Equal(got, want) {
						t.Errorf("%s went to %q, not to %q", l.Event, got, want)
					}
				}
			})
		})
	}
}

// Managers of all sites hear of who comes and goes; nobody else does.
func TestManagersAreToldOfPeople(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), core.RootActor, core.PersonOrder{ID: "bob", Role: core.RoleManager, Key: publicKey('b'), Email: "bob@agency.example"}))
		w.deliver()
		w.check(w.console.RemovePerson(t.Context(), w.eva, "bob"))
		var told []string
		for _, m := range w.pending() {
			told = append(told, m.Address+" "+m.Data["person"])
		}
		slices.Sort(told)
		if want := []string{"bob@agency.example bob", "eva@agency.example bob"}; !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
	})
}
