package manager_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/manager"
	"breakglass/tui/tuitest"
	"breakglass/tui/widget"
)

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
	push     core.PushInfo
	pushErr  error
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

func (c *console) LogPush(context.Context, core.Actor) (core.PushInfo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.push, c.pushErr
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

// show is a screen and the console that it is over.
type show struct {
	*tuitest.Show
	console *console
}

var eva = core.Actor{Role: core.RoleManager, Name: "eva", Factor: "SHA256:eva"}

// over opens the manager's screen over a console.
func over(c manager.Console) tuitest.Make {
	return func(terminal widget.Terminal, theme widget.Theme) widget.Screen {
		return manager.New(terminal, theme, eva, c, coretest.NewClock(), widget.Surroundings{Host: "backup.example", Port: 2222})
	}
}

// on runs f with a settled screen over a console, and ends the session.
func on(t *testing.T, c *console, l tuitest.Look, f func(*show)) {
	t.Helper()
	tuitest.On(t, l, over(c), func(s *tuitest.Show) { f(&show{s, c}) })
}

// in is on within a bubble of fake time, over any console.
func in(t *testing.T, c manager.Console, l tuitest.Look, f func(*show)) {
	t.Helper()
	tuitest.In(t, l, over(c), func(s *tuitest.Show) { f(&show{Show: s}) })
}
