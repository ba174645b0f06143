package notify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

func TestPanicOfAChannelIsContained(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(func(context.Context, Envelope) Answer { panic("code 7M2K-Q4XA") })
		b.queue("M-1", core.EventCode, core.ContactEmail)
		after(0)
		if m := b.got("M-1"); m.State != core.MessageRetry || m.Result != resultBroke {
			t.Errorf("%+v", m)
		}
		b.mail.follow(always(taken))
		after(time.Minute)
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	})
}

func TestKindWithoutAChannelFails(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.queue("M-1", core.EventGrantActivated, core.ContactPhone)
		b.queue("M-2", core.EventCode, core.ContactPhone)
		after(0)
		for _, id := range []string{"M-1", "M-2"} {
			if o := b.last(id); o.State != core.MessageFailed || !o.Misconfigured || o.Result != "no SMS provider is set up on this console" {
				t.Errorf("%s: %+v", id, o)
			}
		}
	}, func(_ *bench, o *Options) { delete(o.Channels, core.ContactPhone) })
}

// What a provider accepted is not sent again because it could not be written
// down at once.
func TestOutcomeIsRecordedAsSoonAsItCanBe(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.endFails = core.ErrNoSpace
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		after(10 * time.Minute)
		b.mu.Lock()
		b.endFails = nil
		b.mu.Unlock()
		after(time.Minute)
		if m := b.got("M-1"); m.State != core.MessageAccepted || len(b.mail.sent()) != 1 {
			t.Errorf("%d sends, %+v", len(b.mail.sent()), m)
		}
	})
}

// Nor because the courier was being stopped.
func TestOutcomeIsRecordedAtTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.stop()
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := New(b.options).endSend(ctx, "M-1", core.Outcome{State: core.MessageAccepted}); err != nil || b.got("M-1").State != core.MessageAccepted {
			t.Errorf("%v, %+v", err, b.got("M-1"))
		}
	})
}

// Nothing leaves that was not counted before.
func TestAttemptThatCannotBeCountedIsNotMade(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		after(10 * time.Minute)
		if len(b.mail.sent()) != 0 {
			t.Error("sent")
		}
		b.mu.Lock()
		b.begins = nil
		b.mu.Unlock()
		after(ledgerPause)
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	}, func(b *bench, _ *Options) { b.begins = core.ErrNoSpace })
}

// An outbox that cannot be read is read again soon: a code may lie in it.
func TestOutboxIsReadAgainSoon(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.queue("M-1", core.EventCode, core.ContactEmail)
		after(time.Second)
		b.mu.Lock()
		b.pending = nil
		b.mu.Unlock()
		after(ledgerPause)
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	}, func(b *bench, _ *Options) { b.pending = core.ErrNoSpace })
}

// A log that cannot be signed does not keep a notice back; the mail says so.
func TestNoticeGoesOutWithoutACheckpoint(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		after(0)
		sent := b.mail.sent()
		if len(sent) != 1 || !strings.Contains(sent[0].Text.Body.Reveal(), "could not be signed") {
			t.Errorf("got %v", sent)
		}
	}, func(b *bench, _ *Options) { b.unsigned = errors.New("forked") })
}

// At its end the courier lets what is under way end for a moment; what does not
// stays in "sending" and goes out at the next start.
func TestStopKeepsWhatIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(func(context.Context, Envelope) Answer { time.Sleep(2 * time.Second); return taken })
		b.sms.follow(hang)
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		b.queue("M-2", core.EventGrantActivated, core.ContactPhone)
		after(0)
		start := time.Now()
		b.stop()
		if took := time.Since(start); took != stopGrace {
			t.Errorf("it took %v", took)
		}
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
		if m := b.got("M-2"); m.State != core.MessageSending {
			t.Errorf("%+v", m)
		}
	})
}

// What was queued between two runs goes out at the next one, a code as well.
func TestStopDuringAnAttemptLosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(hang)
		b.queue("M-1", core.EventCode, core.ContactEmail)
		after(time.Second)
		b.stop()
		b.mail.follow(always(taken))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			New(b.options).Run(ctx)
		}()
		after(0)
		cancel()
		<-done
		if m := b.got("M-1"); m.State != core.MessageAccepted || m.Attempts != 2 {
			t.Errorf("%+v", m)
		}
	})
}

// A wall clock that is set back neither delays a code nor lengthens its life,
// and a machine that slept finds what is due when it wakes.
func TestClockSetBackDelaysNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		created := b.clock.Now()
		b.clock.Jump(-time.Hour)
		b.queue("M-1", core.EventCode, core.ContactEmail, func(m *core.Message) {
			m.Created, m.Due, m.Expires = created, b.clock.Now(), created.Add(core.CodeLife) // the fake judges by the wall clock
		})
		after(0)
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
		if e := b.mail.sent()[0]; e.Life != core.CodeLife || !e.At.Equal(created) {
			t.Errorf("life %v at %v", e.Life, e.At)
		}
	})
}
