package tuitest

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"breakglass/tui/widget"
)

// Terminal is a widget.Terminal that notes what is done to it.
type Terminal struct {
	ctx      context.Context
	renderer *lipgloss.Renderer
	utf8     bool
	Copied   string
	Farewell string
}

// Context implements widget.Terminal.
func (t *Terminal) Context() context.Context { return t.ctx }

// Renderer implements widget.Terminal.
func (t *Terminal) Renderer() *lipgloss.Renderer { return t.renderer }

// UTF8 implements widget.Terminal.
func (t *Terminal) UTF8() bool { return t.utf8 }

// Size implements widget.Terminal.
func (t *Terminal) Size() (width, height int) { return 80, 24 }

// Copy implements widget.Terminal.
func (t *Terminal) Copy(text string) error { t.Copied = text; return nil }

// SetFarewell implements widget.Terminal.
func (t *Terminal) SetFarewell(text string) { t.Farewell = text }

// Look says what a terminal can do.
type Look struct {
	Name    string
	profile termenv.Profile
	utf8    bool
}

// Looks are a terminal that can do little and one that can do most.
func Looks() []Look {
	return []Look{{"ascii", termenv.Ascii, false}, {"256", termenv.ANSI256, true}}
}

// Show is one screen in a bubble of fake time, with all that its commands said
// to the shell.
type Show struct {
	T        *testing.T
	Screen   widget.Screen
	Terminal *Terminal
	Problems []string
	Notices  []string
	mu       sync.Mutex
	inbox    []tea.Msg
}

// Make makes the screen that is shown.
type Make func(widget.Terminal, widget.Theme) widget.Screen

// On runs f with a settled screen in a bubble of fake time, and ends the session.
func On(t *testing.T, l Look, open Make, f func(*Show)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { In(t, l, open, f) })
}

// In is On within a bubble of fake time.
func In(t *testing.T, l Look, open Make, f func(*Show)) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(l.profile)
	renderer.SetHasDarkBackground(true)
	s := &Show{T: t, Terminal: &Terminal{ctx: ctx, renderer: renderer, utf8: l.utf8}}
	s.Screen = open(s.Terminal, widget.NewTheme(renderer, l.utf8))
	s.Run(s.Screen.Init())
	f(s)
	end()
	synctest.Wait()
}

// Run runs a command and all that follows from it, but for what waits for time.
func (s *Show) Run(cmd tea.Cmd) {
	for s.start(cmd); s.Step(); {
	}
}

// Step takes the messages that are there now, and reports whether there were any.
func (s *Show) Step() bool {
	synctest.Wait()
	s.mu.Lock()
	inbox := s.inbox
	s.inbox = nil
	s.mu.Unlock()
	for _, msg := range inbox {
		s.update(msg)
	}
	return len(inbox) > 0
}

func (s *Show) start(cmd tea.Cmd) {
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
func (s *Show) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BatchMsg:
		for _, cmd := range msg {
			s.start(cmd)
		}
	case widget.Problem:
		s.Problems = append(s.Problems, msg.Text)
	case widget.Notice:
		s.Notices = append(s.Notices, msg.Text)
	default:
		var cmd tea.Cmd
		s.Screen, cmd = s.Screen.Update(msg)
		s.start(cmd)
	}
}

// Wait lets time pass.
func (s *Show) Wait(d time.Duration) { time.Sleep(d); s.Run(nil) }

var named = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "ctrl+u": tea.KeyCtrlU,
}

// Key is a key by its name, or letters that came at once.
func Key(name string) tea.KeyMsg {
	if kind, ok := named[name]; ok {
		return tea.KeyMsg{Type: kind}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// Hit presses a key and waits for nothing that follows from it.
func (s *Show) Hit(name string) {
	var cmd tea.Cmd
	s.Screen, cmd = s.Screen.Update(Key(name))
	s.start(cmd)
}

// Press presses keys, each after all that followed from the one before; what is
// no key's name is typed.
func (s *Show) Press(keys ...string) *Show {
	for _, k := range keys {
		s.Hit(k)
		s.Run(nil)
		s.Screen.View(80, 20) // as the shell does, before anybody can press the next
	}
	return s
}

// Has checks that the screen shows a text, HasNot that it does not.
func (s *Show) Has(text string) {
	s.T.Helper()
	if got := s.Screen.View(80, 20); !strings.Contains(got, text) {
		s.T.Errorf("no %q in\n%s", text, got)
	}
}

// HasNot checks that the screen does not show a text.
func (s *Show) HasNot(text string) {
	s.T.Helper()
	if got := s.Screen.View(80, 20); strings.Contains(got, text) {
		s.T.Errorf("%q is in\n%s", text, got)
	}
}
