package owner

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
)

// ProgressMsg is what the wizard is told of a watched backup.
func ProgressMsg(job string, p core.Progress) tea.Msg {
	return progressMsg{job: job, progress: p, watcher: silence{}}
}

// silence is a feed that says nothing more.
type silence struct{}

func (silence) Next(ctx context.Context) (core.Progress, error) {
	<-ctx.Done()
	return core.Progress{}, ctx.Err()
}

func (silence) Close() {}

// StaleState is a state that was asked for before the newest act.
func StaleState(s core.OwnerState) tea.Msg { return stateMsg{gen: -1, state: s} }
