package notify

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// maxReplies bounds what a mail server can make us read in one session, in
// bytes.
const maxReplies = 256 << 10

var (
	errReplies  = errors.New("the server sent more than a mail session needs")
	errLoopback = errors.New("the server is not on this machine")
)

// pacedConn is a connection on which the other side has a fixed time for each
// answer: whatever we write begins a new stage, and what comes in does not
// lengthen it, so that a server which sends a byte now and then gains nothing.
// It closes when its context ends, and reads maxReplies bytes at most.
type pacedConn struct {
	net.Conn
	stage time.Duration
	left  int
	stop  func() bool

	failed error // the first that the connection itself had
}

// newPacedConn begins the first stage, in which the other side speaks first.
func newPacedConn(ctx context.Context, conn net.Conn, stage time.Duration) (*pacedConn, error) {
	if err := conn.SetDeadline(time.Now().Add(stage)); err != nil {
		return nil, err
	}
	c := &pacedConn{Conn: conn, stage: stage, left: maxReplies}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // nobody is left to be told
	return c, nil
}

// Write implements net.Conn.
func (c *pacedConn) Write(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	return n, c.note(err)
}

// begin begins a new stage without a write.
func (c *pacedConn) begin() error { return c.note(c.Conn.SetDeadline(time.Now().Add(c.stage))) }

// Read implements net.Conn.
func (c *pacedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, c.note(errReplies)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, c.note(err)
}

// note keeps the first error: go-mail hides it in some of its own.
func (c *pacedConn) note(err error) error {
	if c.failed == nil {
		c.failed = err
	}
	return err
}

// SetDeadline does nothing: the pace is the connection's own.
func (c *pacedConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, like SetDeadline.
func (c *pacedConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, like SetDeadline.
func (c *pacedConn) SetWriteDeadline(time.Time) error { return nil }

// Close implements net.Conn.
func (c *pacedConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// onlyLoopback refuses to dial another machine, whatever a name led to.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return errLoopback
	}
	return nil
}
