package core

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"time"

	"breakglass/core/audit"
)

// turn is one Update: its transaction, the time and the random bytes that were
// drawn before it, and what is to happen once it is durable.
type turn struct {
	Tx
	c      *Console
	now    time.Time
	boot   string        // the machine's boot,
	since  time.Duration // and the time since
	actor  Actor
	random io.Reader
	after  *effects

	managers []Person // as they were just before
}

// effects is what follows a commit.
type effects struct {
	mail  bool
	size  int64 // of the log
	begun []Grant
	ended []endedGrant
}

type endedGrant struct {
	id    string
	cause error
	job   string // its newest
}

// turnRandom is how many random bytes a turn can draw: enough for a kit and
// the salts of all its leaves.
const turnRandom = 64 * sha256.Size

// update runs f in one transaction of the ledger. Time and random bytes are
// drawn before, so that f gives the same result however often it runs.
func (c *Console) update(ctx context.Context, operation string, actor Actor, f func(*turn) error) error {
	seed := make([]byte, sha256.Size)
	if _, err := io.ReadFull(c.options.Random, seed); err != nil {
		return fmt.Errorf("%s: draw random bytes: %w", operation, err)
	}
	managers, err := c.managers(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	now := c.judge.now()
	boot, since := c.clock.Boot()
	var done effects
	err = c.ledger.Update(ctx, func(tx Tx) error {
		done = effects{}
		stream, err := hkdf.Expand(sha256.New, seed, "breakglass turn", turnRandom)
		if err != nil {
			return err
		}
		t := &turn{Tx: tx, c: c, now: now, boot: boot, since: since, actor: actor, random: bytes.NewReader(stream), after: &done, managers: managers}
		if err := t.notBeforeLog(); err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
		done.size, err = tx.Log().Size()
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	c.madeDurable(done.size)
	for _, grant := range done.begun {
		c.live.add(grant)
	}
	for _, end := range done.ended {
		c.live.remove(end.id)
		c.leases.end(end.id, end.cause)
		c.hub.drop(end.job)
	}
	if done.mail {
		c.wakeCourier()
	}
	return nil
}

// view runs f on one consistent state.
func (c *Console) view(ctx context.Context, operation string, f func(Tx) error) error {
	if err := c.ledger.View(ctx, f); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

// notBeforeLog moves the turn's time to that of the newest leaf, should the
// ledger have been written by another console with a clock ahead of ours.
func (t *turn) notBeforeLog() error {
	newest, err := newestLogged(t.Tx)
	if err != nil {
		return err
	}
	if newest.After(t.now) {
		t.now = newest
	}
	return nil
}

// newestLogged returns the time of the newest leaf, zero for an empty log.
func newestLogged(tx Tx) (time.Time, error) {
	size, err := tx.Log().Size()
	if err != nil || size == 0 {
		return time.Time{}, err
	}
	data, err := tx.Log().Leaf(size - 1)
	if err != nil {
		return time.Time{}, err
	}
	leaf, err := audit.DecodeLeaf(data)
	return leaf.Time, err
}

// line is what a use case says of a step: the leaf, the personal data beside
// it, and what the notices need.
type line struct {
	event    Event
	site     string
	request  string
	grant    string
	from, to string
	result   string
	data     map[string]string            // goes into the leaf
	personal map[string]map[string]string // by subject
}

// record appends the line to the log and returns its number.
func (t *turn) record(l line) (int64, error) {
	leaf := audit.Leaf{
		Actor: t.actor.ID(), Verb: string(l.event), Site: l.site, Request: l.request, Grant: l.grant,
		From: l.from, To: l.to, Result: l.result, Data: l.data, Time: t.now,
	}
	beside := t.personal(l)
	kept := make(map[string]audit.Personal, len(beside))
	for _, subject := range sortedKeys(beside) {
		salt, err := t.draw(16)
		if err != nil {
			return 0, err
		}
		kept[subject] = audit.Personal{Salt: salt, Fields: beside[subject]}
		if leaf.Personal == nil {
			leaf.Personal = make(map[string]string)
		}
		maps.Copy(leaf.Personal, kept[subject].Commitments())
	}
	seq, err := audit.Append(t.Log(), leaf)
	if err != nil {
		return 0, err
	}
	if err := t.Log().Index(seq, leaf.Keys()...); err != nil {
		return 0, err
	}
	for _, subject := range sortedKeys(kept) {
		if err := putPersonal(t.Log(), subject, seq, kept[subject]); err != nil {
			return 0, err
		}
	}
	return seq, nil
}

// personal adds to a line's own personal data from where the actor came.
func (t *turn) personal(l line) map[string]map[string]string {
	beside := make(map[string]map[string]string, len(l.personal)+1)
	for subject, fields := range l.personal {
		beside[subject] = maps.Clone(fields)
	}
	if t.actor.Remote == "" && t.actor.Factor == "" {
		return beside
	}
	subject := t.actor.ID()
	if beside[subject] == nil {
		beside[subject] = make(map[string]string)
	}
	for name, value := range map[string]string{"remote": t.actor.Remote, "factor": t.actor.Factor, "client": t.actor.Client} {
		if value != "" {
			beside[subject][name] = value
		}
	}
	return beside
}

// endGrant remembers to cut all work under a grant once the turn is durable.
func (t *turn) endGrant(g Grant, cause error) {
	t.after.ended = append(t.after.ended, endedGrant{g.ID, cause, g.Job})
}

// draw returns n of the turn's random bytes.
func (t *turn) draw(n int) ([]byte, error) {
	out := make([]byte, n)
	if _, err := io.ReadFull(t.random, out); err != nil {
		return nil, fmt.Errorf("draw random bytes: %w", err)
	}
	return out, nil
}

// putPersonal stores what lies beside a leaf.
func putPersonal(log LogTable, subject string, seq int64, p audit.Personal) error {
	data, err := p.Encode()
	if err != nil {
		return err
	}
	return log.PutPersonal(subject, seq, data)
}
