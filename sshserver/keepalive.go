package sshserver

import (
	"sync/atomic"

	gossh "golang.org/x/crypto/ssh"
)

// keepAlive asks the peer again and again whether it lives, and closes a
// connection from which nothing came for three questions in a row. Anything
// that comes counts as an answer: on a slow line the answer itself stands
// behind megabytes of a download. It returns when the connection ends.
func (s *Server) keepAlive(c *conn, peer gossh.Conn) {
	defer s.contain("keepalive", func(string) { _ = c.Close() })
	missed := 0
	var asking atomic.Bool // a question behind an unanswered one would only wait for it
	for c.sleep(s.limits.keepalive) {
		before := c.read.Load()
		if asking.CompareAndSwap(false, true) {
			s.work.Go(func() {
				defer asking.Store(false)
				defer s.contain("keepalive", nil)
				_, _, _ = peer.SendRequest("keepalive@openssh.com", true, nil) // the answer's bytes are counted by conn.Read
			})
		}
		if !c.sleep(s.limits.answer) {
			return
		}
		if c.read.Load() != before {
			missed = 0
			continue
		}
		if missed++; missed >= s.limits.missed {
			c.abort()
			return
		}
	}
}

// watch starts the keepalive with the first session of a connection.
func (s *Server) watch(c *conn, peer gossh.Conn) {
	c.mu.Lock()
	running := c.alive
	c.alive = true
	c.mu.Unlock()
	if !running {
		s.work.Go(func() { s.keepAlive(c, peer) })
	}
}
