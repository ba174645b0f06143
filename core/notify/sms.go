package notify

import (
	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// sms words a notice for a phone: site, event, time, whom to call, the log's
// size and the beginning of its root. Whom to call gets the room that the others
// leave; the site's name, the time and the log are never cut.
func (f facts) sms(w witness) string {
	event := gsm(f.word("sms"))
	name := cut(gsm(f.values["Site"].(string)), maxName) // a host's name, where no site is meant
	build := func(event, call string) string {
		return gsm(words.Text(f.m.Lang, "notify.sms", map[string]any{
			"Site": name, "Event": event, "Time": view.Time(f.m.Created, f.m.Zone),
			"Call": call, "Size": w.size, "Root": w.root,
		}))
	}
	call := f.m.Data["call"]
	if call != "" {
		// What stands around the call counts too: measure with one letter in it.
		call = shortCall(call, max(f.room()-places(build(event, "x"))+1, minCall))
	}
	text := build(event, call)
	if over := places(text) - f.room(); over > 0 {
		text = build(cut(event, places(event)-over), call)
	}
	return f.mark(cut(text, f.room()))
}

// hook words a notice for a chat or a pager: what happened, who did it, whom to
// call, and the log.
func (f facts) hook(w witness) string {
	return words.Text(f.m.Lang, "notify.webhook", map[string]any{
		"Opening": f.word("opening"), "Who": f.values["Who"], "Reason": f.m.Data["reason"], "Call": f.m.Data["call"],
		"Size": w.size, "Root": w.root,
	})
}

// maxName is the length of the longest site's ID.
const maxName = 32

// minCall is the room for a number in E.164 form, which whom to call gets even
// where an event's words must be cut for it.
const minCall = 16

// codeSMS words the message that carries a code to a phone.
func (f facts) codeSMS(code core.Secret) string {
	return cut(gsm(f.withCode(code).text("notify.code.sms")), maxSMS)
}

func (f facts) withCode(code core.Secret) facts {
	return f.with(map[string]any{
		"Code": code.Reveal(), "Until": view.Time(f.m.Expires, f.m.Zone), "UntilBoth": f.both(f.m.Expires),
	})
}
