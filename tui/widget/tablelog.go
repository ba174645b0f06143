package widget

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
)

// ReadLog reads a page of the log for the person at the screen.
type ReadLog func(context.Context, core.LogQuery) (core.LogPage, error)

// LogBeside says what is shown above and below a line that is open.
type LogBeside func(l core.LogLine, width int) (above, below []string)

// logGoal is where a list begins: with the newest line, with the oldest, or with
// the line of that number.
type logGoal int64

const (
	logNewest logGoal = -1
	logOldest logGoal = -2
)

// logTyping is what is being typed.
type logTyping int

const (
	typingNothing logTyping = iota
	typingFilter
	typingNumber
)

// LogList shows the log, newest line first: it pages over any length in both
// directions, goes to the oldest line and to any number, filters, follows new
// lines while the newest is selected, and opens one line in full. What it looks
// for it looks for in steps, which can be stopped. It refreshes by itself
// between Start and Stop. It is used through one pointer, from Update and View
// only.
type LogList struct {
	terminal Terminal
	theme    Theme
	clock    core.Clock
	lang     string
	read     ReadLog
	beside   LogBeside

	ctx    context.Context //nolint:containedctx // of what is asked for, until Stop
	cancel context.CancelFunc
	gen    int // of what is asked for; answers to an older one are dropped
	goal   logGoal
	fresh  bool // there was an answer since the list began
	busy   bool // lines above or below are being read
	paused bool // the person stopped that
	dry    int  // answers without a line since the last that had one

	size         int64
	lower, upper int64 // all lines that fit with lower <= number < upper are there
	cut          bool  // newer lines than upper are not
	lines        []core.LogLine
	at           time.Time
	failed       string // the problem that was told last

	table  Table
	pager  Pager
	open   *core.LogLine
	input  Input
	typing logTyping
	wrong  string // why what was typed cannot be used
	filter string
	query  core.LogQuery
}

// NewLogList makes an empty list; Start fills it.
func NewLogList(t Terminal, theme Theme, clock core.Clock, lang string, read ReadLog) *LogList {
	heads := view.Log(lang, "", nil).Head
	return &LogList{
		terminal: t, theme: theme, clock: clock, lang: lang, read: read, goal: logNewest, cancel: func() {},
		pager: NewPager(), input: NewInput(theme, 200),
		table: NewTable(theme,
			Column{Head: heads[0], Width: 7, Rank: 2},
			Column{Head: heads[1], Width: len("2026-11-24 14:02:07"), Rank: 1},
			Column{Head: heads[2], Width: 15, Rank: 3},
			Column{Head: heads[3], Width: 17},
			Column{Head: heads[4], Width: 10, Rank: 4},
			Column{Head: heads[5], Width: 24, Grow: true, Rank: 5},
		).Follow(true),
	}
}

// Beside sets what is shown beside a line that is open.
func (l *LogList) Beside(beside LogBeside) { l.beside = beside }

// Start begins to refresh; Stop ends it. Both may be called again.
func (l *LogList) Start() tea.Cmd {
	l.Stop()
	l.ctx, l.cancel = context.WithCancel(l.terminal.Context()) //nolint:gosec // Stop calls it
	if l.fresh {
		return l.refresh()
	}
	return l.begin()
}

// Stop drops what is under way.
func (l *LogList) Stop() {
	l.cancel()
	l.gen, l.busy = l.gen+1, false
}

// restart forgets what is shown and begins somewhere.
func (l *LogList) restart(goal logGoal) tea.Cmd {
	l.goal, l.lines, l.lower, l.upper = goal, nil, 0, 0
	l.fresh, l.cut, l.paused, l.dry = false, false, false, 0
	l.show()
	return l.Start()
}

// Update takes a message. handled is false for what is not the list's own: other
// messages, and Esc where there is nothing to go back from.
func (l *LogList) Update(msg tea.Msg) (cmd tea.Cmd, handled bool) {
	switch msg := msg.(type) {
	case logGot:
		return l.got(msg), true
	case logTick:
		switch {
		case msg.gen != l.gen:
			return nil, true
		case !l.fresh:
			return l.begin(), true
		}
		return l.refresh(), true
	case tea.KeyMsg:
		if l.typing != typingNothing {
			return l.typeKey(msg), true
		}
		return l.key(msg)
	}
	return nil, false
}

// show gives the table what there is.
func (l *LogList) show() {
	lines := l.lines
	l.table = l.table.Follow(!l.cut).SetRows(Rows{
		Len: len(lines),
		Key: func(i int) string { return strconv.FormatInt(lines[i].Seq, 10) },
		Cells: func(i int) []string {
			row := view.LogRow("", lines[i])
			row[1] = strings.TrimSuffix(row[1], " UTC")
			return row
		},
	})
}

// tell shows a problem, once until something worked again.
func (l *LogList) tell(err error) tea.Cmd {
	text := view.Detail(l.lang, err)
	if text == l.failed {
		return nil
	}
	l.failed = text
	return Send(Problem{Text: text})
}

// Filter starts the list anew with the lines that fit, as ParseLogFilter reads
// it. What that cannot read is said where it is typed.
func (l *LogList) Filter(line string) tea.Cmd {
	l.open = nil
	l.input = l.input.Set(line)
	query, err := ParseLogFilter(line, l.clock.Now())
	if err != nil {
		l.typing, l.wrong = typingFilter, view.Detail(l.lang, err)
		return nil
	}
	l.typing, l.wrong = typingNothing, ""
	l.filter, l.query = line, query
	return l.restart(logNewest)
}

// jump goes to the line of a number, or what fits below it.
func (l *LogList) jump(number string) tea.Cmd {
	seq, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(number), "#"), 10, 64)
	if err != nil || seq < 0 {
		l.wrong = l.text("jump.wrong", map[string]any{"Word": number})
		return nil
	}
	l.typing, l.wrong = typingNothing, ""
	if l.fresh && seq >= l.size-1 {
		return l.restart(logNewest)
	}
	return l.restart(logGoal(seq))
}

// Query is what the list looks for; its page is zero.
func (l *LogList) Query() core.LogQuery { return l.query }

// Filtered reports whether the list looks for some lines only.
func (l *LogList) Filtered() bool { return len(l.query.Terms()) > 0 }

// Size is how long the log was when it was last read.
func (l *LogList) Size() int64 { return l.size }

// Typing reports whether something is being typed.
func (l *LogList) Typing() bool { return l.typing != typingNothing }

// Open returns the line that is shown in full, nil while the list is.
func (l *LogList) Open() *core.LogLine { return l.open }

// Selected returns the line under the cursor, or the one that is open; nil where
// there is none.
func (l *LogList) Selected() *core.LogLine {
	if l.open != nil {
		return l.open
	}
	if at, ok := l.table.Selected(); ok {
		return &l.lines[at]
	}
	return nil
}
