package sshserver

import (
	"sync"
	"time"
)

// idle measures the time without a key press. Our own redraws are traffic too,
// so the connection's would never run out.
type idle struct {
	server *Server
	warn   func(left time.Duration)
	end    func()

	mu    sync.Mutex
	last  time.Duration // uptime at the last key press
	armed func() bool
	over  bool
}

// start begins to measure.
func (i *idle) start() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = i.server.gate.uptime()
	i.armed = i.server.options.Clock.AfterFunc(i.server.limits.idleWarning, i.check)
}

// pressed notes a key press.
func (i *idle) pressed() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = i.server.gate.uptime()
}

func (i *idle) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	i.armed()
}

// check warns or ends if it is time to, and comes back when it may be.
func (i *idle) check() {
	defer i.server.contain("idle", nil)
	l := i.server.limits
	i.mu.Lock()
	since := i.server.gate.uptime() - i.last
	next := l.idleWarning - since
	if next <= 0 {
		next = l.idleEnd - since
	}
	if i.over {
		i.mu.Unlock()
		return
	}
	if next > 0 {
		i.armed = i.server.options.Clock.AfterFunc(next, i.check)
	}
	i.mu.Unlock()
	switch {
	case since >= l.idleEnd:
		i.end()
	case since >= l.idleWarning:
		i.warn(l.idleEnd - since)
	}
}
