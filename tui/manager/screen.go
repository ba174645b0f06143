package manager

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/widget"
)

// Console is the slice of [core.Console] that the screen uses.
type Console interface {
	Sites(ctx context.Context, a core.Actor) ([]core.SiteInfo, error)
	Site(ctx context.Context, a core.Actor, id string) (core.SiteInfo, error)
	Grants(ctx context.Context, a core.Actor) ([]core.GrantInfo, error)
	Grant(ctx context.Context, a core.Actor, id string) (core.GrantStory, error)
	Requests(ctx context.Context, a core.Actor) ([]core.RequestInfo, error)
	Log(ctx context.Context, a core.Actor, q core.LogQuery) (core.LogPage, error)
	LogPush(ctx context.Context, a core.Actor) (core.PushInfo, error)
	RevokeGrant(ctx context.Context, a core.Actor, id, reason string) error
	Veto(ctx context.Context, a core.Actor, id, reason string) error
}

// pane is one of the three lists.
type pane int

const (
	onSites pane = iota
	onAccess
	onLog
	panes
)

// Screen is the manager's screen: one of three lists, over it perhaps one of its
// items in full, over that perhaps a dialog. It implements widget.Screen.
type Screen struct {
	terminal widget.Terminal
	theme    widget.Theme
	actor    core.Actor
	console  Console
	clock    core.Clock
	lang     string
	me       string // the line that leads here

	pane   pane
	sites  listing[core.SiteInfo]
	access listing[item]
	ended  bool // whether the access list holds what is over, too
	log    *widget.LogList
	push   core.PushInfo // of the log, as far as this manager may know

	input  widget.Input // the filter of the list that is shown
	typing bool

	page *page   // nil: the list is shown
	ask  *asking // nil: no dialog
	hint string  // why a key did nothing, until the next key

	gen    int    // of what was asked of the console last; older answers are dropped
	failed string // the problem that a refresh told last
}

// New makes the screen of one manager.
func New(t widget.Terminal, theme widget.Theme, actor core.Actor, console Console, clock core.Clock, around widget.Surroundings) widget.Screen {
	s := &Screen{
		terminal: t, theme: theme, actor: actor, console: console, clock: clock,
		lang: around.Lang, me: around.SSH(actor.Name), input: widget.NewInput(theme, 100),
	}
	s.sites.table = siteTable(theme, s.lang)
	s.access.table = accessTable(theme, s.lang)
	s.log = widget.NewLogList(t, theme, clock, s.lang, func(ctx context.Context, q core.LogQuery) (core.LogPage, error) {
		return console.Log(ctx, actor, q)
	})
	return s
}

func (s *Screen) text(id string, data map[string]any) string {
	return words.Text(s.lang, "manager."+id, data)
}

// Init implements widget.Screen.
func (s *Screen) Init() tea.Cmd { return s.load() }

// Update implements widget.Screen.
func (s *Screen) Update(msg tea.Msg) (widget.Screen, tea.Cmd) {
	switch msg := msg.(type) {
	case loaded:
		return s, s.got(msg)
	case tick:
		if msg.gen != s.gen {
			return s, nil
		}
		return s, s.load()
	case acted:
		return s, s.done(msg)
	case tea.KeyMsg:
		return s, s.key(msg)
	}
	cmd, _ := s.log.Update(msg)
	return s, cmd
}

// key gives a key to what is on top.
func (s *Screen) key(msg tea.KeyMsg) tea.Cmd {
	s.hint = ""
	switch {
	case s.ask != nil:
		return s.askKey(msg)
	case s.typing:
		s.filterKey(msg)
		return nil
	case s.page != nil:
		return s.pageKey(msg)
	case s.pane == onLog:
		if cmd, handled := s.log.Update(msg); handled || s.log.Open() != nil {
			return cmd
		}
	}
	return s.listKey(msg)
}

// listKey takes a key while a list is shown.
func (s *Screen) listKey(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "1", "2", "3":
		return s.show(pane(msg.String()[0] - '1'))
	case "tab", "right":
		return s.show((s.pane + 1) % panes)
	case "shift+tab", "left":
		return s.show((s.pane + panes - 1) % panes)
	}
	if s.pane == onLog {
		return nil
	}
	switch msg.String() {
	case "y":
		return s.copy()
	case "l":
		return s.showLog()
	case "enter":
		return s.open()
	case "/":
		s.typing = true
		s.input = s.input.Set(s.filter())
	case "esc":
		s.setFilter("")
	case "e":
		if s.pane == onAccess {
			s.ended = !s.ended
			return s.load()
		}
	case "r":
		s.askRevoke()
	case "v":
		s.askVeto()
	default:
		s.move(msg)
	}
	return nil
}

// show goes to another list.
func (s *Screen) show(to pane) tea.Cmd {
	if to == s.pane {
		return nil
	}
	s.pane = to
	s.log.Stop()
	if to == onLog {
		s.gen++ // nothing else is asked for meanwhile
		return s.log.Start()
	}
	return s.load()
}

// showLog goes to the log, to the lines of the grant or else the site that the
// cursor or the page is on.
func (s *Screen) showLog() tea.Cmd {
	site, grant, _ := s.here()
	filter := "site:" + site
	switch {
	case site == "":
		return nil
	case grant != nil && (s.page == nil && s.pane == onAccess || s.page != nil && s.page.kind == "grant"):
		filter = "grant:" + grant.ID
	}
	s.page, s.pane = nil, onLog
	s.gen++ // nothing else is asked for meanwhile
	return s.log.Filter(filter)
}

// line is the command that helps on from here.
func (s *Screen) line() string {
	if s.pane == onSites && s.sites.loaded && len(s.sites.all) == 0 {
		return s.me + " site add acme --root /var/www/acme --email jo@acme.example"
	}
	return s.me + " help"
}

// copy puts that line into the clipboard of the person's terminal, and lets it
// be printed once more when the screen has closed.
func (s *Screen) copy() tea.Cmd {
	line, t := s.line(), s.terminal
	t.SetFarewell("  " + line)
	return widget.Do(t.Context(), func(context.Context) tea.Msg {
		if err := t.Copy(line); err != nil {
			return widget.Problem{Text: view.Detail(s.lang, err)}
		}
		return widget.Notice{Text: s.text("copied", nil)}
	})
}

// Typing implements widget.Screen.
func (s *Screen) Typing() bool {
	return s.ask != nil || s.typing || (s.pane == onLog && s.log.Typing())
}

// Lang implements widget.Speaker.
func (s *Screen) Lang() string { return s.lang }
