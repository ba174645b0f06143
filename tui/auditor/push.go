package auditor

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/widget"
)

// pushAsked is what the console says of the pushing of the log.
type pushAsked struct {
	info core.PushInfo
	err  error
}

// askPushAgain asks for it once more.
type askPushAgain struct{}

func (s *Screen) askPush() tea.Cmd {
	console, actor := s.console, s.actor
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		info, err := console.LogPush(ctx, actor)
		return pushAsked{info, err}
	})
}

// gotPush keeps the answer. Where there is none the last one stays: the list says
// of itself that the console does not answer.
func (s *Screen) gotPush(msg pushAsked) tea.Cmd {
	if msg.err == nil {
		s.push = msg.info
	}
	return widget.After(s.terminal.Context(), s.clock, refresh, askPushAgain{})
}

// pushLines says on the page of checks how the pushing of the log stands. Where
// it fails that stands over the page.
func (s *Screen) pushLines(width int) []string {
	said, failing := view.PushSentence(s.lang, "", s.push)
	if said == "" || failing {
		return nil
	}
	return append(s.theme.Wrap(said, width), "")
}
