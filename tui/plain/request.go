package plain

import (
	"context"
	"strconv"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

// pageAt is the page of a place, but for the one of a running backup.
func (s *session) pageAt(at wizard.Place) page {
	switch at {
	case wizard.Welcome, wizard.Reprove:
		return s.welcomePage(at)
	case wizard.Reason:
		return s.reasonPage()
	case wizard.Contacts:
		return s.contactsPage(*s.state.Request)
	case wizard.Code:
		return s.codePage(*s.state.Request)
	case wizard.Paper:
		return s.paperPage()
	case wizard.Holding:
		return s.holdingPage(*s.state.Request)
	case wizard.Ready:
		return s.readyPage(*s.state.Request)
	case wizard.Start, wizard.Failed:
		return s.startPage(at)
	case wizard.Download:
		return s.downloadPage()
	case wizard.Handover:
		return s.handoverPage()
	default:
		return s.endPage(at)
	}
}

func (s *session) welcomePage(at wizard.Place) page {
	p := page{choices: []choice{{s.text("plain."+string(at)+".go", nil), s.begin}}}
	p.lead = func() {
		s.tell(map[string]any{"Title": s.state.Title}, "owner."+string(at)+".lead")
		if at == wizard.Reprove {
			s.tell(nil, "owner.reprove.why")
		} else {
			s.tell(nil, "plain.how")
			for n := 1; n <= steps; n++ {
				s.item("- ", s.text("owner.welcome.step"+strconv.Itoa(n), nil))
			}
		}
		s.call()
	}
	return p
}

// steps is how many there are from the reason to the end.
const steps = 5

func (s *session) begin() error {
	s.Choices = wizard.Choices{Asking: true}
	return nil
}

func (s *session) reasonPage() page {
	lead := "owner.reason.lead"
	if wizard.ComesBack(s.state) {
		lead = "owner.reason.again"
	}
	return page{
		lead:  func() { s.tell(nil, lead, "owner.reason.why", "owner.reason.next") },
		field: s.text("owner.reason.field", nil), empty: "owner.not.reason",
		free: func(text string) error {
			_, err := s.console.Draft(s.ctx, s.actor, text)
			if err == nil {
				s.Choices = wizard.Choices{}
			}
			return err
		},
	}
}

func (s *session) contactsPage(r core.RequestInfo) page {
	var p page
	for _, c := range s.state.Contacts {
		p.choices = append(p.choices, choice{s.contactText(c), func() error { return s.send(c.ID) }})
	}
	if wizard.PaperWorks(s.state) {
		text := s.text("owner.contacts.paper", map[string]any{"Hold": view.Span(s.state.Lang, core.PaperHold)})
		p.choices = append(p.choices, choice{text, func() error { s.Paper = true; return nil }})
	}
	if s.Choosing && r.CodeLive {
		p.choices = append(p.choices, choice{s.text("plain.contacts.have_code", nil), func() error { s.Choosing = false; return nil }})
	}
	p.choices = append(p.choices, s.giveUp())
	p.lead = func() {
		switch {
		case r.Joins:
			s.tell(nil, "owner.contacts.again")
		case wizard.Entered(r):
			s.tell(nil, "owner.contacts.elsewhere")
		default:
			s.tell(nil, "owner.contacts.lead")
		}
		s.tell(map[string]any{"Count": r.SendsLeft, "Call": wizard.Whom(s.state)}, "owner.contacts.sends", "owner.contacts.wrong")
	}
	return p
}

// contactText is one line of the list: "Email j***@e***.nl (worked 3 days ago)".
func (s *session) contactText(c core.ContactInfo) string {
	data := map[string]any{"Address": c.Masked, "Count": int(s.state.Now.Sub(c.Proven) / (24 * time.Hour))}
	switch {
	case c.Proven.IsZero():
		return s.text("owner.contacts.never."+string(c.Kind), data)
	case data["Count"] == 0:
		return s.text("owner.contacts.today."+string(c.Kind), data)
	default:
		return s.text("owner.contacts.proven."+string(c.Kind), data)
	}
}

// send has a code sent. The code page is said anew, wherever the last one went.
func (s *session) send(contact string) error {
	_, err := s.console.SendCode(s.ctx, s.actor, contact)
	if err == nil {
		s.Choosing, s.shown = false, ""
	}
	return err
}

func (s *session) giveUp() choice {
	return choice{s.text("plain.give_up", nil), func() error {
		yes, err := s.sure("cancel_request")
		if err != nil || !yes {
			return err
		}
		return s.console.CancelRequest(s.ctx, s.actor)
	}}
}

func (s *session) codePage(r core.RequestInfo) page {
	other := choice{s.text("plain.code.other_way", nil), func() error { s.Choosing = true; return nil }}
	p := page{choices: []choice{{s.text("plain.code.resend", nil), func() error { return s.resend(r) }}, other, s.giveUp()}}
	data := map[string]any{
		"Address": r.SentTo.Masked, "Left": view.Left(s.state.Lang, r.CodeExpires.Sub(s.state.Now)), "Count": r.TriesLeft,
	}
	if r.SentTo.Masked == "" { // it was taken off the contacts since
		data["Address"] = s.text("owner.code.somewhere", nil)
	}
	switch {
	case r.CodeLive:
		p.field, p.empty = s.text("plain.code.field", nil), "owner.not.code"
		p.free = func(text string) error { return s.prove(s.console.EnterCode, text) }
		p.lead = func() {
			s.tell(data, "owner.code.lead", "owner.code.left", "owner.code.tries")
			s.say(s.messageText(r)...)
			s.tell(data, "owner.code.next", "plain.code.wait")
		}
	case r.SendsLeft > 0:
		p.lead = func() { s.tell(data, "owner.code.dead", "plain.code.dead_next") }
	default:
		p.lead = func() { s.tell(data, "owner.code.used_up", "plain.code.used_up_next") }
	}
	return p
}

// messageText says what became of the message with the code.
func (s *session) messageText(r core.RequestInfo) []string {
	switch text := view.Message(s.state.Lang, s.state.Zone, r.Message); {
	case text == "":
		return nil
	case r.Message.State == core.MessageFailed || r.Message.State == core.MessageExpired:
		return []string{s.text("plain.code.undelivered", nil)}
	default:
		return []string{s.text("owner.code.message", map[string]any{"Message": text})}
	}
}

// resend has a new code sent to where the last one went, if that still works.
func (s *session) resend(r core.RequestInfo) error {
	for _, c := range s.state.Contacts {
		if c.ID == r.SentTo.ID {
			return s.send(c.ID)
		}
	}
	s.Choosing = true
	return nil
}

// prove tries what was typed. The actor that comes back holds this session's
// token: nothing else knows it.
func (s *session) prove(try func(context.Context, core.Actor, string) (core.Actor, error), typed string) error {
	proved, err := try(s.ctx, s.actor, typed)
	if err == nil {
		s.actor, s.Choices = proved, wizard.Choices{}
	}
	return err
}

func (s *session) paperPage() page {
	hold := map[string]any{"Hold": view.Span(s.state.Lang, core.PaperHold)}
	return page{
		lead: func() { s.tell(hold, "owner.paper.lead", "owner.paper.hold", "owner.paper.why", "owner.paper.next") },
		choices: []choice{
			{s.text("plain.code.other_way", nil), func() error { s.Paper, s.Choosing = false, true; return nil }},
			s.giveUp(),
		},
		field: s.text("plain.paper.field", nil), empty: "owner.not.code",
		free: func(text string) error { return s.prove(s.console.EnterPaper, text) },
	}
}

func (s *session) holdingPage(r core.RequestInfo) page {
	return page{
		lead: func() {
			data := map[string]any{"Until": view.Time(r.Ready, s.state.Zone), "Left": view.Left(s.state.Lang, r.Ready.Sub(s.state.Now))}
			s.tell(data, "owner.holding.lead", "owner.holding.next", "owner.holding.why")
			if r.Proven {
				s.tell(nil, "owner.holding.back")
				s.copyable(s.lines().Back)
			} else {
				s.tell(nil, "owner.holding.unproven")
			}
			s.call()
		},
		choices: []choice{{s.text("plain.look", nil), s.again}, s.giveUp()},
	}
}

func (s *session) readyPage(r core.RequestInfo) page {
	return page{
		lead: func() {
			s.tell(map[string]any{"Until": view.Time(r.Lapses, s.state.Zone)}, "owner.ready.lead", "owner.ready.what", "owner.ready.unchanged")
		},
		choices: []choice{{s.text("plain.ready.open", nil), func() error {
			_, err := s.console.Activate(s.ctx, s.actor)
			return err
		}}, s.giveUp()},
	}
}

// endPage is where nothing is open.
func (s *session) endPage(at wizard.Place) page {
	p := page{lead: func() { s.say(s.endText(at)); s.tell(nil, "plain.end."+string(at)); s.call() }}
	if at == wizard.Locked || at == wizard.NoContact {
		p.choices = []choice{{s.text("plain.look", nil), s.again}}
		return p
	}
	p.choices = []choice{{s.text("plain.welcome.go", nil), s.begin}}
	return p
}

// endText says why nothing is open.
func (s *session) endText(at wizard.Place) string {
	data := map[string]any{"Until": view.Time(s.state.LockedUntil, s.state.Zone)}
	if g := s.state.Grant; g != nil {
		data["Reason"], data["Time"] = safetext.Line(g.Reason), view.Time(g.Ended, s.state.Zone)
	}
	if r := s.state.Request; at == wizard.Vetoed && r != nil {
		data["Reason"] = safetext.Line(r.Refused)
	}
	if at == wizard.Revoked && data["Reason"] == "" {
		return s.text("owner.revoked.no_reason", data)
	}
	return s.text("owner."+string(at)+".lead", data)
}

// sayOver says that access ended under this session, and why.
func (s *session) sayOver() {
	s.gap()
	if s.state.Grant == nil {
		s.say(s.sentence(core.ErrClosed))
		return
	}
	at := wizard.EndOf(s.state.Grant.State)
	s.say(s.endText(at))
	if at == wizard.Closed {
		s.tell(nil, "owner.closed.more")
	} else {
		s.tell(nil, "plain.over")
	}
	s.call()
}
