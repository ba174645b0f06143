package tui

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/widget"
)

// terminal is a widget.Terminal of one size.
type terminal struct {
	ctx           context.Context
	width, height int
	farewell      string
}

func (t *terminal) Context() context.Context     { return t.ctx }
func (t *terminal) Renderer() *lipgloss.Renderer { return lipgloss.NewRenderer(io.Discard) }
func (t *terminal) UTF8() bool                   { return true }
func (t *terminal) Size() (width, height int)    { return t.width, t.height }
func (t *terminal) Copy(string) error            { return nil }
func (t *terminal) SetFarewell(text string)      { t.farewell = text }

// page is a screen of numbered lines.
type page struct {
	lines  int
	title  string
	typing bool
	got    []string
	last   string
	closes bool
}

func (p *page) Init() tea.Cmd { return nil }
func (p *page) Update(msg tea.Msg) (widget.Screen, tea.Cmd) {
	if k, ok := msg.(tea.KeyMsg); ok {
		p.got = append(p.got, k.String())
		p.typing = p.typing || k.String() == "/"
	}
	return p, nil
}
func (p *page) View(int, int) string {
	lines := make([]string, p.lines)
	for i := range lines {
		lines[i] = "line " + string(rune('A'+i))
	}
	return strings.Join(lines, "\n")
}
func (p *page) Title() string { return p.title }
func (p *page) Keys() []key.Binding {
	return []key.Binding{key.NewBinding(key.WithKeys("enter"), key.WithHelp("Enter", "go on"))}
}
func (p *page) Typing() bool          { return p.typing }
func (p *page) Leave() string         { return p.last }
func (p *page) CloseConnection() bool { return p.closes }
func (p *page) Corner() string        { return "3 h left" }
func (p *page) Where() string         { return "acme@host" }

func newShell(t *testing.T, p *page, width, height int) (*shell, *terminal) {
	t.Helper()
	term := &terminal{ctx: t.Context(), width: width, height: height}
	return &shell{
		terminal: term, theme: widget.NewTheme(term.Renderer(), true), screen: p, width: width, height: height,
		actor: core.Actor{Role: core.RoleOwner, Name: "acme"},
	}, term
}

// press gives the shell a key and reports whether it quits.
func press(m *shell, name string) (quits bool) {
	kinds := map[string]tea.KeyType{
		"esc": tea.KeyEsc, "ctrl+c": tea.KeyCtrlC, "f1": tea.KeyF1, "ctrl+g": tea.KeyCtrlG, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "enter": tea.KeyEnter,
	}
	msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
	if kind, ok := kinds[name]; ok {
		msg = tea.KeyMsg{Type: kind}
	}
	_, cmd := m.Update(msg)
	if cmd == nil {
		return false
	}
	_, quits = cmd().(tea.QuitMsg)
	return quits
}

func shows(t *testing.T, m *shell, text string, want bool) {
	t.Helper()
	if got := strings.Contains(strings.Join(strings.Fields(m.View()), " "), text); got != want {
		t.Errorf("%q shows: %v, want %v:\n%s", text, got, want, m.View())
	}
}

func TestEveryRoleHasItsScreen(t *testing.T) {
	for role, want := range map[core.Role]bool{
		core.RoleOwner: true, core.RoleManager: true, core.RoleAuditor: true, core.RoleRoot: false, core.RoleSystem: false, "": false,
	} {
		term := &terminal{ctx: t.Context(), width: 80, height: 24}
		model := New(term, core.Actor{Role: role, Name: "eva"}, (*core.Console)(nil), coretest.NewClock(), At("backup.example", 2222))
		if (model != nil) != want {
			t.Errorf("%s: %v", role, model)
		}
		if role == core.RoleManager {
			shows(t, model.(*shell), "eva@backup.example (manager)", true)
		}
	}
}

// A view is as high as its window and never wider, whatever a client claims.
func TestAnyWindowIsFilled(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {-1, 5}, {1, 1}, {39, 12}, {40, 11}, {40, 12}, {80, 24}, {500, 500}, {1 << 30, 1 << 30}} {
		m, _ := newShell(t, &page{lines: 30, title: strings.Repeat("a long title ", 10)}, 80, 24)
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		lines := strings.Split(m.View(), "\n")
		small := m.width < widget.MinWidth || m.height < widget.MinHeight
		if len(lines) > m.height || (!small && len(lines) != m.height) {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, line := range lines {
			if lipgloss.Width(line) > m.width {
				t.Errorf("%v: %q is too wide", size, line)
			}
		}
		if small && m.width > 30 {
			shows(t, m, "Make it at least 40 × 12", true)
		}
	}
}

func TestHeaderSaysWhoWhereAndHowLong(t *testing.T) {
	m, _ := newShell(t, &page{title: "Download"}, 60, 20)
	first := strings.SplitN(m.View(), "\n", 2)[0]
	if !strings.HasPrefix(first, "breakglass · acme@host (owner)") || !strings.HasSuffix(first, "3 h left") || lipgloss.Width(first) != 60 {
		t.Errorf("header %q", first)
	}
}

