package manager

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/widget"
)

// asking is a dialog and what it asks about.
type asking struct {
	act    string // "revoke" or "veto"
	id     string // of the grant or request
	site   string
	dialog widget.Dialog
}

// acted is what came of an act.
type acted struct {
	act, id string
	err     error
}

// here returns the site, the grant and the request that the keys are about now:
// what the page shows, or what the cursor is on; "" and nil for none.
func (s *Screen) here() (site string, grant *core.GrantInfo, request *core.RequestInfo) {
	switch p := s.page; {
	case p != nil && p.site != nil:
		site, grant, request = p.site.ID, p.site.Grant, p.site.Request
	case p != nil && p.story != nil:
		site, grant = p.story.Grant.Site, &p.story.Grant
	case p != nil && p.request != nil:
		site, request = p.request.Site, p.request
	case p != nil:
	case s.pane == onSites:
		one, _ := s.sites.selected()
		site, grant, request = one.ID, one.Grant, one.Request
	case s.pane == onAccess:
		one, _ := s.access.selected()
		site, grant, request = one.site(), one.grant, one.request
	}
	if s.page != nil && s.page.gone {
		grant, request = nil, nil
	}
	return site, grant, request
}

// cannotRevoke says why nothing here can be revoked; "" if something can.
func (s *Screen) cannotRevoke() string {
	_, grant, _ := s.here()
	switch {
	case grant == nil:
		return s.text("revoke.none", nil)
	case grant.State != core.GrantActive:
		return s.text("revoke.over", nil)
	}
	return ""
}

// cannotVeto says why nothing here can be vetoed; "" if something can.
func (s *Screen) cannotVeto() string {
	_, _, request := s.here()
	switch {
	case request == nil || !request.State.Open():
		return s.text("veto.none", nil)
	case !request.CanVeto:
		return s.text("veto.spent", nil)
	}
	return ""
}

// askRevoke opens the dialog, or leaves a hint why not.
func (s *Screen) askRevoke() {
	if s.hint = s.cannotRevoke(); s.hint == "" {
		_, grant, _ := s.here()
		s.begin("revoke", grant.ID, grant.Site)
	}
}

// askVeto opens the dialog, or leaves a hint why not.
func (s *Screen) askVeto() {
	if s.hint = s.cannotVeto(); s.hint == "" {
		_, _, request := s.here()
		s.begin("veto", request.ID, request.Site)
	}
}

// begin opens the dialog of an act.
func (s *Screen) begin(act, id, site string) {
	data := map[string]any{"ID": id, "Site": site}
	s.ask = &asking{act: act, id: id, site: site, dialog: widget.NewDialog(s.theme, widget.Question{
		Text:     []string{s.text(act+".what", data), s.text("ask.counts", data), s.text("ask.told", data)},
		Reason:   s.text("ask.reason", nil),
		Name:     s.text("ask.name", data),
		Want:     site,
		Act:      s.text(act+".act", nil),
		Cancel:   s.text("ask.cancel", nil),
		Working:  s.text(act+".working", nil),
		NoReason: s.text("ask.no_reason", nil),
		NotName:  s.text("ask.not_name", data),
	})}
}

// askKey takes a key while a dialog is open.
func (s *Screen) askKey(msg tea.KeyMsg) tea.Cmd {
	var answer widget.Answer
	s.ask.dialog, answer = s.ask.dialog.Update(msg)
	switch answer {
	case widget.Cancelled:
		s.ask = nil
	case widget.Confirmed:
		return s.act()
	}
	return nil
}

// act does what the dialog asked about.
func (s *Screen) act() tea.Cmd {
	act, id, reason := s.ask.act, s.ask.id, s.ask.dialog.Reason()
	console, actor := s.console, s.actor
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		if act == "revoke" {
			return acted{act, id, console.RevokeGrant(ctx, actor, id, reason)}
		}
		return acted{act, id, console.Veto(ctx, actor, id, reason)}
	})
}

// done tells what came of an act. After a failure the dialog stays, so that the
// reason need not be typed again.
func (s *Screen) done(msg acted) tea.Cmd {
	if s.ask == nil || s.ask.act != msg.act || s.ask.id != msg.id {
		return nil
	}
	if msg.err != nil {
		s.ask.dialog = s.ask.dialog.Working(false)
		return widget.Send(widget.Problem{Text: view.Detail(s.lang, msg.err)})
	}
	said := s.text(msg.act+".done", map[string]any{"ID": s.ask.id, "Site": s.ask.site, "Reason": s.ask.dialog.Reason()})
	s.ask = nil
	if s.page != nil && s.page.kind == "request" {
		s.page = nil
	}
	return tea.Batch(widget.Send(widget.Notice{Text: said}), s.load())
}
