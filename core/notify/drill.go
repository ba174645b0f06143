package notify

import (
	"breakglass/core"
	"breakglass/core/words"
)

// drillMark begins whatever a drill sends, in every language alike, so that a
// mailbox can be searched for it.
const drillMark = "[DRILL] "

// drillPlaces is how many of an SMS's places the mark takes: GSM-7 writes each of
// the brackets in two.
const drillPlaces = 10

func (f facts) drill() bool { return f.m.Data[core.DataDrill] != "" }

// mark begins a text of a drill with its mark.
func (f facts) mark(text string) string {
	if f.drill() {
		return drillMark + text
	}
	return text
}

// room is how many places an SMS has for its text.
func (f facts) room() int {
	if f.drill() {
		return maxSMS - drillPlaces
	}
	return maxSMS
}

// drillMail puts a notice of a drill between words that say what it is.
func (f facts) drillMail(notice string) string {
	return drillMark + f.text("notify.drill.opening") + "\n\n" + notice + "\n\n" + f.text("notify.drill.closing") + "\n"
}

// drillCode words a code of a drill, which opens nothing.
func (f facts) drillCode(kind core.ContactKind, code core.Secret) string {
	values := map[string]any{"Code": code.Reveal()}
	if kind == core.ContactPhone {
		return drillMark + cut(gsm(f.with(values).text("notify.drill.code.sms")), f.room())
	}
	return drillMark + words.Text(f.m.Lang, "notify.drill.code.mail", f.with(values).values) + "\n"
}
