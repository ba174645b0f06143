package notify

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"breakglass/core"
)

// Console is what the courier needs of a [core.Console].
type Console interface {
	// Pending returns the open rows of the outbox.
	Pending(ctx context.Context) ([]core.Message, error)
	// BeginSend counts an attempt, durably, and returns the code of a row that
	// carries one. core.ErrState: there is nothing to send now.
	BeginSend(ctx context.Context, id string) (core.Message, core.Secret, error)
	// EndSend records what became of an attempt, or that none will follow.
	EndSend(ctx context.Context, id string, o core.Outcome) error
	// SwitchChannel sends a code by the other channel too.
	SwitchChannel(ctx context.Context, id string) error
	// Outgoing tells that something was queued.
	Outgoing() <-chan struct{}
	// Checkpoint returns the log's signed checkpoint.
	Checkpoint(ctx context.Context) (string, error)
}

// Options is what a [Courier] is built from. All but Channels is needed.
type Options struct {
	Console  Console
	Channels map[core.ContactKind]Channel // a kind without one fails, and says so
	Clock    core.Clock
	Random   io.Reader // for jitter; crypto/rand.Reader outside tests
	Log      *slog.Logger
}

// Courier sends what is queued in the outbox. Make it with [New].
type Courier struct {
	console Console
	clock   core.Clock
	time    *core.Timekeeper
	jitter  *jitter
	log     *slog.Logger
	events  chan func()   // run by Run's goroutine, which owns what is below
	gone    chan struct{} // closed when Run has returned

	lanes   map[core.ContactKind]*lane
	rows    map[string]*row
	working int // goroutines that Run waits for at its end
}

// row is what the courier knows of one open message.
type row struct {
	core.Message
	busy      bool      // somebody works on it
	notBefore time.Time // after an error of the ledger
	switching bool
	switched  bool // to the other channel, or there is none
	switchAt  time.Time
}

// New returns a courier, which does nothing before Run.
func New(o Options) *Courier {
	c := &Courier{
		console: o.Console, clock: o.Clock, time: core.NewTimekeeper(o.Clock), jitter: &jitter{random: o.Random}, log: o.Log,
		events: make(chan func()), gone: make(chan struct{}),
		lanes: make(map[core.ContactKind]*lane), rows: make(map[string]*row),
	}
	for kind, channel := range o.Channels {
		if channel != nil {
			c.lanes[kind] = &lane{kind: kind, channel: channel}
		}
	}
	return c
}

// Run sends until ctx ends, then gives what is under way a moment to end, and
// returns. Only one courier may run on a console, and each runs once.
func (c *Courier) Run(ctx context.Context) {
	defer close(c.gone)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	for stale := true; ; {
		stale = stale && !c.reload(ctx)
		wait := c.dispatch(work)
		if stale {
			wait = min(wait, ledgerPause)
		}
		alarm := make(chan struct{})
		stop := c.clock.AfterFunc(wait, func() { close(alarm) })
		select {
		case <-ctx.Done():
			stop()
			c.drain(stopWork)
			return
		case <-c.console.Outgoing():
			stale = true
		case event := <-c.events:
			event()
		case <-alarm:
			stale = true
		}
		stop()
	}
}

// drain waits for what is under way, for stopGrace at most.
func (c *Courier) drain(stopWork func()) {
	stop := c.clock.AfterFunc(stopGrace, stopWork)
	defer stop()
	for c.working > 0 {
		(<-c.events)()
	}
}

// post hands what happened to Run's goroutine.
func (c *Courier) post(event func()) {
	select {
	case c.events <- event:
	case <-c.gone:
	}
}

// spawn works on a row in a goroutine of its own. What work returns is run by
// Run's goroutine afterwards.
func (c *Courier) spawn(work func() (then func())) {
	c.working++
	go func() {
		then := work()
		c.post(func() {
			c.working--
			then()
		})
	}()
}

// reload reads the outbox and reports whether it could. Rows that somebody works
// on stay as they are.
func (c *Courier) reload(ctx context.Context) bool {
	pending, err := c.console.Pending(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Error("read outbox", "err", err)
		}
		return false
	}
	rows := make(map[string]*row, len(pending))
	for _, m := range pending {
		c.time.Reached(m.Created)
		r, known := c.rows[m.ID]
		switch {
		case !known:
			r = &row{Message: m, switchAt: m.Created.Add(codePatience)}
		case !r.busy:
			r.Message = m
		}
		r.switched = r.switched || m.Switched || m.Event != core.EventCode || len(m.Fallback) == 0
		rows[m.ID] = r
	}
	for id, r := range c.rows {
		if r.busy || r.switching {
			rows[id] = r
		}
	}
	c.rows = rows
	return true
}

// dispatch starts all that is due and can go, and returns how long nothing else
// will be.
func (c *Courier) dispatch(ctx context.Context) time.Duration {
	now := c.time.Now()
	next := now.Add(idlePause)
	wait := func(at time.Time) {
		if at.After(now) && at.Before(next) {
			next = at
		}
	}
	for _, r := range c.inOrder() {
		if r.Event == core.EventCode {
			wait(c.watchCode(ctx, now, r))
		}
		if r.busy {
			continue
		}
		wait(r.Expires)
		switch due := latest(r.Due, r.notBefore); {
		case !now.Before(r.Expires) && !now.Before(r.notBefore):
			c.close(ctx, r, core.Outcome{
				State: core.MessageExpired, Result: resultOver, Misconfigured: c.lanes[r.Kind] == nil || c.lanes[r.Kind].refused,
			})
		case due.After(now):
			wait(due)
		default:
			wait(c.offer(ctx, now, r))
		}
	}
	return next.Sub(now)
}

// offer gives a row that is due to its lane. Where the lane cannot take it, it
// returns when to ask again, if that is known.
func (c *Courier) offer(ctx context.Context, now time.Time, r *row) time.Time {
	l := c.lanes[r.Kind]
	if l == nil {
		c.close(ctx, r, core.Outcome{State: core.MessageFailed, Result: noChannel(r.Kind), Misconfigured: true})
		return time.Time{}
	}
	probe, ok := l.admit(now, r.Event == core.EventCode)
	if !ok {
		return l.freeAt()
	}
	l.begin(probe)
	c.start(ctx, l, r, probe)
	return time.Time{}
}

// watchCode sends a code by the other channel too when its time for this one is
// over, or will be before its channel takes messages again. It returns when to
// look again.
func (c *Courier) watchCode(ctx context.Context, now time.Time, r *row) time.Time {
	if r.switched || r.switching {
		return time.Time{}
	}
	if l := c.lanes[r.Kind]; l != nil && !r.busy && l.freeAt().After(r.switchAt) {
		r.switchAt = latest(now, r.notBefore)
	}
	if now.Before(r.switchAt) {
		return r.switchAt
	}
	r.switching = true
	id := r.ID
	c.spawn(func() func() {
		err := c.console.SwitchChannel(ctx, id)
		return func() {
			r.switching, r.switched = false, err == nil
			if err != nil {
				c.log.Error("send code by the other channel", "message", id, "err", err)
				r.switchAt = c.time.Now().Add(ledgerPause)
			}
		}
	})
	return time.Time{}
}

// inOrder lists the rows: codes first, then the one due first.
func (c *Courier) inOrder() []*row {
	return slices.SortedFunc(maps.Values(c.rows), func(a, b *row) int {
		if x, y := a.Event == core.EventCode, b.Event == core.EventCode; x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
