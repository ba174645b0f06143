package owner

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/words"
	"breakglass/tui/widget"
	"breakglass/tui/wizard"
)

const (
	// refreshEvery is the pace at which the stored state is read again.
	refreshEvery = time.Second
	// lastLook is how long a page stays once access has ended under it.
	lastLook = 5 * time.Second
	// fieldLimit bounds what can be typed or pasted, in characters.
	fieldLimit = 200
)

// Screen is the owner's wizard. It implements widget.Screen and all of its
// optional companions. It is for one program at a time.
type Screen struct {
	terminal widget.Terminal
	theme    widget.Theme
	console  Console
	clock    core.Clock
	actor    core.Actor // with the token, once this session proved one

	state   core.OwnerState
	read    time.Time // by the clock, when state was read; zero before the first
	gen     int       // of state: what was asked before the newest act is stale
	reading bool

	wizard.Choices
	busy     bool // an act is under way
	cursor   int  // in the list of contacts
	reason   widget.Input
	code     widget.Input
	question *question

	report    *core.Preflight // of the live grant
	reportFor string          // the grant that it was, or is being, made for
	reportErr error

	following string // the job that is watched
	progress  core.Progress

	closing  bool   // this session closed the access itself
	ending   bool   // access ended under the open screen
	gone     bool   // and the site with it
	farewell string // as it was set last
}

// New makes the wizard of one owner.
func New(t widget.Terminal, theme widget.Theme, actor core.Actor, console Console, clock core.Clock) *Screen {
	return &Screen{
		terminal: t, theme: theme, console: console, clock: clock, actor: actor,
		reason: widget.NewInput(theme, fieldLimit), code: widget.NewInput(theme, fieldLimit),
	}
}

var (
	_ widget.Screen  = (*Screen)(nil)
	_ widget.Header  = (*Screen)(nil)
	_ widget.Placed  = (*Screen)(nil)
	_ widget.Closer  = (*Screen)(nil)
	_ widget.Leaver  = (*Screen)(nil)
	_ widget.Speaker = (*Screen)(nil)
)

// The messages of the wizard to itself.
type (
	tickMsg  struct{}
	stateMsg struct {
		gen   int
		state core.OwnerState
		err   error
	}
	doneMsg struct {
		apply func(*Screen)
		err   error
	}
	reportMsg struct {
		grant  string
		report core.Preflight
		err    error
	}
	quitMsg struct{}
)

// Init implements widget.Screen.
func (s *Screen) Init() tea.Cmd { return tea.Batch(s.load(), s.tick()) }

func (s *Screen) tick() tea.Cmd {
	return widget.After(s.terminal.Context(), s.clock, refreshEvery, tickMsg{})
}

// load reads the stored state.
func (s *Screen) load() tea.Cmd {
	s.reading = true
	gen, actor := s.gen, s.actor
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		state, err := s.console.OwnerState(ctx, actor)
		return stateMsg{gen, state, err}
	})
}

// act asks something of the console. Until it has answered no other act begins,
// so that its answer is never lost; apply takes what it gave.
func (s *Screen) act(f func(context.Context, core.Actor) (apply func(*Screen), err error)) tea.Cmd {
	if s.busy {
		return nil
	}
	s.busy = true
	actor := s.actor
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		apply, err := f(ctx, actor)
		return doneMsg{apply, err}
	})
}

// Update implements widget.Screen.
func (s *Screen) Update(msg tea.Msg) (widget.Screen, tea.Cmd) {
	cmd := s.update(msg)
	if last := s.lastWords(); last != s.farewell {
		s.farewell = last
		s.terminal.SetFarewell(last)
	}
	return s, cmd
}

func (s *Screen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tickMsg:
		if s.reading || s.busy {
			return s.tick()
		}
		return tea.Batch(s.tick(), s.load())
	case stateMsg:
		return s.took(msg)
	case doneMsg:
		return s.done(msg)
	case reportMsg:
		if msg.grant == s.reportFor {
			s.report, s.reportErr = &msg.report, msg.err
		}
	case watchMsg:
		return s.watched(msg)
	case progressMsg:
		return s.progressed(msg)
	case quitMsg:
		return tea.Quit
	case tea.KeyMsg:
		return s.key(msg)
	}
	return nil
}

