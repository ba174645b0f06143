package owner

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/tui/wizard"
)

// question asks before something that is not easily undone. Its cursor begins
// on No, so that pressing Enter again and again changes nothing.
type question struct {
	id  string // of its texts, behind "owner.question."
	yes bool   // where the cursor is
	do  func(*Screen) tea.Cmd
}

func (q *question) bindings() []binding {
	turn := func(s *Screen) tea.Cmd { s.question.yes = !s.question.yes; return nil }
	return []binding{
		enter("choose", func(s *Screen) tea.Cmd {
			asked := s.question
			s.question = nil
			if !asked.yes {
				return nil
			}
			return asked.do(s)
		}),
		{keys: []string{"tab", "left", "right", "up", "down", "shift+tab"}, shown: "Tab", id: "switch", do: turn},
		esc("no", func(s *Screen) tea.Cmd { s.question = nil; return nil }),
	}
}

// put asks a question.
func (s *Screen) put(id string, do func(*Screen) tea.Cmd) tea.Cmd {
	s.question = &question{id: id, do: do}
	return nil
}

func (s *Screen) askCancel() tea.Cmd {
	return s.put("cancel_request", func(s *Screen) tea.Cmd {
		return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
			err := s.console.CancelRequest(ctx, a)
			if err != nil {
				return nil, err
			}
			return func(s *Screen) { s.Choices, s.code = wizard.Choices{}, s.code.Set("") }, nil
		})
	})
}

func (s *Screen) askStop() tea.Cmd {
	return s.put("cancel_backup", func(s *Screen) tea.Cmd {
		return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
			return nil, s.console.CancelBackup(ctx, a)
		})
	})
}

func (s *Screen) askAnew() tea.Cmd { return s.put("new_backup", (*Screen).startBackup) }

func (s *Screen) askClose() tea.Cmd {
	return s.put("close", func(s *Screen) tea.Cmd {
		s.closing = true
		return s.act(func(ctx context.Context, a core.Actor) (func(*Screen), error) {
			if err := s.console.CloseAccess(ctx, a); err != nil {
				return func(s *Screen) { s.closing = false }, err
			}
			return nil, nil
		})
	})
}
