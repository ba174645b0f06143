package core

import (
	"context"
	"io"
	"sync"
	"time"
)

// WatchInterval is the least time between two snapshots of one [Watcher]:
// at most 8 a second.
const WatchInterval = time.Second / 8

// Hub hands the newest progress of each job to whoever watches it. Progress is
// pulled, never pushed: Set overwrites, a slow watcher misses snapshots and
// never slows the engine. The zero Hub is ready; it is safe for concurrent use.
type Hub struct {
	mu    sync.Mutex
	feeds map[string]*feed
}

// feed is the newest snapshot of one job, and a channel that is closed and
// replaced when it changes.
type feed struct {
	snapshot Progress
	number   uint64
	changed  chan struct{}
}

func (h *Hub) feed(job string) *feed {
	if h.feeds == nil {
		h.feeds = make(map[string]*feed)
	}
	f := h.feeds[job]
	if f == nil {
		f = &feed{changed: make(chan struct{})}
		h.feeds[job] = f
	}
	return f
}

// Set makes p the job's newest snapshot. It never blocks.
func (h *Hub) Set(job string, p Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feed(job)
	f.snapshot, f.number = p, f.number+1
	close(f.changed)
	f.changed = make(chan struct{})
}

// remember gives a job that ended before this console started its last
// snapshot, from its record; one that the hub knows keeps its own.
func (h *Hub) remember(job string, last Progress) {
	if _, known := h.Get(job); !known {
		h.Set(job, last)
	}
}

// Get returns the newest snapshot and whether there is one.
func (h *Hub) Get(job string) (Progress, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.feeds[job]
	if !ok || f.number == 0 {
		return Progress{}, false
	}
	return f.snapshot, true
}

// drop forgets a job whose grant has ended: nobody may watch it any more.
func (h *Hub) drop(job string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.feeds, job)
}

// Watch returns a watcher of the job that lasts as long as the lease.
func (h *Hub) watch(job string, lease *Lease, clock Clock) *Watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &Watcher{hub: h, feed: h.feed(job), lease: lease, clock: clock}
}

// Watcher follows one job. It is for one goroutine at a time; Close may be
// called from any.
type Watcher struct {
	hub   *Hub
	feed  *feed
	lease *Lease
	clock Clock
	seen  uint64
	last  time.Time
	done  bool
}

// Next returns the newest snapshot once it differs from the one before, the
// first at once and at most one each [WatchInterval]. After the last snapshot
// it returns io.EOF; when the grant ends, the reason; when ctx ends, its error.
func (w *Watcher) Next(ctx context.Context) (Progress, error) {
	if w.done {
		return Progress{}, io.EOF
	}
	if err := w.pause(ctx); err != nil {
		return Progress{}, err
	}
	for {
		if ended := w.lease.Context(); ended.Err() != nil {
			return Progress{}, context.Cause(ended)
		}
		w.hub.mu.Lock()
		snapshot, number, changed := w.feed.snapshot, w.feed.number, w.feed.changed
		w.hub.mu.Unlock()
		if number > w.seen {
			w.seen, w.last, w.done = number, w.clock.Now(), snapshot.Done
			return snapshot, nil
		}
		if err := w.wait(ctx, changed); err != nil {
			return Progress{}, err
		}
	}
}

// pause keeps the pace between two snapshots.
func (w *Watcher) pause(ctx context.Context) error {
	left := WatchInterval - w.clock.Now().Sub(w.last)
	if w.last.IsZero() || left <= 0 {
		return nil
	}
	over := make(chan struct{})
	stop := w.clock.AfterFunc(min(left, WatchInterval), func() { close(over) })
	defer stop()
	return w.wait(ctx, over)
}

func (w *Watcher) wait(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case <-w.lease.Context().Done():
		return context.Cause(w.lease.Context())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the watching. It may be called more than once.
func (w *Watcher) Close() { w.lease.Release() }
