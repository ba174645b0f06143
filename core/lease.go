package core

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Lease is permission to do one thing for as long as a grant lives. Work done
// under it must stop when its context ends; context.Cause then says why:
// ErrExpired, ErrRevoked or ErrClosed. A Lease is safe for concurrent use.
type Lease struct {
	ctx     context.Context
	grant   Grant
	release func()
	once    sync.Once
}

// Context ends when the grant ends, for whatever reason, or on Release.
func (l *Lease) Context() context.Context { return l.ctx }

// Grant returns the grant as it was when the lease was given.
func (l *Lease) Grant() Grant { return l.grant }

// Release gives the lease back. It may be called more than once.
func (l *Lease) Release() { l.once.Do(l.release) }

// leases knows who works under which live grant, so that ending one cuts all
// of its work at once. The zero value is ready; it is safe for concurrent use.
type leases struct {
	mu   sync.Mutex
	next int
	by   map[string]map[int]context.CancelCauseFunc
}

// subscribe registers work under a grant before the grant is checked, so that
// a revocation between the two cannot slip through.
func (l *leases) subscribe(parent context.Context, grant string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = make(map[string]map[int]context.CancelCauseFunc)
	}
	if l.by[grant] == nil {
		l.by[grant] = make(map[int]context.CancelCauseFunc)
	}
	l.next++
	id := l.next
	l.by[grant][id] = cancel
	return ctx, func() {
		cancel(context.Canceled)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.by[grant], id)
		if len(l.by[grant]) == 0 {
			delete(l.by, grant)
		}
	}
}

// end cancels all work under a grant and says why.
func (l *leases) end(grant string, cause error) {
	l.mu.Lock()
	cancels := make([]context.CancelCauseFunc, 0, len(l.by[grant]))
	for _, cancel := range l.by[grant] {
		cancels = append(cancels, cancel)
	}
	l.mu.Unlock()
	for _, cancel := range cancels {
		cancel(cause)
	}
}

// liveGrants knows the grants that are active, so that the ticker need not read
// every site four times a second. The zero value is ready; it is safe for
// concurrent use.
type liveGrants struct {
	mu sync.Mutex
	by map[string]Grant
}

func (l *liveGrants) add(g Grant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	set(&l.by, g.ID, g)
}

func (l *liveGrants) remove(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.by, id)
}

func (l *liveGrants) all() []Grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.by))
}
