package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

// What the log says of ends that no provider decided.
const (
	resultOver    = "its time was over before a provider accepted it"
	resultNoRoom  = "its time ends before the provider wants to be asked again"
	resultWordsNo = "the message could not be worded"
	resultBroke   = "the channel broke"
)

func noChannel(kind core.ContactKind) string {
	switch kind {
	case core.ContactPhone:
		return "no SMS provider is set up on this console"
	case core.ContactWebhook:
		return "no webhook is set up on this console"
	}
	return "no mail provider is set up on this console"
}

// start makes one attempt at a row; its slot in the lane is taken already.
func (c *Courier) start(ctx context.Context, l *lane, r *row, probe bool) {
	r.busy = true
	c.spawn(func() func() {
		m, code, err := c.console.BeginSend(ctx, r.ID)
		if err != nil {
			return func() {
				l.returned()
				l.abandon(probe)
				c.beginFailed(r, err)
			}
		}
		e, err := c.envelope(ctx, m, code)
		if err != nil {
			c.post(func() {
				l.returned()
				l.abandon(probe)
			})
			c.log.Error("word message", "message", m.ID, "event", m.Event, "err", err)
			outcome := core.Outcome{State: core.MessageFailed, Result: resultWordsNo}
			if errors.Is(err, errOver) {
				outcome = core.Outcome{State: core.MessageExpired, Result: resultOver}
			}
			return c.record(ctx, r, outcome)
		}
		answer := c.send(ctx, l, e, probe)
		if ctx.Err() != nil && answer.Verdict == Unreachable {
			return func() {} // cut off by our own end: the row stays in "sending" and goes once more
		}
		outcome := c.outcome(m, answer)
		c.log.Log(ctx, level(outcome.State), "message "+string(outcome.State), "message", m.ID, "event", m.Event,
			"channel", m.Kind, "attempts", m.Attempts, "result", outcome.Result, "err", answer.Err)
		return c.record(ctx, r, outcome)
	})
}

// beginFailed keeps a row for later, or forgets one that is at its end.
func (c *Courier) beginFailed(r *row, err error) {
	r.busy = false
	r.notBefore = c.time.Now().Add(ledgerPause)
	if errors.Is(err, core.ErrNotFound) {
		delete(c.rows, r.ID)
		return
	}
	if !errors.Is(err, core.ErrState) {
		c.log.Error("begin to send", "message", r.ID, "err", err)
	}
}

