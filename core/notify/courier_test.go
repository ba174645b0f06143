package notify

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

func TestWhatIsQueuedIsSentOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		b.queue("M-2", core.EventGrantActivated, core.ContactPhone)
		after(0)
		for _, id := range []string{"M-1", "M-2"} {
			if m := b.got(id); m.State != core.MessageAccepted || m.Attempts != 1 || m.Result != taken.Detail {
				t.Errorf("%s: %+v", id, m)
			}
		}
		after(time.Hour)
		if len(b.mail.sent()) != 1 || len(b.sms.sent()) != 1 {
			t.Errorf("sent %d mails and %d SMS", len(b.mail.sent()), len(b.sms.sent()))
		}
	})
}

// What was queued before the courier ran, and what a crash left in "sending", goes out
// at once; a row that was in "sending" counts one attempt more.
func TestWhatACrashLeftIsSentOnceMore(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		after(0)
		if m := b.got("M-1"); m.State != core.MessageAccepted || m.Attempts != 2 || len(b.mail.sent()) != 1 {
			t.Errorf("%d sends, %+v", len(b.mail.sent()), m)
		}
		if m := b.got("M-2"); m.State != core.MessageAccepted || b.sms.sent()[0].Text.Body.Reveal() == "" {
			t.Errorf("the code: %+v", m)
		}
	}, func(b *bench, _ *Options) {
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail, func(m *core.Message) { m.State, m.Attempts = core.MessageSending, 1 })
		b.queue("M-2", core.EventCode, core.ContactPhone, func(m *core.Message) { m.State, m.Attempts = core.MessageSending, 1 })
	})
}

// The table of access.md: what each answer means for a notice and for a code.
func TestAnswersDecide(t *testing.T) {
	for _, test := range []struct {
		name          string
		answer        Answer
		notice, code  core.MessageState
		misconfigured bool
	}{
		{"accepted", taken, core.MessageAccepted, core.MessageAccepted, false},
		{"unreachable", Answer{Detail: "no answer"}, core.MessageRetry, core.MessageRetry, false},
		{"busy", Answer{Verdict: Busy, Detail: "not taken: 429"}, core.MessageRetry, core.MessageRetry, false},
		{"rejected", Answer{Verdict: Rejected, Detail: "refused: 400"}, core.MessageFailed, core.MessageFailed, false},
		{"misconfigured", Answer{Verdict: Misconfigured, Detail: "401"}, core.MessageRetry, core.MessageFailed, true},
		{"busy for longer than a code lives", Answer{Verdict: Busy, After: time.Hour, Detail: "429"}, core.MessageRetry, core.MessageExpired, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				b.mail.follow(always(test.answer))
				b.sms.follow(always(test.answer))
				b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
				b.queue("M-2", core.EventCode, core.ContactPhone)
				after(0)
				for id, want := range map[string]core.MessageState{"M-1": test.notice, "M-2": test.code} {
					o := b.last(id)
					if o.State != want || o.Misconfigured != test.misconfigured || !strings.HasPrefix(o.Result, test.answer.Detail) {
						t.Errorf("%s: %+v, want %s", id, o, want)
					}
				}
			})
		})
	}
}

// Waits double up to their bound; a provider's own wish is honoured where it is
// longer.
func TestRetriesBackOff(t *testing.T) {
	waits := func(at []time.Time) string {
		var out []string
		for i := 1; i < len(at); i++ {
			out = append(out, at[i].Sub(at[i-1]).String())
		}
		return strings.Join(out, " ")
	}
	for _, test := range []struct {
		name   string
		event  core.Event
		answer Answer
		wait   time.Duration
		want   string
	}{
		{"notice", core.EventGrantClosed, Answer{Verdict: Busy}, 3 * time.Hour, "10s 20s 40s 1m20s 2m40s 5m20s 10m40s 21m20s 42m40s 1h0m0s"},
		{"code", core.EventCode, Answer{Verdict: Busy}, 100 * time.Second, "2s 4s 8s 16s 30s 30s"},
		{"notice, misconfigured", core.EventGrantClosed, Answer{Verdict: Misconfigured}, 200 * time.Minute, "15m0s 30m0s 1h0m0s 1h0m0s"},
		{"notice, told to wait", core.EventGrantClosed, Answer{Verdict: Busy, After: 2 * time.Minute}, 11 * time.Minute, "2m0s 2m0s 2m0s 2m0s 2m40s"},
		{"code, told to wait", core.EventCode, Answer{Verdict: Busy, After: 20 * time.Second}, 70 * time.Second, "20s 20s 20s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				b.mail.follow(always(test.answer))
				b.queue("M-1", test.event, core.ContactEmail)
				after(test.wait)
				if got := waits(b.mail.times("M-1")); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			})
		})
	}
}

func TestNoticeIsTriedForItsLifeAndThenExpires(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Detail: "no answer"}))
		b.queue("M-1", core.EventGrantClosed, core.ContactEmail)
		after(core.NoticeLife - 2*time.Hour)
		if m := b.got("M-1"); m.State != core.MessageRetry {
			t.Fatalf("%+v", m)
		}
		after(2*time.Hour + time.Second)
		if m := b.got("M-1"); m.State != core.MessageExpired {
			t.Errorf("%+v", m)
		}
		sends := len(b.mail.sent())
		after(24 * time.Hour)
		if len(b.mail.sent()) != sends {
			t.Error("sent after its end")
		}
	})
}

// A notice that was refused over a wrong secret goes out once that is right.
func TestNoticeSurvivesAMisconfiguredProvider(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Verdict: Misconfigured}))
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		after(24 * time.Hour)
		b.mail.follow(always(taken))
		after(time.Hour)
		if m := b.got("M-1"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	})
}

