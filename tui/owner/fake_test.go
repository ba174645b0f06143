package owner_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"breakglass/core"
	"breakglass/tui"
	"breakglass/tui/widget"
)

// terminal is a widget.Terminal that remembers.
type terminal struct {
	ctx           context.Context
	renderer      *lipgloss.Renderer
	utf8          bool
	width, height int
	copyErr       error

	mu       sync.Mutex
	copied   []string
	farewell string
}

func newTerminal(ctx context.Context, colours, utf8 bool, width, height int) *terminal {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	if colours {
		r.SetColorProfile(termenv.ANSI256)
	}
	r.SetHasDarkBackground(true)
	return &terminal{ctx: ctx, renderer: r, utf8: utf8, width: width, height: height}
}

func (t *terminal) Context() context.Context     { return t.ctx }
func (t *terminal) Renderer() *lipgloss.Renderer { return t.renderer }
func (t *terminal) UTF8() bool                   { return t.utf8 }
func (t *terminal) Size() (width, height int)    { return t.width, t.height }

func (t *terminal) Copy(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.copyErr == nil {
		t.copied = append(t.copied, text)
	}
	return t.copyErr
}

func (t *terminal) SetFarewell(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.farewell = text
}

func (t *terminal) lastWords() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.farewell
}

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

// app runs a model inside a synctest bubble, one settled state after the other:
// Bubble Tea without its timing. Whatever a command leaves behind when the
// session ends keeps the bubble from ending, which fails the test.
type app struct {
	t     *testing.T
	model tea.Model
	term  *terminal
	mu    sync.Mutex
	queue []tea.Msg
	quit  bool
}

// show starts a model as a session would; it ends with the test's bubble.
func show(t *testing.T, term *terminal, model tea.Model) *app {
	a := &app{t: t, model: model, term: term}
	a.run(model.Init())
	a.settle()
	return a
}

func (a *app) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.queue = append(a.queue, msg)
	}()
}

// settle lets everything happen that can happen now.
func (a *app) settle() {
	for {
		synctest.Wait()
		a.mu.Lock()
		queue := a.queue
		a.queue = nil
		a.mu.Unlock()
		if len(queue) == 0 {
			return
		}
		for _, msg := range queue {
			a.take(msg)
		}
	}
}

func (a *app) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			a.run(cmd)
		}
	case tea.QuitMsg:
		a.quit = true
	default:
		var cmd tea.Cmd
		a.model, cmd = a.model.Update(msg)
		a.run(cmd)
	}
}

func (a *app) send(msg tea.Msg) {
	a.t.Helper()
	a.take(msg)
	a.settle()
}

// special are the keys that are not text.
var special = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
	"ctrl+c": tea.KeyCtrlC, "ctrl+r": tea.KeyCtrlR, "ctrl+x": tea.KeyCtrlX, "ctrl+v": tea.KeyCtrlV,
	"f1": tea.KeyF1, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace,
}

// press presses keys one after the other; what is no name of a key is typed as
// one burst, as a fast hand or a paste arrives.
func (a *app) press(keys ...string) {
	a.t.Helper()
	for _, k := range keys {
		if kind, ok := special[k]; ok {
			a.send(tea.KeyMsg{Type: kind})
			continue
		}
		a.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
	}
}

// sees fails unless every text shows, however its lines are broken.
func (a *app) sees(texts ...string) {
	a.t.Helper()
	view := strings.Join(strings.Fields(a.model.View()), " ")
	for _, text := range texts {
		if !strings.Contains(view, text) {
			a.t.Fatalf("%q does not show:\n%s", text, a.model.View())
		}
	}
}

func (a *app) misses(text string) {
	a.t.Helper()
	if strings.Contains(strings.Join(strings.Fields(a.model.View()), " "), text) {
		a.t.Fatalf("%q shows:\n%s", text, a.model.View())
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var _ widget.Terminal = (*terminal)(nil)

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
