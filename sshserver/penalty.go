package sshserver

import (
	"net/netip"
	"time"
)

// maxSources is how many sources with failed logins are remembered.
const maxSources = 4096

// penalties remembers failed logins by source. It is guarded by its gate.
type penalties struct {
	limits limits
	by     map[netip.Prefix]strikes
}

// strikes is how many failures a source had at a time; they are forgotten one
// by one, so that every penalty ends by itself.
type strikes struct {
	count int
	at    time.Duration
}

// recent returns the failures that are not forgotten yet.
func (p *penalties) recent(source netip.Prefix, now time.Duration) strikes {
	was, ok := p.by[source]
	if !ok {
		return strikes{at: now}
	}
	forgotten := int((now - was.at) / p.limits.strikeForget)
	if forgotten >= was.count {
		delete(p.by, source)
		return strikes{at: now}
	}
	return strikes{was.count - forgotten, was.at + time.Duration(forgotten)*p.limits.strikeForget}
}

// refused reports whether the source may not connect for now.
func (p *penalties) refused(source netip.Prefix, now time.Duration) bool {
	return p.recent(source, now).count >= p.limits.strikes
}

// strike counts a failure and returns how late its answer is to be.
func (p *penalties) strike(source netip.Prefix, now time.Duration) time.Duration {
	r := p.recent(source, now)
	if _, known := p.by[source]; !known && len(p.by) >= maxSources {
		p.forgetLightest(now)
	}
	r.count = min(r.count+1, 2*p.limits.strikes)
	p.by[source] = r
	return min(time.Duration(r.count)*p.limits.strikeDelay, p.limits.strikeMax)
}

func (p *penalties) forgetLightest(now time.Duration) {
	var lightest netip.Prefix
	least := -1
	for source := range p.by {
		if n := p.recent(source, now).count; least < 0 || n < least {
			lightest, least = source, n
		}
	}
	delete(p.by, lightest)
}

// uptime is the time that penalties are judged by: nobody can set it.
func (g *gate) uptime() time.Duration {
	_, since := g.clock.Boot()
	return since
}

// strike counts a failed login and returns how late its answer is to be.
func (g *gate) strike(source netip.Prefix) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.strikes.strike(source, g.uptime())
}