// took takes a state that was read.
func (s *Screen) took(msg stateMsg) tea.Cmd {
	if msg.gen != s.gen {
		return nil // a newer one is on its way
	}
	s.reading = false
	if errors.Is(msg.err, core.ErrNotFound) {
		return s.vanished()
	}
	if msg.err != nil {
		return widget.Fail(s.Lang(), msg.err)
	}
	before := s.state
	s.state, s.read = msg.state, s.clock.Now()
	return tea.Batch(s.ended(before), s.needs())
}

// ended reports access that ended since the state before: its page stays for a
// last look, then the connection closes. Whoever closed it themselves may read
// on for as long as they like.
func (s *Screen) ended(before core.OwnerState) tea.Cmd {
	was, now := before.Grant, s.state.Grant
	if s.ending || was == nil || !was.Proven || was.State != core.GrantActive {
		return nil
	}
	if now != nil && now.ID == was.ID && now.State == core.GrantActive {
		return nil
	}
	s.end()
	if s.closing {
		return nil
	}
	return s.lastLook()
}

// vanished ends a screen whose site is no longer set up.
func (s *Screen) vanished() tea.Cmd {
	if s.gone {
		return nil
	}
	s.end()
	s.gone = true
	return s.lastLook()
}

func (s *Screen) end() {
	s.ending, s.question, s.Choices = true, nil, wizard.Choices{}
	s.actor.Token = core.Secret{}
}

func (s *Screen) lastLook() tea.Cmd {
	return widget.After(s.terminal.Context(), s.clock, lastLook, quitMsg{})
}

// needs starts what the page that shows now is about: an inspection, or the
// watching of a backup.
func (s *Screen) needs() tea.Cmd {
	switch s.place() {
	case wizard.Start, wizard.Failed: // there too it counts what fits
		return s.inspect()
	case wizard.Progress:
		return s.watch()
	}
	return nil
}

// inspect asks, once a grant, what there is to back up.
func (s *Screen) inspect() tea.Cmd {
	grant, actor := s.state.Grant.ID, s.actor
	if s.reportFor == grant {
		return nil
	}
	s.reportFor, s.report, s.reportErr = grant, nil, nil
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		report, err := s.console.Inspect(ctx, actor)
		return reportMsg{grant, report, err}
	})
}

// done takes the answer to an act and reads the state that it led to.
func (s *Screen) done(msg doneMsg) tea.Cmd {
	s.busy = false
	s.gen++
	if msg.apply != nil {
		msg.apply(s)
	}
	if msg.err != nil {
		return tea.Batch(widget.Fail(s.Lang(), msg.err), s.load())
	}
	return tea.Batch(widget.Send(widget.Problem{}), s.load())
}

// place is the page that shows now.
func (s *Screen) place() wizard.Place {
	if s.gone {
		return wizard.Gone
	}
	if s.read.IsZero() {
		return wizard.Loading
	}
	return wizard.At(s.state, s.Choices, s.now())
}

// now is the console's time, carried on by the clock since it was read.
func (s *Screen) now() time.Time {
	return s.state.Now.Add(max(0, s.clock.Now().Sub(s.read)))
}

// text is a text of the catalogue in the owner's language.
func (s *Screen) text(id string, data map[string]any) string {
	return words.Text(s.Lang(), "owner."+id, data)
}

// Lang implements widget.Speaker.
func (s *Screen) Lang() string { return s.state.Lang }

// Typing implements widget.Screen.
func (s *Screen) Typing() bool {
	if s.question != nil {
		return false
	}
	switch s.place() {
	case wizard.Reason, wizard.Code, wizard.Paper:
		return true
	}
	return false
}

// CloseConnection implements widget.Closer.
func (s *Screen) CloseConnection() bool { return s.ending }
