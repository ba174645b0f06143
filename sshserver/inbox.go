package sshserver

import (
	"errors"
	"io"
	"sync"

	gossh "golang.org/x/crypto/ssh"
)

// maxPending is how much of a client's input may wait for whoever reads it, in
// bytes. A person's keys, a key file and the requests that SFTP clients send
// ahead stay far below.
const maxPending = 256 << 10

var errTooMuch = errors.New("the client sent more than anybody reads")

// bounded is a session channel whose input is taken off x/crypto at once. That
// package keeps each packet that waits by itself: in packets of one byte the
// 2 MiB of a channel's window cost more than 100 MiB. What waits here is the
// bytes alone. A client that sends on when nobody reads loses its input, and
// nothing else.
type bounded struct {
	gossh.Channel

	mu      sync.Mutex
	changed *sync.Cond
	pending []byte
	ended   error // why nothing more comes; nil before
}

// newBounded begins to take input; start runs a function on a goroutine of its
// own. Both end with the channel.
func newBounded(channel gossh.Channel, start func(func())) *bounded {
	b := &bounded{Channel: channel}
	b.changed = sync.NewCond(&b.mu)
	start(func() { b.pump(channel) })
	// No client has anything to say there, but each could.
	start(func() { _, _ = io.Copy(io.Discard, channel.Stderr()) })
	return b
}

// pump takes what comes until the client has said its last.
func (b *bounded) pump(from io.Reader) {
	defer b.end(io.EOF) // whatever happens, nobody waits for ever
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		b.keep(buf[:n])
		if err != nil {
			b.end(err)
			return
		}
	}
}

func (b *bounded) keep(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended != nil || len(p) == 0 {
		return
	}
	if len(b.pending)+len(p) > maxPending {
		b.ended = errTooMuch
	} else {
		b.pending = append(b.pending, p...)
	}
	b.changed.Broadcast()
}

func (b *bounded) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		b.ended = err
	}
	b.changed.Broadcast()
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.pending) == 0 && b.ended == nil {
		b.changed.Wait()
	}
	if len(b.pending) == 0 {
		return 0, b.ended
	}
	n := copy(p, b.pending)
	b.pending = b.pending[:copy(b.pending, b.pending[n:])]
	return n, nil
}
