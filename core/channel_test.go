package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// tested is what became of a test that runs beside the test's own goroutine.
type tested struct {
	info core.MessageInfo
	err  error
}

// testing starts a test and returns its message, queued, and what comes of it.
func (w *world) testing(ctx context.Context, a core.Actor, kind core.ContactKind) (core.Message, <-chan tested) {
	w.t.Helper()
	came := make(chan tested, 1)
	go func() {
		info, err := w.console.TestChannel(ctx, a, kind)
		came <- tested{info, err}
	}()
	w.after(0)
	for _, m := range w.pending() {
		if m.Event == core.EventChannelTested {
			return m, came
		}
	}
	return core.Message{}, came
}

// A test goes to the manager's own address and says what the provider answered.
func TestChannelTest(t *testing.T) {
	for state, result := range map[core.MessageState]string{
		core.MessageAccepted: "accepted by the mail provider",
		core.MessageFailed:   "refused: 400 Bad Request",
		core.MessageRetry:    "the provider refuses this console: 401 Unauthorized",
	} {
		inWorld(t, func(t *testing.T, w *world) {
			before := w.count(core.EventChannelTested)
			m, came := w.testing(t.Context(), w.eva, core.ContactEmail)
			if m.Address != "eva@agency.example" || m.Kind != core.ContactEmail || m.Site != "" || len(m.Code) > 0 {
				t.Fatalf("%+v", m)
			}
			w.must(0, w.errOf(w.console.BeginSend(t.Context(), m.ID)))
			w.after(3 * time.Second)
			w.check(w.console.EndSend(t.Context(), m.ID, core.Outcome{State: state, Result: result, At: w.clock.Now().Add(time.Hour)}))
			got := <-came
			if got.err != nil || got.info.State != state || got.info.Result != result || got.info.Kind != core.ContactEmail {
				t.Errorf("%s: %+v", state, got)
			}
			if w.count(core.EventChannelTested) != before+1 {
				t.Errorf("%d lines", w.count(core.EventChannelTested))
			}
		})
	}
}

func (w *world) errOf(_ core.Message, _ core.Secret, err error) error { return err }

// Whoever waits for a provider that says nothing is told so after 25 s, and one
// who goes away is let go.
func TestChannelTestWithoutAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		start := time.Now()
		info, err := w.console.TestChannel(t.Context(), w.eva, core.ContactEmail)
		if err != nil || info.State != core.MessageQueued || time.Since(start) < 25*time.Second || time.Since(start) > 26*time.Second {
			t.Errorf("after %v: %+v, %v", time.Since(start), info, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, came := w.testing(ctx, w.eva, core.ContactEmail)
		cancel()
		if got := <-came; !errors.Is(got.err, context.Canceled) {
			t.Errorf("%+v", got)
		}
	})
}

// Three tests a minute, each manager; nothing is sent beyond.
func TestChannelTestsAreFew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
			ID: "rob", Role: core.RoleManager, Key: publicKey('r'), Email: "rob@agency.example",
		}))
		rob := w.person("rob")
		try := func(a core.Actor) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			came := make(chan error, 1)
			go func() { _, err := w.console.TestChannel(ctx, a, core.ContactEmail); came <- err }()
			w.after(0)
			cancel()
			if err := <-came; !errors.Is(err, context.Canceled) {
				return err
			}
			return nil // queued, and not waited for
		}
		for range 3 {
			w.check(try(w.eva))
		}
		w.deliver()
		_ = w.refused(core.ErrBusy, try(w.eva))
		w.check(try(rob)) // another has his own
		w.after(30 * time.Second)
		w.deliver()
		before := len(w.pending())
		_ = w.refused(core.ErrBusy, try(w.eva))
		if len(w.pending()) != before {
			t.Error("something was queued")
		}
		w.after(31 * time.Second)
		w.check(try(w.eva))
	})
}

// A test goes to no address but one's own, and by no way that there is not.
func TestChannelTestRefusals(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for kind, want := range map[core.ContactKind]error{
			core.ContactPhone: core.ErrNoContact, core.ContactWebhook: core.ErrNoContact, "pigeon": core.ErrInvalid, "": core.ErrInvalid,
		} {
			_, err := w.console.TestChannel(t.Context(), w.eva, kind)
			_ = w.refused(want, err)
		}
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "sam", Role: core.RoleManager, Key: publicKey('s'), Sites: []string{"acme"}}))
		_, err := w.console.TestChannel(t.Context(), w.person("sam"), core.ContactWebhook)
		_ = w.refused(core.ErrDenied, err)
		_, err = w.console.TestChannel(t.Context(), core.RootActor, core.ContactEmail)
		_ = w.refused(core.ErrNoContact, err)
		if n := w.count(core.EventChannelTested); n != 0 {
			t.Errorf("%d lines of what did not happen", n)
		}
	})
}

// Where a webhook is set up it gets each notice in a row of its own, and no code.
func TestWebhookGetsNoticesAndNoCodes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.console.Close()
		w.options.Webhook = "chat.acme.example"
		w.open()
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		events := map[core.Event]int{}
		for _, m := range w.pending() {
			if m.Kind == core.ContactWebhook {
				events[m.Event]++
			}
			if m.Kind == core.ContactWebhook && (m.Address != "chat.acme.example" || len(m.Code) > 0 || strings.Contains(m.Address, "/")) {
				t.Errorf("%+v", m)
			}
		}
		if len(events) != 2 || events[core.EventRequestDrafted] != 1 || events[core.EventRequestCodeSent] != 1 {
			t.Errorf("the webhook is told %v", events)
		}
		m, came := w.testing(t.Context(), w.eva, core.ContactWebhook)
		if m.Kind != core.ContactWebhook || m.Address != "chat.acme.example" {
			t.Errorf("%+v", m)
		}
		w.deliver()
		if got := <-came; got.err != nil || got.info.State != core.MessageAccepted {
			t.Errorf("%+v", got)
		}
	})
}
