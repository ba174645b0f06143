package core

import (
	"context"
	"fmt"
	"sync"
	"time"

	"breakglass/core/audit"
	"breakglass/core/safetext"
)

// Push is how far the log was pushed to one collector.
type Push struct {
	ID      string // the collector's address
	Version uint64
	Next    int64     // the first line that the collector is not known to have
	Signed  int64     // lines of the newest checkpoint that it is known to have
	At      time.Time // when it had the last ones
	Stalled time.Time // when its lag was told of; zero: there is none to tell of
}

// PushOptions say where the log is pushed to. The zero value pushes nothing.
type PushOptions struct {
	Target string // the collector's address, as people read it
	// Personal pushes what is personal too: who is forgotten here is not there.
	Personal bool
}

// pushLines is how many lines one batch has at most: what comes twice when a
// batch's end is lost.
const pushLines = 256

// PushLag is how old the oldest line that the collector lacks may become before
// that is a line of the log and a notice.
const PushLag = 15 * time.Minute

// PushBatch is the lines From..To of the log, each a message of RFC 5424, and
// behind the last line of all the checkpoint that signs them.
type PushBatch struct {
	From, To int64
	Signed   int64 // lines of the checkpoint in it; 0: there is none
	Messages []string
}

// PushInfo is how the pushing of the log stands.
type PushInfo struct {
	Target  string    // "" where the log is not pushed
	Sent    int64     // lines that the collector has
	Behind  int64     // lines that it lacks
	At      time.Time // when it had the last ones
	Failing time.Time // since when nothing arrives; zero: it does
	Problem string    // why, one safe line
}

// pushing is what this process knows of the collector. It is safe for concurrent
// use.
type pushing struct {
	mu      sync.Mutex
	failing time.Time
	problem string
}

func (p *pushing) set(at time.Time, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if problem == "" || p.failing.IsZero() {
		p.failing = at
	}
	p.problem = problem
}

func (p *pushing) get() (time.Time, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failing, p.problem
}

// Logged tells the pusher that the log grew.
func (c *Console) Logged() <-chan struct{} { return c.grown }

// NextPush returns the lines that the collector lacks, the oldest first, none
// where it has all. Only lines under a signed checkpoint leave: what a collector
// holds can never be another story than what was signed.
func (c *Console) NextPush(ctx context.Context) (PushBatch, error) {
	state, err := c.readPush(ctx)
	if err != nil || (state.Next >= c.durable.Load() && state.Signed == state.Next) {
		return PushBatch{}, err
	}
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return PushBatch{}, err
	}
	size, _, err := readCheckpoint(signed)
	if err != nil {
		return PushBatch{}, err
	}
	var batch PushBatch
	err = c.view(ctx, "read log to push", func(tx Tx) error {
		batch = PushBatch{From: min(state.Next, size)}
		batch.To = min(batch.From+pushLines, size)
		for seq := batch.From; seq < batch.To; seq++ {
			l, err := readLine(tx, seq)
			if err != nil {
				return err
			}
			if !c.options.Push.Personal {
				l.Personal = nil
			}
			batch.Messages = append(batch.Messages, syslogLine(c.options.Host, l))
		}
		return nil
	})
	if err != nil || batch.To < size {
		return batch, err
	}
	end, err := c.checkpointLine(signed)
	batch.Signed, batch.Messages = size, append(batch.Messages, syslogLine(c.options.Host, end))
	return batch, err
}

// Pushed records that the collector has a batch.
func (c *Console) Pushed(ctx context.Context, b PushBatch) error {
	c.push.set(time.Time{}, "")
	return c.update(ctx, "record push", systemActor, func(t *turn) error {
		state, err := t.pushState()
		if err != nil {
			return err
		}
		state.Next, state.Signed, state.At = b.To, max(b.Signed, state.Signed), t.now
		if b.Signed > 0 && !state.Stalled.IsZero() {
			l := line{event: EventLogPushResumed, result: "ok", data: map[string]string{
				"collector": c.options.Push.Target, "stalled": state.Stalled.Format(time.RFC3339),
			}}
			if _, err := t.record(l); err != nil {
				return err
			}
			state.Stalled = time.Time{}
		}
		_, err = t.Pushes().Put(state)
		return err
	})
}

// PushFailed notes why a batch did not arrive. Once the collector lacks lines
// for longer than PushLag that is a line of the log, and the managers of all
// sites are told, once until it has caught up.
func (c *Console) PushFailed(ctx context.Context, why string) error {
	now := c.judge.now()
	c.push.set(now, safetext.Line(why))
	state, err := c.readPush(ctx)
	if err != nil || !state.Stalled.IsZero() {
		return err
	}
	oldest := now
	err = c.view(ctx, "read log to push", func(tx Tx) error {
		data, err := tx.Log().Leaf(state.Next)
		if err != nil {
			return ignoreNotFound(err)
		}
		leaf, err := audit.DecodeLeaf(data)
		oldest = leaf.Time
		return err
	})
	if err != nil || now.Sub(oldest) < PushLag {
		return err
	}
	return c.update(ctx, "log push lag", systemActor, func(t *turn) error {
		state, err := t.pushState()
		if err != nil {
			return err
		}
		size, err := t.Log().Size()
		if err != nil {
			return err
		}
		state.Stalled = t.now
		if _, err := t.Pushes().Put(state); err != nil {
			return err
		}
		problem := safetext.Line(why)
		_, err = t.tell(Site{}, line{event: EventLogPushStalled, result: problem, data: map[string]string{
			"collector": c.options.Push.Target, "behind": fmt.Sprint(size - state.Next),
		}}, map[string]string{"problem": problem})
		return err
	})
}

// LogPush says how the pushing of the log stands, to an auditor or a manager of
// all sites.
func (c *Console) LogPush(ctx context.Context, a Actor) (PushInfo, error) {
	if err := c.view(ctx, "authorise", func(tx Tx) error { return mayExport(tx, a) }); err != nil {
		return PushInfo{}, err
	}
	if c.options.Push.Target == "" {
		return PushInfo{}, nil
	}
	state, err := c.readPush(ctx)
	if err != nil {
		return PushInfo{}, err
	}
	info := PushInfo{Target: c.options.Push.Target, Sent: state.Next, Behind: max(0, c.durable.Load()-state.Next), At: state.At}
	info.Failing, info.Problem = c.push.get()
	return info, nil
}

func (c *Console) readPush(ctx context.Context) (state Push, err error) {
	err = c.view(ctx, "read push", func(tx Tx) error {
		state, err = pushOf(tx, c.options.Push.Target)
		return err
	})
	return state, err
}

func (t *turn) pushState() (Push, error) { return pushOf(t.Tx, t.c.options.Push.Target) }

func pushOf(tx Tx, target string) (Push, error) {
	state, err := tx.Pushes().Get(target)
	if err = ignoreNotFound(err); err == nil && state.ID == "" {
		state.ID = target // a collector that is new gets all there is
	}
	return state, err
}
