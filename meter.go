package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"breakglass/core"
	"breakglass/core/view"

	"golang.org/x/term"
)

const (
	meterBar   = 250 * time.Millisecond // between redraws of a terminal's line
	meterLines = 10 * time.Second       // between lines where there is no terminal
)

// meter shows how a backup goes on: one line that is drawn over and over on a
// terminal, else a line now and then; as JSON events with --json.
func (o backupOrder) meter(w io.Writer) func(core.Progress) {
	f, ok := w.(*os.File)
	m := &meter{w: w, terminal: ok && term.IsTerminal(int(f.Fd())) && !o.json, json: o.json}
	return m.show
}

type meter struct {
	w              io.Writer
	terminal, json bool

	mu   sync.Mutex
	last time.Time
	step string
}

func (m *meter) show(p core.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pace := meterLines
	if m.terminal {
		pace = meterBar
	}
	step := running(p)
	if step == "" { // between two steps, or at the end, of which the result tells
		if m.terminal {
			fmt.Fprint(m.w, "\r\x1b[K")
		}
		return
	}
	now := time.Now()
	if step == m.step && now.Sub(m.last) < pace {
		return
	}
	m.last, m.step = now, step
	switch {
	case m.json:
		_ = json.NewEncoder(m.w).Encode(map[string]any{ // a reader that is gone does not end a backup
			"event": "progress", "step": step, "bytes_done": p.BytesDone, "bytes_total": p.BytesTotal, "total_known": p.TotalKnown,
			"files_done": p.FilesDone, "written": p.Written, "eta_seconds": int64(p.ETA / time.Second),
		})
	case m.terminal:
		fmt.Fprintf(m.w, "\r\x1b[K%s", view.Cut(line(step, p), 79))
	default:
		fmt.Fprintln(m.w, line(step, p))
	}
}

// running names the step at work; "" when none is.
func running(p core.Progress) string {
	for _, step := range p.Steps {
		if step.State == core.StepRunning {
			return step.Name
		}
	}
	return ""
}

func line(step string, p core.Progress) string {
	text := fmt.Sprintf("%s: %s read, %s", step, view.Size(p.BytesDone), view.Rate(p.Rate))
	if p.TotalKnown && p.BytesTotal > 0 {
		text = fmt.Sprintf("%s: %3d %%  %s of %s, %s", step, min(100, p.BytesDone*100/p.BytesTotal), view.Size(p.BytesDone), view.Size(p.BytesTotal), view.Rate(p.Rate))
	}
	if p.ETA > 0 {
		text += ", " + view.Left(p.ETA) + " left"
	}
	return text
}
