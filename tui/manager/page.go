package manager

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/widget"
)

// page is one site, grant or request in full. Of its three pointers the one that
// it is about is set once it was read.
type page struct {
	kind    core.Event // "site", "grant" or "request"
	id      string
	site    *core.SiteInfo
	story   *core.GrantStory
	request *core.RequestInfo
	gone    bool // it was there and is no more
	at      time.Time
	pager   widget.Pager
}

// read asks for what the page shows.
func (p *page) read(ctx context.Context, console Console, actor core.Actor) error {
	switch p.kind {
	case "site":
		site, err := console.Site(ctx, actor, p.id)
		if err != nil {
			return p.ended(err)
		}
		p.site = &site
	case "grant":
		story, err := console.Grant(ctx, actor, p.id)
		if err != nil {
			return p.ended(err)
		}
		p.story = &story
	default:
		open, err := console.Requests(ctx, actor)
		if err != nil {
			return err
		}
		p.gone = true
		for _, r := range open {
			if r.ID == p.id {
				p.request, p.gone = &r, false
			}
		}
	}
	return nil
}

// ended keeps a page that was removed meanwhile as it was, and says so.
func (p *page) ended(err error) error {
	if errors.Is(err, core.ErrNotFound) && (p.site != nil || p.story != nil) {
		p.gone = true
		return nil
	}
	return err
}

// open shows the item under the cursor in full.
func (s *Screen) open() tea.Cmd {
	p := &page{pager: widget.NewPager()}
	if s.pane == onSites {
		site, ok := s.sites.selected()
		if !ok {
			return nil
		}
		p.kind, p.id, p.site, p.at = "site", site.ID, &site, s.sites.at
	} else {
		one, ok := s.access.selected()
		switch {
		case !ok:
			return nil
		case one.grant != nil:
			p.kind, p.id = "grant", one.grant.ID
		default:
			p.kind, p.id, p.request, p.at = "request", one.request.ID, one.request, s.access.at
		}
	}
	s.page = p
	return s.load()
}

// pageKey takes a key while a page is shown.
func (s *Screen) pageKey(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "esc":
		s.page = nil
		return s.load()
	case "r":
		s.askRevoke()
	case "v":
		s.askVeto()
	case "l":
		return s.showLog()
	default:
		s.page.pager, _ = s.page.pager.Update(msg)
	}
	return nil
}

// pageLines are the lines of the page that is shown.
func (s *Screen) pageLines(width int) []string {
	p := s.page
	var lines []string
	if p.gone {
		sign := s.theme.Symbols.Warn
		lines = append(strings.Split(s.theme.Marked(s.theme.Warn, sign, s.text("gone."+string(p.kind), nil), width), "\n"), "")
	}
	switch {
	case p.site != nil:
		return append(lines, s.theme.Facts(view.SiteDetail(s.lang, *p.site), width)...)
	case p.story != nil:
		facts, log := view.GrantDetail(s.lang, "", *p.story)
		lines = append(append(lines, s.theme.Facts(facts, width)...), "", s.theme.Strong.Render(s.theme.Cut(s.text("story", nil), width)))
		return append(lines, s.story(log, width)...)
	case p.request != nil:
		return append(lines, s.theme.Facts(s.requestFacts(*p.request), width)...)
	default:
		return append(lines, s.theme.Wrap(s.text("loading", nil), width)...)
	}
}

// story draws the log of a grant. In a narrow window a line is when and what.
func (s *Screen) story(log view.Table, width int) []string {
	narrow := width < widget.WideFrom
	for i, row := range log.Rows {
		row[1] = bare(row[1])
		if narrow {
			log.Rows[i] = []string{row[1], row[3]}
		}
	}
	if narrow {
		log.Head = []string{log.Head[1], log.Head[3]}
	}
	lines := strings.Split(strings.TrimRight(log.Text(0), "\n"), "\n")
	for i, line := range lines {
		lines[i] = s.theme.Cut(s.theme.Signs(line), width)
	}
	return lines
}

// requestFacts tells a request as names and values.
func (s *Screen) requestFacts(r core.RequestInfo) view.Table {
	list := view.Requests(s.lang, "", []core.RequestInfo{r})
	var facts view.Table
	for i, name := range list.Head {
		facts.Rows = append(facts.Rows, []string{name, list.Rows[0][i]})
	}
	id := "lapses"
	if r.State == core.RequestHolding {
		id = "ready"
	}
	facts.Rows = append(facts.Rows, []string{s.text(id, nil), view.Time(next(r), "")})
	if message := view.Message(s.lang, "", r.Message); message != "" {
		facts.Rows = append(facts.Rows, []string{s.text("message", nil), message})
	}
	return facts
}
