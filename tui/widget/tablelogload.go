package widget

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
)

const (
	logRefresh = 5 * time.Second
	logPage    = 100 // lines asked for at once
	// logKept bounds what a session holds; beyond it the newest lines go while
	// somebody pages back, and Home fetches them again.
	logKept = 10_000
	// logJump is how many new lines are fetched to join what is shown; when more
	// came in between, the list starts anew from the newest.
	logJump = 2000
	// logScans is how many queries one command makes that find nothing in the
	// part of the log they looked at, before it shows where it is.
	logScans = 2
)

// logNewer is the newest part of the log: all lines that fit down to one that is
// known, or a page.
type logNewer struct {
	gen    int
	lines  []core.LogLine
	size   int64
	next   int64 // where to go on looking for older ones
	more   bool
	joined bool // the lines go on where those that are shown begin
	err    error
	at     time.Time
}

// logOlder is what comes below the lines that are shown.
type logOlder struct {
	gen   int
	lines []core.LogLine
	next  int64
	more  bool
	err   error
}

// logTick asks for what is new.
type logTick struct{ gen int }

// newer fetches what was added since the lines that are shown, or the newest
// page where none are.
func (l *LogList) newer() tea.Cmd {
	gen, q, read, clock := l.gen, l.query, l.read, l.clock
	size, known := int64(-1), int64(-1)
	if l.fresh {
		size = l.size
		if len(l.lines) > 0 {
			known = l.lines[0].Seq
		}
	}
	return Do(l.terminal.Context(), func(ctx context.Context) tea.Msg {
		if size >= 0 {
			now, err := read(ctx, core.LogQuery{Limit: 1})
			if err != nil || now.Size == size {
				return logNewer{gen: gen, size: size, joined: true, err: err, at: clock.Now()}
			}
		}
		got := logNewer{gen: gen, size: -1, at: clock.Now()}
		for q.Limit = logPage; ; q.Before = got.next {
			page, err := read(ctx, q)
			if err != nil {
				return logNewer{gen: gen, err: err}
			}
			if got.size < 0 {
				got.size = page.Size
			}
			if got.add(page, size, known) {
				return got
			}
		}
	})
}

// add takes a page of a query, and reports whether the newer lines are all there.
func (n *logNewer) add(page core.LogPage, size, known int64) bool {
	n.more, n.next = page.More, page.Next
	for _, line := range page.Lines {
		if line.Seq <= known {
			n.joined = true
			return true
		}
		n.lines = append(n.lines, line)
	}
	n.joined = size >= 0 && (n.next <= size || !page.More)
	return size < 0 || n.joined || len(n.lines) >= logJump
}

// older fetches the next lines that fit below those that are shown.
func (l *LogList) older() tea.Cmd {
	gen, q, read := l.gen, l.query, l.read
	q.Limit, q.Before = logPage, l.next
	l.fetching = true
	return Do(l.terminal.Context(), func(ctx context.Context) tea.Msg {
		got := logOlder{gen: gen}
		for range logScans {
			page, err := read(ctx, q)
			if err != nil {
				return logOlder{gen: gen, err: err}
			}
			got.lines, got.more, got.next = page.Lines, page.More, page.Next
			if len(got.lines) > 0 || !got.more {
				return got
			}
			q.Before = got.next
		}
		return got
	})
}
