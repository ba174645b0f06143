package sshserver

import (
	"net"
	"sync"
)

// The library makes two writes of a large packet, and SFTP small packets of its
// own: 60 to 100 system calls a MiB, each of them while nothing is sealed.
// Gathered, they are few, and sealing and the kernel's copying go on side by
// side.

const (
	// maxGathered is how many bytes are gathered while as many are written: what
	// a connection holds at most is twice that.
	maxGathered = 128 << 10
	// worthGathering is from which length a write begins it. Screens and answers
	// are shorter, and what is shorter goes out at once unless it must wait for
	// what was written before.
	worthGathering = 4 << 10
)

// gathered are buffers in nobody's use: an idle connection has none.
var gathered = sync.Pool{New: func() any { return new([maxGathered]byte) }}

// gatherer writes to a connection, in one piece, what it was given meanwhile. The
// first error with what was gathered is the last, and every later write is told
// of it. It is safe for concurrent use.
type gatherer struct {
	to    net.Conn
	start func(func()) // a goroutine

	order sync.Mutex // held by one Write at a time

	mu      sync.Mutex // held for a few instructions only
	changed *sync.Cond
	waiting []byte // from the pool; nil when nothing waits
	running bool   // a goroutine writes
	ended   bool   // no more is taken
	failed  error
}

func newGatherer(to net.Conn, start func(func())) *gatherer {
	g := &gatherer{to: to, start: start}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// Write implements io.Writer. It returns when all of p is written or gathered.
func (g *gatherer) Write(p []byte) (n int, err error) {
	g.order.Lock()
	defer g.order.Unlock()
	if len(p) < worthGathering && g.isIdle() {
		return g.to.Write(p)
	}
	for n < len(p) && err == nil {
		var more int
		more, err = g.put(p[n:])
		n += more
	}
	return n, err
}

func (g *gatherer) isIdle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.running && !g.ended && g.failed == nil
}

// put takes as much of p as there is room for, once there is any.
func (g *gatherer) put(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.ended && g.failed == nil && len(g.waiting) == maxGathered {
		g.changed.Wait()
	}
	switch {
	case g.failed != nil:
		return 0, g.failed
	case g.ended:
		return 0, net.ErrClosed
	}
	if g.waiting == nil {
		g.waiting = gathered.Get().(*[maxGathered]byte)[:0] //nolint:forcetypeassert // it holds nothing else
	}
	n := min(len(p), maxGathered-len(g.waiting))
	g.waiting = append(g.waiting, p[:n]...)
	if !g.running {
		g.running = true
		g.start(g.write)
	}
	return n, nil
}

// write writes until nothing waits.
func (g *gatherer) write() {
	next := g.next(nil)
	for next != nil {
		_, err := g.to.Write(next)
		giveBack(next)
		next = g.next(err)
	}
}

// next is what to write after a write that ended with err; nil is the end.
func (g *gatherer) next(err error) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.changed.Broadcast()
	if g.failed == nil {
		g.failed = err
	}
	next := g.waiting
	g.waiting = nil
	if next != nil && g.failed != nil {
		giveBack(next)
		next = nil
	}
	g.running = next != nil
	return next
}

func giveBack(b []byte) { gathered.Put((*[maxGathered]byte)(b[:maxGathered])) }

// end takes no more, and reports whether something is on its way out yet.
func (g *gatherer) end() (left bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.changed.Broadcast()
	return g.running && g.failed == nil
}

// wait returns when nothing is on its way out any more.
func (g *gatherer) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.running {
		g.changed.Wait()
	}
}

// drop takes no more, and throws away what is gathered. Only the end of the
// connection stops the write that has begun.
func (g *gatherer) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed == nil {
		g.failed = net.ErrClosed
	}
	g.changed.Broadcast()
}
