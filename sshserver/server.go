package sshserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/ssh"

	"breakglass/core"
)

// Options is what a [Server] is built from. Those without "may be nil" are
// needed.
type Options struct {
	HostKey []byte // PEM of an Ed25519 private key
	Console Console
	Clock   core.Clock
	Log     *slog.Logger

	// Command carries out a command line and returns the exit status. It must
	// return soon after its context ends.
	Command func(context.Context, Request) int
	// Screen makes the first model of a session with a terminal; a nil model
	// means that this actor has none.
	Screen func(*Session) tea.Model
	// Filter sees each message before the model does; may be nil.
	Filter func(tea.Model, tea.Msg) tea.Msg
	// IdleWarning is the message that tells a screen it will be closed unless a
	// key is pressed; may be nil.
	IdleWarning func(left time.Duration) tea.Msg
	// Stopping is the message that tells a screen that the server stops; may be
	// nil.
	Stopping func() tea.Msg
}

// Server is the SSH server. It is safe for concurrent use.
type Server struct {
	options  Options
	limits   limits
	gate     *gate
	fetchers *fetchers
	ssh      *ssh.Server

	closing  context.Context // ended: the listener is closed, screens are told
	announce context.CancelFunc
	base     context.Context // ended: sessions end
	stop     context.CancelCauseFunc
	screens  atomic.Int64

	entering sync.Mutex // orders work.Add before work.Wait
	shut     bool
	work     sync.WaitGroup
}

// New builds a server. It opens nothing yet.
func New(options Options) (*Server, error) { return newServer(options, defaultLimits()) }

func newServer(options Options, l limits) (*Server, error) {
	s := &Server{options: options, limits: l, gate: newGate(l, options.Clock), fetchers: newFetchers(l.fetchers)}
	s.closing, s.announce = context.WithCancel(context.Background())
	s.base, s.stop = context.WithCancelCause(context.Background())
	var err error
	if s.ssh, err = s.library(); err != nil {
		return nil, err
	}
	s.ssh.ConnCallback = func(ctx ssh.Context, raw net.Conn) net.Conn {
		ctx.SetValue(connKey, raw)
		return raw
	}
	return s, nil
}

// Serve lets people in who connect to l, until Shutdown: then it returns nil.
// It closes l.
func (s *Server) Serve(l net.Listener) error {
	release := context.AfterFunc(s.closing, func() { _ = l.Close() })
	defer release()
	defer func() { _ = l.Close() }()
	failures := 0
	for {
		raw, err := l.Accept()
		switch {
		case s.closing.Err() != nil:
			if err == nil {
				_ = raw.Close()
			}
			return nil
		case err == nil:
			failures = 0
			s.accept(raw)
		case errors.Is(err, net.ErrClosed) || failures >= maxAcceptFailures:
			return fmt.Errorf("accept an SSH connection: %w", err)
		default: // out of file descriptors, most likely: it passes
			failures++
			s.options.Log.Warn("accept an SSH connection", "err", err)
			s.pause(acceptPause)
		}
	}
}

const (
	maxAcceptFailures = 100
	acceptPause       = 100 * time.Millisecond
)

func (s *Server) pause(d time.Duration) {
	over, cancel := context.WithCancel(s.closing)
	defer s.options.Clock.AfterFunc(d, cancel)()
	<-over.Done()
	cancel()
}

// accept runs a connection on a goroutine of its own.
func (s *Server) accept(raw net.Conn) {
	if !s.enter() {
		_ = raw.Close()
		return
	}
	go func() {
		defer s.work.Done()
		defer s.contain("connection", nil)
		c := s.newConn(raw)
		defer func() { _ = c.Close() }()
		if err := s.gate.admit(c); err != nil {
			s.turnAway(c, err)
			return
		}
		c.greet(s.limits.greeting)
		s.ssh.HandleConn(c)
		s.ended(c)
	}()
}

// turnAway says why, on a line that the protocol allows before the version
// (RFC 4253, section 4.2). Clients show it when asked to be verbose.
func (s *Server) turnAway(c *conn, why error) {
	defer s.options.Clock.AfterFunc(time.Second, func() { _ = c.Close() })()
	_, _ = fmt.Fprintf(c, "%s\r\n", why)
}

// enter counts a goroutine in, unless the server waits for the last already.
func (s *Server) enter() bool {
	s.entering.Lock()
	defer s.entering.Unlock()
	if s.shut {
		return false
	}
	s.work.Add(1)
	return true
}

// errStopped is why sessions end at Shutdown.
var errStopped = errors.New("the server was stopped")

// Shutdown takes no more connections, tells the screens, gives them a moment,
// then closes everything and waits until all of it has ended or ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	s.announce()
	if s.screens.Load() > 0 {
		s.wait(ctx, nil)
	}
	s.stop(errStopped)
	s.entering.Lock()
	s.shut = true
	s.entering.Unlock()
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	s.gate.shut(func(c *conn) {
		if c.idle() {
			_ = c.Close() // nothing more to do for it
		}
	})
	s.wait(ctx, done) // sessions say their last words and close what they have
	s.gate.shut((*conn).cut)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the SSH server: %w", context.Cause(ctx))
	}
}

// wait returns after the time for shutting down, or when ctx or done ends.
func (s *Server) wait(ctx context.Context, done <-chan struct{}) {
	over := make(chan struct{})
	defer s.options.Clock.AfterFunc(s.limits.shutdown, func() { close(over) })()
	select {
	case <-over:
	case <-done:
	case <-ctx.Done():
	}
}
