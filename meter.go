package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"golang.org/x/term"
)

// How much of a backup passes between two looks at it.
const (
	meterBar    = 250 * time.Millisecond // redraws of a terminal's line
	meterEvents = time.Second            // events for machines
	meterLines  = 10 * time.Second       // lines where there is no terminal
)

// meter shows how a backup goes on: a bar that is drawn over and over on a
// terminal, else a line now and then; with --json an event a line.
type meter struct {
	w     io.Writer
	json  bool
	width func() int // of the terminal, in columns; nil where there is none

	mu    sync.Mutex
	last  time.Duration // how long the backup ran when it was shown last
	step  string        // at work then; "" before the first
	drawn bool          // a line stands on the terminal
}

// meter makes the meter of a command line.
func (o backupOrder) meter(w io.Writer) *meter {
	m := &meter{w: w, json: o.json}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !o.json {
		m.width = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return 80
			}
			return width
		}
	}
	return m
}

// show takes a snapshot and shows it if it is time to. It must not block for
// long: a terminal does not.
func (m *meter) show(p core.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	step := view.Running(p)
	if step == "" || step == m.step && p.Elapsed-m.last < m.pace() {
		return // between two steps, or at the end, of which the result tells
	}
	m.last, m.step = p.Elapsed, step
	switch {
	case m.json:
		m.event(struct {
			Event string `json:"event"`
			view.ProgressJSON
		}{"progress", view.JSONProgress(p)})
	case m.width != nil:
		m.drawn = true
		_, _ = fmt.Fprint(m.w, "\r\x1b[K"+bar(p, m.width()-1)) // a reader that is gone does not end a backup
	default:
		_, _ = fmt.Fprintln(m.w, meterLine(p))
	}
}

func (m *meter) pace() time.Duration {
	switch {
	case m.json:
		return meterEvents
	case m.width != nil:
		return meterBar
	default:
		return meterLines
	}
}

// event writes one event as one line.
func (m *meter) event(v any) { _ = json.NewEncoder(m.w).Encode(v) }

// swept says which files of backups that were killed are gone.
func (m *meter) swept(names []string) {
	for _, name := range names {
		if m.json {
			m.event(map[string]any{"event": "removed", "file": name})
			continue
		}
		_, _ = fmt.Fprintln(m.w, "Removed "+safetext.Line(name)+", which a backup that was killed had left behind.")
	}
}

// clear takes the bar away, so that what is said next stands alone.
func (m *meter) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drawn {
		m.drawn = false
		_, _ = fmt.Fprint(m.w, "\r\x1b[K")
	}
}

// meterLine is what a line says: "Copy the files: 42 %, 1.6 GB of 3.9 GB, …".
func meterLine(p core.Progress) string {
	return view.Step("", view.Running(p)) + ": " + view.Progress("", p)
}

// bar is that line with a bar before it, as soon as it is known how much there
// is, within width columns. One that is not full never looks full.
func bar(p core.Progress, width int) string {
	line := meterLine(p)
	inside := min(30, width/4) // the same from draw to draw
	if percent := view.Percent(p); percent >= 0 && inside >= 15 {
		full := min(inside*percent/100, inside-1)
		line = "[" + strings.Repeat("#", full) + strings.Repeat(".", inside-full) + "] " + line
	}
	return view.Cut(line, max(width, 1))
}
