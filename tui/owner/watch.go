package owner

import (
	"context"
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/tui/widget"
)

// feed gives one snapshot after the other: a [core.Watcher].
type feed interface {
	Next(ctx context.Context) (core.Progress, error)
	Close()
}

type (
	watchMsg struct {
		job     string
		watcher feed
		err     error
	}
	progressMsg struct {
		job      string
		watcher  feed
		progress core.Progress
		err      error
	}
)

// watch begins to follow the running backup, once.
func (s *Screen) watch() tea.Cmd {
	job, actor := s.state.Job.ID, s.actor
	if s.following == job {
		return nil
	}
	s.following, s.progress = job, core.Progress{ETA: -1}
	return func() tea.Msg {
		ctx := s.terminal.Context()
		watcher, err := s.console.Watch(ctx, actor, job)
		if err != nil {
			return watchMsg{job: job, err: err}
		}
		context.AfterFunc(ctx, watcher.Close) // whatever becomes of the message
		return watchMsg{job: job, watcher: watcher}
	}
}

func (s *Screen) watched(msg watchMsg) tea.Cmd {
	if msg.err != nil {
		s.stopFollowing(msg.job)
		return nil // the state that is read next says why
	}
	return s.next(msg.job, msg.watcher)
}

// next waits for one snapshot. The watcher is closed when there are no more.
func (s *Screen) next(job string, watcher feed) tea.Cmd {
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		progress, err := watcher.Next(ctx)
		if err != nil {
			watcher.Close()
		}
		return progressMsg{job, watcher, progress, err}
	})
}

func (s *Screen) progressed(msg progressMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, io.EOF):
		return s.load() // it stays followed: there is nothing more to see of it
	case msg.err != nil:
		s.stopFollowing(msg.job)
		return s.load()
	case msg.job == s.following:
		s.progress = msg.progress
	}
	return s.next(msg.job, msg.watcher)
}

func (s *Screen) stopFollowing(job string) {
	if s.following == job {
		s.following = ""
	}
}
