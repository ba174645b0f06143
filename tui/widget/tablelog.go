package widget

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// ReadLog reads a page of the log for the person at the screen.
type ReadLog func(context.Context, core.LogQuery) (core.LogPage, error)

// LogList shows the log, newest line first: it pages back over any length,
// filters, follows new lines while the newest is selected, and opens one line in
// full. It refreshes by itself between Start and Stop. It is used through one
// pointer, from Update and View only.
type LogList struct {
	terminal Terminal
	theme    Theme
	clock    core.Clock
	lang     string
	read     ReadLog

	gen      int // of what is asked for; answers to an older one are dropped
	fresh    bool
	fetching bool
	size     int64
	next     int64
	more     bool
	cut      bool // the newest lines were let go while paging back
	lines    []core.LogLine
	at       time.Time
	failed   string // the problem that was told last

	table  Table
	pager  Pager
	open   *core.LogLine
	input  Input
	typing bool
	filter string
	query  core.LogQuery
}

// NewLogList makes an empty list; Start fills it.
func NewLogList(t Terminal, theme Theme, clock core.Clock, lang string, read ReadLog) *LogList {
	heads := view.Log(lang, "", nil).Head
	return &LogList{
		terminal: t, theme: theme, clock: clock, lang: lang, read: read,
		pager: NewPager(), input: NewInput(theme, 200),
		table: NewTable(theme,
			Column{Head: heads[0], Width: 7, Rank: 2},
			Column{Head: heads[1], Width: len("2026-11-24 14:02:07"), Rank: 1},
			Column{Head: heads[2], Width: 15, Rank: 3},
			Column{Head: heads[3], Width: 17},
			Column{Head: heads[4], Width: 10, Rank: 4},
			Column{Head: heads[5], Width: 24, Grow: true, Rank: 5},
		).Follow(),
	}
}

// Start begins to refresh; Stop ends it. Both may be called again.
func (l *LogList) Start() tea.Cmd {
	l.Stop()
	return l.newer()
}

// Stop drops what is under way.
func (l *LogList) Stop() { l.gen, l.fetching = l.gen+1, false }

// Update takes a message. handled is false for what is not the list's own: other
// messages, and Esc where there is nothing to go back from.
func (l *LogList) Update(msg tea.Msg) (cmd tea.Cmd, handled bool) {
	switch msg := msg.(type) {
	case logNewer:
		return l.gotNewer(msg), true
	case logOlder:
		return l.gotOlder(msg), true
	case logTick:
		if msg.gen != l.gen {
			return nil, true
		}
		return l.newer(), true
	case tea.KeyMsg:
		if l.typing {
			return l.typeKey(msg), true
		}
		return l.key(msg)
	}
	return nil, false
}

// gotNewer takes the answer to newer, and sets the time of the next question.
func (l *LogList) gotNewer(msg logNewer) tea.Cmd {
	if msg.gen != l.gen {
		return nil
	}
	tick := After(l.terminal.Context(), l.clock, logRefresh, logTick{l.gen})
	if msg.err != nil {
		return tea.Batch(tick, l.tell(msg.err))
	}
	l.failed, l.size, l.at = "", msg.size, msg.at
	switch {
	case l.fresh && msg.joined && (len(l.lines) > 0 || len(msg.lines) == 0):
		l.prepend(msg.lines)
	default:
		// What is on its way belongs below the lines that go now.
		l.Stop()
		l.lines, l.next, l.more, l.cut, l.fresh = msg.lines, msg.next, msg.more, false, true
		tick = After(l.terminal.Context(), l.clock, logRefresh, logTick{l.gen})
	}
	l.show()
	return tea.Batch(tick, l.fill())
}

// prepend puts newer lines on top, unless the top is not there at the moment.
func (l *LogList) prepend(lines []core.LogLine) {
	if l.cut {
		return
	}
	for len(lines) > 0 && len(l.lines) > 0 && lines[len(lines)-1].Seq <= l.lines[0].Seq {
		lines = lines[:len(lines)-1]
	}
	l.lines = append(lines[:len(lines):len(lines)], l.lines...)
	at, _ := l.table.Selected()
	if over := len(l.lines) - logKept; over > 0 && !l.fetching && at < logKept/2 {
		l.lines = l.lines[:logKept]
		l.next, l.more = l.lines[logKept-1].Seq, true
	}
}

