package sshserver

import (
	"errors"
	"io"
	"sync"
)

var errStuck = errors.New("the client took nothing for too long")

// output is what a screen draws on. The first error is the last: it ends the
// screen. Each write is one piece, whoever else writes.
type output struct {
	one  *session
	fail func(error)

	mu     sync.Mutex
	broken error
}

// Write implements io.Writer under a watchdog: a client that reads nothing
// would hold the screen, and its goroutines, for ever.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil {
		return 0, o.broken
	}
	s := o.one.server
	stop := s.options.Clock.AfterFunc(s.limits.stuck, o.stuck)
	n, err := o.one.channel.Write(p)
	stop()
	if err != nil {
		o.broken = err
		o.fail(err)
	}
	return n, err
}

// stuck closes the channel, which a living client answers, and else the whole
// connection: nothing but its end frees a write that the network does not take.
func (o *output) stuck() {
	s := o.one.server
	defer s.contain("write watchdog", nil)
	o.fail(errStuck)
	stop := s.options.Clock.AfterFunc(s.limits.farewell, o.one.conn.abort)
	_ = o.one.channel.Close() // may hang in the same way
	select {
	case <-o.one.closed:
		stop()
	case <-o.one.conn.ctx.Done():
	}
}

// input is where a screen's keys come from. Its end is the end of the screen;
// Bubble Tea alone would go on without keys.
type input struct {
	r       io.Reader
	pressed func()
	fail    func(error)
}

// Read implements io.Reader.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if n > 0 {
		i.pressed()
	}
	if err != nil {
		i.fail(err)
	}
	return n, err
}
