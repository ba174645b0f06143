package pairsum

import (
	"slices"
	"sync"
)

// Pool is where streams meet that are hashed in pairs. It is safe for concurrent
// use.
type Pool struct {
	lone    bool // this processor hashes one at a time
	mu      sync.Mutex
	changed *sync.Cond // something was hashed, taken or put back
	waiting []*Sum     // who has bytes that nobody works at, in the order of taking
	seeking int        // how many are at work without a partner
	hurries int        // how many want the patient to go on
}

// NewPool returns a pool without streams.
func NewPool() *Pool {
	p := &Pool{lone: !paired}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// patience is how many bytes of a patient stream wait for others at most.
const patience = 512 << 10

// alone is how many bytes one without a partner hashes before it looks again.
const alone = 16 << 10

// offer leaves bytes of a stream to whoever hashes next. The patient come first:
// they hash little by themselves, so what is hashed without them leaves them alone
// later.
func (p *Pool) offer(s *Sum, pieces ...[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, piece := range pieces {
		if len(piece) > 0 {
			s.queue = append(s.queue, piece)
			s.queued += len(piece)
		}
	}
	if s.queued > patience {
		p.changed.Broadcast()
	}
	if s.at == idle && len(s.queue) > 0 {
		s.at = waiting
		at := len(p.waiting)
		if s.patient {
			at = 0
		}
		p.waiting = slices.Insert(p.waiting, at, s)
	}
}

// wait returns when so many bytes of a stream are hashed: by others beside their
// own, or else by the caller. One who is patient leaves it to others unless much
// waits, or somebody is in a hurry.
func (p *Pool) wait(s *Sum, until uint64, patient bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s.hashed < until {
		if s.at == waiting && p.seeking == 0 && (!patient || s.queued > patience || p.hurries > 0) {
			p.hash(s, until)
			return
		}
		p.changed.Wait()
	}
}

// Hurry has those who were patient hash by themselves, until the function is
// called that it returns.
func (p *Pool) Hurry() (enough func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurries++
	p.changed.Broadcast()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hurries--
	}
}

// hash hashes so many bytes of a stream, beside others that wait. It is called
// with the lock, and holds it only between stretches.
func (p *Pool) hash(s *Sum, until uint64) {
	p.take(s)
	for s.hashed < until {
		if len(p.waiting) == 0 {
			p.seeking++
			p.stretch(s, nil)
			p.seeking--
			continue
		}
		mate := p.waiting[0]
		p.take(mate)
		p.changed.Broadcast() // who waited to be taken may begin by itself
		p.stretch(s, mate)
		p.leave(mate)
	}
	p.leave(s)
}

// take removes a stream from those that wait.
func (p *Pool) take(s *Sum) {
	s.at = taken
	i := slices.Index(p.waiting, s)
	p.waiting = slices.Delete(p.waiting, i, i+1)
}

// leave puts a stream back. What is left of it is the next to be taken, by its
// owner or by anybody.
func (p *Pool) leave(s *Sum) {
	s.at = idle
	if len(s.queue) > 0 {
		s.at = waiting
		p.waiting = slices.Insert(p.waiting, 0, s)
	}
	p.changed.Broadcast()
}

// stretch hashes the piece at hand of a stream, beside that of a partner as far as
// the shorter one goes, or a little of it alone.
func (p *Pool) stretch(s, mate *Sum) {
	piece := s.queue[0]
	if mate == nil {
		n := min(len(piece), alone)
		p.mu.Unlock()
		s.lonely(piece[:n])
		p.mu.Lock()
		s.done(n)
		return
	}
	other := mate.queue[0]
	n := min(len(piece), len(other))
	p.mu.Unlock()
	pair(&s.state, piece[:n], &mate.state, other[:n])
	p.mu.Lock()
	s.done(n)
	mate.done(n)
}
