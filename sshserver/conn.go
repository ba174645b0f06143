package sshserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"breakglass/core"
)

var errGone = errors.New("the connection was closed")

// conn is one connection from its first byte on.
type conn struct {
	net.Conn
	gate   *gate
	source netip.Prefix
	number uint64 // in the order of arrival
	known  bool   // has authenticated; guarded by gate.mu

	named bool   // our identification is sent, and the library's comes yet
	heard []byte // of the client's greeting, for the library to read
	gcm   bool   // the client knows AES-GCM

	out *gatherer // what is written after the login

	ctx    context.Context // ends with the connection
	cancel context.CancelCauseFunc
	open   context.Context // of the sessions: ends with the connection, or a little before
	shut   context.CancelFunc
	once   sync.Once
	closed atomic.Bool
	start  func(func()) // a goroutine that a shutdown waits for; never after Close
	read   atomic.Int64 // bytes received so far
	in     atomic.Bool  // has authenticated

	mu        sync.Mutex
	stopLogin func() bool
	logins    map[string]login // by the ID in Permissions.Extensions
	refused   bool             // a key was refused
	struck    bool             // a failed login was counted
	alive     bool             // the keepalive runs
	sessions  int
	lease     *core.Lease
}

// newConn wraps a connection and closes it unless it authenticates in time.
// This library resets deadlines on every read, so a deadline would not do.
func (s *Server) newConn(raw net.Conn) *conn {
	c := &conn{Conn: raw, gate: s.gate, source: sourceOf(raw.RemoteAddr()), logins: make(map[string]login)}
	c.start = func(f func()) {
		s.work.Go(func() {
			defer s.contain("connection output", func(string) { c.cut() })
			f()
		})
	}
	c.out = newGatherer(raw, c.start)
	c.ctx, c.cancel = context.WithCancelCause(s.base)
	c.open, c.shut = context.WithCancel(c.ctx)
	limitUnsent(raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopLogin = s.options.Clock.AfterFunc(s.limits.login, func() { _ = c.Close() })
	return c
}

// Read counts what the peer sends: as long as something comes, it lives. A
// stranger who sends more than any login takes is cut off: while an answer is
// late on purpose, x/crypto takes in 16 packets of 256 KiB, on each of all the
// connections. After Close nothing is heard; it is read all the same, as Linux
// throws away what is on its way out when something is unread at the end.
func (c *conn) Read(p []byte) (int, error) {
	if n := copy(p, c.heard); n > 0 {
		if c.heard = c.heard[n:]; len(c.heard) == 0 {
			c.heard = nil // nothing keeps it any longer
		}
		return n, nil
	}
	n, err := c.Conn.Read(p)
	for err == nil && c.closed.Load() {
		n, err = c.Conn.Read(p)
	}
	if c.read.Add(int64(n)) > maxLogin && !c.in.Load() {
		_ = c.Close()
		return 0, errTooMuch
	}
	return n, err
}

// Write implements net.Conn. Our identification, with which the library begins,
// has gone out already. Nothing is kept for strangers.
func (c *conn) Write(p []byte) (int, error) {
	if c.named {
		c.named = false
		if string(p) != identification {
			return 0, errIdentification
		}
		return len(p), nil
	}
	if c.in.Load() {
		return c.out.Write(p)
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn. It does not wait: what was written before goes out
// in the time for farewells. It may be called more than once, from anywhere.
func (c *conn) Close() (err error) {
	c.once.Do(func() {
		c.closed.Store(true)
		c.cancel(errGone)
		if c.out.end() {
			c.start(c.drain)
		} else {
			err = c.hangUp()
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stopLogin()
		if c.lease != nil {
			c.lease.Release()
		}
	})
	return err
}

// drain closes the connection behind what is on its way out.
func (c *conn) drain() {
	defer c.gate.clock.AfterFunc(c.gate.limits.farewell, c.cut)()
	c.out.wait()
	_ = c.hangUp() // it is gone either way
}

func (c *conn) hangUp() error {
	defer c.gate.leave(c)
	return c.Conn.Close()
}

// cut closes the connection at once, with nothing more than what the kernel has
// taken, also while Close still waits.
func (c *conn) cut() {
	c.out.drop()
	_ = c.Close()
	_ = c.Conn.Close()
}

// abort closes the connection and throws away what is still on its way out.
func (c *conn) abort() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is closed at once; if this fails, a moment later
	}
	c.cut()
}

// authenticated ends the time for logging in.
func (c *conn) authenticated() {
	c.in.Store(true)
	c.gate.knows(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopLogin()
}

// sleep waits for d and reports whether the connection is still there.
func (c *conn) sleep(d time.Duration) bool {
	over := make(chan struct{})
	stop := c.gate.clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return c.ctx.Err() == nil
	case <-c.ctx.Done():
		return false
	}
}

// enter counts a session in and reports whether there was room.
func (c *conn) enter(most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions >= most {
		return false
	}
	c.sessions++
	return true
}

// exit counts a session out.
func (c *conn) exit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions--
}

// idle reports whether the connection has no session.
func (c *conn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions == 0
}
