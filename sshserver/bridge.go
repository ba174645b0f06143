package sshserver

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// framesPerSecond is enough for text that people read, and for the slow lines
// that they read it over.
const framesPerSecond = 10

var (
	errIdle     = errors.New("no key was pressed for too long")
	errIncident = errors.New("the screen failed")
)

// bridge runs one Bubble Tea program on a session.
type bridge struct {
	*session
	view    *Session
	model   *guarded
	program *tea.Program
	ctx     context.Context // ends the program
	end     context.CancelCauseFunc
}

// closer is a model that wants the whole connection closed when it ends: the
// channels beside it must not outlive the access it showed.
type closer interface{ CloseConnection() bool }

// screen shows the actor's screen until it ends, and returns the exit status.
func (one *session) screen() int {
	s := one.server
	b := &bridge{session: one}
	b.ctx, b.end = context.WithCancelCause(one.ctx)
	defer b.end(nil)
	out := &output{one: one, fail: b.end}
	b.view = &Session{one: one, out: out, renderer: renderer(one.terminal, one.env)}
	first := s.options.Screen(b.view)
	if first == nil {
		return one.command([]string{"help"})
	}
	b.model = &guarded{Model: first, server: s, quit: func() { b.end(errIncident) }}
	keys := &idle{server: s, warn: b.idleWarning, end: func() { b.end(errIdle) }}
	b.program = tea.NewProgram(b.model,
		tea.WithContext(b.ctx),
		tea.WithInput(&input{r: one.channel, pressed: keys.pressed, fail: b.end}),
		tea.WithOutput(out),
		tea.WithEnvironment(append(one.env.Environ(), "TERM="+one.terminal.name)),
		tea.WithAltScreen(),
		tea.WithoutSignalHandler(),
		tea.WithFPS(framesPerSecond),
		tea.WithFilter(b.filter),
	)
	s.screens.Add(1)
	defer s.screens.Add(-1)
	keys.start()
	defer keys.stop()
	s.work.Go(b.resizes)
	defer context.AfterFunc(s.closing, b.stopping)()
	_, err := b.program.Run()
	return b.finish(err)
}

// finish says goodbye and returns the exit status.
func (b *bridge) finish(err error) int {
	cause := context.Cause(b.ctx)
	incident := b.model.incident
	if incident == "" && errors.Is(err, tea.ErrProgramPanic) {
		incident = b.server.incident("screen", err)
	}
	words, status := "", 0
	switch {
	case incident != "":
		words, status = text("incident", map[string]any{"ID": incident}), 1
	case errors.Is(cause, errIdle):
		words = text("idle.ended", map[string]any{"Minutes": int(b.server.limits.idleEnd / time.Minute)})
	case errors.Is(cause, errStopped):
		words = text("stopping", nil)
	}
	b.view.sayFarewell(words)
	if c, ok := b.model.Model.(closer); ok && c.CloseConnection() {
		b.server.work.Go(b.closeConnection)
	}
	return status
}

// closeConnection closes the connection, unless the client does so within a
// second. A client with nothing else open hangs up by itself when the session
// ends; were we first, the last that OpenSSH says to its owner is "Broken pipe".
func (b *bridge) closeConnection() {
	defer b.server.contain("close connection", nil)
	late, cancel := context.WithCancel(b.conn.ctx)
	defer cancel()
	defer b.server.options.Clock.AfterFunc(b.server.limits.hangUp, cancel)()
	<-late.Done()
	_ = b.conn.Close()
}

// filter keeps from the program what would stop the server: Suspend sends
// SIGTSTP to the process itself.
func (b *bridge) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	if _, ok := msg.(tea.SuspendMsg); ok {
		return nil
	}
	if b.server.options.Filter == nil {
		return msg
	}
	return b.model.filter(b.server.options.Filter, msg)
}

// resizes tells the program of the window's newest size, the first included.
func (b *bridge) resizes() {
	defer b.server.contain("resize", nil)
	for {
		select {
		case <-b.terminal.changed:
			now := b.terminal.size()
			b.program.Send(tea.WindowSizeMsg{Width: now.width, Height: now.height})
		case <-b.ctx.Done():
			return
		}
	}
}

// stopping tells the program that the server stops.
func (b *bridge) stopping() {
	defer b.server.contain("announce stop", nil)
	if b.server.options.Stopping != nil {
		b.program.Send(b.server.options.Stopping())
	}
}

// idleWarning tells the program that it ends unless a key is pressed.
func (b *bridge) idleWarning(left time.Duration) {
	if b.server.options.IdleWarning != nil {
		b.program.Send(b.server.options.IdleWarning(left))
	}
}
