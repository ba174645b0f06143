package notify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/words"
)

// gsmPlaces counts as a phone network does: the brackets take two places each.
func gsmPlaces(sms string) int {
	return places(sms) + strings.Count(sms, "[") + strings.Count(sms, "]")
}

// Whatever a drill sends, of any event, in any language and with the longest
// names, begins with its mark and fits.
func TestADrillIsMarkedEverywhere(t *testing.T) {
	for _, lang := range words.Languages() {
		for _, event := range allEvents(t) {
			for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactPhone, core.ContactWebhook} {
				if event == core.EventCode && kind == core.ContactWebhook {
					continue
				}
				m := longest(event, kind)
				m.Lang, m.Data[core.DataDrill] = lang, "true"
				code := core.Secret{}
				if event == core.EventCode {
					code = core.NewSecret("7M2K-Q4XA")
				}
				text, err := Render(m, code, testCheckpoint)
				if err != nil {
					t.Fatal(err)
				}
				body := text.Body.Reveal()
				if !strings.HasPrefix(body, drillMark) || (kind == core.ContactEmail) != strings.HasPrefix(text.Subject, drillMark) || len(text.Subject) > maxSubject {
					t.Errorf("%s, %s, %s: %q\n%s", lang, event, kind, text.Subject, body)
				}
				if event == core.EventCode && !strings.Contains(body, "7M2K-Q4XA") {
					t.Errorf("%s, %s: the code is cut: %s", lang, kind, body)
				}
				if kind == core.ContactEmail && (strings.Contains(body, "ssh ") || strings.Contains(body, "no value") || strings.Contains(body, "notify.")) {
					t.Errorf("%s, %s: there is nothing to stop:\n%s", lang, event, body)
				}
				if kind != core.ContactPhone {
					continue
				}
				if gsmPlaces(body) > maxSMS {
					t.Errorf("%s, %s: %d places: %s", lang, event, gsmPlaces(body), body)
				}
				for _, r := range body {
					if !strings.ContainsRune(gsmBasic+"[]", r) {
						t.Errorf("%s, %s: %q is not in GSM-7: %s", lang, event, r, body)
					}
				}
			}
		}
	}
}

// Nobody reads a drill for the real thing, nor the real thing for a drill.
func TestADrillSaysThatItIsOne(t *testing.T) {
	m := longest(core.EventRequestDrafted, core.ContactEmail)
	m.Data["actor"] = "manager:eva"
	earnest, err := Render(m, core.Secret{}, testCheckpoint)
	if err != nil || strings.Contains(earnest.Subject+earnest.Body.Reveal(), "DRILL") {
		t.Errorf("%v, %q", err, earnest.Subject)
	}
	m.Data[core.DataDrill] = "true"
	drill, err := Render(m, core.Secret{}, testCheckpoint)
	body := drill.Body.Reveal()
	for _, want := range []string{"[DRILL] This is a drill that the manager eva started.", "nothing opens", "asks for access to its backup", "deadbeef", "That was the drill."} {
		if err != nil || !strings.Contains(body, want) {
			t.Errorf("%v, lacks %q:\n%s", err, want, body)
		}
	}
	for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactPhone} {
		m := longest(core.EventCode, kind)
		m.Data[core.DataDrill] = "true"
		text, err := Render(m, core.NewSecret("7M2K-Q4XA"), "")
		if err != nil || !strings.Contains(text.Body.Reveal(), "opens nothing") {
			t.Errorf("%v: %s", err, text.Body.Reveal())
		}
	}
}

// A pager that reads fields and not texts is not rung by a drill for an
// emergency, and a drill's code goes to the contacts alone.
func TestAMachineKnowsADrill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		after(time.Minute)
		before := len(h.hook.sent())
		h.do(h.console.Drill(t.Context(), h.manager, "acme"))
		after(time.Minute)
		rung := h.hook.sent()[before:]
		if len(rung) != 1 || !rung[0].Drill || !strings.HasPrefix(rung[0].Text.Body.Reveal(), drillMark) {
			t.Errorf("%+v", rung)
		}
		codes := 0
		for _, e := range append(h.mail.sent(), h.sms.sent()...) {
			if e.Code {
				codes++
				if e.To != "jo@acme.example" && e.To != "+31612345678" || !e.Drill {
					t.Errorf("%+v", e)
				}
			}
		}
		if codes != 2 {
			t.Errorf("%d codes", codes)
		}
		h.stop()
	})
}
