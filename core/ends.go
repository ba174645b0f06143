package core

import "sync"

// ends are the things under way by name, each with a channel that is closed at
// its end. It is safe for concurrent use.
type ends struct {
	mu  sync.Mutex // held for a few instructions only
	all map[string]chan struct{}
}

// begin enters a name, unless it is there. It returns the channel of its end.
func (e *ends) begin(name string) (end <-chan struct{}, begun bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if end, ok := e.all[name]; ok {
		return end, false
	}
	if e.all == nil {
		e.all = map[string]chan struct{}{}
	}
	e.all[name] = make(chan struct{})
	return e.all[name], true
}

// finish ends what begin entered.
func (e *ends) finish(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.all[name])
	delete(e.all, name)
}

// has reports whether a name is under way.
func (e *ends) has(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.all[name]
	return ok
}
