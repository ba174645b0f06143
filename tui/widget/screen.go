package widget

import (
	"context"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
	"breakglass/core/view"
)

// The smallest window that screens are drawn in, and the width below which they
// use one column.
const (
	MinWidth  = 40
	MinHeight = 12
	WideFrom  = 80
)

// Terminal is the session that a screen is shown on. The SSH server's session
// is one. It is safe for concurrent use.
type Terminal interface {
	// Context ends with the session. Every tea.Cmd selects on it, or it leaks.
	Context() context.Context
	// Renderer makes styles for this terminal.
	Renderer() *lipgloss.Renderer
	// UTF8 reports whether the client announced UTF-8.
	UTF8() bool
	// Size returns the window in cells.
	Size() (width, height int)
	// Copy puts text into the clipboard of the person's own terminal, which not
	// every terminal obeys. It may wait for the client: call it from a tea.Cmd.
	Copy(text string) error
	// SetFarewell sets what is printed once the screen has closed.
	SetFarewell(text string)
}

// Screen is one role's part of the window, between the shell's header and its
// footer. It is a value in Bubble Tea's sense: only Update changes it.
type Screen interface {
	// Init starts what the screen needs, like a tea.Model's Init.
	Init() tea.Cmd
	// Update takes a message. Window sizes and the keys that the shell does
	// not keep for itself come here too.
	Update(tea.Msg) (Screen, tea.Cmd)
	// View draws the body: at most width columns a line, except for lines that
	// are there to be copied. A body higher than height is scrolled by the
	// shell.
	View(width, height int) string
	// Title names what is shown now, in a few words.
	Title() string
	// Keys are the keys that do something now, the most useful first. A
	// disabled one stays in the help and not in the footer.
	Keys() []key.Binding
	// Typing reports whether a text field has the keys; the shell then keeps
	// its letters (?, q) out of the way.
	Typing() bool
}

// Header is a screen that has something to say in the header's right-hand
// corner, such as the time left.
type Header interface{ Corner() string }

// Placed is a screen that knows itself how its person reached it: "acme@host".
type Placed interface{ Where() string }

// Closer is a screen that wants the whole connection closed when it ends,
// because the access it showed is over.
type Closer interface{ CloseConnection() bool }

// Speaker is a screen that knows the person's language.
type Speaker interface{ Lang() string }

// Leaver is a screen that has last words: what Ctrl+C says before it quits.
// "" says nothing and quits at once.
type Leaver interface{ Leave() string }

// Problem is a message to the shell: it shows the text above the body until the
// person dismisses it. An empty text takes away the one before, for when the
// person has done what it asked for.
type Problem struct{ Text string }

// Notice is a message to the shell: good news in one line, shown until the next
// key.
type Notice struct{ Text string }

// Fail returns a command that shows why something did not work, in the person's
// language; nil for no error.
func Fail(lang string, err error) tea.Cmd {
	if err == nil {
		return nil
	}
	return Send(Problem{Text: view.Sentence(lang, err)})
}

// Send returns a command that delivers a message.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// After returns a command that delivers msg once d has passed by the clock, or
// nothing when the session ends first.
func After(ctx context.Context, clock core.Clock, d time.Duration, msg tea.Msg) tea.Cmd {
	return func() tea.Msg {
		fired := make(chan struct{})
		stop := clock.AfterFunc(d, func() { close(fired) })
		defer stop()
		select {
		case <-fired:
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}

// Do returns a command that asks something of the console, off the program's
// own goroutine. f must return soon after its context ends; what it returns
// then is dropped.
func Do(ctx context.Context, f func(context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		msg := f(ctx)
		if ctx.Err() != nil {
			return nil
		}
		return msg
	}
}
