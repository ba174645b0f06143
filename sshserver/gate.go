package sshserver

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"breakglass/core"
)

var (
	errFull     = errors.New("all connections are in use; try again in a minute")
	errPenalty  = errors.New("too many failed logins from your network; try again in two minutes")
	errTooMany  = errors.New("too many connections from your network; close one and try again")
	errStopping = errors.New("the server is stopping; try again in a minute")
)

// gate counts connections and decides who may have one. It is safe for
// concurrent use.
//
// When it is full it makes room by closing the oldest connection that has not
// authenticated, of the source that holds the most: dropping at random would
// drop the owner under a flood.
type gate struct {
	limits limits
	clock  core.Clock

	mu       sync.Mutex // held for a few instructions only
	closed   bool
	next     uint64
	conns    map[*conn]struct{}
	bySource map[netip.Prefix]int
	strikes  penalties
}

func newGate(l limits, clock core.Clock) *gate {
	return &gate{
		limits: l, clock: clock, conns: make(map[*conn]struct{}), bySource: make(map[netip.Prefix]int),
		strikes: penalties{limits: l, by: make(map[netip.Prefix]strikes)},
	}
}

// admit counts c in, or says why not. It may close another connection for it.
func (g *gate) admit(c *conn) error {
	g.mu.Lock()
	victim, err := g.place(c)
	g.mu.Unlock()
	if victim != nil {
		_ = victim.Close() // it is gone either way
	}
	return err
}

func (g *gate) place(c *conn) (victim *conn, err error) {
	switch {
	case g.closed:
		return nil, errStopping
	case g.strikes.refused(c.source, g.uptime()):
		return nil, errPenalty
	case g.bySource[c.source] >= g.limits.perSource:
		if victim = g.oldest(c.source); victim == nil {
			return nil, errTooMany
		}
	case len(g.conns) >= g.limits.connections:
		if victim = g.oldest(g.heaviest()); victim == nil {
			return nil, errFull
		}
	}
	if victim != nil {
		g.drop(victim)
	}
	g.next++
	c.number = g.next
	g.conns[c] = struct{}{}
	g.bySource[c.source]++
	return victim, nil
}

// heaviest is the source with the most connections among those that have one
// which has not authenticated.
func (g *gate) heaviest() (source netip.Prefix) {
	most := 0
	for c := range g.conns {
		if n := g.bySource[c.source]; !c.known && n > most {
			source, most = c.source, n
		}
	}
	return source
}

// oldest is the source's oldest connection that has not authenticated.
func (g *gate) oldest(source netip.Prefix) (found *conn) {
	for c := range g.conns {
		if c.source == source && !c.known && (found == nil || c.number < found.number) {
			found = c
		}
	}
	return found
}

func (g *gate) drop(c *conn) {
	if _, ok := g.conns[c]; !ok {
		return
	}
	delete(g.conns, c)
	if g.bySource[c.source]--; g.bySource[c.source] == 0 {
		delete(g.bySource, c.source)
	}
}

// leave counts c out.
func (g *gate) leave(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop(c)
}

// knows marks c as authenticated: it is no longer evicted.
func (g *gate) knows(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.known = true
}

// shut admits no more, and calls end, which must not wait, for each connection.
func (g *gate) shut(end func(*conn)) {
	g.mu.Lock()
	g.closed = true
	open := make([]*conn, 0, len(g.conns))
	for c := range g.conns {
		open = append(open, c)
	}
	g.mu.Unlock()
	for _, c := range open {
		end(c)
	}
}

// sourceOf is what addresses are counted by: the IPv4 address, or the /64 of an
// IPv6 address, which is the least that one customer is given (RFC 6177).
func sourceOf(addr net.Addr) netip.Prefix {
	port, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Prefix{} // no TCP: all such peers count as one
	}
	ip := port.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

func (g *gate) isKnown(c *conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return c.known
}
