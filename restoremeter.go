package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"breakglass/core/backup/restore"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"golang.org/x/term"
)

// restoreMeter shows how a restore goes on: a bar on a terminal, else a line now
// and then; as JSON events with --json.
type restoreMeter struct {
	w              io.Writer
	terminal, json bool

	mu    sync.Mutex
	shown bool      // a bar stands on the line
	last  time.Time // when progress was shown
	since time.Time // when the step began
	now   restore.Step
}

func newRestoreMeter(w io.Writer, asJSON bool) *restoreMeter {
	f, ok := w.(*os.File)
	return &restoreMeter{w: w, terminal: ok && term.IsTerminal(int(f.Fd())) && !asJSON, json: asJSON}
}

// stepNames are the steps as a person reads them.
var stepNames = map[restore.Step]string{
	restore.StepUnpack: "Unpacking and checking the archive", restore.StepLoad: "Loading the dump", restore.StepValues: "Changing addresses in files",
	restore.StepRepoint: "Pointing the configuration", restore.StepCheck: "Checking the result",
}

func (m *restoreMeter) tell(e restore.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case e.Progress != nil:
		m.progress(*e.Progress)
		return
	case m.json:
		m.event(e)
		return
	}
	m.clear()
	switch {
	case e.Check != nil:
		say(m.w, e.Check.String()+"\n")
	case e.Note != "":
		say(m.w, safetext.Line(e.Note)+"\n")
	case e.Step != "":
		fmt.Fprintln(m.w, stepNames[e.Step]+" …")
	}
}

// event writes an event as a line of JSON. A reader that is gone does not end a
// restore.
func (m *restoreMeter) event(e restore.Event) {
	line := map[string]any{"event": "note", "note": e.Note}
	switch {
	case e.Check != nil:
		line = map[string]any{"event": "check", "check": e.Check}
	case e.Step != "":
		line = map[string]any{"event": "step", "step": e.Step}
	}
	_ = json.NewEncoder(m.w).Encode(line)
}

func (m *restoreMeter) progress(p restore.Progress) {
	pace := 10 * time.Second // between lines where there is no terminal
	if m.terminal {
		pace = 250 * time.Millisecond
	}
	now := time.Now()
	if p.Step != m.now {
		m.now, m.since = p.Step, now
	}
	if now.Sub(m.last) < pace {
		return
	}
	m.last = now
	switch {
	case m.json:
		_ = json.NewEncoder(m.w).Encode(map[string]any{"event": "progress", "step": p.Step, "done": p.Done, "total": p.Total, "current": p.Current})
	case m.terminal:
		fmt.Fprintf(m.w, "\r\x1b[K%s", view.Cut(m.bar(p, now), barWidth(columnsOf(m.w))))
		m.shown = true
	default:
		fmt.Fprintln(m.w, m.bar(p, now))
	}
}

// barWidth is how much of a line of so many columns a bar takes: not the last of
// them, behind which a terminal begins a new line.
func barWidth(columns int) int {
	if columns < 2 {
		return 79
	}
	return min(columns-1, 79)
}

// barCells is how wide the bar is.
const barCells = 24

// bar draws how far a step is, with the time that is left.
func (m *restoreMeter) bar(p restore.Progress, now time.Time) string {
	if p.Total <= 0 {
		return fmt.Sprintf("  %s  %s", view.Size("", p.Done), p.Current)
	}
	share := min(1, float64(p.Done)/float64(p.Total))
	full := int(share * barCells)
	text := fmt.Sprintf("  %s%s %3.0f %%", strings.Repeat("█", full), strings.Repeat("░", barCells-full), share*100)
	if spent := now.Sub(m.since); share > 0.02 && spent > 2*time.Second {
		text += "  " + view.Left("", time.Duration(float64(spent)*(1-share)/share)) + " left"
	}
	return text + "  " + p.Current
}

// end takes the bar away.
func (m *restoreMeter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *restoreMeter) clear() {
	if m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
		m.shown = false
	}
}
