package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"breakglass/core"
	"breakglass/core/audit"
)

// pushWorld is a world that pushes its log to a collector.
func pushWorld(w *world, personal bool) {
	w.t.Helper()
	w.console.Close()
	w.options.Push = core.PushOptions{Target: "logs.example:6514", Personal: personal}
	w.open()
}

func (w *world) nextPush() core.PushBatch {
	w.t.Helper()
	batch, err := w.console.NextPush(w.t.Context())
	w.check(err)
	return batch
}

// pushAll hands all there is to a collector and returns what it has got then.
func (w *world) pushAll() (got []string) {
	w.t.Helper()
	for {
		batch := w.nextPush()
		if len(batch.Messages) == 0 {
			return got
		}
		got = append(got, batch.Messages...)
		w.check(w.console.Pushed(w.t.Context(), batch))
	}
}

func (w *world) pushInfo() core.PushInfo {
	w.t.Helper()
	info, err := w.console.LogPush(w.t.Context(), w.ada)
	w.check(err)
	return info
}

// A collector gets each line once, in order, and behind the last the checkpoint
// that signs them; then nothing until the log grows.
func TestTheLogIsPushed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pushWorld(w, false)
		for range 600 {
			w.check(w.console.LoggedIn(t.Context(), w.owner))
		}
		got := w.pushAll()
		if int64(len(got)) != w.size()+1 {
			t.Fatalf("%d messages of %d lines and a checkpoint", len(got), w.size())
		}
		for i, message := range got {
			if !rfc5424.MatchString(message) || !strings.Contains(message, fmt.Sprintf(` seq="%d"`, i)) {
				t.Fatalf("message %d: %s", i, message)
			}
			if strings.Contains(message, "personal.") {
				t.Fatalf("what may have to be erased left: %s", message)
			}
		}
		if signed := got[len(got)-1]; !strings.Contains(signed, `data.lines="`+fmt.Sprint(w.size())+`"`) {
			t.Errorf("the last is no checkpoint: %s", signed)
		}
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		if more := w.pushAll(); len(more) != 2 {
			t.Errorf("a line more is %d messages", len(more))
		}
		if info := w.pushInfo(); info.Sent != w.size() || info.Behind != 0 || info.At.IsZero() || info.Problem != "" {
			t.Errorf("%+v", info)
		}
	})
}

// No trick in a line breaks out of its message.
func TestAPushedLineKeepsItsForm(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pushWorld(w, true)
		w.pushAll()
		tricked(w)
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		got := w.pushAll()
		if len(got) < len(tricks) {
			t.Fatalf("%d messages of %d tricks", len(got), len(tricks))
		}
		for _, message := range got {
			if !rfc5424.MatchString(message) || strings.ContainsFunc(message, func(r rune) bool { return r != unicode.ReplacementChar && !unicode.IsPrint(r) }) {
				t.Errorf("%q", message)
			}
		}
	})
}

// What a collector has is what was signed, and it is not asked twice after a
// restart; a batch whose end was not recorded comes again.
func TestAPushIsTakenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pushWorld(w, true)
		first := w.nextPush()
		if again := w.nextPush(); strings.Join(again.Messages, "\n") != strings.Join(first.Messages, "\n") {
			t.Error("a batch under way comes again in another form")
		}
		if !strings.Contains(strings.Join(first.Messages, "\n"), "personal.remote=") {
			t.Error("what is personal was asked for")
		}
		w.check(w.console.Pushed(t.Context(), first))
		pushWorld(w, true)
		if next := w.nextPush(); next.From != first.To || next.To != w.size() {
			t.Errorf("after a restart %d to %d", next.From, next.To)
		}
		w.console.Close()
		w.options.Push.Target = "other.example:6514" // a new collector gets all
		w.open()
		if next := w.nextPush(); next.From != 0 {
			t.Errorf("a new collector begins with line %d", next.From)
		}
	})
}

// Nothing leaves that was not signed: a log that was rewritten is not pushed.
func TestARewrittenLogIsNotPushed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pushWorld(w, false)
		w.pushAll()
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error {
			_, err := audit.Append(tx.Log(), audit.Leaf{Verb: "forged", Time: w.clock.Now()})
			return err
		}))
		if batch := w.nextPush(); len(batch.Messages) != 0 {
			t.Errorf("a line that no step wrote was pushed: %v", batch.Messages)
		}
	})
}

// A collector that lacks lines for long is told of, once, and again when it has
// caught up.
func TestALaggingCollectorIsToldOf(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pushWorld(w, false)
		w.pushAll()
		w.deliver()
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		for range 40 {
			w.check(w.console.PushFailed(t.Context(), "nobody\nlistens"))
			w.after(time.Minute)
		}
		if info := w.pushInfo(); info.Problem != "nobody listens" || info.Behind != 2 || time.Since(info.Failing) != 40*time.Minute {
			t.Errorf("%+v", info)
		}
		told := w.pending()
		if len(told) != 1 || told[0].Event != core.EventLogPushStalled || told[0].Address != "eva@agency.example" || told[0].Data["problem"] != "nobody listens" {
			t.Errorf("%+v", told)
		}
		w.pushAll()
		w.pushAll()
		page := w.log(w.ada, core.LogQuery{Event: "log"})
		var events []core.Event
		for _, l := range page.Lines {
			if l.Event != core.EventLogRead {
				events = append(events, l.Event)
			}
		}
		if fmt.Sprint(events) != "[log.push_resumed log.push_stalled]" {
			t.Errorf("%v", events)
		}
		if info := w.pushInfo(); info.Problem != "" || !info.Failing.IsZero() {
			t.Errorf("%+v", info)
		}
	})
}

func TestThePushIsForThoseWhoReadAll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if info := w.pushInfo(); info != (core.PushInfo{}) {
			t.Errorf("no collector: %+v", info)
		}
		for _, a := range []core.Actor{w.owner, {}} {
			_, err := w.console.LogPush(t.Context(), a)
			w.refused(core.ErrDenied, err)
		}
	})
}
