package sshserver

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/charmbracelet/ssh"
	gossh "golang.org/x/crypto/ssh"

	"breakglass/core"
	"breakglass/core/safetext"
)

const sessionKey contextKey = "session"

var errHungUp = errors.New("the client closed the session")

// session is one session channel. Its requests pass through here before the
// library sees any of them: the library would keep an environment without end,
// grant the agent to everyone, and stop the whole connection at a second resize
// that nobody has taken.
type session struct {
	server  *Server
	conn    *conn
	actor   core.Actor    // set by the door
	channel gossh.Channel // bare: nothing rewrites line ends on it

	ctx    context.Context // ends with the channel
	cancel context.CancelCauseFunc
	closed chan struct{} // the client has closed its side

	env      environment
	terminal *terminal // nil without a PTY
	started  bool      // a shell, command or subsystem was asked for

	mu      sync.Mutex
	running chan struct{} // closed when the handler has returned; nil before
}

// sessionContext is the library's context of a connection, made one session's.
type sessionContext struct {
	ssh.Context
	session *session
}

// Value implements context.Context.
func (c sessionContext) Value(key any) any {
	if key == sessionKey {
		return c.session
	}
	return c.Context.Value(key)
}

// sessionOf returns the session behind the library's.
func sessionOf(sess ssh.Session) *session {
	s, _ := sess.Context().Value(sessionKey).(*session)
	return s
}

// channel is the library's handler of a session channel, with a limit and our
// filter before it.
func (s *Server) channel(library *ssh.Server, peer *gossh.ServerConn, offer gossh.NewChannel, ctx ssh.Context) {
	defer s.contain("session channel", func(string) { _ = peer.Close() })
	c := connOf(ctx)
	if c == nil || !s.enter() {
		_ = offer.Reject(gossh.ResourceShortage, "not now")
		return
	}
	defer s.work.Done()
	if !c.enter(s.limits.sessions) {
		_ = offer.Reject(gossh.ResourceShortage, "too many sessions on this connection; close one first")
		return
	}
	defer s.closeLast(c)
	defer c.exit()
	s.watch(c, peer)
	one := &session{server: s, conn: c, env: environment{}, closed: make(chan struct{})}
	one.ctx, one.cancel = context.WithCancelCause(c.open)
	defer one.wait()
	ssh.DefaultSessionHandler(library, peer, filtered{offer, one}, sessionContext{ctx, one})
}

// closeLast closes the connection with its last session once the server stops.
func (s *Server) closeLast(c *conn) {
	if s.base.Err() != nil && c.idle() {
		_ = c.Close()
	}
}

// wait ends the session and returns when its handler has.
func (one *session) wait() {
	one.cancel(errHungUp)
	one.mu.Lock()
	running := one.running
	one.mu.Unlock()
	if running != nil {
		<-running
	}
}

// filtered is a channel on offer whose requests go through a session's filter.
type filtered struct {
	gossh.NewChannel
	session *session
}

// Accept implements gossh.NewChannel.
func (f filtered) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	channel, requests, err := f.NewChannel.Accept()
	if err != nil {
		return nil, nil, err
	}
	server := f.session.server
	bounded := newBounded(channel, func(pump func()) {
		server.work.Go(func() {
			defer server.contain("session input", func(string) { _ = f.session.conn.Close() })
			pump()
		})
	})
	f.session.channel = bounded
	passed := make(chan *gossh.Request)
	server.work.Go(func() {
		defer close(passed)
		defer server.contain("session request", func(string) { _ = f.session.conn.Close() })
		f.session.filter(requests, passed)
	})
	return bounded, passed, nil
}

// filter answers what is ours and passes on what starts something, until the
// client closes the channel.
func (one *session) filter(requests <-chan *gossh.Request, passed chan<- *gossh.Request) {
	defer close(one.closed)
	defer one.cancel(errHungUp)
	env := 0
	for req := range requests {
		ok := false
		switch req.Type {
		case "shell", "exec", "subsystem":
			if len(req.Payload) <= maxLine {
				one.started = true
				passed <- req
				continue
			}
		case "env":
			env++
			ok = !one.started && env <= maxEnv && one.env.accept(req.Payload)
		case "pty-req":
			ok = !one.started && one.terminal == nil && one.openTerminal(req.Payload)
		case "window-change":
			ok = one.terminal != nil && one.resize(req.Payload)
		default: // agent, X11, signals, breaks: nobody here would obey them
		}
		if req.WantReply {
			_ = req.Reply(ok, nil) // a client that is gone ends the loop
		}
	}
}

func (one *session) openTerminal(payload []byte) bool {
	var asked struct {
		Term                       string
		Cols, Rows, Pixels, Height uint32
		Modes                      string
	}
	if gossh.Unmarshal(payload, &asked) != nil {
		return false
	}
	one.terminal = newTerminal(safetext.Line(asked.Term), clamp(asked.Cols, asked.Rows))
	return true
}

func (one *session) resize(payload []byte) bool {
	var asked struct{ Cols, Rows, Pixels, Height uint32 }
	if gossh.Unmarshal(payload, &asked) != nil {
		return false
	}
	one.terminal.resize(clamp(asked.Cols, asked.Rows))
	return true
}

// accept keeps a variable that a screen is built from, and no other.
func (e environment) accept(payload []byte) bool {
	var asked struct{ Name, Value string }
	if gossh.Unmarshal(payload, &asked) != nil || len(asked.Value) > maxEnvValue {
		return false
	}
	if !slices.Contains([]string{"LANG", "LC_ALL", "LC_CTYPE", "COLORTERM", "NO_COLOR"}, asked.Name) {
		return false
	}
	e[asked.Name] = safetext.Line(asked.Value)
	return true
}
