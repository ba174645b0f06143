package manager_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/manager"
	"breakglass/tui/tuitest"
	"breakglass/tui/widget"
)

// terminal is a widget.Terminal that notes what is done to it.
type terminal struct {
	ctx      context.Context
	renderer *lipgloss.Renderer
	utf8     bool
	copied   string
	farewell string
}

func (t *terminal) Context() context.Context     { return t.ctx }
func (t *terminal) Renderer() *lipgloss.Renderer { return t.renderer }
func (t *terminal) UTF8() bool                   { return t.utf8 }
func (t *terminal) Size() (width, height int)    { return 80, 24 }
func (t *terminal) Copy(text string) error       { t.copied = text; return nil }
func (t *terminal) SetFarewell(text string)      { t.farewell = text }

// console is a manager.Console with records to show and to fail with.
type console struct {
	mu       sync.Mutex
	err      error
	sites    []core.SiteInfo
	grants   []core.GrantInfo
	requests []core.RequestInfo
	story    core.GrantStory
	log      []core.LogLine
	acts     []string
	actErr   error
	calls    int
	slow     chan struct{} // when set, Sites waits for it
}

func (c *console) Sites(ctx context.Context, _ core.Actor) ([]core.SiteInfo, error) {
	c.mu.Lock()
	list, err, slow := append([]core.SiteInfo{}, c.sites...), c.err, c.slow
	c.calls++
	c.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
		}
	}
	return list, err
}

func (c *console) Site(_ context.Context, _ core.Actor, id string) (core.SiteInfo, error) {
	for _, s := range c.sites {
		if s.ID == id {
			return s, c.err
		}
	}
	return core.SiteInfo{}, core.Refuse(core.ErrNotFound, "There is no site %s.", id)
}

func (c *console) Grants(context.Context, core.Actor) ([]core.GrantInfo, error) {
	return append([]core.GrantInfo{}, c.grants...), c.err
}

func (c *console) Grant(_ context.Context, _ core.Actor, id string) (core.GrantStory, error) {
	if c.story.Grant.ID != id {
		return core.GrantStory{}, core.Refuse(core.ErrNotFound, "There is no grant %s.", id)
	}
	return c.story, c.err
}

func (c *console) Requests(context.Context, core.Actor) ([]core.RequestInfo, error) {
	return append([]core.RequestInfo{}, c.requests...), c.err
}

func (c *console) Log(ctx context.Context, _ core.Actor, q core.LogQuery) (core.LogPage, error) {
	log := tuitest.Log{Size: int64(len(c.log)), Line: func(seq int64) core.LogLine { return c.log[seq] }, Err: c.err}
	return log.Page(ctx, q)
}

func (c *console) RevokeGrant(_ context.Context, a core.Actor, id, reason string) error {
	c.acts = append(c.acts, fmt.Sprint(a.Name, " revokes ", id, ": ", reason))
	return c.actErr
}

func (c *console) Veto(_ context.Context, a core.Actor, id, reason string) error {
	c.acts = append(c.acts, fmt.Sprint(a.Name, " vetoes ", id, ": ", reason))
	return c.actErr
}

// show is one screen in a bubble of fake time, with all that its commands said
// to the shell.
type show struct {
	t        *testing.T
	screen   widget.Screen
	terminal *terminal
	console  *console
	mu       sync.Mutex
	inbox    []tea.Msg
	problems []string
	notices  []string
}

// look says what a terminal can do.
type look struct {
	name    string
	profile termenv.Profile
	utf8    bool
}

var looks = []look{{"ascii", termenv.Ascii, false}, {"256", termenv.ANSI256, true}}

var eva = core.Actor{Role: core.RoleManager, Name: "eva", Factor: "SHA256:eva"}

// on runs f with a settled screen over a console, and ends the session.
func on(t *testing.T, c *console, l look, f func(*show)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		in(t, c, l, func(s *show) { s.console = c; f(s) })
	})
}

// in is on within a bubble of fake time, over any console.
func in(t *testing.T, c manager.Console, l look, f func(*show)) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(l.profile)
	renderer.SetHasDarkBackground(true)
	s := &show{t: t, terminal: &terminal{ctx: ctx, renderer: renderer, utf8: l.utf8}}
	s.screen = manager.New(s.terminal, widget.NewTheme(renderer, l.utf8), eva, c, coretest.NewClock(), manager.At("backup.example", 2222))
	s.run(s.screen.Init())
	f(s)
	end()
	synctest.Wait()
}

// run runs a command and all that follows from it, but for what waits for time.
func (s *show) run(cmd tea.Cmd) {
	s.start(cmd)
	for {
		synctest.Wait()
		s.mu.Lock()
		inbox := s.inbox
		s.inbox = nil
		s.mu.Unlock()
		if len(inbox) == 0 {
			return
		}
		for _, msg := range inbox {
			s.update(msg)
		}
	}
}

func (s *show) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		s.mu.Lock()
		defer s.mu.Unlock()
		if msg != nil {
			s.inbox = append(s.inbox, msg)
		}
	}()
}

// update is what the shell does with a message.
func (s *show) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BatchMsg:
		for _, cmd := range msg {
			s.start(cmd)
		}
	case widget.Problem:
		s.problems = append(s.problems, msg.Text)
	case widget.Notice:
		s.notices = append(s.notices, msg.Text)
	default:
		var cmd tea.Cmd
		s.screen, cmd = s.screen.Update(msg)
		s.start(cmd)
	}
}

// wait lets time pass.
func (s *show) wait(d time.Duration) { time.Sleep(d); s.run(nil) }

var named = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace,
}

// key is a key by its name, or letters that came at once.
func key(name string) tea.KeyMsg {
	if kind, ok := named[name]; ok {
		return tea.KeyMsg{Type: kind}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// press presses keys; what is no key's name is typed.
func (s *show) press(keys ...string) *show {
	s.t.Helper()
	for _, k := range keys {
		var cmd tea.Cmd
		s.screen, cmd = s.screen.Update(key(k))
		s.run(cmd)
	}
	return s
}

// has checks that the screen shows a text, hasNot that it does not.
func (s *show) has(text string) {
	s.t.Helper()
	if got := s.screen.View(80, 20); !strings.Contains(got, text) {
		s.t.Errorf("no %q in\n%s", text, got)
	}
}

func (s *show) hasNot(text string) {
	s.t.Helper()
	if got := s.screen.View(80, 20); strings.Contains(got, text) {
		s.t.Errorf("%q is in\n%s", text, got)
	}
}
