package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

// outbox is a Console in memory that keeps core's contract of an outbox and
// writes down what the courier did. It is safe for concurrent use.
type outbox struct {
	clock core.Clock
	wake  chan struct{}

	mu       sync.Mutex
	open     map[string]core.Message
	codes    map[string]core.Secret
	ended    map[string]core.Message
	outcomes map[string][]core.Outcome
	switches []string // message, and when
	asked    int      // calls of SwitchChannel
	endFails error
	begins   error
	pending  error
	slowly   time.Duration // that BeginSend takes
	unsigned error
}

func newOutbox(clock core.Clock) *outbox {
	return &outbox{
		clock: clock, wake: make(chan struct{}, 1), open: map[string]core.Message{}, codes: map[string]core.Secret{},
		ended: map[string]core.Message{}, outcomes: map[string][]core.Outcome{},
	}
}

// queue adds a notice, or a code for an event of that name.
func (o *outbox) queue(id string, event core.Event, kind core.ContactKind, change ...func(*core.Message)) {
	now := o.clock.Now()
	m := core.Message{
		ID: id, State: core.MessageQueued, Event: event, Kind: kind, Address: "jo@acme.example", Site: "acme", Request: "R-7M2KQ4XA",
		Data: map[string]string{"host": "host.example", "call": "Eva, +31 6 12345678"}, Created: now, Due: now, Expires: now.Add(core.NoticeLife),
	}
	if kind == core.ContactPhone {
		m.Address = "+31612345678"
	}
	if event == core.EventCode {
		m.Expires = now.Add(core.CodeLife)
		m.Fallback = []string{"2"}
		o.mu.Lock()
		o.codes[id] = core.NewSecret("7M2K-Q4XA")
		o.mu.Unlock()
	}
	for _, f := range change {
		f(&m)
	}
	o.mu.Lock()
	o.open[id] = m
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) Outgoing() <-chan struct{} { return o.wake }

func (o *outbox) Pending(context.Context) ([]core.Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Values(o.open)), o.pending
}

func (o *outbox) BeginSend(_ context.Context, id string) (core.Message, core.Secret, error) {
	time.Sleep(o.slowly)
	o.mu.Lock()
	defer o.mu.Unlock()
	m, ok := o.open[id]
	switch {
	case o.begins != nil:
		return m, core.Secret{}, o.begins
	case !ok:
		return m, core.Secret{}, core.Refuse(core.ErrNotFound, "none")
	case o.clock.Now().Before(m.Due):
		return m, core.Secret{}, core.Refuse(core.ErrState, "not due")
	}
	m.State, m.Attempts = core.MessageSending, m.Attempts+1
	o.open[id] = m
	return m, o.codes[id], nil
}

func (o *outbox) EndSend(ctx context.Context, id string, out core.Outcome) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := errors.Join(ctx.Err(), o.endFails); err != nil {
		return err
	}
	m, ok := o.open[id]
	if !ok {
		return core.Refuse(core.ErrNotFound, "none")
	}
	o.outcomes[id] = append(o.outcomes[id], out)
	m.State, m.Result = out.State, out.Result
	if out.State == core.MessageRetry {
		m.Due = out.At
		o.open[id] = m
		return nil
	}
	delete(o.open, id)
	m.Ended = o.clock.Now()
	o.ended[id] = m
	return nil
}

func (o *outbox) SwitchChannel(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	m, ok := o.open[id]
	if ok && m.Event == core.EventCode && !m.Switched {
		m.Switched = true
		o.open[id] = m
		o.switches = append(o.switches, fmt.Sprintf("%s after %v", id, o.clock.Now().Sub(m.Created)))
	}
	return nil
}

func (o *outbox) Checkpoint(context.Context) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return testCheckpoint, o.unsigned
}

// got returns a message as it stands now.
func (o *outbox) got(id string) core.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m, ok := o.open[id]; ok {
		return m
	}
	return o.ended[id]
}

func (o *outbox) last(id string) core.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.outcomes[id]
	if len(all) == 0 {
		return core.Outcome{}
	}
	return all[len(all)-1]
}

func (o *outbox) switched() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.switches, ", ")
}

// provider is a Channel that follows a script and writes down what it got.
type provider struct {
	answer func(ctx context.Context, e Envelope) Answer

	mu    sync.Mutex
	sends []Envelope
	now   int
	most  int
}

func (p *provider) Send(ctx context.Context, e Envelope) Answer {
	p.mu.Lock()
	p.sends = append(p.sends, e)
	p.now++
	p.most = max(p.most, p.now)
	answer := p.answer
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.now--
		p.mu.Unlock()
	}()
	return answer(ctx, e)
}

func (p *provider) follow(answer func(context.Context, Envelope) Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *provider) sent() []Envelope {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sends)
}

func (p *provider) times(id string) (at []time.Time) {
	for _, e := range p.sent() {
		if e.ID == id {
			at = append(at, e.At)
		}
	}
	return at
}

func always(a Answer) func(context.Context, Envelope) Answer {
	return func(context.Context, Envelope) Answer { return a }
}

func hang(ctx context.Context, _ Envelope) Answer {
	<-ctx.Done()
	return unreachable(ctx, ctx.Err())
}

var taken = Answer{Verdict: Accepted, Detail: "accepted by the mail provider"}

// bench is a courier between a fake outbox and fake providers, in a bubble.
type bench struct {
	*outbox
	clock   *coretest.Clock
	mail    *provider
	sms     *provider
	options Options
	stop    func()
}

// zeros is random bytes that make no jitter: every wait is whole.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// inBubble runs a test with a courier that runs. What change does to the options
// happens before.
func inBubble(t *testing.T, f func(t *testing.T, b *bench), change ...func(*bench, *Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		clock := coretest.NewClock()
		b := &bench{outbox: newOutbox(clock), clock: clock, mail: &provider{answer: always(taken)}, sms: &provider{answer: always(taken)}}
		o := Options{
			Console: b.outbox, Clock: clock, Random: zeros{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Channels: map[core.ContactKind]Channel{core.ContactEmail: b.mail, core.ContactPhone: b.sms},
		}
		for _, f := range change {
			f(b, &o)
		}
		b.options = o
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			New(o).Run(ctx)
		}()
		b.stop = func() { cancel(); <-done }
		f(t, b)
		b.stop()
	})
}

func after(d time.Duration) {
	time.Sleep(d) // of a bubble
	synctest.Wait()
}
