package sshserver

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// notice is what the server tells a screen.
type notice string

// testModel shows what it was told, ends on "q", and does on other keys what a
// test wants to see survived.
type testModel struct {
	session       *Session
	width, height int
	sizes         chan tea.WindowSizeMsg
	said          []string
	quitCloses    bool
}

func newModel(s *Session) *testModel {
	return &testModel{session: s, sizes: make(chan tea.WindowSizeMsg, 10000)}
}

func (m *testModel) Init() tea.Cmd { return nil }

func (m *testModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.sizes <- msg
	case notice:
		m.said = append(m.said, string(msg))
	case tea.KeyMsg:
		return m.key(msg.String())
	}
	return m, nil
}

func (m *testModel) key(key string) (tea.Model, tea.Cmd) {
	switch key {
	case "q":
		m.session.SetFarewell("goodbye, and to fetch your backup type on your own computer what stands below this sentence:\n  sftp acme+X@backup.example:" + strings.Repeat("x", 90))
		return m, tea.Quit
	case "Q":
		m.quitCloses = true
		return m, tea.Quit
	case "z":
		m.said = append(m.said, key)
		return m, tea.Suspend
	case "y":
		return m, func() tea.Msg { return m.session.Copy("sftp line") }
	case "p":
		panic("secret detail")
	case "c":
		return m, func() tea.Msg { panic("secret detail") }
	case "b":
		return m, tea.Batch(func() tea.Msg { return nil }, func() tea.Msg { panic("secret detail") })
	case "v":
		m.said = append(m.said, "panic in view")
	default:
		m.said = append(m.said, key)
	}
	return m, nil
}

func (m *testModel) View() string {
	said := strings.Join(m.said, ",")
	if strings.Contains(said, "panic in view") {
		panic("secret detail")
	}
	return fmt.Sprintf("screen of %s %dx%d utf8=%v [%s]", m.session.Actor().ID(), m.width, m.height, m.session.UTF8(), said)
}

func (m *testModel) CloseConnection() bool { return m.quitCloses }
