package backup

import (
	"sync"
	"time"

	"breakglass/core"
)

// How often progress is told at most while a step lasts, and at least while
// nothing moves.
const (
	tellEvery = 100 * time.Millisecond
	tellIdle  = 500 * time.Millisecond
)

// tracker counts what a run has done and tells of it. Its methods are safe for
// concurrent use; report is called by one goroutine at a time.
type tracker struct {
	clock    core.Clock
	report   func(core.Progress)
	findings *findings

	mu      sync.Mutex // held while report runs, which must not block
	now     core.Progress
	rate    rateRing
	started time.Duration
	told    time.Duration
	closed  bool
	stop    func() bool
}

func newTracker(clock core.Clock, report func(core.Progress), f *findings, steps ...string) *tracker {
	if report == nil {
		report = func(core.Progress) {}
	}
	t := &tracker{clock: clock, report: report, findings: f}
	t.started = t.since()
	t.rate.start = t.started
	t.now.ETA = -1
	for _, name := range steps {
		t.now.Steps = append(t.now.Steps, core.Step{Name: name, State: core.StepWaiting})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arm()
	return t
}

// since is a clock that nobody sets.
func (t *tracker) since() time.Duration {
	_, since := t.clock.Boot()
	return since
}

// arm makes time be told even while nothing moves.
func (t *tracker) arm() {
	t.stop = t.clock.AfterFunc(tellIdle, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.closed {
			return
		}
		t.tell(t.since(), false)
		t.arm()
	})
}

// close ends the telling.
func (t *tracker) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.stop()
}

// tell reports a snapshot if one is due at a time. The lock is held.
func (t *tracker) tell(since time.Duration, must bool) {
	if t.closed || !must && since-t.told < tellEvery {
		return
	}
	t.told = since
	p := t.now
	p.Steps = append([]core.Step(nil), t.now.Steps...)
	p.Notes = t.findings.all()
	p.Elapsed = since - t.started
	p.Rate = t.rate.perSecond(since)
	p.BytesTotal = max(p.BytesTotal, p.BytesDone) // an estimate may be short
	if p.TotalKnown && p.Rate > 0 {
		p.ETA = time.Duration(float64(max(0, p.BytesTotal-p.BytesDone)) / p.Rate * float64(time.Second))
	}
	t.report(p)
}

// do changes the snapshot that is told next.
func (t *tracker) do(f func(p *core.Progress)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.now)
}

// step moves a step on and always tells.
func (t *tracker) step(name string, state core.StepState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.now.Steps {
		if t.now.Steps[i].Name == name {
			t.now.Steps[i].State = state
		}
	}
	t.tell(t.since(), true)
}

// steps replaces the steps, once it is known which there are.
func (t *tracker) steps(steps ...core.Step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.Steps = steps
	t.tell(t.since(), true)
}

// read counts whole files, and bytes, that were read from the site.
func (t *tracker) read(files, n int64, current string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := t.since()
	t.now.FilesDone += files
	t.now.BytesDone += n
	if current != "" {
		t.now.Current = current
	}
	t.rate.add(since, n)
	t.tell(since, false)
}

// rateRing smooths a rate over up to two minutes in buckets of a second.
type rateRing struct {
	start   time.Duration
	newest  int64 // the second of the newest bucket
	buckets [120]int64
}

// moveTo empties the buckets of seconds in which nothing came.
func (r *rateRing) moveTo(second int64) {
	for gap := min(second-r.newest, int64(len(r.buckets))); gap > 0; gap-- {
		r.buckets[(second-gap+1)%int64(len(r.buckets))] = 0
	}
	r.newest = max(r.newest, second)
}

func (r *rateRing) add(now time.Duration, n int64) {
	second := int64((now - r.start) / time.Second)
	r.moveTo(second)
	r.buckets[second%int64(len(r.buckets))] += n
}

// perSecond returns the rate, 0 within the first second.
func (r *rateRing) perSecond(now time.Duration) float64 {
	since := now - r.start
	if since < time.Second {
		return 0
	}
	r.moveTo(int64(since / time.Second))
	var sum int64
	for _, n := range r.buckets {
		sum += n
	}
	window := min(since, time.Duration(len(r.buckets)-1)*time.Second+since%time.Second)
	return float64(sum) / window.Seconds()
}
