package sshserver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
	"breakglass/core/view"
)

// Session is what a screen is given of the person before it. It is safe for
// concurrent use.
type Session struct {
	one      *session
	out      io.Writer
	renderer *lipgloss.Renderer

	mu       sync.Mutex
	farewell string
}

// Context ends with the session. Every tea.Cmd selects on it, or it leaks.
func (v *Session) Context() context.Context { return v.one.ctx }

// Actor is who logged in.
func (v *Session) Actor() core.Actor { return v.one.actor }

// Renderer makes styles for this terminal. lipgloss's own default would see the
// server's.
func (v *Session) Renderer() *lipgloss.Renderer { return v.renderer }

// UTF8 reports whether the client announced UTF-8. Where it did not, lines are
// drawn in ASCII.
func (v *Session) UTF8() bool { return v.one.env.utf8() }

// Size returns the window in cells, 1 to 500 each.
func (v *Session) Size() (width, height int) {
	s := v.one.terminal.size()
	return s.width, s.height
}

// Term is the client's TERM as one safe line.
func (v *Session) Term() string { return v.one.terminal.name }

// maxCopy is what terminals accept by OSC 52 at the least (xterm).
const maxCopy = 64 << 10

// Copy puts text into the clipboard of the person's own terminal (OSC 52, which
// not every terminal obeys: show the text as well). It may wait for a slow
// client: call it from a tea.Cmd.
func (v *Session) Copy(clip string) error {
	if len(clip) > maxCopy {
		return errors.New("copy to the clipboard: the text is too long")
	}
	_, err := io.WriteString(v.out, "\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte(clip))+"\a")
	if err != nil {
		return fmt.Errorf("copy to the clipboard: %w", err)
	}
	return nil
}

// SetFarewell sets what is printed once the screen has closed, such as the lines
// to type next. The text may have several lines; it must be safe to show. Those
// that begin with a space are to be copied and stay whole, the others are folded
// between words at the width of the window.
func (v *Session) SetFarewell(words string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.farewell = words
}

// sayFarewell prints the model's last words and then ours.
func (v *Session) sayFarewell(ours string) {
	v.mu.Lock()
	all := strings.Trim(v.farewell+"\n"+ours, "\n")
	v.mu.Unlock()
	if all == "" {
		return
	}
	width := max(v.one.terminal.size().width, 20)
	var said []string
	for line := range strings.SplitSeq(all, "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			said = append(said, line)
		} else {
			said = append(said, view.Wrap(line, width)...)
		}
	}
	_, _ = lines{v.out}.Write([]byte(strings.Join(said, "\n") + "\n")) // the client may be gone
}
