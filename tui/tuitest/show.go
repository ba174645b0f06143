package tuitest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/tui/widget"
)

// Show is one screen in a bubble of fake time, with all that its commands said
// to the shell.
type Show struct {
	loop
	T        *testing.T
	Screen   widget.Screen
	Terminal *Terminal
	Problems []string
	Notices  []string
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
	s := &Show{T: t, Terminal: NewTerminal(ctx, l, 80, 24)}
	s.take = s.update
	s.Screen = open(s.Terminal, widget.NewTheme(s.Terminal.Renderer(), l.UTF8))
	s.Run(s.Screen.Init())
	f(s)
	end()
	synctest.Wait()
}

// update is what the shell does with a message.
func (s *Show) update(msg tea.Msg) {
	switch msg := msg.(type) {
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

// Lacks checks that nothing that the screen says, in its title and of its keys
// too, holds one of some signs of a text that is missing from the catalogue. when
// says where the screen is.
func (s *Show) Lacks(when string, signs ...string) {
	s.T.Helper()
	said := s.Screen.View(140, 40) + s.Screen.Title()
	for _, b := range s.Screen.Keys() {
		said += " " + b.Help().Key + " " + b.Help().Desc
	}
	for _, sign := range append(signs, "<no value>") {
		if strings.Contains(said, sign) {
			s.T.Errorf("%s: %q in\n%s", when, sign, said)
		}
	}
}
