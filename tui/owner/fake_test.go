package owner_test

import (
	"context"
	"sync"
	"testing"

	"breakglass/core"
	"breakglass/tui"
)

// console answers as a test tells it, and keeps what it was asked. The slices of
// the other roles stay nil: an owner's screen must not reach them.
type console struct {
	tui.Console

	mu     sync.Mutex
	state  core.OwnerState
	report core.Preflight
	err    error // of every act
	lost   error // of reading the state
	calls  []string
	hold   chan struct{} // acts wait for it, where it is set
}

func (c *console) set(change func(*console)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *console) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.calls...)
}

// act records one act and answers it.
func (c *console) act(ctx context.Context, call string) error {
	c.mu.Lock()
	c.calls = append(c.calls, call)
	err, hold := c.err, c.hold
	c.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (c *console) OwnerState(context.Context, core.Actor) (core.OwnerState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.lost
}

func (c *console) Draft(ctx context.Context, _ core.Actor, reason string) (core.RequestInfo, error) {
	return core.RequestInfo{}, c.act(ctx, "draft "+reason)
}

func (c *console) SendCode(ctx context.Context, _ core.Actor, contact string) (core.RequestInfo, error) {
	return core.RequestInfo{}, c.act(ctx, "send "+contact)
}

func (c *console) EnterCode(ctx context.Context, a core.Actor, code string) (core.Actor, error) {
	return a.WithToken(core.NewSecret("K7Q2MX")), c.act(ctx, "code "+code)
}

func (c *console) EnterPaper(ctx context.Context, a core.Actor, code string) (core.Actor, error) {
	return a.WithToken(core.NewSecret("K7Q2MX")), c.act(ctx, "paper "+code)
}

func (c *console) CancelRequest(ctx context.Context, _ core.Actor) error {
	return c.act(ctx, "cancel request")
}

func (c *console) Activate(ctx context.Context, _ core.Actor) (core.GrantInfo, error) {
	return core.GrantInfo{}, c.act(ctx, "activate")
}

func (c *console) Inspect(context.Context, core.Actor) (core.Preflight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.report, nil
}

func (c *console) StartBackup(ctx context.Context, _ core.Actor) (core.JobInfo, error) {
	return core.JobInfo{}, c.act(ctx, "start")
}

func (c *console) Watch(ctx context.Context, _ core.Actor, _ string) (*core.Watcher, error) {
	<-ctx.Done() // snapshots come as messages of the test
	return nil, ctx.Err()
}

func (c *console) CancelBackup(ctx context.Context, _ core.Actor) error {
	return c.act(ctx, "cancel backup")
}

func (c *console) CloseAccess(ctx context.Context, _ core.Actor) error {
	return c.act(ctx, "close")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// output is a terminal's screen that waits for a text.
type output struct {
	text  string
	until func(string) bool
	then  func()
	seen  bool
}

func (o *output) Write(p []byte) (int, error) {
	o.text += string(p)
	if !o.seen && o.until(o.text) {
		o.seen = true
		o.then()
	}
	return len(p), nil
}
