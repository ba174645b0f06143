package manager

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/widget"
)

// refresh is how often the screen asks for what it shows.
const refresh = 5 * time.Second

// tick asks for what is shown once more.
type tick struct{ gen int }

// loaded is an answer of the console: of the list or the page that was shown
// when it was asked.
type loaded struct {
	gen   int
	at    time.Time
	err   error
	pane  pane
	sites []core.SiteInfo
	items []item
	page  *page // what a page shows, nil for a list
	push  core.PushInfo
}

// load asks for what is shown now. Whatever was asked for before is dropped, the
// next tick included.
func (s *Screen) load() tea.Cmd {
	s.gen++
	answer := loaded{gen: s.gen, pane: s.pane}
	ended, console, actor, clock := s.ended, s.console, s.actor, s.clock
	var open *page
	if s.page != nil {
		copied := *s.page
		open = &copied
	}
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		switch {
		case open != nil:
			answer.page, answer.err = open, open.read(ctx, console, actor)
		case answer.pane == onSites:
			answer.sites, answer.err = console.Sites(ctx, actor)
		case answer.pane == onAccess:
			answer.items, answer.err = accessItems(ctx, console, actor, ended)
		}
		if answer.err == nil {
			answer.push, answer.err = pushOf(ctx, console, actor)
		}
		answer.at = clock.Now()
		return answer
	})
}

// pushOf asks how the pushing of the log stands, which is for managers of all
// sites only: others see nothing of it.
func pushOf(ctx context.Context, console Console, actor core.Actor) (core.PushInfo, error) {
	info, err := console.LogPush(ctx, actor)
	if errors.Is(err, core.ErrDenied) {
		return core.PushInfo{}, nil
	}
	return info, err
}

// accessItems lists live grants, then open requests, then perhaps the grants
// that are over, newest first.
func accessItems(ctx context.Context, console Console, actor core.Actor, ended bool) ([]item, error) {
	grants, err := console.Grants(ctx, actor)
	if err != nil {
		return nil, err
	}
	requests, err := console.Requests(ctx, actor)
	if err != nil {
		return nil, err
	}
	var live, over []item
	for i := range grants {
		if grants[i].State == core.GrantActive {
			live = append(live, item{grant: &grants[i]})
		} else if ended {
			over = append(over, item{grant: &grants[i]})
		}
	}
	for i := range requests {
		live = append(live, item{request: &requests[i]})
	}
	return append(live, over...), nil
}

// got takes an answer and sets the time of the next question.
func (s *Screen) got(msg loaded) tea.Cmd {
	if msg.gen != s.gen {
		return nil
	}
	again := widget.After(s.terminal.Context(), s.clock, refresh, tick{s.gen})
	if msg.err != nil {
		return tea.Batch(again, s.tell(msg.err))
	}
	s.failed, s.push = "", msg.push
	switch {
	case msg.page != nil:
		msg.page.pager = s.page.pager
		msg.page.at = msg.at
		s.page = msg.page
	case msg.pane == onSites:
		s.sites.all, s.sites.at, s.sites.loaded = msg.sites, msg.at, true
		s.showSites()
	case msg.pane == onAccess:
		s.access.all, s.access.at, s.access.loaded = msg.items, msg.at, true
		s.showAccess()
	}
	return again
}

// tell shows a refresh's problem, once until one worked again. The list stays,
// and says of when it is.
func (s *Screen) tell(err error) tea.Cmd {
	text := view.Detail(s.lang, err)
	if text == s.failed {
		return nil
	}
	s.failed = text
	return widget.Send(widget.Problem{Text: text})
}
