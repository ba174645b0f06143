package notify

import (
	"time"

	"breakglass/core"
	"breakglass/core/words"
)

// testLife is how long a test message is of any use.
const testLife = time.Minute

// TestMessage is what shows whether a channel works, for somebody at the
// console's own computer: no row of the outbox and no line of the log stands
// behind it. host is the console's name.
func TestMessage(id string, kind core.ContactKind, to, host string, now time.Time) Envelope {
	f := factsOf(core.Message{
		ID: id, Event: core.EventChannelTested, Kind: kind, Data: map[string]string{"actor": core.RootActor.ID(), "host": host},
	})
	e := Envelope{ID: id, Kind: kind, To: to, At: now.UTC(), Life: testLife, Event: core.EventChannelTested, Happened: now.UTC()}
	switch kind {
	case core.ContactPhone:
		e.Text.Body = core.NewSecret(cut(gsm(words.Text("", "notify.test.sms", f.values)), maxSMS))
	case core.ContactWebhook:
		e.Text.Body = core.NewSecret(f.word("opening"))
	default:
		e.Text = Text{Subject: f.subject(), Body: core.NewSecret(f.word("opening") + "\n")}
	}
	return e
}
