package notify

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/words"
)

// Every notice is worded in every language, whole, and in that language alone.
func TestNoticesInEveryLanguage(t *testing.T) {
	for _, lang := range words.Languages() {
		for _, event := range allEvents(t) {
			if event == core.EventCode || untold[event] {
				continue
			}
			for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactWebhook} {
				m := longest(event, kind)
				m.Lang = lang
				text, err := Render(m, core.Secret{}, testCheckpoint)
				if err != nil {
					t.Fatal(err)
				}
				body := text.Body.Reveal()
				if strings.Contains(text.Subject+body, "<no value>") || body == "" {
					t.Errorf("%s, %s: %s\n%s", lang, event, text.Subject, body)
				}
				if english := strings.Contains(body, " the ") && strings.Contains(body, "Whom to call"); english != (lang == "en") {
					t.Errorf("%s, %s is in another language:\n%s", lang, event, body)
				}
			}
		}
	}
}

func TestDutchMail(t *testing.T) {
	m := longest(core.EventPersonAdded, core.ContactEmail)
	m.Lang, m.Data["person"], m.Data["host"] = "nl", "rob", "door.example"
	text, err := Render(m, core.Secret{}, testCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	if text.Subject != "door.example: rob is toegevoegd als beheerder" {
		t.Errorf("%s", text.Subject)
	}
	for _, want := range []string{
		"rob is toegevoegd aan de console op door.example als beheerder.", "  Wie: ", "de eigenaar van ", "Wie u kunt bellen: ", "Bewaar dit bericht", "UW-NAAM@door.example",
	} {
		if !strings.Contains(text.Body.Reveal(), want) {
			t.Errorf("lacks %q:\n%s", want, text.Body.Reveal())
		}
	}
}