func (l *LogList) gotOlder(msg logOlder) tea.Cmd {
	if msg.gen != l.gen {
		return nil
	}
	l.fetching = false
	if msg.err != nil {
		return l.tell(msg.err)
	}
	l.failed, l.next, l.more = "", msg.next, msg.more
	l.lines = append(l.lines, msg.lines...)
	if over := len(l.lines) - logKept; over > 0 {
		l.lines, l.cut = append([]core.LogLine{}, l.lines[over:]...), true
	}
	l.show()
	return l.fill()
}

// fill fetches older lines when the end comes near.
func (l *LogList) fill() tea.Cmd {
	at, _ := l.table.Selected()
	if l.fetching || !l.more || !l.fresh || at+logPage/2 < len(l.lines) {
		return nil
	}
	return l.older()
}

// show gives the table what there is.
func (l *LogList) show() {
	lines := l.lines
	l.table = l.table.SetRows(Rows{
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

// typeKey takes a key while the filter is typed.
func (l *LogList) typeKey(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "enter":
		l.typing = false
		return l.Filter(l.input.Value())
	case "esc":
		l.typing = false
		l.input = l.input.Set(l.filter)
	default:
		l.input = l.input.Update(msg)
	}
	return nil
}

// Filter starts the list anew with the lines that fit, as ParseLogFilter reads
// it.
func (l *LogList) Filter(line string) tea.Cmd {
	l.open, l.typing = nil, false
	l.filter, l.query = line, ParseLogFilter(line)
	l.input = l.input.Set(line)
	l.restart()
	return l.Start()
}

// restart forgets what is shown.
func (l *LogList) restart() {
	l.lines, l.fresh, l.cut, l.more = nil, false, false, false
	l.show()
}

func (l *LogList) key(msg tea.KeyMsg) (tea.Cmd, bool) {
	if l.open != nil {
		if msg.String() == "esc" {
			l.open = nil
			return nil, true
		}
		var mine bool
		l.pager, mine = l.pager.Update(msg)
		return nil, mine
	}
	switch msg.String() {
	case "/":
		l.typing = true
		return nil, true
	case "esc":
		if l.filter == "" {
			return nil, false
		}
		return l.Filter(""), true
	case "enter":
		if at, ok := l.table.Selected(); ok {
			line := l.lines[at]
			l.open, l.pager = &line, NewPager()
		}
		return nil, true
	case "home", "g":
		if l.cut {
			l.restart()
			return l.Start(), true
		}
	}
	var mine bool
	l.table, mine = l.table.Update(msg)
	return l.fill(), mine
}

// Typing reports whether the filter is being typed.
func (l *LogList) Typing() bool { return l.typing }

// Open returns the line that is shown in full, nil while the list is.
func (l *LogList) Open() *core.LogLine { return l.open }

// Keys are the list's keys that do something now.
func (l *LogList) Keys() []key.Binding {
	switch {
	case l.typing:
		return []key.Binding{l.bind("apply", "enter"), l.bind("cancel", "esc")}
	case l.open != nil:
		return []key.Binding{l.bind("back", "esc"), l.bind("scroll", "up", "down", "pgup", "pgdown", "home", "end")}
	}
	keys := []key.Binding{
		l.bind("open", "enter"), l.bind("filter", "/"), l.bind("move", "up", "down", "pgup", "pgdown"),
		l.bind("ends", "home", "end"),
	}
	if l.filter != "" {
		keys = append(keys, l.bind("clear", "esc"))
	}
	return append(keys, l.bind("terms", "/"))
}

func (l *LogList) bind(id string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...),
		key.WithHelp(words.Text(l.lang, "log.key."+id+".name", nil), words.Text(l.lang, "log.key."+id, nil)))
}
