package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/rivo/uniseg"

	"breakglass/core/view"
	"breakglass/tui/widget"
)

// View implements tea.Model.
func (m *shell) View() string {
	if m.width < widget.MinWidth || m.height < widget.MinHeight {
		return m.tooSmall()
	}
	lines := append(m.top(), m.window(m.body())...)
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, m.theme.Footer(m.keys(), m.width)), "\n")
}

// tooSmall is all that shows in a window that no page fits into.
func (m *shell) tooSmall() string {
	lines := m.theme.Wrap(m.text("small", map[string]any{
		"Width": m.width, "Height": m.height, "MinWidth": widget.MinWidth, "MinHeight": widget.MinHeight,
	}), m.width)
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// top is all that stands above the body: who and where, the title, and what must
// be told now.
func (m *shell) top() []string {
	lines := []string{m.header()}
	title := m.screen.Title()
	if m.help {
		title = m.text("help.title", nil)
	}
	lines = append(lines, m.theme.Title.Render(m.theme.Cut(m.theme.Line(title), m.width)))
	if m.tall() {
		lines = append(lines, "")
	}
	return append(lines, m.banners()...)
}

// tall reports whether there are lines to spare.
func (m *shell) tall() bool { return m.height >= 20 }

// header is the first line: the program and the person on the left, what the
// screen has to say on the right.
func (m *shell) header() string {
	corner := ""
	if h, ok := m.screen.(widget.Header); ok {
		corner = m.theme.Cut(m.theme.Line(h.Corner()), m.width/2)
	}
	left := m.text("header", map[string]any{"Where": m.where(), "Role": m.text("role."+string(m.actor.Role), nil)})
	left = m.theme.Cut(m.theme.Line(left), m.width-uniseg.StringWidth(corner)-1)
	left = view.Pad(left, m.width-uniseg.StringWidth(corner))
	return m.theme.Muted.Render(left) + m.theme.Strong.Render(corner)
}

// where is who came to which host.
func (m *shell) where() string {
	if p, ok := m.screen.(widget.Placed); ok {
		return p.Where()
	}
	if m.host == "" {
		return m.actor.Name
	}
	return m.actor.Name + "@" + m.host
}

// banners are the lines that must be seen before the body.
func (m *shell) banners() []string {
	var lines []string
	add := func(text string) { lines = append(lines, strings.Split(text, "\n")...) }
	if m.stopping {
		add(m.theme.Marked(m.theme.Warn, m.theme.Symbols.Warn, m.text("stopping", nil), m.width))
	}
	if m.idle > 0 {
		add(m.theme.Marked(m.theme.Warn, m.theme.Symbols.Warn, m.text("idle", map[string]any{"Left": view.Left(m.speaks(), m.idle)}), m.width))
	}
	if m.problem != "" {
		add(m.theme.Marked(m.theme.Bad, m.theme.Symbols.Failed, m.problem+" "+m.text("dismiss", nil), m.width))
	}
	if m.notice != "" {
		add(m.theme.Marked(m.theme.Good, m.theme.Symbols.Tick, m.notice, m.width))
	}
	if len(lines) > 0 && m.tall() {
		lines = append(lines, "")
	}
	return lines
}

// room is how many lines the body has.
func (m *shell) room() int { return max(m.height-1-len(m.top()), 1) }

// body is the whole body, as high as it wants to be.
func (m *shell) body() []string {
	if m.help {
		lines := m.theme.Help(m.keys(), m.width)
		return append(lines, m.theme.Wrap("\n"+m.text("help.end", nil), m.width)...)
	}
	return strings.Split(strings.TrimRight(m.screen.View(m.width, m.room()), "\n"), "\n")
}

// scrolls reports whether the body is higher than its room.
func (m *shell) scrolls() bool { return len(m.body()) > m.room() }

// scroll moves the window over the body.
func (m *shell) scroll(by int) {
	m.offset = min(max(m.offset+by, 0), max(len(m.body())-m.room()+1, 0))
}

// window cuts from the body what its room can show, and says where there is
// more.
func (m *shell) window(body []string) []string {
	room := m.room()
	if len(body) <= room {
		return body
	}
	from := min(max(m.offset, 0), len(body)-room+1)
	to := min(from+room-1, len(body))
	id, sign := "more", m.theme.Symbols.More
	if to == len(body) {
		id, sign = "less", m.theme.Symbols.Less
	}
	mark := m.theme.Cut(sign+" "+m.theme.Line(m.text(id, nil)), m.width)
	return append(append([]string{}, body[from:to]...), m.theme.Muted.Render(mark))
}

// keys are the screen's own and then the shell's, help last.
func (m *shell) keys() []key.Binding {
	named := func(keys, shown, id string) key.Binding {
		return key.NewBinding(key.WithKeys(keys), key.WithHelp(shown, m.text("key."+id, nil)))
	}
	if m.help {
		keys := append([]key.Binding{}, m.screen.Keys()...)
		return append(keys, named("pgdown", "PgDn PgUp", "scroll"), named("ctrl+c", m.leaves(), "leave"), named("esc", "Esc", "close_help"))
	}
	keys := append([]key.Binding{}, m.screen.Keys()...)
	keys = append(keys, named("ctrl+c", "Ctrl+C", "leave"))
	if m.screen.Typing() {
		return append(keys, named("ctrl+g", "Ctrl+G", "help"))
	}
	return append(keys, named("?", "?", "help"))
}

// leaves names the keys that leave: q is text where text is typed.
func (m *shell) leaves() string {
	if m.screen.Typing() {
		return "Ctrl+C"
	}
	return "Ctrl+C q"
}
