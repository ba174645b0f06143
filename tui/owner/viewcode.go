package owner

import (
	"time"

	"breakglass/core"
	"breakglass/core/view"
)

func (s *Screen) drawContacts(b *body) {
	r := s.request()
	id := "contacts.lead"
	switch {
	case r.Joins:
		id = "contacts.again"
	case r.State != core.RequestDrafted && r.State != core.RequestCodeSent:
		id = "contacts.elsewhere"
	}
	b.say(s.text(id, nil))
	b.next(s.text("contacts.next", nil))
	var texts []string
	for _, w := range s.ways() {
		texts = append(texts, s.wayText(w))
	}
	b.choices(texts, s.cursor)
	b.quiet(s.text("contacts.sends", map[string]any{"Count": r.SendsLeft}))
	b.quiet(s.text("contacts.wrong", map[string]any{"Call": s.whom()}))
}

// wayText is one line of the list: "Email j•••••@e•••••.nl (worked 3 days ago)".
func (s *Screen) wayText(w way) string {
	if w.paper {
		return s.text("contacts.paper", map[string]any{"Hold": view.Span(s.Lang(), core.PaperHold)})
	}
	data := map[string]any{"Address": w.contact.Masked, "Count": int(s.now().Sub(w.contact.Proven) / (24 * time.Hour))}
	switch {
	case w.contact.Proven.IsZero():
		return s.text("contacts.never."+string(w.contact.Kind), data)
	case data["Count"] == 0:
		return s.text("contacts.today."+string(w.contact.Kind), data)
	default:
		return s.text("contacts.proven."+string(w.contact.Kind), data)
	}
}

func (s *Screen) drawCode(b *body) {
	r := s.request()
	left := r.CodeExpires.Sub(s.now())
	data := map[string]any{
		"Address": r.SentTo.Masked, "Left": view.Left(s.Lang(), left), "Count": r.TriesLeft,
		"Message": view.Message(s.Lang(), s.state.Zone, r.Message),
	}
	if r.SentTo.Masked == "" { // it was taken off the contacts since
		data["Address"] = s.text("code.somewhere", nil)
	}
	live := r.CodeLive && left > 0
	switch {
	case live:
		b.asks(s.text("code.lead", data), s.text("code.field", nil), s.code, 20)
		b.next(s.text("code.next", nil))
		b.gap()
		b.item(s.theme.Symbols.Bullet, s.text("code.left", data))
		b.item(s.theme.Symbols.Bullet, s.text("code.tries", data))
	case r.SendsLeft > 0:
		b.warn(s.text("code.dead", data))
		b.next(s.text("code.dead_next", nil))
	default:
		b.bad(s.text("code.used_up", nil))
		b.next(s.text("code.used_up_next", nil))
		s.call(b)
	}
	if data["Message"] != "" {
		b.item(s.messageSign(r.Message), s.text("code.message", data))
	}
	if !live {
		return
	}
	if r.Message.State == core.MessageFailed || r.Message.State == core.MessageExpired {
		b.warn(s.text("code.undelivered", nil))
		return
	}
	b.quiet(s.text("code.wait", nil))
}

// messageSign is the sign beside what became of the message.
func (s *Screen) messageSign(m core.MessageInfo) string {
	switch m.State {
	case core.MessageAccepted:
		return s.theme.Symbols.Tick
	case core.MessageFailed, core.MessageExpired:
		return s.theme.Symbols.Failed
	default:
		return s.theme.Symbols.Running
	}
}

func (s *Screen) drawPaper(b *body) {
	hold := map[string]any{"Hold": view.Span(s.Lang(), core.PaperHold)}
	b.asks(s.text("paper.lead", nil), s.text("paper.field", nil), s.code, 40)
	b.next(s.text("paper.next", nil))
	b.warn(s.text("paper.hold", hold))
	b.quiet(s.text("paper.why", hold))
}

func (s *Screen) drawHolding(b *body) {
	r := s.request()
	b.good(s.text("holding.lead", nil))
	b.next(s.text("holding.next", map[string]any{
		"Until": view.Time(r.Ready, s.state.Zone), "Left": view.Left(s.Lang(), r.Ready.Sub(s.now())),
	}))
	if r.Proven {
		b.say(s.text("holding.back", nil))
		b.gap()
		b.command(s.lines().Back, s.text("folded", nil))
	} else {
		b.say(s.text("holding.unproven", nil))
	}
	b.quiet(s.text("holding.why", nil))
	s.call(b)
}

func (s *Screen) drawReady(b *body) {
	b.good(s.text("ready.lead", nil))
	b.next(s.text("ready.next", nil))
	b.say(s.text("ready.what", map[string]any{"Until": view.Time(s.request().Lapses, s.state.Zone)}))
	b.quiet(s.text("ready.unchanged", nil))
	s.call(b)
}
