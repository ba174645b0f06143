package auditor

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/widget"
)

// Console is the slice of [core.Console] that the screen uses.
type Console interface {
	Log(ctx context.Context, a core.Actor, q core.LogQuery) (core.LogPage, error)
}

// Option sets something that the screen knows of its surroundings.
type Option func(*Screen)

// At says how the console is reached, for lines to type; without it they name
// the host HOST.
func At(host string, port int) Option {
	return func(s *Screen) { s.me = view.SSH(s.actor.Name, host, port) }
}

// In sets the language; without it texts are English.
func In(lang string) Option { return func(s *Screen) { s.lang = lang } }

// Screen is the auditor's screen. It implements widget.Screen.
type Screen struct {
	terminal  widget.Terminal
	theme     widget.Theme
	actor     core.Actor
	lang      string
	me        string
	list      *widget.LogList
	pager     widget.Pager
	exporting bool
}

// New makes the screen of one auditor.
func New(t widget.Terminal, theme widget.Theme, actor core.Actor, console Console, clock core.Clock, options ...Option) widget.Screen {
	s := &Screen{terminal: t, theme: theme, actor: actor, me: view.SSH(actor.Name, "HOST", 0), pager: widget.NewPager()}
	for _, option := range options {
		option(s)
	}
	s.list = widget.NewLogList(t, theme, clock, s.lang, func(ctx context.Context, q core.LogQuery) (core.LogPage, error) {
		return console.Log(ctx, actor, q)
	})
	return s
}

// Init implements widget.Screen.
func (s *Screen) Init() tea.Cmd { return s.list.Start() }

// Update implements widget.Screen.
func (s *Screen) Update(msg tea.Msg) (widget.Screen, tea.Cmd) {
	if msg, ok := msg.(tea.KeyMsg); ok && !s.list.Typing() && s.list.Open() == nil {
		if s.exporting {
			return s, s.exportKey(msg)
		}
		if msg.String() == "e" {
			s.exporting, s.pager = true, widget.NewPager()
			s.terminal.SetFarewell(s.line())
			return s, nil
		}
	}
	cmd, _ := s.list.Update(msg)
	return s, cmd
}

// exportKey takes a key on the export page.
func (s *Screen) exportKey(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "esc", "e":
		s.exporting = false
	case "y":
		line, t := s.line(), s.terminal
		return widget.Do(t.Context(), func(context.Context) tea.Msg {
			if err := t.Copy(line); err != nil {
				return widget.Problem{Text: view.Detail(s.lang, err)}
			}
			return widget.Notice{Text: s.text("copied", nil)}
		})
	default:
		s.pager, _ = s.pager.Update(msg)
	}
	return nil
}

// line is the command that exports the log.
func (s *Screen) line() string { return s.me + " log export > log.jsonl" }

func (s *Screen) text(id string, data map[string]any) string {
	return words.Text(s.lang, "auditor."+id, data)
}

// View implements widget.Screen.
func (s *Screen) View(width, height int) string {
	if s.exporting {
		return s.pager.View(s.theme, s.exportPage(width), height)
	}
	if s.list.Open() != nil || height < 12 {
		return s.list.View(width, height)
	}
	intro := s.theme.Paragraph(s.theme.Muted, s.text("intro", nil), width)
	return intro + "\n" + s.list.View(width, height-strings.Count(intro, "\n")-1)
}

// exportPage says how to take the log away.
func (s *Screen) exportPage(width int) []string {
	lines := s.theme.Wrap(s.text("export.what", nil), width)
	lines = append(lines, "")
	for _, line := range s.theme.Wrap(s.line(), width) {
		lines = append(lines, s.theme.Code.Render(line))
	}
	lines = append(append(lines, ""), s.theme.Wrap(s.text("export.keep", nil), width)...)
	return append(append(lines, ""), s.theme.Wrap(s.text("export.again", nil), width)...)
}

// Title implements widget.Screen.
func (s *Screen) Title() string {
	switch open := s.list.Open(); {
	case s.exporting:
		return s.text("title.export", nil)
	case open != nil:
		return s.text("title.line", map[string]any{"Seq": strconv.FormatInt(open.Seq, 10)})
	default:
		return s.text("title", nil)
	}
}

// Keys implements widget.Screen.
func (s *Screen) Keys() []key.Binding {
	bind := func(id string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(s.text("key."+id+".name", nil), s.text("key."+id, nil)))
	}
	switch {
	case s.exporting:
		return []key.Binding{bind("back", "esc"), bind("copy", "y")}
	case s.list.Typing() || s.list.Open() != nil:
		return s.list.Keys()
	default:
		return slices.Insert(s.list.Keys(), 2, bind("export", "e"))
	}
}

// Typing implements widget.Screen.
func (s *Screen) Typing() bool { return s.list.Typing() }

// Lang implements widget.Speaker.
func (s *Screen) Lang() string { return s.lang }
