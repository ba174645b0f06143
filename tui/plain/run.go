package plain

import (
	"context"
	"errors"
	"fmt"
	"io"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

// Console is the slice of [core.Console] that the line mode uses.
type Console interface {
	OwnerState(ctx context.Context, a core.Actor) (core.OwnerState, error)
	Draft(ctx context.Context, a core.Actor, reason string) (core.RequestInfo, error)
	SendCode(ctx context.Context, a core.Actor, contactID string) (core.RequestInfo, error)
	EnterCode(ctx context.Context, a core.Actor, code string) (core.Actor, error)
	EnterPaper(ctx context.Context, a core.Actor, code string) (core.Actor, error)
	CancelRequest(ctx context.Context, a core.Actor) error
	Activate(ctx context.Context, a core.Actor) (core.GrantInfo, error)
	Inspect(ctx context.Context, a core.Actor) (core.Preflight, error)
	StartBackup(ctx context.Context, a core.Actor) (core.JobInfo, error)
	Watch(ctx context.Context, a core.Actor, job string) (*core.Watcher, error)
	CancelBackup(ctx context.Context, a core.Actor) error
	CloseAccess(ctx context.Context, a core.Actor) error
}

var _ Console = (*core.Console)(nil)

// Options is what [Run] is given. All but Echo are needed.
type Options struct {
	In      io.Reader
	Out     io.Writer // lines end in "\n"
	Actor   core.Actor
	Console Console
	Clock   core.Clock
	// Echo is for a terminal without a driver behind it: keys come one by one
	// and unechoed, and a line ends in "\r". Then what is typed is shown here,
	// Backspace and Ctrl+U take it back, Ctrl+C and Ctrl+D leave.
	Echo bool
	// Width is how many columns the terminal has; 0: it is not known.
	Width int
}

// The ways in which a question ends without an answer.
var (
	errLeft  = errors.New("the person left")
	errMoved = errors.New("the person is somewhere else now")
)

// Run leads an owner by questions until they leave, their access ends or ctx
// does. It returns nil in the first two cases and ctx's error in the third; an
// error of Out; and any fault inside the console, after a sentence that says
// so. When it has returned nothing of it runs but, where In blocks, one Read.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{ctx: ctx, console: o.Console, clock: o.Clock, actor: o.Actor}
	s.out = &printer{w: o.Out}
	s.width = lineWidth(o.Width)
	s.keys = newKeyboard(ctx, o.In, o.Echo, s.out)
	err := s.run()
	switch {
	case s.out.err != nil:
		return fmt.Errorf("line mode: %w", s.out.err)
	case errors.Is(err, errLeft):
		return nil
	case err != nil:
		return fmt.Errorf("line mode: %w", err)
	}
	return nil
}

// session is one person before the line mode.
type session struct {
	ctx     context.Context
	console Console
	clock   core.Clock
	actor   core.Actor // with the token, once this session proved one
	out     *printer
	width   int // of a line, in columns
	keys    *keyboard

	state core.OwnerState
	wizard.Choices
	shown  wizard.Place // the page whose lead was said last
	over   bool         // access ended while this session had it
	warned int          // how many warnings that access ends soon were said

	report    *core.Preflight // of the live grant
	reportFor string          // the grant that it was made for
	reportErr error
}

// run goes from page to page.
func (s *session) run() error {
	for {
		if err := s.load(); err != nil {
			return s.fault(err)
		}
		if s.over {
			s.sayOver()
			return nil
		}
		err := s.visit(s.place())
		switch {
		case err == nil || errors.Is(err, errMoved):
		case errors.Is(err, errLeft):
			s.sayFarewell()
			return err
		case s.ctx.Err() != nil:
			return context.Cause(s.ctx)
		default:
			if err := s.refused(err); err != nil {
				return err
			}
		}
		if s.out.err != nil {
			return s.out.err
		}
	}
}

// place says where the person is.
func (s *session) place() wizard.Place { return wizard.At(s.state, s.Choices, s.state.Now) }

// load reads the stored state, and notices that access ended under this session.
func (s *session) load() error {
	state, err := s.console.OwnerState(s.ctx, s.actor)
	if err != nil {
		return err
	}
	was := s.state.Grant
	s.state = state
	if was != nil && was.Proven && was.State == core.GrantActive {
		now := state.Grant
		s.over = now == nil || now.ID != was.ID || now.State != core.GrantActive
	}
	return nil
}

// refused says why the console would not do something, unless that is because
// access ended, which is said in its own words. Only a fault is returned.
func (s *session) refused(err error) error {
	if !view.Refused(err) {
		return s.fault(err)
	}
	if s.load() == nil && s.over {
		return nil
	}
	s.say(s.sentence(err))
	return nil
}

// fault says what cannot be helped here. A refusal is no fault: it was said.
func (s *session) fault(err error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.say(s.sentence(err))
	if view.Refused(err) {
		return nil
	}
	return err
}
