package tuitest

import (
	"context"
	"io"
	"sync"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"breakglass/tui/widget"
)

// Look says what a terminal can do.
type Look struct {
	Name    string
	Colours bool // 256 of them
	UTF8    bool
}

// Looks are a terminal that can do little and one that can do most.
func Looks() []Look {
	return []Look{{Name: "ascii"}, {Name: "256", Colours: true, UTF8: true}}
}

// Terminal is a widget.Terminal that notes what is done to it. It is safe for
// concurrent use, but for CopyErr.
type Terminal struct {
	CopyErr error // what copying fails with

	ctx           context.Context
	renderer      *lipgloss.Renderer
	utf8          bool
	width, height int

	mu       sync.Mutex
	copied   []string
	farewell string
}

var _ widget.Terminal = (*Terminal)(nil)

// NewTerminal returns a terminal whose session ends with ctx.
func NewTerminal(ctx context.Context, l Look, width, height int) *Terminal {
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(termenv.Ascii)
	if l.Colours {
		renderer.SetColorProfile(termenv.ANSI256)
	}
	renderer.SetHasDarkBackground(true)
	return &Terminal{ctx: ctx, renderer: renderer, utf8: l.UTF8, width: width, height: height}
}

// Context implements widget.Terminal.
func (t *Terminal) Context() context.Context { return t.ctx }

// Renderer implements widget.Terminal.
func (t *Terminal) Renderer() *lipgloss.Renderer { return t.renderer }

// UTF8 implements widget.Terminal.
func (t *Terminal) UTF8() bool { return t.utf8 }

// Size implements widget.Terminal.
func (t *Terminal) Size() (width, height int) { return t.width, t.height }

// Copy implements widget.Terminal.
func (t *Terminal) Copy(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.CopyErr == nil {
		t.copied = append(t.copied, text)
	}
	return t.CopyErr
}

// SetFarewell implements widget.Terminal.
func (t *Terminal) SetFarewell(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.farewell = text
}

// Copied is all that was copied, the newest last.
func (t *Terminal) Copied() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.copied...)
}

// Farewell is what stays on the terminal when the session has ended.
func (t *Terminal) Farewell() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.farewell
}
