package notify

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// After failures in a row a provider is left alone; one probe at a time finds
// out whether it is back, at waits that double.
func TestBreaker(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	l := &lane{}
	try := func(code bool, a Answer) string {
		probe, ok := l.admit(now, code)
		if !ok {
			return "refused"
		}
		l.begin(probe)
		l.returned()
		changed := l.judge(now, a, probe)
		return strings.TrimSpace(fmt.Sprint(map[bool]string{true: "probe", false: "send"}[probe], map[bool]string{true: " changed", false: ""}[changed]))
	}
	failed := Answer{}
	for i, step := range []struct {
		wait time.Duration
		code bool
		a    Answer
		want string
	}{
		{0, false, failed, "send"},
		{0, false, failed, "send"},
		{0, false, failed, "send"},
		{0, false, Answer{Verdict: Rejected}, "send"}, // the provider works: the count begins anew
		{0, false, failed, "send"},
		{0, false, failed, "send"},
		{0, false, failed, "send"},
		{0, false, Answer{Verdict: Misconfigured}, "send"},
		{0, false, failed, "send changed"},
		{firstCoolDown - 1, false, taken, "refused"},
		{0, true, failed, "probe"}, // a code does not wait
		{2*firstCoolDown - 1, false, taken, "refused"},
		{1, false, failed, "probe"},
		{4 * firstCoolDown, false, failed, "probe"},
		{8 * firstCoolDown, false, failed, "probe"},
		{16 * firstCoolDown, false, failed, "probe"},
		{mostCoolDown - 1, false, taken, "refused"},
		{1, false, Answer{Verdict: Busy, After: time.Minute}, "probe changed"},
		{time.Minute - 1, true, taken, "refused"}, // told to wait, codes too
		{1, false, taken, "send"},
	} {
		now = now.Add(step.wait)
		if got := try(step.code, step.a); strings.Join(strings.Fields(got), " ") != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}

func TestOneProbeAtATime(t *testing.T) {
	now := time.Now()
	l := &lane{open: now, coolDown: firstCoolDown}
	probe, ok := l.admit(now, false)
	if !probe || !ok {
		t.Fatal("no probe")
	}
	l.begin(probe)
	for _, code := range []bool{false, true} {
		if _, ok := l.admit(now, code); ok {
			t.Errorf("a second probe, code: %t", code)
		}
	}
	l.abandon(true)
	if probe, ok := l.admit(now, false); !probe || !ok {
		t.Error("none after one that never reached the provider")
	}
}

// A provider that is down gets a probe now and then, not the whole outbox again
// and again, and all of the outbox once it is back.
func TestOutboxSurvivesAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Detail: "no answer"}))
		for i := range 100 {
			b.queue(fmt.Sprintf("M-%03d", i), core.EventGrantActivated, core.ContactEmail)
		}
		after(time.Hour)
		if n := len(b.mail.sent()); n > 30 {
			t.Errorf("%d sends into an outage of an hour", n)
		}
		b.mail.follow(always(taken))
		after(mostCoolDown + 10*time.Second)
		for i := range 100 {
			if m := b.got(fmt.Sprintf("M-%03d", i)); m.State != core.MessageAccepted && m.Attempts == 0 {
				t.Errorf("%s: %+v", m.ID, m)
			}
		}
	})
}

// While a provider is left alone, a code for it goes by the other one at once,
// and is its probe.
func TestCodeDoesNotWaitForABrokenProvider(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Detail: "no answer"}))
		for i := range 20 {
			b.queue(fmt.Sprintf("M-%03d", i), core.EventGrantActivated, core.ContactEmail)
		}
		after(3 * time.Minute) // long enough for a cool-down above the patience
		b.queue("M-code", core.EventCode, core.ContactEmail)
		after(0)
		if got := b.switched(); got != "M-code after 0s" {
			t.Errorf("switched: %q", got)
		}
		if len(b.mail.times("M-code")) != 1 {
			t.Error("the code was not tried")
		}
		b.mail.follow(always(taken))
		after(time.Minute)
		if m := b.got("M-code"); m.State != core.MessageAccepted {
			t.Errorf("%+v", m)
		}
	})
}

// What a provider asks one message it asks all.
func TestBusyProviderIsLeftInPeace(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mail.follow(always(Answer{Verdict: Busy, After: 5 * time.Minute}))
		b.queue("M-1", core.EventGrantActivated, core.ContactEmail)
		after(0)
		b.mail.follow(always(taken))
		b.queue("M-2", core.EventGrantActivated, core.ContactEmail)
		b.queue("M-3", core.EventCode, core.ContactEmail)
		after(5*time.Minute - time.Second)
		if n := len(b.mail.sent()); n != 1 {
			t.Errorf("%d sends while told to wait", n)
		}
		if got := b.switched(); got != "M-3 after 0s" {
			t.Errorf("the code: %q", got)
		}
		after(2 * time.Second)
		for _, id := range []string{"M-1", "M-2", "M-3"} {
			if m := b.got(id); m.State != core.MessageAccepted {
				t.Errorf("%+v", m)
			}
		}
	})
}

// The oldest notices of a long queue go first, codes before all.
func TestOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		after(time.Minute)
		sent := b.mail.sent()
		slices.SortStableFunc(sent, func(x, y Envelope) int { return cmp.Or(x.At.Compare(y.At), strings.Compare(x.ID, y.ID)) })
		var order []string
		for _, e := range sent {
			if !e.Code {
				order = append(order, e.ID)
			}
		}
		if len(order) != 20 || !slices.IsSorted(order) {
			t.Errorf("got %v", order)
		}
		if code := b.mail.times("M-code"); len(code) != 1 || !code[0].Equal(b.got("M-code").Created) {
			t.Errorf("the code went at %v", code)
		}
	}, func(b *bench, _ *Options) {
		b.mail.follow(func(context.Context, Envelope) Answer { time.Sleep(time.Second); return taken })
		for i := range 20 {
			b.queue(fmt.Sprintf("M-%03d", i), core.EventGrantActivated, core.ContactEmail, func(m *core.Message) {
				m.Due = m.Due.Add(-time.Duration(100-i) * time.Second)
			})
		}
		b.queue("M-code", core.EventCode, core.ContactEmail)
	})
}

func TestBackoffIsBounded(t *testing.T) {
	for attempts, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 2: 20 * time.Second, 10: time.Hour, 1 << 30: time.Hour} {
		if got := noticeBackoff.after(attempts); got != want {
			t.Errorf("after %d attempts: %v", attempts, got)
		}
	}
}

func TestJitterSpreadsWaits(t *testing.T) {
	for name, test := range map[string]struct {
		random string
		want   time.Duration
	}{
		"none":            {"\x00\x00\x00\x00\x00\x00\x00\x00", time.Minute},
		"some":            {"\x00\x00\x00\x00\x00\x00\x00\x01", time.Minute - 1},
		"no random bytes": {"", time.Minute},
	} {
		j := jitter{random: strings.NewReader(test.random)}
		if got := j.spread(time.Minute); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
	j := jitter{random: rand.NewChaCha8([32]byte{1})}
	least, most := time.Hour, time.Duration(0)
	for range 256 {
		got := j.spread(time.Minute)
		least, most = min(least, got), max(most, got)
	}
	if least <= 30*time.Second || least > 32*time.Second || most > time.Minute || most < 58*time.Second {
		t.Errorf("from %v to %v", least, most)
	}
}
