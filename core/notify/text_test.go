package notify

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/words"
)

// allEvents reads the events that core declares.
func allEvents(t *testing.T) []core.Event {
	t.Helper()
	var events []core.Event
	for _, name := range []string{"../message.go", "../channel.go", "../drill.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Event") {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, core.Event(text))
			return true
		})
	}
	if len(events) < 40 {
		t.Fatalf("only %d events were found", len(events))
	}
	return events
}

// untold lists the events that stay in the log: nobody is sent a message.
var untold = map[core.Event]bool{
	core.EventLogin: true, core.EventLogRead: true, core.EventLogExported: true, core.EventMessageAccepted: true, core.EventHeartbeat: true, core.EventLogPushResumed: true, core.EventDrill: true,
	core.EventArchiveRehearsed: true,
}

func TestEveryEventHasItsWords(t *testing.T) {
	for _, event := range allEvents(t) {
		for _, part := range []string{"subject", "opening", "sms"} {
			if id := "notify." + string(event) + "." + part; words.Has(id) == untold[event] {
				t.Errorf("%s: in the catalogue: %t", id, words.Has(id))
			}
		}
	}
}

// An event that a newer core sends is told in general words rather than lost.
func TestNewEventIsTold(t *testing.T) {
	m := longest("newer.event", core.ContactEmail)
	text, err := Render(m, core.Secret{}, testCheckpoint)
	if err != nil || !strings.Contains(text.Subject, "newer.event") || !strings.Contains(text.Body.Reveal(), "newer.event") {
		t.Errorf("%q, %v", text.Subject, err)
	}
}

var created = time.Date(2026, 11, 24, 13, 2, 7, 0, time.UTC)

// longest is a message in which everything is as long as it can be, or longer.
func longest(event core.Event, kind core.ContactKind) core.Message {
	at := created.Add(72 * time.Hour).Format(time.RFC3339)
	m := core.Message{
		ID: "M-0000000001-000", Event: event, Kind: kind, Address: "jo@acme.example", Zone: "Asia/Kathmandu", // +0545: no short name
		Site: strings.Repeat("m", 32), Request: "R-7M2KQ4XA", Grant: "G-7M2KQ4XB", Leaf: 123456788,
		Created: created, Expires: created.Add(10 * time.Minute),
		Data: map[string]string{
			"actor": "owner:" + strings.Repeat("m", 32), "factor": "SHA256:" + strings.Repeat("k", 43), "remote": "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
			"call": strings.Repeat("Wilhelmina van der Ëijnden “Webworks” € ", 5) + "+31 20 123 4567 (9–17 h)", "host": strings.Repeat("h", 60) + ".example", "port": "2222",
			"title": strings.Repeat("Тест ", 40), "archive_key": "SHA256:" + strings.Repeat("a", 43), "reason": strings.Repeat("reason ", 28),
			"expires": at, "until": at, "ready": at, "contact": "j•••••@e•••••.technology", "channel": "email", "instead_of": "sms", "send": "3",
			"job": "J-7M2KQ4XA", "archive": strings.Repeat("m", 32) + "-20261124T130207Z.tar.gz", "size": "999999999999", "sha256": strings.Repeat("f", 64),
			"verdict": "complete", "problem": strings.Repeat("problem ", 24), "incident": "7M2KQ4XA", "root": "/var/www/" + strings.Repeat("r", 180),
			"person": strings.Repeat("w", 32), "role": "manager", "key": "SHA256:" + strings.Repeat("b", 43), "count": "17", "contacts": "3",
			"why": "refused", "what": strings.Repeat("what ", 40), "server": "MariaDB 10.11.6",
			"life": "4h0m0s", "hold": "72h0m0s", "zone": "Europe/Amsterdam", "lang": "en", "database_host": "db.example",
		},
	}
	return m
}

