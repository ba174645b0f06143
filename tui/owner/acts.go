package owner

import (
	"context"
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/tui/widget"
	"breakglass/tui/wizard"
)

// ask goes on to the reason: from the welcome, or from the end of what was.
func (s *Screen) ask() tea.Cmd {
	s.Choices = wizard.Choices{Asking: true}
	return nil
}

func (s *Screen) stopAsking() tea.Cmd {
	s.Choices = wizard.Choices{}
	return nil
}

func (s *Screen) draft() tea.Cmd {
	reason := s.reason.Value()
	if !core.SaysWhy(reason) {
		return widget.Send(widget.Problem{Text: s.text("not.reason", nil)})
	}
	return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
		_, err := s.console.Draft(ctx, a, reason)
		if err != nil {
			return nil, err
		}
		return func(s *Screen) {
			s.Choices, s.cursor = wizard.Choices{}, 0
			s.reason = s.reason.Set("")
		}, nil
	})
}

// way is a way to prove oneself: a contact that a code goes to, or the paper code.
type way struct {
	contact core.ContactInfo
	paper   bool
}

// ways lists those that there are for the open request.
func (s *Screen) ways() []way {
	var ways []way
	for _, c := range s.state.Contacts {
		ways = append(ways, way{contact: c})
	}
	if s.request() != nil && wizard.PaperWorks(s.state) {
		ways = append(ways, way{paper: true})
	}
	return ways
}

// choose takes the way under the cursor.
func (s *Screen) choose() tea.Cmd {
	ways := s.ways()
	if s.cursor >= len(ways) {
		return nil // the list has become shorter; the page shows it anew
	}
	if ways[s.cursor].paper {
		s.code, s.Paper = s.code.Set(""), true
		return nil
	}
	return s.sendTo(ways[s.cursor].contact.ID)
}

func (s *Screen) sendTo(contact string) tea.Cmd {
	return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
		if _, err := s.console.SendCode(ctx, a, contact); err != nil {
			return nil, err
		}
		return func(s *Screen) {
			s.Choosing = false
			s.code = s.code.Set("")
		}, nil
	})
}

// resend has a new code sent to where the last one went.
func (s *Screen) resend() tea.Cmd {
	for _, c := range s.state.Contacts {
		if c.ID == s.state.Request.SentTo.ID {
			return s.sendTo(c.ID)
		}
	}
	return s.otherWay()
}

// otherWay goes back to where the code goes.
func (s *Screen) otherWay() tea.Cmd {
	s.Choosing, s.cursor = true, 0
	for i, w := range s.ways() {
		if r := s.request(); r != nil && w.contact.ID != r.SentTo.ID {
			s.cursor = i
			break
		}
	}
	return nil
}

func (s *Screen) enterCode() tea.Cmd {
	return s.prove(s.console.EnterCode)
}

func (s *Screen) enterPaper() tea.Cmd {
	return s.prove(s.console.EnterPaper)
}

func (s *Screen) leavePaper() tea.Cmd {
	s.Paper, s.code = false, s.code.Set("")
	return nil
}

// prove tries what was typed. The actor that comes back holds this session's
// token: nothing else knows it.
func (s *Screen) prove(try func(context.Context, core.Actor, string) (core.Actor, error)) tea.Cmd {
	typed, paper := s.code.Value(), s.Paper
	if typed == "" {
		return widget.Send(widget.Problem{Text: s.text("not.code", nil)})
	}
	return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
		proved, err := try(ctx, a, typed)
		switch {
		case errors.Is(err, core.ErrWrongCode) && !paper, errors.Is(err, core.ErrCodeDead):
			// The field is free for the right one; the long paper code stays to
			// be mended, as does what was only mistyped.
			return func(s *Screen) { s.code = s.code.Set("") }, err
		case err != nil:
			return nil, err
		}
		return func(s *Screen) {
			s.actor, s.Choices = proved, wizard.Choices{}
			s.code = s.code.Set("")
		}, nil
	})
}

func (s *Screen) activate() tea.Cmd {
	return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
		_, err := s.console.Activate(ctx, a)
		return nil, err
	})
}

func (s *Screen) startBackup() tea.Cmd {
	return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
		if _, err := s.console.StartBackup(ctx, a); err != nil {
			return nil, err
		}
		return func(s *Screen) { s.Choices = wizard.Choices{} }, nil
	})
}

func (s *Screen) backToDownload() tea.Cmd {
	s.Handover = false
	return nil
}

// request is the open request, nil where there is none.
func (s *Screen) request() *core.RequestInfo {
	if r := s.state.Request; r != nil && r.State.Open() {
		return r
	}
	return nil
}