func TestProblemsStayUntilEscOrSolved(t *testing.T) {
	p := &page{title: "x"}
	m, _ := newShell(t, p, 80, 24)
	m.Update(widget.Problem{Text: "The disk is full."})
	press(m, "enter")
	shows(t, m, "✗ The disk is full.", true)
	press(m, "esc")
	shows(t, m, "The disk is full.", false)
	if len(p.got) != 1 {
		t.Errorf("the screen got %q", p.got)
	}
	m.Update(widget.Problem{Text: "The disk is full."})
	m.Update(widget.Problem{})
	shows(t, m, "The disk is full.", false)
}

func TestNoticesAndIdleWarningsGoWithTheNextKeyAndTheStopStays(t *testing.T) {
	m, _ := newShell(t, &page{title: "x"}, 80, 24)
	m.Update(widget.Notice{Text: "Copied."})
	m.Update(IdleWarning(2 * time.Minute))
	m.Update(Stopping())
	shows(t, m, "✓ Copied.", true)
	shows(t, m, "This screen closes in 2 min 0 s", true)
	press(m, "enter")
	shows(t, m, "Copied.", false)
	shows(t, m, "This screen closes", false)
	shows(t, m, "being restarted", true)
}

func TestHelpListsEveryKeyAndTypingKeepsItsLetters(t *testing.T) {
	p := &page{title: "x"}
	m, _ := newShell(t, p, 80, 24)
	press(m, "?")
	for _, text := range []string{"All keys", "Enter go on", "Ctrl+C q leave", "PgDn PgUp scroll"} {
		shows(t, m, text, true)
	}
	press(m, "x")
	shows(t, m, "All keys", false)
	if len(p.got) != 0 {
		t.Errorf("the screen got %q", p.got)
	}
	p.typing = true
	if press(m, "?") || press(m, "q") {
		t.Error("a letter quits while text is typed")
	}
	if strings.Join(p.got, "") != "?q" {
		t.Errorf("the screen got %q", p.got)
	}
	for _, name := range []string{"f1", "ctrl+g"} {
		press(m, name)
		shows(t, m, "All keys", true)
		press(m, "esc")
	}
}

// A fast hand's keys come as one: what opens a line to type in opens it, and the
// rest is typed there. Where nothing is typed, a clipboard is no row of commands.
func TestLettersThatComeAtOnce(t *testing.T) {
	for _, c := range []struct{ at, want string }{{"/site:acme", "/|site:acme"}, {"move", "m"}, {"xq", "x"}} {
		p := &page{title: "x"}
		m, _ := newShell(t, p, 80, 24)
		if press(m, c.at) {
			t.Errorf("%s quits", c.at)
		}
		if got := strings.Join(p.got, "|"); got != c.want {
			t.Errorf("%s: the screen got %s", c.at, got)
		}
	}
	p := &page{title: "x"}
	m, _ := newShell(t, p, 80, 24)
	m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/pasted"), Paste: true})
	if got := strings.Join(p.got, "|"); got != "[/pasted]" {
		t.Errorf("pasted: the screen got %s", got)
	}
}

func TestLeavingSaysTheLastWords(t *testing.T) {
	for _, name := range []string{"ctrl+c", "q"} {
		m, term := newShell(t, &page{title: "x", last: "The backup goes on."}, 80, 24)
		if !press(m, name) || term.farewell != "The backup goes on." {
			t.Errorf("%s: farewell %q", name, term.farewell)
		}
	}
	m, _ := newShell(t, &page{typing: true}, 80, 24)
	press(m, "f1")
	if !press(m, "ctrl+c") {
		t.Error("Ctrl+C does not leave from the help")
	}
}

func TestConnectionClosesIfTheScreenWantsIt(t *testing.T) {
	for _, want := range []bool{true, false} {
		m, _ := newShell(t, &page{closes: want}, 80, 24)
		if m.CloseConnection() != want {
			t.Errorf("want %v", want)
		}
	}
}

func TestLongBodiesScroll(t *testing.T) {
	p := &page{lines: 20, title: "x"}
	m, _ := newShell(t, p, 40, 12)
	shows(t, m, "line A", true)
	shows(t, m, "line J", false)
	shows(t, m, "more below", true)
	for range 5 {
		press(m, "pgdown")
	}
	shows(t, m, "line T", true)
	shows(t, m, "more above", true)
	press(m, "pgup")
	shows(t, m, "line T", false)
	p.title = "another page"
	press(m, "enter")
	shows(t, m, "line A", true)
	p.lines = 3
	shows(t, m, "more", false)
	press(m, "pgdown")
	if last := p.got[len(p.got)-1]; last != "pgdown" {
		t.Errorf("a page that fits gets its own keys; got %q", p.got)
	}
}
