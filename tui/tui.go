package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/words"
	"breakglass/tui/auditor"
	"breakglass/tui/manager"
	"breakglass/tui/owner"
	"breakglass/tui/widget"
)

// Console is what all screens together use of [core.Console].
type Console interface {
	owner.Console
	manager.Console
	auditor.Console
}

var _ Console = (*core.Console)(nil)

// Option sets something that the screens know of their surroundings.
type Option func(*widget.Surroundings)

// At says how the console is reached, for the lines to type on the screens of
// managers and auditors; without it they name the host HOST. An owner's screen
// is told by the console itself.
func At(host string, port int) Option {
	return func(s *widget.Surroundings) { s.Host, s.Port = host, port }
}

// New makes the screen of whoever came in, nil for a role that has none.
func New(t widget.Terminal, actor core.Actor, console Console, clock core.Clock, with ...Option) tea.Model {
	var around widget.Surroundings
	for _, option := range with {
		option(&around)
	}
	theme := widget.NewTheme(t.Renderer(), t.UTF8())
	var screen widget.Screen
	switch actor.Role {
	case core.RoleOwner:
		screen = owner.New(t, theme, actor, console, clock)
	case core.RoleManager:
		screen = manager.New(t, theme, actor, console, clock, around)
	case core.RoleAuditor:
		screen = auditor.New(t, theme, actor, console, clock, around)
	default:
		return nil
	}
	width, height := t.Size()
	return &shell{terminal: t, theme: theme, actor: actor, host: around.Host, screen: screen, width: clamp(width), height: clamp(height)}
}

// clamp bounds a window's side: terminals report 0, and worse.
func clamp(cells int) int { return min(max(cells, 1), 500) }

// The messages of the SSH server to the shell.
type (
	idleMsg     struct{ left time.Duration }
	stoppingMsg struct{}
)

// IdleWarning tells the shell that the screen closes after left unless a key is
// pressed.
func IdleWarning(left time.Duration) tea.Msg { return idleMsg{left} }

// Stopping tells the shell that the server is about to stop.
func Stopping() tea.Msg { return stoppingMsg{} }

// shell is the frame around a screen: header, problems, body, footer, help. It
// implements tea.Model.
type shell struct {
	terminal      widget.Terminal
	theme         widget.Theme
	actor         core.Actor
	host          string
	screen        widget.Screen
	width, height int

	help     bool
	problem  string        // until dismissed
	notice   string        // until the next key
	idle     time.Duration // until the next key; 0: no warning
	stopping bool
	offset   int    // lines of the body scrolled away
	page     string // the title that offset belongs to
}

// Init implements tea.Model.
func (m *shell) Init() tea.Cmd { return m.screen.Init() }

// CloseConnection reports whether the connection must not outlive the screen.
func (m *shell) CloseConnection() bool {
	c, ok := m.screen.(widget.Closer)
	return ok && c.CloseConnection()
}

// Update implements tea.Model.
func (m *shell) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = clamp(msg.Width), clamp(msg.Height)
		return m, m.pass(tea.WindowSizeMsg{Width: m.width, Height: m.height})
	case widget.Problem:
		if msg.Text != m.problem {
			m.problem = msg.Text
			m.offset = 0
		}
		return m, nil
	case widget.Notice:
		m.notice = msg.Text
		return m, nil
	case idleMsg:
		m.idle = msg.left
		return m, nil
	case stoppingMsg:
		m.stopping = true
		return m, nil
	case tea.KeyMsg:
		return m, m.press(msg)
	}
	return m, m.pass(msg)
}

// press takes a key, or letters that came at once because a hand was faster than
// the line. The first of them may be a key that opens something to type in, as /
// does, and the rest is what was typed. Where nothing can be typed the rest is
// dropped: it may be a clipboard that a terminal sent as if it were keys.
func (m *shell) press(msg tea.KeyMsg) tea.Cmd {
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 || msg.Paste || m.screen.Typing() {
		return m.key(msg)
	}
	first, rest := msg, msg
	first.Runes, rest.Runes = msg.Runes[:1], msg.Runes[1:]
	cmd := m.key(first)
	if m.screen.Typing() {
		cmd = tea.Batch(cmd, m.key(rest))
	}
	return cmd
}

// pass gives a message to the screen.
func (m *shell) pass(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	m.screen, cmd = m.screen.Update(msg)
	if title := m.screen.Title(); title != m.page {
		m.page, m.offset = title, 0
	}
	return cmd
}

// key takes the keys of the shell and passes on the rest.
func (m *shell) key(msg tea.KeyMsg) tea.Cmd {
	m.notice, m.idle = "", 0
	name := msg.String()
	switch {
	case name == "ctrl+c":
		return m.leave()
	case m.help:
		return m.helpKey(name)
	case m.problem != "" && name == "esc":
		m.problem = ""
		return nil
	case name == "ctrl+g" || name == "f1" || name == "?" && !m.screen.Typing(): // some terminals keep F1 for themselves
		m.help, m.offset = true, 0
		return nil
	case name == "q" && !m.screen.Typing():
		return m.leave()
	case name == "pgdown" && m.scrolls():
		m.scroll(m.room() - 1)
		return nil
	case name == "pgup" && m.scrolls():
		m.scroll(1 - m.room())
		return nil
	}
	return m.pass(msg)
}

func (m *shell) helpKey(name string) tea.Cmd {
	switch name {
	case "pgdown", "down":
		m.scroll(max(m.room()-1, 1))
	case "pgup", "up":
		m.scroll(min(1-m.room(), -1))
	default:
		m.help, m.offset = false, 0
	}
	return nil
}

// leave says the screen's last words and ends the program. What runs on the
// server goes on.
func (m *shell) leave() tea.Cmd {
	if l, ok := m.screen.(widget.Leaver); ok {
		if last := l.Leave(); last != "" {
			m.terminal.SetFarewell(last)
		}
	}
	return tea.Quit
}

// text is a text of the catalogue in the person's language.
func (m *shell) text(id string, data map[string]any) string {
	return words.Text(m.speaks(), "shell."+id, data)
}

// speaks is the person's language, "" until it is known.
func (m *shell) speaks() string {
	if s, ok := m.screen.(widget.Speaker); ok {
		return s.Lang()
	}
	return ""
}
