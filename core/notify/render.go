package notify

import (
	"errors"
	"fmt"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// The limit of a subject, in bytes: it should fit on a screen, and no mail
// system folds it.
const maxSubject = 140

// Render words a message in its own language. checkpoint is the log's signed
// checkpoint as it stands now, "" where none could be had. A row for a phone
// becomes one SMS of 160 GSM-7 letters at most, one for email a subject and a
// plain text, one for a webhook a line for a chat. A code goes into the message that carries it and into no other:
// everything else is an error.
func Render(m core.Message, code core.Secret, checkpoint string) (Text, error) {
	if (m.Event == core.EventCode) == code.IsZero() {
		return Text{}, fmt.Errorf("word message %s: %w", m.ID, errCodePlace)
	}
	w, err := readWitness(checkpoint)
	if err != nil {
		return Text{}, fmt.Errorf("word message %s: %w", m.ID, err)
	}
	f := factsOf(m)
	switch {
	case m.Event == core.EventCode && m.Kind == core.ContactWebhook:
		return Text{}, fmt.Errorf("word message %s: %w", m.ID, errCodePlace)
	case m.Event == core.EventCode && f.drill() && m.Kind == core.ContactPhone:
		return Text{Body: core.NewSecret(f.drillCode(m.Kind, code))}, nil
	case m.Event == core.EventCode && f.drill():
		return Text{Subject: f.subject(), Body: core.NewSecret(f.drillCode(m.Kind, code))}, nil
	case m.Event == core.EventCode && m.Kind == core.ContactPhone:
		return Text{Body: core.NewSecret(f.codeSMS(code))}, nil
	case m.Event == core.EventCode:
		return Text{Subject: f.subject(), Body: core.NewSecret(f.codeMail(code))}, nil
	case m.Kind == core.ContactPhone:
		return Text{Body: core.NewSecret(f.sms(w))}, nil
	case m.Kind == core.ContactWebhook:
		return Text{Body: core.NewSecret(f.mark(f.hook(w)))}, nil
	default:
		return Text{Subject: f.subject(), Body: core.NewSecret(f.mail(w))}, nil
	}
}

var errCodePlace = errors.New("a code stands in its own message and nowhere else")

// word returns one of the three texts of the message's event: its subject, its
// opening sentence or its SMS.
func (f facts) word(part string) string {
	id := "notify." + string(f.m.Event) + "." + part
	if !words.Has(id) {
		id = "notify.other." + part // an event that is new here is told rather than lost
	}
	return f.text(id)
}

// text returns a text of the catalogue with what it may say of the message.
func (f facts) text(id string) string { return words.Text(f.m.Lang, id, f.values) }

func (f facts) subject() string {
	subject := f.mark(safetext.Line(f.word("subject")))
	for len(subject) > maxSubject {
		runes := []rune(subject)
		subject = string(runes[:len(runes)-2]) + "…"
	}
	return subject
}
