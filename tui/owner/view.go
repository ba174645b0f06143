package owner

import (
	"strconv"

	"breakglass/core/view"
)

// step is the number of a page's step, 0 for one outside the steps.
var step = map[place]int{
	atReason: 1, atContacts: 2, atCode: 2, atPaper: 2, atHolding: 2, atReady: 3, atStart: 3, atProgress: 3, atFailed: 3,
	atDownload: 4, atHandover: 5,
}

// steps is how many there are.
const steps = 5

// Title implements widget.Screen.
func (s *Screen) Title() string {
	if s.question != nil {
		return s.text("question."+s.question.id+".title", nil)
	}
	at := s.place()
	title := s.text(string(at)+".title", nil)
	if n := step[at]; n > 0 {
		return s.text("step", map[string]any{"Number": n, "Steps": steps, "Title": title})
	}
	return title
}

// Corner implements widget.Header: the time that is left of the access.
func (s *Screen) Corner() string {
	if g := s.state.Grant; g != nil && g.Left > 0 {
		return s.text("corner", map[string]any{"Left": view.Left(g.Left - s.now().Sub(s.state.Now))})
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
func (s *Screen) draw(at place, b *body) {
	switch at {
	case atLoading:
		b.quiet(s.text("loading.lead", nil))
	case atWelcome, atReprove:
		s.drawWelcome(at, b)
	case atReason:
		s.drawReason(b)
	case atContacts:
		s.drawContacts(b)
	case atCode:
		s.drawCode(b)
	case atPaper:
		s.drawPaper(b)
	case atHolding:
		s.drawHolding(b)
	case atReady:
		s.drawReady(b)
	case atStart:
		s.drawStart(b)
	case atProgress:
		s.drawProgress(b)
	case atFailed:
		s.drawFailed(b)
	case atDownload:
		s.drawDownload(b)
	case atHandover:
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

// call says whom to call.
func (s *Screen) call(b *body) {
	if s.state.Call != "" {
		b.quiet(s.text("call", map[string]any{"Call": s.state.Call}))
	}
}

func (s *Screen) drawWelcome(at place, b *body) {
	data := map[string]any{"Title": s.state.Title, "Steps": steps}
	b.say(s.text(string(at)+".lead", data))
	b.next(s.text(string(at)+".next", data))
	if at == atReprove {
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
	b.asks(s.text("reason.lead", nil), s.text("reason.field", nil), s.reason, 70)
	b.next(s.text("reason.next", nil))
	b.quiet(s.text("reason.why", nil))
	s.call(b)
}

// drawEnd draws the pages on which nothing is open.
func (s *Screen) drawEnd(at place, b *body) {
	switch at {
	case atClosed:
		b.good(s.endText(at))
	case atNoContact, atLocked, atVetoed, atRevoked, atGone:
		b.bad(s.endText(at))
	default:
		b.warn(s.endText(at))
	}
	switch {
	case s.ending && s.closing:
		b.next(s.text("end.leave", nil))
	case s.ending && at != atGone:
		b.next(s.text("end.closing", nil))
	default:
		b.next(s.text(string(at)+".next", nil))
	}
	s.call(b)
	if at == atClosed {
		b.quiet(s.text("closed.more", nil))
	}
}

// endText says why nothing is open.
func (s *Screen) endText(at place) string {
	data := map[string]any{"Until": view.Time(s.state.LockedUntil, s.state.Zone)}
	if g := s.state.Grant; g != nil {
		data["Reason"], data["Time"] = g.Reason, view.Time(g.Ended, s.state.Zone)
	}
	if r := s.state.Request; at == atVetoed && r != nil {
		data["Reason"] = r.Refused
	}
	if at == atRevoked && data["Reason"] == "" {
		return s.text("revoked.no_reason", data)
	}
	return s.text(string(at)+".lead", data)
}