func TestDeadCodeIsNeverSent(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		after(0)
		if m := b.got("M-1"); m.State != core.MessageExpired || m.Attempts != 0 || len(b.mail.sent()) != 0 {
			t.Errorf("%d sends, %+v", len(b.mail.sent()), m)
		}
	}, func(b *bench, _ *Options) {
		b.queue("M-1", core.EventCode, core.ContactEmail, func(m *core.Message) { m.Expires = b.clock.Now() })
	})
}

// Nor is one whose life ended while the attempt was being counted; nor do such
// codes take places that others need.
func TestCodeThatDiesOnTheWayIsNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for i := range 3 * sendsAtOnce {
			b.queue(fmt.Sprintf("M-%02d", i), core.EventCode, core.ContactEmail, func(m *core.Message) { m.Expires = m.Created.Add(time.Second) })
		}
		after(time.Minute)
		if m := b.got("M-00"); m.State != core.MessageExpired || m.Attempts != 1 || len(b.mail.sent()) != 0 {
			t.Errorf("%d sends, %+v", len(b.mail.sent()), m)
		}
		for i := range 3 * sendsAtOnce { // more come once those places are free again
			b.queue(fmt.Sprintf("N-%02d", i), core.EventCode, core.ContactEmail, func(m *core.Message) { m.Expires = m.Created.Add(time.Second) })
		}
		after(time.Minute)
		b.queue("M-good", core.EventCode, core.ContactEmail)
		after(time.Minute)
		if m := b.got("M-good"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	}, func(b *bench, _ *Options) { b.slowly = time.Second })
}

// A code with nowhere else to go is tried at its own provider to its end.
func TestCodeWithoutAnotherChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Detail: "no answer"}))
		b.queue("M-1", core.EventCode, core.ContactEmail, func(m *core.Message) { m.Fallback = nil })
		after(9 * time.Minute)
		b.mail.follow(always(taken))
		after(time.Minute)
		if m := b.got("M-1"); m.State != core.MessageAccepted || b.asked != 0 {
			t.Errorf("switched %d times, %+v", b.asked, m)
		}
	})
}

// A code that is not accepted goes by the other channel after 30 s, once,
// whether its send fails, hangs, or is never tried for want of a free provider.
func TestCodeGoesByTheOtherChannelInTime(t *testing.T) {
	for name, answer := range map[string]func(context.Context, Envelope) Answer{
		"fails": always(Answer{Detail: "no answer"}),
		"hangs": hang,
		"busy":  always(Answer{Verdict: Busy}),
		"ignores its context": func(context.Context, Envelope) Answer {
			time.Sleep(5 * time.Minute)
			return taken
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				b.mail.follow(answer)
				b.queue("M-1", core.EventCode, core.ContactEmail)
				after(30*time.Second - time.Millisecond)
				if got := b.switched(); got != "" {
					t.Errorf("too early: %s", got)
				}
				after(time.Hour)
				if got := b.switched(); got != "M-1 after 30s" || b.asked != 1 {
					t.Errorf("got %q, asked %d times", got, b.asked)
				}
			})
		})
	}
}

func TestAcceptedCodeStaysWithItsChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(func(context.Context, Envelope) Answer { time.Sleep(9 * time.Second); return taken })
		b.queue("M-1", core.EventCode, core.ContactEmail)
		after(time.Hour)
		if m := b.got("M-1"); m.State != core.MessageAccepted || b.switched() != "" {
			t.Errorf("%q, %+v", b.switched(), m)
		}
	})
}

// A notice never goes by another channel: each address has its own.
func TestNoticeIsNotSwitched(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(hang)
		b.queue("M-1", core.EventRequestCodeSent, core.ContactEmail)
		after(time.Hour)
		if b.switched() != "" {
			t.Errorf("got %q", b.switched())
		}
	})
}

// Sends that hang take up slots, but neither those of the other provider nor
// those that are kept for codes; and nothing hangs for longer than 10 s.
func TestAHangingSendDelaysNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(func(ctx context.Context, e Envelope) Answer {
			if e.Code {
				return taken
			}
			return hang(ctx, e)
		})
		for i := range 40 {
			b.queue(fmt.Sprintf("M-%03d", i), core.EventGrantActivated, core.ContactEmail)
		}
		b.queue("M-sms", core.EventGrantActivated, core.ContactPhone)
		b.queue("M-code", core.EventCode, core.ContactEmail)
		after(0)
		for _, id := range []string{"M-sms", "M-code"} {
			if m := b.got(id); m.State != core.MessageAccepted {
				t.Errorf("%s waits: %+v", id, m)
			}
		}
		if got := len(b.mail.sent()); got != sendsAtOnce-keptForCodes+1 {
			t.Errorf("%d mails under way", got)
		}
		after(sendTimeout)
		if m := b.got("M-000"); m.State != core.MessageRetry || m.Result != "no answer: it took too long" {
			t.Errorf("after 10 s: %+v", m)
		}
	})
}

func TestOneAddressThatHangsDoesNotStallItsProvider(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(func(ctx context.Context, e Envelope) Answer {
			if e.ID == "M-bad" {
				return hang(ctx, e)
			}
			return taken
		})
		b.queue("M-bad", core.EventGrantActivated, core.ContactEmail)
		for i := range 100 {
			b.queue(fmt.Sprintf("M-%03d", i), core.EventGrantActivated, core.ContactEmail)
		}
		after(time.Second)
		for i := range 100 {
			if m := b.got(fmt.Sprintf("M-%03d", i)); m.State != core.MessageAccepted {
				t.Fatalf("%s: %+v", m.ID, m)
			}
		}
		if b.mail.most > sendsAtOnce {
			t.Errorf("%d sends at once", b.mail.most)
		}
	})
}
