package coretest

import (
	"sync"
	"time"
)

// Clock is a core.Clock over package time, so that inside testing/synctest the
// bubble's time drives it. On top of that a test can do to it what happens to
// real clocks: set it, put the machine to sleep, boot it anew. It is safe for
// concurrent use.
type Clock struct {
	mu     sync.Mutex // held for a few instructions only
	offset time.Duration
	boot   string
	booted time.Time     // on package time
	slept  time.Duration // since boot
}

// NewClock returns a Clock of a machine that boots now, as "boot-1".
func NewClock() *Clock { return &Clock{boot: "boot-1", booted: time.Now()} }

// Now implements core.Clock, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Round drops the monotonic reading, which would hide a jump.
	return time.Now().Round(0).Add(c.offset).UTC()
}

// Boot implements core.Clock.
func (c *Clock) Boot() (id string, since time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.boot, time.Since(c.booted) + c.slept
}

// AfterFunc implements core.Clock. As with Go's timers, neither a jump nor a
// sleep brings it forward.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// Jump sets the wall clock forward, or back where d is negative.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Suspend is a sleep of the machine: the wall clock and the time since boot
// have gone on by d when it wakes, timers have not.
func (c *Clock) Suspend(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	c.slept += d
}

// Reboot begins a boot with a new ID.
func (c *Clock) Reboot(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boot, c.booted, c.slept = id, time.Now(), 0
}
