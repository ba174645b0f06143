package widget

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
)

const (
	logRefresh = 5 * time.Second
	logPage    = 100 // lines asked for at once
	// logKept bounds what a session holds: beyond it, lines go at the end that
	// is not looked at, and are fetched again when it is.
	logKept = 4000
	// logJump is how many new lines one refresh takes; where more came in
	// between, a list that shows the newest starts anew.
	logJump = 2000
	// logScans is how many queries one command makes that find nothing in the
	// part of the log they looked at, before it shows where it is.
	logScans = 2
)

// logPart is what an answer is about.
type logPart int

const (
	logBelow logPart = iota // older lines than those that are shown
	logAbove                // newer ones
	logNew                  // those that were added to the log since
)

// logGot is an answer: the lines of a part, in the order in which it was read.
type logGot struct {
	gen  int
	part logPart
	from int64 // where it was asked from
	core.LogPage
	scans int // queries that it took
	err   error
	at    time.Time
}

// logTick asks for what is new.
type logTick struct{ gen int }

// begin fetches the first lines: the newest, the oldest, or those from a number
// down.
func (l *LogList) begin() tea.Cmd {
	switch l.goal {
	case logOldest:
		return l.fetch(logAbove, 0)
	case logNewest:
		return l.fetch(logBelow, 0)
	default:
		return l.fetch(logBelow, int64(l.goal)+1)
	}
}

// fetch reads what comes below or above a number.
func (l *LogList) fetch(part logPart, from int64) tea.Cmd {
	gen, q, read, clock := l.gen, l.query, l.read, l.clock
	q.Limit = logPage
	l.busy = true
	return Do(l.ctx, func(ctx context.Context) tea.Msg {
		got := logGot{gen: gen, part: part, from: from}
		size := int64(-1)
		for next := from; ; next = got.Next {
			if q.Before = next; part == logAbove {
				q.Before, q.Upward, q.Start = 0, true, next
			}
			page, err := read(ctx, q)
			if err != nil {
				return logGot{gen: gen, part: part, err: err}
			}
			got.LogPage, got.at = page, clock.Now()
			if size < 0 {
				size = page.Size // what came since is not among the lines that were read
			}
			if got.scans++; len(page.Lines) > 0 || !page.More || got.scans == logScans {
				got.Size = size
				return got
			}
		}
	})
}

// refresh fetches what was added to the log, or, where the newest lines are not
// shown, only how long it is.
func (l *LogList) refresh() tea.Cmd {
	gen, q, read, clock, from := l.gen, l.query, l.read, l.clock, l.upper
	if l.cut {
		q = core.LogQuery{Limit: 1}
	} else {
		q.Upward, q.Start, q.Limit = true, from, logJump/4
	}
	cut := l.cut
	return Do(l.ctx, func(ctx context.Context) tea.Msg {
		got := logGot{gen: gen, part: logNew, from: from}
		for {
			page, err := read(ctx, q)
			if err != nil {
				return logGot{gen: gen, part: logNew, err: err}
			}
			lines := append(got.Lines, page.Lines...)
			got.LogPage, got.at = page, clock.Now()
			if got.Lines = lines; cut {
				got.Lines = nil
				return got
			}
			if q.Start = page.Next; !page.More || len(lines) >= logJump {
				return got
			}
		}
	})
}

// got takes an answer, and asks for more where more is needed.
func (l *LogList) got(msg logGot) tea.Cmd {
	if msg.gen != l.gen {
		return nil
	}
	first := !l.fresh
	var tick tea.Cmd
	if msg.part == logNew || first {
		tick = After(l.ctx, l.clock, logRefresh, logTick{l.gen})
	}
	if msg.part != logNew {
		l.busy = false
	}
	if msg.err != nil {
		return tea.Batch(tick, l.tell(msg.err))
	}
	l.failed, l.at, l.fresh = "", msg.at, true
	l.size = max(l.size, msg.Size)
	if l.dry++; len(msg.Lines) > 0 {
		l.dry = 0
	}
	switch {
	case msg.part == logBelow:
		l.addBelow(msg, first)
	case msg.part == logAbove || !l.cut && msg.from == l.upper:
		l.addAbove(msg, first)
	}
	if at, _ := l.table.Selected(); msg.part == logNew && l.cut && msg.More && at == 0 {
		return l.restart(logNewest) // too much came at once to catch up with
	}
	l.show()
	if first && l.goal == logOldest {
		l.table = l.table.Last()
	}
	return tea.Batch(tick, l.fill())
}

// addBelow puts older lines under those that are there, and lets the newest go
// where they are too many.
func (l *LogList) addBelow(msg logGot, first bool) {
	if first {
		if l.upper = msg.Size; msg.from > 0 {
			l.upper = min(msg.from, msg.Size)
		}
		l.cut = l.upper < l.size
	}
	if l.lower = msg.Next; !msg.More {
		l.lower = 0
	}
	l.lines = append(l.lines, msg.Lines...)
	if over := len(l.lines) - logKept; over > 0 {
		l.lines = slices.Clone(l.lines[over:])
		l.upper, l.cut = l.lines[0].Seq+1, true
	}
}

// addAbove puts newer lines, the oldest of them first, above those that are
// there, and lets the oldest go where they are too many.
func (l *LogList) addAbove(msg logGot, first bool) {
	if first {
		l.lower = 0
	}
	l.upper, l.cut = msg.Next, msg.More || msg.Next < l.size
	lines := slices.Clone(msg.Lines)
	slices.Reverse(lines)
	l.lines = append(lines, l.lines...)
	at, _ := l.table.Selected()
	if len(l.lines) > logKept && !l.busy && at+len(lines) < logKept-logPage {
		l.lines = slices.Clone(l.lines[:logKept])
		l.lower = l.lines[logKept-1].Seq
	}
}

// fill fetches more lines where the cursor comes near an end of those there are.
func (l *LogList) fill() tea.Cmd {
	at, _ := l.table.Selected()
	switch {
	case l.busy || l.paused || !l.fresh:
		return nil
	case l.lower > 0 && at+logPage/2 >= len(l.lines):
		return l.fetch(logBelow, l.lower)
	case l.cut && at < logPage/2:
		return l.fetch(logAbove, l.upper)
	}
	return nil
}

// searching reports whether lines are looked for, and none was found lately.
func (l *LogList) searching() bool {
	return l.busy && l.fresh && l.Filtered() && (l.dry > 0 || len(l.lines) == 0)
}

// searched is how much of the log was looked at, in percent.
func (l *LogList) searched() int64 {
	if l.lower > 0 {
		return 100 * (l.upper - l.lower) / max(l.upper, 1)
	}
	return 100 * l.upper / max(l.size, 1)
}
