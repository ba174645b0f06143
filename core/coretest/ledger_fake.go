package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"breakglass/core"
)

// errNotDeterministic tells a test that the code under test breaks the rule
// of core.Ledger's Update.
var errNotDeterministic = errors.New("coretest: the function given to Update did not do the same when it was run again; " +
	"draw time and random bytes before Update, and reset what it fills in outside")

// Ledger is a core.Ledger in memory. To honour that an Update's function may
// run more than once it runs each twice, discards what the first run did, and
// fails the Update if the two did not write the same. It is safe for
// concurrent use.
type Ledger struct {
	state  atomic.Pointer[state]
	writer chan struct{} // holds one token while an Update runs
	fail   atomic.Pointer[error]
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger {
	l := &Ledger{writer: make(chan struct{}, 1)}
	l.state.Store(&state{})
	return l
}

// Restore makes the ledger hold what another one holds now, as a copy of its
// file put in place would.
func (l *Ledger) Restore(from *Ledger) { l.state.Store(from.state.Load()) }

// FailUpdates makes every Update from now on fail with err after its function
// ran, as a full disk would; nil ends that.
func (l *Ledger) FailUpdates(err error) {
	if err == nil {
		l.fail.Store(nil)
		return
	}
	l.fail.Store(&err)
}

// View implements core.Ledger.
func (l *Ledger) View(ctx context.Context, f func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	tx := &fakeTx{state: *l.state.Load()}
	defer tx.end()
	return f(tx)
}

// Update implements core.Ledger.
func (l *Ledger) Update(ctx context.Context, f func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	select {
	case l.writer <- struct{}{}:
		defer func() { <-l.writer }()
	case <-ctx.Done():
		return fmt.Errorf("write the ledger: %w", ctx.Err())
	}
	base := *l.state.Load()
	first, firstErr := base.run(f)
	second, err := base.run(f)
	if (firstErr == nil) != (err == nil) || (err == nil && !first.equal(second)) {
		return errNotDeterministic
	}
	if err != nil {
		return err
	}
	if fail := l.fail.Load(); fail != nil {
		return fmt.Errorf("write the ledger: %w", *fail)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	l.state.Store(&second)
	return nil
}

// state is all that a Ledger keeps. One that was published is never changed.
type state struct {
	tables   [tableCount]map[string][]byte
	leaves   [][]byte
	hashes   [][32]byte
	personal map[string]map[int64][]byte
	index    map[string][]int64 // in order
}

// run returns the state after f, which works on a copy.
func (s state) run(f func(core.Tx) error) (state, error) {
	tx := &fakeTx{state: s, writable: true}
	defer tx.end()
	tx.state.leaves, tx.state.hashes = slices.Clip(s.leaves), slices.Clip(s.hashes)
	if err := f(tx); err != nil {
		return s, err
	}
	return tx.state, nil
}

func (s state) equal(other state) bool {
	for i := range s.tables {
		if !maps.EqualFunc(s.tables[i], other.tables[i], bytes.Equal) {
			return false
		}
	}
	samePersonal := func(a, b map[int64][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }
	return slices.EqualFunc(s.leaves, other.leaves, bytes.Equal) && slices.Equal(s.hashes, other.hashes) &&
		maps.EqualFunc(s.personal, other.personal, samePersonal) && maps.EqualFunc(s.index, other.index, slices.Equal)
}
