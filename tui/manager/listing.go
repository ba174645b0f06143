package manager

import (
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/widget"
)

// listing is a list as it was loaded, and the part of it that is shown.
type listing[T any] struct {
	table  widget.Table
	all    []T
	shown  []T
	filter string
	loaded bool
	at     time.Time // when it was so
}

// sift chooses what the filter lets through; text is all of an item that can be
// looked for.
func (l *listing[T]) sift(text func(T) string) {
	l.shown = l.all
	if l.filter == "" {
		return
	}
	want := strings.ToLower(l.filter)
	l.shown = nil
	for _, one := range l.all {
		if strings.Contains(strings.ToLower(text(one)), want) {
			l.shown = append(l.shown, one)
		}
	}
}

// selected returns the item under the cursor.
func (l *listing[T]) selected() (one T, ok bool) {
	i, ok := l.table.Selected()
	if ok {
		one = l.shown[i]
	}
	return one, ok
}

// item is a row of the access list: a grant or a request.
type item struct {
	grant   *core.GrantInfo
	request *core.RequestInfo
}

// heads are the names of columns.
func heads(lang string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = words.Text(lang, "manager.head."+name, nil)
	}
	return out
}

// moment is the width of a time without its zone.
const moment = len("2026-11-24 14:02")

func siteTable(theme widget.Theme, lang string) widget.Table {
	h := view.Sites(lang, nil).Head
	return widget.NewTable(theme,
		widget.Column{Head: h[0], Width: 14},
		widget.Column{Head: h[1], Width: 22, Rank: 1},
		widget.Column{Head: h[2], Width: 20, Grow: true},
	)
}

func accessTable(theme widget.Theme, lang string) widget.Table {
	h := heads(lang, "site", "state", "left", "id", "since", "until", "code_to", "veto")
	return widget.NewTable(theme,
		widget.Column{Head: h[0], Width: 12},
		widget.Column{Head: h[1], Width: 12, Grow: true},
		widget.Column{Head: h[2], Width: 10},
		widget.Column{Head: h[3], Width: 10, Rank: 1},
		widget.Column{Head: h[4], Width: moment, Rank: 2},
		widget.Column{Head: h[5], Width: moment, Rank: 3},
		widget.Column{Head: h[6], Width: 18, Rank: 4},
		widget.Column{Head: h[7], Width: 8, Rank: 4},
	)
}

// urgency orders sites: where something is open comes first.
func urgency(site core.SiteInfo) int {
	switch {
	case site.Grant != nil && site.Grant.State == core.GrantActive:
		return 0
	case site.Request != nil && site.Request.State.Open():
		return 1
	default:
		return 2
	}
}

// showSites gives the table the sites that the filter lets through.
func (s *Screen) showSites() {
	slices.SortStableFunc(s.sites.all, func(a, b core.SiteInfo) int { return urgency(a) - urgency(b) })
	s.sites.sift(func(site core.SiteInfo) string {
		return strings.Join(append(view.SiteRow(s.lang, site), site.Root), " ")
	})
	shown := s.sites.shown
	s.sites.table = s.sites.table.SetRows(widget.Rows{
		Len:   len(shown),
		Key:   func(i int) string { return shown[i].ID },
		Cells: func(i int) []string { return view.SiteRow(s.lang, shown[i]) },
		Style: func(i int) lipgloss.Style {
			return []lipgloss.Style{s.theme.Warn, s.theme.Strong, s.theme.Text}[urgency(shown[i])]
		},
	})
}

// showAccess gives the table the grants and requests that the filter lets
// through.
func (s *Screen) showAccess() {
	now := s.access.at
	s.access.sift(func(one item) string { return strings.Join(accessRow(s.lang, now, one), " ") })
	shown := s.access.shown
	s.access.table = s.access.table.SetRows(widget.Rows{
		Len:   len(shown),
		Key:   func(i int) string { return shown[i].id() },
		Cells: func(i int) []string { return accessRow(s.lang, now, shown[i]) },
		Style: func(i int) lipgloss.Style {
			switch g := shown[i].grant; {
			case g == nil:
				return s.theme.Strong
			case g.State == core.GrantActive:
				return s.theme.Warn
			default:
				return s.theme.Text
			}
		},
	})
}

// id tells items apart; those of grants and requests differ by their letter.
func (i item) id() string {
	if i.grant != nil {
		return i.grant.ID
	}
	return i.request.ID
}

// site is whose item it is; "" for none.
func (i item) site() string {
	switch {
	case i.grant != nil:
		return i.grant.Site
	case i.request != nil:
		return i.request.Site
	default:
		return ""
	}
}

// accessRow is a grant or a request in one row, times in UTC without saying so.
func accessRow(lang string, now time.Time, one item) []string {
	if g := one.grant; g != nil {
		row := view.GrantRow(lang, "", *g)
		return []string{row[1], row[2], row[5], row[0], bare(row[3]), bare(row[4]), view.Nothing, view.Nothing}
	}
	r := *one.request
	row := view.RequestRow(lang, "", r)
	until := next(r)
	return []string{row[1], row[2], view.Left(lang, until.Sub(now)), row[0], bare(row[3]), bare(view.Time(until, "")), row[4], row[5]}
}

// next is when something happens to a request by itself: the end of the hold, or
// else the end of the request.
func next(r core.RequestInfo) time.Time {
	if r.State == core.RequestHolding {
		return r.Ready
	}
	return r.Lapses
}

// bare is a time without its zone, which the line above the list names.
func bare(stamp string) string { return strings.TrimSuffix(stamp, " UTC") }

// filter is the filter of the list that is shown.
func (s *Screen) filter() string {
	if s.pane == onAccess {
		return s.access.filter
	}
	return s.sites.filter
}

func (s *Screen) setFilter(text string) {
	if s.pane == onAccess {
		s.access.filter = text
		s.showAccess()
		return
	}
	s.sites.filter = text
	s.showSites()
}

// filterKey takes a key while the filter is typed: the list follows each letter.
func (s *Screen) filterKey(msg tea.KeyMsg) {
	switch msg.String() {
	case "enter":
		s.typing = false
	case "esc":
		s.typing = false
		s.setFilter("")
	case "up", "down", "pgup", "pgdown":
		s.move(msg)
	default:
		s.input = s.input.Update(msg)
		s.setFilter(s.input.Value())
	}
}

// move moves the cursor of the list that is shown.
func (s *Screen) move(msg tea.KeyMsg) {
	if s.pane == onAccess {
		s.access.table, _ = s.access.table.Update(msg)
		return
	}
	s.sites.table, _ = s.sites.table.Update(msg)
}