// level is how loudly the operator hears of an outcome.
func level(state core.MessageState) slog.Level {
	if state == core.MessageAccepted {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

func (c *Courier) judge(l *lane, a Answer, probe bool) {
	if l.judge(c.time.Now(), a, probe) {
		c.log.Warn("message channel", "channel", l.kind, "left_alone", !l.open.IsZero(), "until", l.open)
	}
}

// errOver means that the message is of no use any more.
var errOver = errors.New("the message's time is over")

// envelope words a message. A log that cannot be signed does not keep a notice
// back: the notice says so.
func (c *Courier) envelope(ctx context.Context, m core.Message, code core.Secret) (Envelope, error) {
	now := c.time.Now()
	life := m.Expires.Sub(now)
	if life <= 0 {
		return Envelope{}, errOver
	}
	checkpoint := ""
	if m.Event != core.EventCode {
		signed, err := c.console.Checkpoint(ctx)
		if err != nil {
			c.log.Error("sign the log for a notice", "message", m.ID, "err", err)
		}
		if err == nil {
			checkpoint = signed
		}
	}
	text, err := Render(m, code, checkpoint)
	if err != nil {
		return Envelope{}, err
	}
	return Envelope{
		ID: m.ID, Kind: m.Kind, To: m.Address, Text: text, Code: m.Event == core.EventCode, At: now, Life: life,
		Event: m.Event, Site: m.Site, Request: m.Request, Grant: m.Grant, Happened: m.Created, Drill: m.Data[core.DataDrill] != "",
	}, nil
}

// errSlow ends an attempt.
var errSlow = errors.New("no answer in time")

// send makes one attempt and returns at its end or after sendTimeout, even where
// the channel does not. The lane hears of the answer, and has its slot back when
// the channel returns.
func (c *Courier) send(ctx context.Context, l *lane, e Envelope, probe bool) Answer {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := c.clock.AfterFunc(min(sendTimeout, e.Life), func() { cancel(errSlow) })
	defer stop()
	answered := make(chan Answer, 1)
	go func() { answered <- c.contained(ctx, l.channel, e) }()
	select {
	case a := <-answered:
		c.post(func() {
			l.returned()
			c.judge(l, a, probe)
		})
		return a
	case <-ctx.Done():
	}
	a := unreachable(ctx, context.Cause(ctx))
	c.post(func() { c.judge(l, a, probe) })
	go func() {
		<-answered
		c.post(l.returned)
	}()
	return a
}

// contained makes a panic of a channel an answer.
func (c *Courier) contained(ctx context.Context, channel Channel, e Envelope) (a Answer) {
	defer func() {
		if p := recover(); p != nil {
			a = Answer{Detail: resultBroke, Err: fmt.Errorf("panic in a channel: %T\n%s", p, debug.Stack())}
		}
	}()
	return channel.Send(ctx, e)
}

// outcome draws the consequences of an answer for its message.
func (c *Courier) outcome(m core.Message, a Answer) core.Outcome {
	code := m.Event == core.EventCode
	o := core.Outcome{Result: safetext.Line(a.Detail), Misconfigured: a.Verdict == Misconfigured}
	pace := noticeBackoff
	switch {
	case a.Verdict == Accepted:
		o.State = core.MessageAccepted
		return o
	case a.Verdict == Rejected, a.Verdict == Misconfigured && code:
		o.State = core.MessageFailed // a code goes to the other channel by this
		return o
	case a.Verdict == Misconfigured:
		pace = misconfiguredBackoff
	case code:
		pace = codeBackoff
	}
	wait := c.jitter.spread(pace.after(m.Attempts))
	o.State, o.At = core.MessageRetry, c.time.Now().Add(max(wait, min(a.After, maxRetryAfter)))
	if !o.At.Before(m.Expires) {
		o.State, o.At, o.Result = core.MessageExpired, time.Time{}, safetext.Line(o.Result+"; "+resultNoRoom)
	}
	return o
}

// close records that no attempt will follow.
func (c *Courier) close(ctx context.Context, r *row, o core.Outcome) {
	r.busy = true
	c.log.Warn("message "+string(o.State), "message", r.ID, "event", r.Event, "channel", r.Kind, "attempts", r.Attempts, "result", o.Result)
	c.spawn(func() func() { return c.record(ctx, r, o) })
}

// record writes an outcome down and tries until it is written: what a provider
// accepted must not be sent again because the disk was full for a moment. It
// returns what Run's goroutine has to know.
func (c *Courier) record(ctx context.Context, r *row, o core.Outcome) (then func()) {
	pause := backoff{ledgerPause, time.Minute}
	for try := 1; ; try++ {
		err := c.endSend(ctx, r.ID, o)
		if err == nil || errors.Is(err, core.ErrNotFound) {
			return func() { c.recorded(r, o, err) }
		}
		c.log.Error("record what became of a message", "message", r.ID, "state", o.State, "err", err)
		if !c.sleep(ctx, pause.after(try)) {
			return func() {}
		}
	}
}

func (c *Courier) recorded(r *row, o core.Outcome, err error) {
	r.busy = false
	if o.State != core.MessageRetry || err != nil {
		delete(c.rows, r.ID)
		return
	}
	r.State, r.Due = core.MessageRetry, o.At
}

// endSend is not cut short by the courier's end, only by its own time.
func (c *Courier) endSend(ctx context.Context, id string, o core.Outcome) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := c.clock.AfterFunc(ledgerTimeout, cancel)
	defer stop()
	return c.console.EndSend(ctx, id, o)
}

// sleep waits and reports whether ctx still lives.
func (c *Courier) sleep(ctx context.Context, d time.Duration) bool {
	over := make(chan struct{})
	stop := c.clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
