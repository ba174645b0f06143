package manager

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"breakglass/core/view"
)

// View implements widget.Screen.
func (s *Screen) View(width, height int) string {
	switch {
	case s.ask != nil:
		return s.ask.dialog.View(width, height)
	case s.page != nil:
		hint := s.hintLines(width)
		return strings.Join(append(hint, s.page.pager.View(s.theme, s.pageLines(width), height-len(hint))), "\n")
	case s.pane == onLog && s.log.Open() != nil:
		return s.log.View(width, height)
	}
	lines := append([]string{s.tabs(width)}, s.pushLines(width, height)...)
	if s.pane == onLog {
		return strings.Join(append(lines, s.log.View(width, height-len(lines))), "\n")
	}
	lines = append(lines, s.theme.Text.Render(s.theme.Cut(s.theme.Line(s.status()), width)))
	lines = append(append(lines, s.filterLine(width)...), s.hintLines(width)...)
	if !s.loaded() {
		return strings.Join(lines, "\n")
	}
	if empty := s.empty(); empty != "" {
		return strings.Join(append(append(lines, ""), s.emptyLines(empty, width)...), "\n")
	}
	foot := s.foot(width, height)
	lines = append(lines, s.list(width, height-len(lines)-len(foot)))
	return strings.Join(append(lines, foot...), "\n")
}

// pushLines says how the pushing of the log stands: over each list where it does
// not arrive, over the log always.
func (s *Screen) pushLines(width, height int) []string {
	said, failing := view.PushSentence(s.lang, "", s.push)
	var lines []string
	switch {
	case said == "":
		return nil
	case failing:
		lines = strings.Split(s.theme.Marked(s.theme.Warn, s.theme.Symbols.Warn, said, width), "\n")
	case s.pane == onLog && height >= 12:
		lines = strings.Split(s.theme.Paragraph(s.theme.Muted, said, width), "\n")
	}
	return lines[:min(len(lines), max(height-4, 0))] // the status and some of the list stay in sight
}

// tabs names the three lists, the shown one in brackets.
func (s *Screen) tabs(width int) string {
	var b strings.Builder
	room := width
	for p := range panes {
		name := s.text("tab."+[]string{"sites", "access", "log"}[p], nil)
		style, label := s.theme.Muted, " "+name+" "
		if p == s.pane {
			style, label = s.theme.Strong, "["+name+"]"
		}
		label = s.theme.Cut(label+" ", max(room, 0))
		room -= len([]rune(label))
		b.WriteString(style.Render(label))
	}
	return b.String()
}

// loaded reports whether the list that is shown has come.
func (s *Screen) loaded() bool {
	if s.pane == onAccess {
		return s.access.loaded
	}
	return s.sites.loaded
}

// status says how many there are, and of when that is.
func (s *Screen) status() string {
	count, shown, at, id := len(s.sites.all), len(s.sites.shown), s.sites.at, "count.sites"
	if s.pane == onAccess {
		count, shown, at, id = len(s.access.all), len(s.access.shown), s.access.at, "count.access"
	}
	if !s.loaded() {
		return s.text("loading", nil)
	}
	text := s.text(id, map[string]any{"Count": count})
	if s.filter() != "" {
		text = s.text("count.shown", map[string]any{"Shown": shown, "All": text})
	}
	as := s.text("as_of", map[string]any{"Time": view.TimeOfDay(at, "")})
	if s.pane == onAccess {
		as = s.text("as_of_utc", map[string]any{"Time": bare(view.TimeOfDay(at, ""))})
	}
	return text + " " + s.theme.Symbols.Separator + " " + as
}

func (s *Screen) filterLine(width int) []string {
	label := s.text("filter", nil) + " "
	switch {
	case s.typing:
		return []string{s.theme.Strong.Render(label) + s.input.View(max(width-len(label), 1), true)}
	case s.filter() != "":
		return []string{s.theme.Strong.Render(s.theme.Cut(label+s.theme.Line(s.filter()), width))}
	}
	return nil
}

// hintLines says why a key did nothing.
func (s *Screen) hintLines(width int) []string {
	if s.hint == "" {
		return nil
	}
	text := s.text("hint", map[string]any{"Why": s.hint})
	return strings.Split(s.theme.Marked(s.theme.Warn, s.theme.Symbols.Warn, text, width), "\n")
}

