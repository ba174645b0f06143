package auditor

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/widget"
)

// Console is the slice of [core.Console] that the screen uses.
type Console interface {
	Log(ctx context.Context, a core.Actor, q core.LogQuery) (core.LogPage, error)
	Story(ctx context.Context, a core.Actor, id string) (core.GrantStory, error)
	ProveLog(ctx context.Context, a core.Actor, seq int64, since string) (audit.Proof, error)
	LogPush(ctx context.Context, a core.Actor) (core.PushInfo, error)
	LogKey() string
}

// refresh is how often the screen asks again for what may have changed.
const refresh = 5 * time.Second

// page is what is shown over the list and its open line.
type page int

const (
	onLog page = iota
	onExport
	onStory
	onChecks
)

// Screen is the auditor's screen. It implements widget.Screen.
type Screen struct {
	terminal widget.Terminal
	theme    widget.Theme
	actor    core.Actor
	console  Console
	clock    core.Clock
	lang     string
	me       string
	list     *widget.LogList
	page     page
	pager    widget.Pager
	format   int // of exports, in core.LogFormats
	story    story
	checks   checks
	push     core.PushInfo
}

// New makes the screen of one auditor.
func New(t widget.Terminal, theme widget.Theme, actor core.Actor, console Console, clock core.Clock, around widget.Surroundings) widget.Screen {
	s := &Screen{
		terminal: t, theme: theme, actor: actor, console: console, clock: clock,
		lang: around.Lang, me: around.SSH(actor.Name), pager: widget.NewPager(),
	}
	s.list = widget.NewLogList(t, theme, clock, s.lang, func(ctx context.Context, q core.LogQuery) (core.LogPage, error) {
		return console.Log(ctx, actor, q)
	})
	s.list.Beside(s.proofLines)
	return s
}

// Init implements widget.Screen.
func (s *Screen) Init() tea.Cmd {
	s.checks.begin(s.console.LogKey())
	return tea.Batch(s.list.Start(), s.askPush())
}

// Update implements widget.Screen.
func (s *Screen) Update(msg tea.Msg) (widget.Screen, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case proved:
		cmd = s.gotProof(msg)
	case proveAgain:
		s.checks.waiting = false
	case told:
		cmd = s.gotStory(msg)
	case tellAgain:
		if msg.gen == s.story.gen {
			cmd = s.readStory()
		}
	case pushAsked:
		cmd = s.gotPush(msg)
	case askPushAgain:
		cmd = s.askPush()
	case tea.KeyMsg:
		cmd = s.key(msg)
	default:
		cmd, _ = s.list.Update(msg)
	}
	return s, tea.Batch(cmd, s.prove())
}

// key gives a key to what is on top.
func (s *Screen) key(msg tea.KeyMsg) tea.Cmd {
	switch {
	case s.page != onLog:
		return s.pageKey(msg)
	case !s.list.Typing():
		switch msg.String() {
		case "e":
			s.open(onExport)
			s.terminal.SetFarewell("  " + s.exportLine())
			return nil
		case "v":
			s.open(onChecks)
			return nil
		case "s":
			return s.openStory()
		}
	}
	cmd, _ := s.list.Update(msg)
	return cmd
}

func (s *Screen) open(p page) { s.page, s.pager = p, widget.NewPager() }

// pageKey takes a key on a page over the list.
func (s *Screen) pageKey(msg tea.KeyMsg) tea.Cmd {
	switch name := msg.String(); {
	case name == "esc":
		s.page = onLog
		s.story.gen++
	case name == "y" && s.page == onExport:
		return s.copy(s.exportLine())
	case name == "f" && s.page == onExport:
		s.format = (s.format + 1) % len(core.LogFormats())
		s.terminal.SetFarewell("  " + s.exportLine())
	default:
		s.pager, _ = s.pager.Update(msg)
	}
	return nil
}

// copy puts a line into the clipboard of the person's terminal.
func (s *Screen) copy(line string) tea.Cmd {
	t := s.terminal
	return widget.Do(t.Context(), func(context.Context) tea.Msg {
		if err := t.Copy(line); err != nil {
			return widget.Problem{Text: view.Detail(s.lang, err)}
		}
		return widget.Notice{Text: s.text("copied", nil)}
	})
}

func (s *Screen) text(id string, data map[string]any) string {
	return words.Text(s.lang, "auditor."+id, data)
}

// View implements widget.Screen.
func (s *Screen) View(width, height int) string {
	top := s.top(width, height)
	height = max(height-len(top), 1)
	return strings.Join(append(top, s.body(width, height)), "\n")
}

// top is what stands over everything: that the log is not to be believed or does
// not reach its collector, else where there is room what this screen is.
func (s *Screen) top(width, height int) (top []string) {
	if s.checks.broken != "" {
		top = s.marked(false, s.text("broken", map[string]any{"Why": s.checks.broken}), width)
	}
	push, failing := view.PushSentence(s.lang, "", s.push)
	if failing {
		top = append(top, strings.Split(s.theme.Marked(s.theme.Warn, s.theme.Symbols.Warn, push, width), "\n")...)
	}
	if top != nil {
		return top[:min(len(top), max(height-3, 1))] // the status and two lines of the list stay in sight
	}
	if s.page == onLog && s.list.Open() == nil && height >= 12 {
		top = strings.Split(s.theme.Paragraph(s.theme.Muted, s.text("intro", nil), width), "\n")
	}
	return top
}

func (s *Screen) body(width, height int) string {
	switch s.page {
	case onExport:
		return s.pager.View(s.theme, s.exportPage(width), height)
	case onStory:
		return s.pager.View(s.theme, s.storyPage(width), height)
	case onChecks:
		return s.pager.View(s.theme, s.checksPage(width), height)
	default:
		return s.list.View(width, height)
	}
}

// Title implements widget.Screen.
func (s *Screen) Title() string {
	switch open := s.list.Open(); {
	case s.page == onExport:
		return s.text("title.export", nil)
	case s.page == onChecks:
		return s.text("title.checks", nil)
	case s.page == onStory:
		return s.text("title.story", map[string]any{"ID": s.story.id})
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
	back, scroll := bind("back", "esc"), bind("scroll", "up", "down", "pgup", "pgdown", "home", "end")
	switch {
	case s.page == onExport:
		return []key.Binding{back, bind("copy", "y"), bind("format", "f"), scroll}
	case s.page != onLog:
		return []key.Binding{back, scroll}
	case s.list.Typing():
		return s.list.Keys()
	}
	story := bind("story", "s")
	story.SetEnabled(s.storyID() != "")
	if !story.Enabled() {
		story.SetHelp(story.Help().Key, s.text("key.story.none", nil))
	}
	keys := s.list.Keys()
	return slices.Insert(keys, min(2, len(keys)), story, bind("export", "e"), bind("checks", "v"))
}

// Corner implements widget.Header: how far the log is verified.
func (s *Screen) Corner() string { return s.verified() }

// Typing implements widget.Screen.
func (s *Screen) Typing() bool { return s.page == onLog && s.list.Typing() }

// Lang implements widget.Speaker.
func (s *Screen) Lang() string { return s.lang }
