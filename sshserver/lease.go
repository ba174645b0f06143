package sshserver

import (
	"context"

	"breakglass/core"
)

// bind ties a connection that came in with a download token to its grant, with
// the first session that needs it. When the grant ends, for whatever reason,
// all data stops at once (each download holds a lease of its own), and some
// seconds later the whole connection is closed: closing the channel alone would
// leave the multiplexed ones alive.
func (s *Server) bind(c *conn, a core.Actor) (*core.Lease, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lease != nil {
		if ended := c.lease.Context(); ended.Err() != nil {
			return nil, context.Cause(ended)
		}
		return c.lease, nil
	}
	lease, err := s.options.Console.Authorize(c.ctx, a, core.CapDownload)
	if err != nil {
		return nil, err
	}
	if c.ctx.Err() != nil {
		lease.Release() // closed meanwhile: nobody else would
		return nil, context.Cause(c.ctx)
	}
	c.lease = lease
	context.AfterFunc(lease.Context(), func() {
		if c.ctx.Err() == nil {
			s.options.Clock.AfterFunc(s.limits.farewell, func() {
				c.shut() // screens give the terminal back, and their clients hang up
				s.options.Clock.AfterFunc(s.limits.hangUp, c.abort)
			})
		}
	})
	return lease, nil
}
