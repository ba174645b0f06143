package core

import (
	"sync"
	"time"
)

// judge tells the time by which deadlines are judged. It never runs back and
// never slower than the machine's boot-time clock: it is the later of the wall
// clock and the newest logged time plus what has passed since, sleep included.
// So a clock set back never lengthens a grant or the life of a code.
type judge struct {
	clock Clock
	mu    sync.Mutex
	at    time.Time     // the last time told
	boot  time.Duration // the boot-time clock then
}

func newJudge(clock Clock) *judge {
	_, since := clock.Boot()
	return &judge{clock: clock, boot: since}
}

// now returns the time.
func (j *judge) now() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, since := j.clock.Boot()
	if !j.at.IsZero() && since > j.boot {
		j.at = j.at.Add(since - j.boot)
	}
	j.boot = since
	if wall := j.clock.Now().Round(0); wall.After(j.at) {
		j.at = wall
	}
	return j.at.UTC()
}

// reached tells the judge of a logged time.
func (j *judge) reached(logged time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if logged.After(j.at) {
		j.at = logged
		_, j.boot = j.clock.Boot()
	}
}

// Timekeeper tells the time as the console judges it, for its adapters: a clock
// that was set back leaves nothing lying for longer. It is safe for concurrent
// use.
type Timekeeper struct{ judge *judge }

// NewTimekeeper returns one that knows of no time yet but the clock's.
func NewTimekeeper(clock Clock) *Timekeeper { return &Timekeeper{newJudge(clock)} }

// Now returns the time.
func (t *Timekeeper) Now() time.Time { return t.judge.now() }

// Reached tells of a time that was written down as past.
func (t *Timekeeper) Reached(at time.Time) { t.judge.reached(at) }

// drift is how far the wall clock is off the judged time.
func (j *judge) drift() time.Duration {
	return j.clock.Now().Sub(j.now())
}
