package core_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/core/notify"
	"breakglass/core/safetext"
)

// shelf is a log that was written already, as a pusher sees it.
type shelf struct {
	mu       sync.Mutex
	messages []string
	huge     bool // the next batch takes its reader seconds, so that it can be cut in its middle
	next     int64
	problems []string
}

func (s *shelf) Logged() <-chan struct{} { return nil }

func (s *shelf) NextPush(context.Context) (core.PushBatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.huge {
		return core.PushBatch{Messages: slices.Repeat(s.messages, 60)}, nil
	}
	to := min(s.next+256, int64(len(s.messages)))
	return core.PushBatch{From: s.next, To: to, Messages: s.messages[s.next:to:to]}, nil
}

func (s *shelf) Pushed(_ context.Context, b core.PushBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = b.To
	return nil
}

func (s *shelf) PushFailed(_ context.Context, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems, s.huge = append(s.problems, why), false
	return nil
}

// wait waits until the pusher is there.
func (s *shelf) wait(t *testing.T, where string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		ok, next, problems := there(), s.next, s.problems
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never %s: %d of %d lines count as arrived; %q", where, next, len(s.messages), problems)
		}
	}
}

// hostileLog is the messages of a log whose lines hold every trick in every
// place, twenty times over.
func hostileLog(t *testing.T) (messages []string, first int64) {
	t.Helper()
	inWorld(t, func(_ *testing.T, w *world) {
		pushWorld(w, true)
		w.pushAll()
		first = w.size()
		for range 20 {
			tricked(w)
			for range 20 {
				w.check(w.console.LoggedIn(w.t.Context(), w.owner))
			}
		}
		messages = w.pushAll()
	})
	return messages, first
}

// The real rsyslogd gets every line by TCP and by TLS and reads each as we meant
// it, whatever stands in it, also when it is stopped and started in between.
func TestRsyslogGetsEveryLine(t *testing.T) {
	messages, first := hostileLog(t)
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %t", secured), func(t *testing.T) {
			t.Parallel()
			collector := coretest.NewRsyslog(t, secured)
			s, err := notify.NewSyslog(notify.SyslogOptions{Host: "localhost", Port: collector.Port, Plain: !secured, Roots: collector.Roots})
			if err != nil {
				t.Fatal(err)
			}
			log := &shelf{messages: messages, huge: true}
			p := notify.NewPusher(notify.PusherOptions{
				Log: log, Collector: s, Clock: coretest.NewClock(), Random: rand.Reader, Operator: slog.New(slog.DiscardHandler),
			})
			ctx, cancel := context.WithCancel(t.Context())
			over := make(chan struct{})
			go func() { defer close(over); p.Run(ctx) }()
			log.wait(t, "in a batch", func() bool { return len(collector.Taken()) > 0 })
			collector.Stop()
			log.wait(t, "cut off", func() bool { return len(log.problems) > 0 })
			collector.Start()
			log.wait(t, "between batches", func() bool { return log.next > 0 })
			collector.Stop()
			collector.Start()
			log.wait(t, "done", func() bool { return log.next == int64(len(messages)) })
			cancel()
			<-over
			collector.Stop() // so that all it has read is written
			demandAll(t, collector.Taken(), first, len(messages))
		})
	}
}

// demandAll demands every line from first on, each with what was written.
func demandAll(t *testing.T, taken []coretest.Taken, first int64, messages int) {
	t.Helper()
	got := map[string]coretest.Taken{}
	for _, one := range taken {
		if one.Event != "log.checkpoint" {
			got[one.Fields["seq"]] = one
		}
	}
	t.Logf("%d messages, %d of them again", len(taken), len(taken)-messages)
	for i := range int64(messages - 1) {
		seq := first + i
		one, ok := got[fmt.Sprint(seq)]
		if !ok {
			t.Fatalf("line %d did not arrive", seq)
		}
		if one.Program != "breakglass" || one.Host == "" || one.Priority/8 != 13 || one.Time.IsZero() {
			t.Errorf("line %d was read as %+v", seq, one)
		}
		n := int(i % int64(len(tricks)+20))
		if n >= len(tricks) {
			continue
		}
		want := safetext.Line(tricks[n])
		for _, name := range []string{"actor", "request", "from", "to", "result", "personal.reason"} {
			if one.Fields[name] != want {
				t.Errorf("%s of %q was read as %q", name, tricks[n], one.Fields[name])
			}
		}
	}
}
