package notify

import (
	"time"

	"breakglass/core"
)

// The bounds of a lane.
const (
	sendsAtOnce    = 8 // a lane has this many sends under way at most
	keptForCodes   = 2 // of which notices leave these free
	failuresToOpen = 5 // failures in a row after which a provider is left alone
	firstCoolDown  = 15 * time.Second
	mostCoolDown   = 5 * time.Minute
)

// lane is one channel with its slots and its breaker. It belongs to the
// goroutine of Courier.Run.
type lane struct {
	kind    core.ContactKind
	channel Channel
	busy    int // sends that have not come back, even if given up
	refused bool

	failures int           // in a row
	open     time.Time     // the breaker is open until a probe succeeds; one may go from here on
	coolDown time.Duration // the last one
	probing  bool
	paused   time.Time // the provider asked us to wait until then
}

// admit reports whether a message may go now and whether it is the probe of an
// open breaker. A code may probe at any time: it cannot wait for a cool-down.
func (l *lane) admit(now time.Time, code bool) (probe, ok bool) {
	slots := sendsAtOnce
	if !code {
		slots -= keptForCodes
	}
	if l.busy >= slots || now.Before(l.paused) {
		return false, false
	}
	if l.open.IsZero() {
		return false, true
	}
	if l.probing || (!code && now.Before(l.open)) {
		return false, false
	}
	return true, true
}

// freeAt is when the lane may take messages again, as far as is known; the zero
// time where nothing but a slot or a probe is waited for.
func (l *lane) freeAt() time.Time {
	if l.paused.After(l.open) {
		return l.paused
	}
	return l.open
}

// begin takes a slot; returned gives it back.
func (l *lane) begin(probe bool) {
	l.busy++
	l.probing = l.probing || probe
}

func (l *lane) returned() { l.busy-- }

// judge draws the consequences of an answer for the whole lane, and reports
// whether its breaker opened or closed by it.
func (l *lane) judge(now time.Time, a Answer, probe bool) (changed bool) {
	if probe {
		l.probing = false
	}
	if a.Verdict == Busy || a.After > 0 {
		l.pause(now.Add(a.After))
	}
	l.refused = a.Verdict == Misconfigured
	if a.Verdict != Unreachable && a.Verdict != Misconfigured {
		changed = !l.open.IsZero()
		l.failures, l.open, l.coolDown = 0, time.Time{}, 0
		return changed
	}
	l.failures++
	switch {
	case l.open.IsZero() && l.failures >= failuresToOpen:
		l.coolDown, changed = firstCoolDown, true
	case !l.open.IsZero() && probe:
		l.coolDown = min(2*l.coolDown, mostCoolDown)
	default:
		return false
	}
	l.open = now.Add(l.coolDown)
	return changed
}

func (l *lane) pause(until time.Time) {
	if until.After(l.paused) {
		l.paused = until
	}
}

// abandon takes back a probe that never reached the provider.
func (l *lane) abandon(probe bool) {
	if probe {
		l.probing = false
	}
}
