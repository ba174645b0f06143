package core

import (
	"sync"
	"time"
)

// traffic knows what of each archive is being sent just now, until a download
// closes and writes it to the archive's record. The zero value is ready; it is
// safe for concurrent use.
type traffic struct {
	mu sync.Mutex
	by map[string]*flow
}

// stalled is after how long without a byte a download stands still, though its
// connection may not know yet that the other end is gone. A slow line asks for a
// piece of 255 KiB in less.
const stalled = 15 * time.Second

type flow struct {
	open   int // downloads under way
	ranges []Range
	last   time.Time // when something was sent
	window time.Time // when the counting of recent began
	recent int64
	rate   float64
}

func (t *traffic) flow(archive string) *flow {
	if t.by == nil {
		t.by = make(map[string]*flow)
	}
	if t.by[archive] == nil {
		t.by[archive] = &flow{}
	}
	return t.by[archive]
}

// open counts a download under way.
func (t *traffic) open(archive string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flow(archive).open++
}

// sent notes that r was sent.
func (t *traffic) sent(archive string, r Range, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.flow(archive)
	f.ranges = addRange(f.ranges, r)
	f.recent += r.To - r.From
	f.last = now
	switch age := now.Sub(f.window); {
	case f.window.IsZero():
		f.window = now
	case age >= time.Second:
		fresh := float64(f.recent) / age.Seconds()
		if f.rate > 0 {
			fresh = (fresh + f.rate) / 2
		}
		f.rate, f.window, f.recent = fresh, now, 0
	}
}

// of returns the ranges that are not yet in the record, and the rate in bytes a
// second, 0 when nothing is under way or it stands still.
func (t *traffic) of(archive string, now time.Time) ([]Range, float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.by[archive]
	if f == nil {
		return nil, 0
	}
	rate := f.rate
	if f.open == 0 || now.Sub(f.last) >= stalled {
		rate = 0
	}
	return append([]Range(nil), f.ranges...), rate
}

// close counts a download as over and forgets an archive that nobody reads.
func (t *traffic) close(archive string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.flow(archive)
	f.open--
	if f.open <= 0 {
		delete(t.by, archive)
	}
}
