package view

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/anmitsu/go-shlex"

	"breakglass/core"
)

// What a person types reaches the console word for word, through the person's
// own shell and the console's splitting.
func TestRemoteLines(t *testing.T) {
	for _, words := range [][]string{
		{"log", "export"},
		{"log", "export", "--text", "two words"},
		{"log", "export", "--text", `it's "quoted" \ $(id) ` + "`id`" + ` * ; | & < > ~ # !`},
		{"log", "export", "--site", "acme", "--from", "2026-11-20T00:00:00Z", "--grant", "G-7M2KQ4XA"},
		{"log", "list", "--text", "naïve café 日本"},
	} {
		line := Remote("printf %s", words...) // in place of ssh
		sent, err := exec.Command("sh", "-c", strings.Replace(line, "printf %s", "set --", 1)+`; printf %s "$*"`).Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := shlex.Split(string(sent), true)
		if err != nil || strings.Join(got, "|") != strings.Join(words, "|") {
			t.Errorf("%s came as %q, %v", line, got, err)
		}
	}
	if got := Remote("ssh ada@h", "log", "export"); got != "ssh ada@h log export" {
		t.Errorf("%s", got)
	}
}

// A filter in words, and in flags that mean the same.
func TestLogFilterInWords(t *testing.T) {
	q := core.LogQuery{
		Site: "acme", Request: "R-2M9X", Grant: "G-1", Person: "eva", Event: "grant", Text: "two \x1b[2Jwords",
		From: noon, To: noon.Add(time.Hour),
	}
	want := "site acme, request R-2M9X, grant G-1, by eva, event grant, from 2026-11-24 12:00:00 UTC, before 2026-11-24 13:00:00 UTC, with “two [2Jwords”"
	if got := LogFilter("en", q); got != want {
		t.Errorf("got %s", got)
	}
	flags := strings.Join(LogFlags(q), " ")
	if flags != "--site acme --request R-2M9X --grant G-1 --person eva --event grant --from 2026-11-24T12:00:00Z --to 2026-11-24T13:00:00Z --text two [2Jwords" {
		t.Errorf("got %s", flags)
	}
	for _, end := range []bool{false, true} {
		if at, err := core.LogTime("2026-11-24T13:00:00Z", time.Time{}, end); err != nil || !at.Equal(q.To) {
			t.Errorf("%v, %v", at, err)
		}
	}
	if LogFilter("en", core.LogQuery{}) != "" {
		t.Error("no filter has words")
	}
}

// Every event of a grant has its sentence, whatever its line holds, and what an
// attacker put into a field is shown as text.
func TestStorySentences(t *testing.T) {
	fields := map[string]string{
		"reason": hostile, "address": hostile, "channel": hostile, "archive": hostile, "size": "1400000000", "verdict": hostile, "tries": "3",
		"of": hostile, "incident": hostile, "instead_of": hostile, hostile: hostile,
	}
	for _, event := range []core.Event{
		core.EventRequestDrafted, core.EventRequestCodeSent, core.EventRequestWrongCode, core.EventRequestVerified, core.EventRequestHolding,
		core.EventRequestReady, core.EventRequestCancelled, core.EventRequestVetoed, core.EventRequestLocked, core.EventRequestLapsed,
		core.EventGrantActivated, core.EventGrantReproved, core.EventGrantClosed, core.EventGrantExpired, core.EventGrantRevoked,
		core.EventGrantWrongToken, core.EventJobStarted, core.EventJobSealed, core.EventJobStreaming, core.EventJobStreamed, core.EventJobFailed, core.EventJobCancelled,
		core.EventDownloadStarted, core.EventDownloadWhole, core.EventMessageAccepted, core.EventMessageFailed, core.EventLogRestored, hostile,
	} {
		for _, l := range []core.LogLine{
			{Event: event, Time: noon},
			{Event: event, Time: noon, Actor: hostile, Result: hostile, To: hostile, Data: fields, Personal: fields},
		} {
			story := core.GrantStory{Grant: core.GrantInfo{ID: hostile}, Lines: []core.LogLine{l}, Messages: []core.StoryMessage{
				{MessageInfo: core.MessageInfo{ID: "M", State: hostile, Kind: hostile, Result: hostile}, Masked: hostile},
			}}
			text := StoryText("en", "", story)
			if unsafe(text) || strings.Contains(text, "\nFAKE") || strings.Contains(text, "log.story") || strings.Contains(text, "<no value>") {
				t.Errorf("%s: %q", event, text)
			}
		}
	}
}

func TestStoryTimes(t *testing.T) {
	story := core.GrantStory{Lines: []core.LogLine{
		{Seq: 7, Time: noon, Event: core.EventRequestDrafted, Personal: map[string]string{"reason": "The shop is down"}},
		{Seq: 9, Time: noon.Add(3 * time.Second), Event: core.EventMessageAccepted, Data: map[string]string{"message": "M-1", "of": "code", "channel": "email"}, Result: "202"},
		{Seq: 12, Time: noon.Add(13 * time.Hour), Event: core.EventGrantExpired},
	}, Messages: []core.StoryMessage{
		{MessageInfo: core.MessageInfo{ID: "M-0", State: core.MessageAccepted, At: noon}, Leaf: 7},
		{MessageInfo: core.MessageInfo{ID: "M-1", State: core.MessageAccepted, At: noon}, Leaf: 7}, // its end is a line
		{MessageInfo: core.MessageInfo{ID: "M-2", State: core.MessageRetry, Kind: "sms", Result: "busy"}, Leaf: 7, Masked: "+31•••••78"},
	}}
	want := `2026-11-24
  12:00:00 UTC  +0 s         Access was asked for: “The shop is down”. (-, 7)
                               1 message told of it, accepted 12:00:00 UTC
                               sms +31•••••78: not accepted yet, tried again soon: busy
  12:00:03 UTC  +3 s         The provider accepted the message (code, email): 202. (-, 9)
2026-11-25
  01:00:00 UTC  +13 h 0 min  Access ended: its time was over. (-, 12)
`
	if got := StoryText("en", "", story); got != want {
		t.Errorf("got\n%s", got)
	}
}
