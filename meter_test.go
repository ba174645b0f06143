package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// at is a backup after so many seconds, a percent done in each of them; the
// count of what there is ends after ten.
func at(seconds int) core.Progress {
	p := core.Progress{
		Steps:     []core.Step{{Name: core.StepDetect, State: core.StepDone}, {Name: core.StepFiles, State: core.StepRunning}},
		BytesDone: int64(seconds) * 10_000_000, BytesTotal: 1_000_000_000, Rate: 10_000_000, ETA: -1, Elapsed: time.Duration(seconds) * time.Second,
	}
	if p.TotalKnown = seconds >= 10; p.TotalKnown {
		p.ETA = time.Duration(100-seconds) * time.Second
	}
	return p
}

// ran shows all of a backup of 60 seconds, ten snapshots a second.
func ran(m *meter) {
	for tick := range 600 {
		p := at(tick / 10)
		p.Elapsed = time.Duration(tick) * time.Second / 10
		m.show(p)
	}
	m.show(core.Progress{Steps: []core.Step{{Name: core.StepFiles, State: core.StepDone}}})
	m.clear()
}

// Without a terminal a line comes every ten seconds; what is not known yet, how
// long it will take above all, is not said.
func TestMeterWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	ran(&meter{w: &out})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || lines[0] != "Copy the files: 0 B so far, still counting, 10.0 MB/s" ||
		lines[1] != "Copy the files: 10 %, 100 MB of 1.0 GB, 10.0 MB/s, about 1 min 30 s left" {
		t.Errorf("it says\n%s", out.String())
	}
}

// On a terminal one line is drawn over and over, never wider than it, with a bar
// once it is known how much there is; at the end it is taken away.
func TestMeterOnATerminal(t *testing.T) {
	for _, width := range []int{200, 80, 40, 5} {
		var out bytes.Buffer
		ran(&meter{w: &out, width: func() int { return width }})
		drawn := strings.Split(out.String(), "\r\x1b[K")
		if strings.Contains(out.String(), "\n") || drawn[0] != "" || drawn[len(drawn)-1] != "" || len(drawn) < 200 {
			t.Errorf("%d columns: %d draws, %q first, %q last", width, len(drawn), drawn[0], drawn[len(drawn)-1])
		}
		for _, line := range drawn {
			if len([]rune(line)) >= width && line != "" {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		inside := map[int]int{200: 30, 80: 19}[width]
		if bar := "[" + strings.Repeat("#", inside/2) + strings.Repeat(".", inside-inside/2) + "] Copy the files: 50 %"; strings.Contains(out.String(), bar) != (inside > 0) {
			t.Errorf("%d columns: %q", width, drawn[len(drawn)/2])
		}
		if strings.Contains(drawn[5], "[") {
			t.Errorf("%d columns: a bar before the count has ended: %q", width, drawn[5])
		}
	}
}

// With --json each second is one event on one line, and a field that is not
// known is not there.
func TestMeterForMachines(t *testing.T) {
	var out bytes.Buffer
	ran(&meter{w: &out, json: true})
	var events []map[string]any
	for line := range strings.Lines(out.String()) {
		var event map[string]any
		check(t, json.Unmarshal([]byte(line), &event))
		events = append(events, event)
	}
	if len(events) != 60 {
		t.Fatalf("%d events", len(events))
	}
	early, late := events[3], events[30]
	if _, known := early["eta_seconds"]; known || early["total_known"] != false || early["event"] != "progress" || early["step"] != "files" {
		t.Errorf("early: %v", early)
	}
	if late["percent"] != 30.0 || late["eta_seconds"] != 70.0 || late["bytes_done"] != 3e8 || late["bytes_per_second"] != 1e7 {
		t.Errorf("late: %v", late)
	}
}
