package sshserver

import (
	"io"
	"sync"

	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// size is a window in cells.
type size struct{ width, height int }

// The bounds of a window. What announces itself as 0 knows no size of its own
// (RFC 4254, section 6.2) and gets the classic one.
const maxCells = 500

var unknownSize = size{80, 24}

func clamp(cols, rows uint32) size {
	s := size{int(min(cols, maxCells)), int(min(rows, maxCells))}
	if s.width == 0 {
		s.width = unknownSize.width
	}
	if s.height == 0 {
		s.height = unknownSize.height
	}
	return s
}

// terminal is the client's. It is safe for concurrent use.
type terminal struct {
	name    string        // TERM, made safe
	changed chan struct{} // holds one wake-up, however many resizes there were

	mu  sync.Mutex
	now size
}

func newTerminal(name string, s size) *terminal {
	t := &terminal{name: name, changed: make(chan struct{}, 1)}
	t.resize(s)
	return t
}

func (t *terminal) resize(s size) {
	t.mu.Lock()
	t.now = s
	t.mu.Unlock()
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

func (t *terminal) size() size {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// dumb reports whether it can move no cursor.
func (t *terminal) dumb() bool { return t.name == "dumb" || t.name == "" }

// environment is what a client sent of its own. It implements termenv.Environ.
type environment map[string]string

// Environ implements termenv.Environ.
func (e environment) Environ() []string {
	out := make([]string, 0, len(e))
	for name, value := range e {
		out = append(out, name+"="+value)
	}
	return out
}

// Getenv implements termenv.Environ.
func (e environment) Getenv(name string) string { return e[name] }

// utf8 reports whether the client announced UTF-8, by the precedence of POSIX.
// Windows announces nothing.
func (e environment) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(e[name]); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// renderer builds styles for the client's terminal from what it announced.
// Nothing is asked of the terminal: it would answer into the key presses, or
// not at all.
func renderer(t *terminal, e environment) *lipgloss.Renderer {
	all := environment{"TERM": t.name}
	for name, value := range e {
		all[name] = value
	}
	out := termenv.NewOutput(io.Discard, termenv.WithEnvironment(all), termenv.WithTTY(true))
	r := lipgloss.NewRenderer(io.Discard, termenv.WithEnvironment(all), termenv.WithTTY(true))
	r.SetColorProfile(out.EnvColorProfile())
	r.SetHasDarkBackground(true)
	return r
}
