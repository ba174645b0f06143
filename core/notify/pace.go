package notify

import (
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// The paces of the courier.
const (
	sendTimeout   = 10 * time.Second // of one attempt
	codePatience  = 30 * time.Second // then a code goes by the other channel too
	idlePause     = 30 * time.Second // the outbox is looked at this often at least: timers stop while a machine sleeps
	stopGrace     = 3 * time.Second  // what is being sent when the console stops may end
	ledgerPause   = 2 * time.Second  // after an error of the ledger
	ledgerTimeout = 5 * time.Second  // of recording one outcome
	maxRetryAfter = 6 * time.Hour    // what a provider may ask us to wait
)

// backoff is how long after failed attempts the next one follows.
type backoff struct{ first, most time.Duration }

// The backoffs: a code is of use for ten minutes, a notice for three days, and
// a console that is refused waits until somebody has looked.
var (
	codeBackoff          = backoff{2 * time.Second, 30 * time.Second}
	noticeBackoff        = backoff{10 * time.Second, time.Hour}
	misconfiguredBackoff = backoff{15 * time.Minute, time.Hour}
)

// after returns the wait after that many attempts, before jitter.
func (b backoff) after(attempts int) time.Duration {
	wait := b.first
	for ; attempts > 1 && wait < b.most; attempts-- {
		wait *= 2
	}
	return min(wait, b.most)
}

// jitter spreads waits out, so that what failed together is not tried together.
// It is safe for concurrent use.
type jitter struct {
	mu     sync.Mutex
	random io.Reader
}

// spread returns between half of d and d. Without random bytes it returns d:
// they are a courtesy to the provider, not a secret.
func (j *jitter) spread(d time.Duration) time.Duration {
	var bytes [8]byte
	j.mu.Lock()
	_, err := io.ReadFull(j.random, bytes[:])
	j.mu.Unlock()
	if err != nil || d < 2 {
		return d
	}
	half := uint64(d / 2)
	return d - time.Duration(binary.BigEndian.Uint64(bytes[:])%half)
}