// empty says why there is no list, and what to do; "" if there is one.
func (s *Screen) empty() string {
	all, shown, id := len(s.sites.all), len(s.sites.shown), "empty.sites"
	if s.pane == onAccess {
		all, shown, id = len(s.access.all), len(s.access.shown), "empty.access"
	}
	switch {
	case all == 0:
		return s.text(id, nil)
	case shown == 0:
		return s.text("empty.filter", nil)
	}
	return ""
}

// emptyLines puts the command that helps on under the sentence.
func (s *Screen) emptyLines(sentence string, width int) []string {
	lines := s.theme.Wrap(sentence, width)
	if s.filter() != "" { // there is something, and Esc shows it
		return lines
	}
	lines = append(lines, "")
	for _, line := range s.theme.Wrap(s.line(), width) {
		lines = append(lines, s.theme.Code.Render(line))
	}
	return append(append(lines, ""), s.theme.Wrap(s.text("copy", nil), width)...)
}

// foot says how things are set up, where there is room to say it.
func (s *Screen) foot(width, height int) []string {
	lines := append(s.theme.Wrap(s.text("commands", nil), width), s.theme.Wrap(s.line(), width)...)
	if height < 8+len(lines) {
		return nil
	}
	for i := range lines {
		lines[i] = s.theme.Muted.Render(lines[i])
	}
	return append([]string{""}, lines...)
}

func (s *Screen) list(width, height int) string {
	if s.pane == onAccess {
		return s.access.table.View(width, height)
	}
	return s.sites.table.View(width, height)
}

// Title implements widget.Screen.
func (s *Screen) Title() string {
	switch {
	case s.ask != nil:
		return s.text("title."+s.ask.act, map[string]any{"Site": s.ask.site})
	case s.page != nil:
		return s.text("title."+string(s.page.kind), map[string]any{"ID": s.page.id})
	case s.pane == onLog && s.log.Open() != nil:
		return s.text("title.line", map[string]any{"Seq": s.log.Open().Seq})
	default:
		return s.text("title."+[]string{"sites", "access", "log"}[s.pane], nil)
	}
}

// Corner implements widget.Header: of when an open page is.
func (s *Screen) Corner() string {
	if s.page == nil || s.page.at.IsZero() {
		return ""
	}
	return s.text("as_of", map[string]any{"Time": view.TimeOfDay(s.page.at, "")})
}

// Keys implements widget.Screen.
func (s *Screen) Keys() []key.Binding {
	switch {
	case s.ask != nil:
		return []key.Binding{s.bind("next", "enter"), s.bind("cancel", "esc"), s.bind("fields", "tab", "shift+tab", "up", "down"), s.bind("page", "pgup", "pgdown")}
	case s.typing:
		return []key.Binding{s.bind("keep", "enter"), s.bind("clear", "esc")}
	case s.page != nil:
		return append([]key.Binding{s.bind("back", "esc")}, append(s.acts(), s.bind("log", "l"), s.bind("scroll", "up", "down", "pgup", "pgdown", "home", "end"))...)
	case s.pane == onLog && (s.log.Typing() || s.log.Open() != nil):
		return s.log.Keys()
	case s.pane == onLog:
		return slices.Insert(s.log.Keys(), 2, s.bind("tabs", "tab", "shift+tab", "1", "2", "3"))
	}
	keys := append([]key.Binding{s.bind("open", "enter")}, s.acts()...)
	keys = append(keys, s.bind("tabs", "tab", "shift+tab", "1", "2", "3"), s.bind("filter", "/"), s.bind("log", "l"))
	if s.pane == onAccess {
		keys = append(keys, s.bind("ended", "e"))
	}
	if s.filter() != "" {
		keys = append(keys, s.bind("clear", "esc"))
	}
	return append(keys, s.bind("move", "up", "down", "pgup", "pgdown", "home", "end"), s.bind("copy", "y"))
}

// acts are the two acts; one that is not possible now says why.
func (s *Screen) acts() []key.Binding {
	why := map[string]string{"revoke": s.cannotRevoke(), "veto": s.cannotVeto()}
	var keys []key.Binding
	for _, act := range []string{"revoke", "veto"} {
		b := s.bind(act, act[:1])
		if why[act] != "" {
			b.SetHelp(b.Help().Key, b.Help().Desc+": "+why[act])
			b.SetEnabled(false)
		}
		keys = append(keys, b)
	}
	return keys
}

func (s *Screen) bind(id string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(s.text("key."+id+".name", nil), s.text("key."+id, nil)))
}
