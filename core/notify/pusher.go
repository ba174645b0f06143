package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"breakglass/core"
)

// Log is what the pusher needs of a [core.Console].
type Log interface {
	// NextPush returns the lines that the collector lacks, none where it has all.
	NextPush(ctx context.Context) (core.PushBatch, error)
	// Pushed records that it has them.
	Pushed(ctx context.Context, b core.PushBatch) error
	// PushFailed notes why it has them not.
	PushFailed(ctx context.Context, why string) error
	// Logged tells that the log grew.
	Logged() <-chan struct{}
}

// Collector takes lines of the log. Deliver returns nil only once it has all of
// them, and soon after ctx ends.
type Collector interface {
	Deliver(ctx context.Context, messages []string) error
}

// PusherOptions is what a [Pusher] is built from. All is needed.
type PusherOptions struct {
	Log       Log
	Collector Collector
	Clock     core.Clock
	Random    io.Reader // for jitter
	Operator  *slog.Logger
}

// Pusher pushes the log to a collector as it grows: in order, each line at least
// once, and only the batch under way twice when its end is lost. It keeps nobody
// waiting but itself. Make it with [NewPusher].
type Pusher struct {
	PusherOptions
	jitter *jitter
}

// The paces of the pusher.
const (
	pushGather = 200 * time.Millisecond // the lines of one step go together
	pushIdle   = 30 * time.Second       // the log is looked at this often at least
)

var pushBackoff = backoff{time.Second, time.Minute}

// NewPusher returns a pusher, which does nothing before Run.
func NewPusher(o PusherOptions) *Pusher {
	return &Pusher{PusherOptions: o, jitter: &jitter{random: o.Random}}
}

// Run pushes until ctx ends. Only one pusher may run on a console.
func (p *Pusher) Run(ctx context.Context) {
	for failed := 0; ctx.Err() == nil; {
		more, err := p.once(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			failed++
			p.Operator.Warn("push the log", "failed", failed, "err", err)
			p.wait(ctx, p.jitter.spread(pushBackoff.after(failed)), nil)
		case more:
			failed = 0
		default:
			failed = 0
			p.wait(ctx, pushIdle, p.Log.Logged())
			p.wait(ctx, pushGather, nil)
		}
	}
}

// once pushes one batch and reports whether there was one.
func (p *Pusher) once(ctx context.Context) (bool, error) {
	batch, err := p.Log.NextPush(ctx)
	if err != nil {
		return false, p.failed(ctx, "the log cannot be read or signed here, so nothing of it leaves", err)
	}
	if len(batch.Messages) == 0 {
		return false, nil
	}
	if err := p.deliver(ctx, batch.Messages); err != nil {
		return false, p.failed(ctx, collectorProblem(err), err)
	}
	return true, p.Log.Pushed(ctx, batch)
}

// failed notes why nothing arrives, unless the pusher is being stopped, and
// returns err.
func (p *Pusher) failed(ctx context.Context, why string, err error) error {
	if ctx.Err() == nil {
		if noted := p.Log.PushFailed(ctx, why); noted != nil {
			p.Operator.Error("note that the log was not pushed", "err", noted)
		}
	}
	return err
}

// deliver makes a panic of a collector an error.
func (p *Pusher) deliver(ctx context.Context, messages []string) (err error) {
	defer func() {
		if broke := recover(); broke != nil {
			err = fmt.Errorf("panic in a collector: %v\n%s", broke, debug.Stack())
		}
	}()
	return p.Collector.Deliver(ctx, messages)
}

// wait returns after d, when woken, or when ctx ends.
func (p *Pusher) wait(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	over := make(chan struct{})
	stop := p.Clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-woken:
	case <-ctx.Done():
	}
}
