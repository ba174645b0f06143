package owner

import (
	"strconv"

	"breakglass/core/view"
	"breakglass/tui/wizard"
)

// step is the number of a page's step, 0 for one outside the steps.
var step = map[wizard.Place]int{
	wizard.Reason: 1, wizard.Contacts: 2, wizard.Code: 2, wizard.Paper: 2, wizard.Holding: 2, wizard.Ready: 3, wizard.Start: 3, wizard.Progress: 3, wizard.Failed: 3,
	wizard.Download: 4, wizard.Handover: 5,
}

// steps is how many there are.
const steps = 5

// Title implements widget.Screen.
func (s *Screen) Title() string {
	if s.question != nil {
		return s.text("question."+s.question.id+".title", nil)
	}
	at := s.place()
	title, n := s.text(string(at)+".title", nil), step[at]
	if at == wizard.Start && wizard.Streamed(s.state) != nil {
		title, n = s.text("streamed.title", nil), step[wizard.Download]
	}
	if n > 0 {
		return s.text("step", map[string]any{"Number": n, "Steps": steps, "Title": title})
	}
	return title
}

// Corner implements widget.Header: the time that is left of the access.
func (s *Screen) Corner() string {
	if g := s.state.Grant; g != nil && g.Left > 0 {
		return s.text("corner", map[string]any{"Left": view.Left(s.Lang(), g.Left-s.now().Sub(s.state.Now))})
	}
	return ""
}

// Where implements widget.Placed.
func (s *Screen) Where() string {
	if s.state.Host == "" {
		return s.actor.Name
	}
	return s.state.Site + "@" + s.state.Host
}

// View implements widget.Screen.
func (s *Screen) View(width, height int) string {
	b := newBody(s.theme, width, height)
	if s.question != nil {
		s.question.draw(s, b)
		return b.String()
	}
	if s.busy {
		b.add(s.theme.Marked(s.theme.Muted, s.theme.Symbols.Running, s.text("busy", nil), b.width))
	}
	s.draw(s.place(), b)
	return b.String()
}

// draw draws the page of a place.
func (s *Screen) draw(at wizard.Place, b *body) {
	switch at {
	case wizard.Loading:
		b.quiet(s.text("loading.lead", nil))
	case wizard.Welcome, wizard.Reprove:
		s.drawWelcome(at, b)
	case wizard.Reason:
		s.drawReason(b)
	case wizard.Contacts:
		s.drawContacts(b)
	case wizard.Code:
		s.drawCode(b)
	case wizard.Paper:
		s.drawPaper(b)
	case wizard.Holding:
		s.drawHolding(b)
	case wizard.Ready:
		s.drawReady(b)
	case wizard.Start:
		s.drawStart(b)
	case wizard.Progress:
		s.drawProgress(b)
	case wizard.Failed:
		s.drawFailed(b)
	case wizard.Download:
		s.drawDownload(b)
	case wizard.Handover:
		s.drawHandover(b)
	default:
		s.drawEnd(at, b)
	}
}

// draw draws a question: what will happen, then No and Yes, No first.
func (q *question) draw(s *Screen, b *body) {
	b.say(s.text("question."+q.id+".lead", nil))
	cursor := 0
	if q.yes {
		cursor = 1
	}
	b.choices([]string{s.text("question."+q.id+".no", nil), s.text("question."+q.id+".yes", nil)}, cursor)
}

// whom is whom to call: by name, where the manager set one.
func (s *Screen) whom() string { return wizard.Whom(s.state) }

// call says whom to call.
func (s *Screen) call(b *body) {
	b.quiet(s.text("call", map[string]any{"Call": s.whom()}))
}

func (s *Screen) drawWelcome(at wizard.Place, b *body) {
	data := map[string]any{"Title": s.state.Title, "Steps": steps}
	b.say(s.text(string(at)+".lead", data))
	b.next(s.text(string(at)+".next", data))
	if at == wizard.Reprove {
		b.quiet(s.text("reprove.why", nil))
		s.call(b)
		return
	}
	b.gap()
	for n := 1; n <= steps; n++ {
		number := strconv.Itoa(n)
		b.item(number, s.text("welcome.step"+number, nil))
	}
	s.call(b)
}

func (s *Screen) drawReason(b *body) {
	lead := s.text("reason.lead", nil)
	if wizard.ComesBack(s.state) {
		lead = s.text("reason.again", nil)
	}
	b.asks(lead, s.text("reason.field", nil), s.reason, 70)
	b.next(s.text("reason.next", nil))
	b.quiet(s.text("reason.why", nil))
	s.call(b)
}

// drawEnd draws the pages on which nothing is open.
func (s *Screen) drawEnd(at wizard.Place, b *body) {
	switch at {
	case wizard.Closed:
		b.good(s.endText(at))
	case wizard.NoContact, wizard.Locked, wizard.Vetoed, wizard.Revoked, wizard.Gone:
		b.bad(s.endText(at))
	default:
		b.warn(s.endText(at))
	}
	switch {
	case s.ending && s.closing:
		b.next(s.text("end.leave", nil))
	case s.ending && at != wizard.Gone:
		b.next(s.text("end.closing", nil))
	default:
		b.next(s.text(string(at)+".next", nil))
	}
	s.call(b)
	if at == wizard.Closed {
		b.quiet(s.text("closed.more", nil))
	}
}

// endText says why nothing is open.
func (s *Screen) endText(at wizard.Place) string {
	data := map[string]any{"Until": view.Time(s.state.LockedUntil, s.state.Zone)}
	if g := s.state.Grant; g != nil {
		data["Reason"], data["Time"] = g.Reason, view.Time(g.Ended, s.state.Zone)
	}
	if r := s.state.Request; at == wizard.Vetoed && r != nil {
		data["Reason"] = r.Refused
	}
	if at == wizard.Revoked && data["Reason"] == "" {
		return s.text("revoked.no_reason", data)
	}
	return s.text(string(at)+".lead", data)
}