// The mail of a notice says all that access.md wants of it.
func TestMailSaysWhatItMust(t *testing.T) {
	m := longest(core.EventGrantActivated, core.ContactEmail)
	m.Data["title"] = "Acme Bakery"
	text, err := Render(m, core.Secret{}, testCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	body := text.Body.Reveal()
	for what, want := range map[string]string{
		"what happened":    "Access to the backup of " + m.Site + " is open and ends by itself at ",
		"the site":         m.Site + " (Acme Bakery)",
		"who":              "the owner of " + strings.Repeat("m", 32),
		"by which key":     m.Data["factor"],
		"from where":       m.Data["remote"],
		"when, UTC":        "2026-11-24 13:02:07 UTC",
		"when, the site's": "2026-11-24 18:47:07 +0545",
		"request":          "R-7M2KQ4XA",
		"grant":            "G-7M2KQ4XB",
		"the reason":       "“reason reason",
		"what is possible": "three things: start a backup",
		"what is not":      "cannot change the site",
		"when it ends":     "2026-11-27 13:02:07 UTC (2026-11-27 18:47:07 +0545)",
		"how to stop it":   "    ssh -p 2222 YOUR-NAME@" + m.Data["host"] + " grant revoke G-7M2KQ4XB YOUR REASON",
		"whom to call":     "Whom to call: Wilhelmina",
		"the archive key":  "SHA256:" + strings.Repeat("a", 43),
		"the checkpoint":   strings.TrimSpace(testCheckpoint),
		"its own line":     "line 123456788",
		"the size":         "123456789 lines",
		"the root's start": "root deadbeef",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing (%q):\n%s", what, want, body)
		}
	}
	if strings.Contains(body, "http") || strings.Contains(text.Subject, "http") {
		t.Errorf("there is a link:\n%s", body)
	}
}

func TestMailIsWholeForEveryEvent(t *testing.T) {
	for _, event := range allEvents(t) {
		if event == core.EventCode {
			continue
		}
		for _, change := range []func(*core.Message){
			func(*core.Message) {}, func(m *core.Message) { m.Data, m.Site, m.Request, m.Grant, m.Zone = nil, "", "", "", "" },
		} {
			m := longest(event, core.ContactEmail)
			change(&m)
			text, err := Render(m, core.Secret{}, testCheckpoint)
			if err != nil {
				t.Fatal(err)
			}
			body := text.Body.Reveal()
			if strings.Contains(body+text.Subject, "no value") || strings.Contains(body, "notify.") || text.Subject == "" || len(text.Subject) > maxSubject ||
				!strings.Contains(body, "deadbeef") {
				t.Errorf("%s: %s\n%s", event, text.Subject, body)
			}
		}
	}
}

// Stopping is offered where there is something to stop, and by no link.
func TestHowToStop(t *testing.T) {
	for _, event := range allEvents(t) {
		if event == core.EventCode || untold[event] {
			continue
		}
		m := longest(event, core.ContactEmail)
		area, _, _ := strings.Cut(string(event), ".")
		if area == "request" {
			m.Grant = ""
		} else if area != "grant" && area != "backup" && area != "download" {
			m.Request, m.Grant = "", ""
		}
		text, err := Render(m, core.Secret{}, testCheckpoint)
		if err != nil {
			t.Fatal(err)
		}
		body := text.Body.Reveal()
		veto, revoke := strings.Contains(body, "request veto R-7M2KQ4XA"), strings.Contains(body, "grant revoke G-7M2KQ4XB")
		wantVeto := area == "request" && !ended[event]
		wantRevoke := (area == "grant" || area == "backup" || area == "download") && !ended[event]
		if veto != wantVeto || revoke != wantRevoke {
			t.Errorf("%s: veto %t, revoke %t", event, veto, revoke)
		}
	}
}

// What a peer or a manager typed cannot break a line of a message, and so
// cannot add a header, a fact or a paragraph.
func TestValuesCannotBreakALine(t *testing.T) {
	evil := "x\r\nBcc: eve@evil.example\r\n\r\nSite: other\u2028Grant: G-EVIL\x1b[2J\u202e"
	for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactPhone} {
		for _, event := range allEvents(t) {
			if event == core.EventCode {
				continue
			}
			m := longest(event, kind)
			plain, err := Render(m, core.Secret{}, testCheckpoint)
			if err != nil {
				t.Fatal(err)
			}
			keys := slices.Sorted(maps.Keys(m.Data))
			tries := [][]string{keys}
			if event == core.EventGrantActivated || event == core.EventSiteChanged {
				tries = append(tries, slices.Collect(slices.Chunk(keys, 1))...)
			}
			for _, keys := range tries {
				m := longest(event, kind)
				for _, key := range keys {
					m.Data[key] = evil
				}
				text, err := Render(m, core.Secret{}, testCheckpoint)
				if err != nil {
					t.Fatal(err)
				}
				if strings.ContainsAny(text.Subject, "\r\n\u2028\x1b\u202e") || strings.ContainsAny(text.Body.Reveal(), "\r\u2028\x1b\u202e") {
					t.Errorf("%s, %s: %q", event, keys, text.Subject)
				}
				if lines := strings.Count(text.Body.Reveal(), "\n"); lines > strings.Count(plain.Body.Reveal(), "\n") {
					t.Errorf("%s, %s: more lines:\n%s", event, keys, text.Body.Reveal())
				}
			}
		}
	}
}

