package pairsum

// Pairs reports whether this processor hashes two streams at once.
func (p *Pool) Pairs() bool { return !p.lone }
