package notify

import (
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/words"
)

func TestSMSFitsIntoOneForEveryEvent(t *testing.T) {
	for _, lang := range words.Languages() {
		t.Run(lang, func(t *testing.T) { smsFits(t, lang) })
	}
}

func smsFits(t *testing.T, lang string) {
	for _, event := range append(allEvents(t), "newer.event") {
		code := core.Secret{}
		if event == core.EventCode {
			code = core.NewSecret("7M2K-Q4XA")
		}
		for name, change := range map[string]func(*core.Message){
			"the longest":      func(*core.Message) {},
			"no call":          func(m *core.Message) { delete(m.Data, "call") },
			"no site":          func(m *core.Message) { m.Site = "" },
			"a call of no use": func(m *core.Message) { m.Data["call"] = strings.Repeat("•", 200) },
			"a long number":    func(m *core.Message) { m.Data["call"] = strings.Repeat("+31 20 123 4567 ", 12) },
			"nothing at all":   func(m *core.Message) { m.Data = nil },
		} {
			m := longest(event, core.ContactPhone)
			m.Lang = lang
			change(&m)
			text, err := Render(m, code, testCheckpoint)
			if err != nil {
				t.Fatalf("%s, %s: %v", event, name, err)
			}
			sms := text.Body.Reveal()
			if places(sms) > maxSMS || places(sms) < 40 || text.Subject != "" {
				t.Errorf("%s, %s: %d places: %s", event, name, places(sms), sms)
			}
			for _, r := range sms {
				if !strings.ContainsRune(gsmBasic, r) {
					t.Errorf("%s, %s: %q is not in GSM-7's basic alphabet: %s", event, name, r, sms)
				}
			}
			if strings.Contains(sms, "<no value>") || strings.Contains(sms, "  ") {
				t.Errorf("%s, %s: %s", event, name, sms)
			}
		}
	}
}

// However long the rest is, an SMS says site, event, time, the number to call,
// and the log.
func TestSMSSaysWhatItMust(t *testing.T) {
	for _, lang := range words.Languages() {
		for _, event := range allEvents(t) {
			if event == core.EventCode || untold[event] {
				continue
			}
			m := longest(event, core.ContactPhone)
			m.Lang = lang
			text, err := Render(m, core.Secret{}, testCheckpoint)
			if err != nil {
				t.Fatal(err)
			}
			sms := text.Body.Reveal()
			for _, want := range []string{m.Site + " 2026-11-24 18:47 +0545: ", gsm(factsOf(m).word("sms")), "+31201234567. Log 123456789 deadbeef"} {
				if !strings.Contains(sms, want) {
					t.Errorf("%s, %s lacks %q: %s", lang, event, want, sms)
				}
			}
		}
	}
}

// The code and until when it works stand whole in the message that carries it,
// in every language.
func TestSMSOfACodeIsWhole(t *testing.T) {
	for _, lang := range words.Languages() {
		m := longest(core.EventCode, core.ContactPhone)
		m.Lang = lang
		text, err := Render(m, core.NewSecret("7M2K-Q4XA"), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{m.Site, "code 7M2K-Q4XA,", "2026-11-24 18:57 +0545", "R-7M2KQ4XA"} {
			if sms := text.Body.Reveal(); !strings.Contains(sms, want) || !strings.HasSuffix(sms, ".") {
				t.Errorf("%s lacks %q: %s", lang, want, sms)
			}
		}
	}
}

func TestSMS(t *testing.T) {
	m := core.Message{
		Event: core.EventGrantActivated, Kind: core.ContactPhone, Site: "acme", Zone: "Europe/Amsterdam", Created: created,
		Data: map[string]string{"call": "Eva, +31 6 12345678", "expires": created.Add(4 * time.Hour).Format(time.RFC3339)},
	}
	text, err := Render(m, core.Secret{}, testCheckpoint)
	want := "acme 2026-11-24 14:02 CET: ACCESS OPEN until 2026-11-24 18:02 CET. Call Eva, +31 6 12345678. Log 123456789 deadbeef"
	if got := text.Body.Reveal(); err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// Where an event's own words are too long, they are cut: not the number, not
// the log.
func TestSMSCutsWordsBeforeTheLog(t *testing.T) {
	m := longest(core.Event("an."+strings.Repeat("event", 40)), core.ContactPhone)
	text, err := Render(m, core.Secret{}, testCheckpoint)
	sms := text.Body.Reveal()
	if err != nil || places(sms) != maxSMS || !strings.HasSuffix(sms, " +31201234567. Log 123456789 deadbeef") {
		t.Errorf("%v, %d places: %s", err, places(sms), sms)
	}
}

func TestShortCall(t *testing.T) {
	for _, test := range []struct {
		call string
		room int
		want string
	}{
		{"Eva, +31 6 12345678", 30, "Eva, +31 6 12345678"},
		{"Eva van den Berg at Webworks, +31 20 123 4567", 30, "Eva van den Berg +31201234567"},
		{"Eva van den Berg at Webworks, +31 20 123 4567", 16, "Eva +31201234567"},
		{"Eva van den Berg at Webworks, +31 20 123 4567", 13, "+31201234567"},
		{"(020) 123-4567 is the number of the people who look after it", 20, "0201234567"},
		{"Eva van den Berg, +31 (0)6 1234 5678, or in an emergency 112", 18, "Eva v +31612345678"},
		{"Mon-Fri 09:00-17:00 Webworks BV 020 123 4567 (9-17 h), Eva", 24, "Mon-Fri 09:00 0201234567"},
		{"9-17 h: Webworks BV +31 20 123 4567 (9-17 h), Eva, 0800 1234567890", 24, "9-17 h: Web +31201234567"},
		{"1234567890123456789012345 is no number", 10, "1234567890"},
		{"the people who look after the website", 16, "the people who l"},
		{"“Åse” Łukasz [office], +4712345678", 40, "\"Åse\" Lukasz (office), +4712345678"},
	} {
		if got := shortCall(test.call, test.room); got != test.want {
			t.Errorf("%q in %d: got %q, want %q", test.call, test.room, got, test.want)
		}
	}
}

func TestGSM(t *testing.T) {
	for in, want := range map[string]string{
		"plain ASCII":       "plain ASCII",
		"äöüÄÖÜß ñ à é Ç":   "äöüÄÖÜß ñ à é Ç",
		"+31•••••78":        "+31*****78",
		"“a” – ‘b’ … [c] €": "\"a\" - 'b' ... (c) EUR",
		"ëïç Ő š ž ﬁ":       "eic O s z f",
		"e\u0301 x\u0301":   "é x",
		"a\tb\u00a0c\nd":    "a b c d",
		"привет 中 😀":        "?????? ? ?",
		"^{}\\[]~|€":        "'()/()-/EUR",
	} {
		if got := gsm(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzGSM(f *testing.F) {
	f.Add("a•b", 16)
	f.Add("Eva +31 20 123 4567", 10)
	f.Fuzz(func(t *testing.T, s string, room int) {
		room = 1 + (room&0xff)%160
		for _, out := range []string{gsm(s), shortCall(s, room)} {
			for _, r := range out {
				if !strings.ContainsRune(gsmBasic, r) {
					t.Fatalf("%q holds %q", out, r)
				}
			}
		}
		if got := shortCall(s, room); places(got) > room {
			t.Fatalf("%q has %d places, not %d", got, places(got), room)
		}
	})
}