// A code stands in its own message and nowhere else.
func TestCodeTravelsAlone(t *testing.T) {
	code := core.NewSecret("7M2K-Q4XA")
	for _, kind := range []core.ContactKind{core.ContactEmail, core.ContactPhone} {
		for _, event := range allEvents(t) {
			text, err := Render(longest(event, kind), code, testCheckpoint)
			if (err == nil) != (event == core.EventCode) || (err != nil && text != Text{}) {
				t.Errorf("%s takes a code: %v", event, err)
			}
		}
		if _, err := Render(longest(core.EventCode, kind), core.Secret{}, testCheckpoint); err == nil {
			t.Error("a code's message goes without one")
		}
		text, err := Render(longest(core.EventCode, kind), code, "")
		if err != nil {
			t.Fatal(err)
		}
		body := text.Body.Reveal()
		for _, want := range []string{"7M2K-Q4XA", "2026-11-24 18:57", "+0545", "R-7M2KQ4XA", "Never share it with anyone who asks"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", kind, want, body)
			}
		}
		if strings.Contains(text.Subject, "7M2K") || strings.Contains(body, "deadbeef") || strings.Contains(body, "ssh ") {
			t.Errorf("%q\n%s", text.Subject, body)
		}
	}
}

// A notice of a rehearsal says whether the backup is wrong or could not be tried,
// and what the owner reads, in the reader's own language.
func TestNoticeOfARehearsal(t *testing.T) {
	for _, tt := range []struct{ lang, why, subject, part string }{
		{"", "rows", "acme: a stored backup failed its rehearsal", "a table has other rows than were dumped: wp_posts: 1/2"},
		{"", "no_server", "acme: a stored backup could not be rehearsed", "no database server of its kind"},
		{"", "broke", "acme: a stored backup could not be rehearsed", "broke off"},
		{"nl", "rows", "acme: een bewaarde back-up bleek bij het proberen niet goed", "andere rijen dan er waren: wp_posts: 1/2"},
		{"nl", "broke", "acme: een bewaarde back-up kon niet worden geprobeerd", "brak af"},
	} {
		m := longest(core.EventArchiveUnproved, core.ContactEmail)
		m.Site, m.Lang, m.Data["why"], m.Data["what"] = "acme", tt.lang, tt.why, "wp_posts: 1/2"
		text, err := Render(m, core.Secret{}, testCheckpoint)
		if err != nil || text.Subject != tt.subject || !strings.Contains(text.Body.Reveal(), tt.part) {
			t.Errorf("%s, %s: %v %s\n%s", tt.lang, tt.why, err, text.Subject, text.Body.Reveal())
		}
	}
}

// Why a backup failed is told in each reader's language; an older row, which
// carries the English alone, is told in that.
func TestWhyItFailedIsTranslated(t *testing.T) {
	said, err := json.Marshal(core.Say("The site's directory %s cannot be opened, so nothing was backed up; ask your web manager whether it was moved.", "/srv/acme\x1b[2J"))
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{
		"en": "The site's directory /srv/acme[2J cannot be opened", "nl": "De map /srv/acme[2J van de website kan niet worden geopend", "older": "in English",
	} {
		m := longest(core.EventJobFailed, core.ContactEmail)
		m.Lang, m.Data["problem"] = lang, "in English"
		if lang != "older" {
			m.Data[core.SaidField] = string(said)
		}
		text, err := Render(m, core.Secret{}, testCheckpoint)
		if err != nil || !strings.Contains(text.Body.Reveal(), want) {
			t.Errorf("%s: %v\n%s", lang, err, text.Body.Reveal())
		}
	}
}
