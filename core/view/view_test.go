package view

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"breakglass/core"
	"breakglass/core/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile is what a peer would send to take over a terminal or fake a line.
const hostile = "x\x1b]52;c;AAAA\x07\u202e\u009b2J\r\nFAKE\x00"

// noon is when everything in these tests happens.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		-1: "0 B", 0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999 kB", 999_500: "999 kB", 999_999: "1.0 MB", 14_230_000: "14.2 MB",
		99_940_000: "99.9 MB", 99_960_000: "100 MB", 1_400_000_000: "1.4 GB", 1 << 62: "4.6 EB",
	} {
		got := Size("", bytes)
		if bytes == 999_949 || bytes == 999_500 { // rounds to the next unit
			want = "1.0 MB"
		}
		if got != want {
			t.Errorf("Size(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func TestLeftNeverPromisesMoreThanThereIs(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 0: "0 s", 999 * time.Millisecond: "0 s", 42*time.Second + 900*time.Millisecond: "42 s",
		9*time.Minute + 5*time.Second: "9 min 5 s", 12*time.Minute + 59*time.Second: "12 min",
		3*time.Hour + 12*time.Minute + 59*time.Second: "3 h 12 min", 24 * time.Hour: "24 h 0 min", 51 * time.Hour: "2 d 3 h",
	} {
		if got := Left("", d); got != want {
			t.Errorf("Left(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		4 * time.Hour: "4 h", 90 * time.Minute: "90 min", 72 * time.Hour: "3 d", 24 * time.Hour: "24 h",
		2*time.Hour + 30*time.Minute: "2 h 30 min", 10 * time.Second: "10 s",
	} {
		if got := Span("", d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

// A Dutch reader knows "u" for hours and a comma before the tenths, and finds no
// English unit where lengths and sizes stand.
func TestDutchUnits(t *testing.T) {
	for got, want := range map[string]string{
		Left("nl", 3*time.Hour+35*time.Minute): "3 u 35 min", Left("nl", 51*time.Hour): "2 d 3 u", Left("nl", 65*time.Second): "1 min 5 s",
		Span("nl", 24*time.Hour): "24 uur", Span("nl", 72*time.Hour): "3 dagen", Span("nl", 90*time.Minute): "90 min", Span("nl", 150*time.Minute): "2 u 30 min",
		Size("nl", 14_230_000): "14,2 MB", Size("nl", 142_000_000): "142 MB", Rate("nl", 2_100_000): "2,1 MB/s", Rate("nl", 0): Nothing,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The sheet lies in a drawer for years: it shows the owner's time, and the log's.
func TestTimeAndUTC(t *testing.T) {
	for zone, want := range map[string]string{
		"": "2026-11-24 12:00 UTC", "UTC": "2026-11-24 12:00 UTC", "Europe/Amsterdam": "2026-11-24 13:00 CET (2026-11-24 12:00 UTC)",
	} {
		if got := TimeAndUTC(noon, zone); got != want {
			t.Errorf("in %q: %q, want %q", zone, got, want)
		}
	}
}

func TestTimeInZone(t *testing.T) {
	for zone, want := range map[string]string{
		"": "2026-11-24 12:00 UTC", "Europe/Amsterdam": "2026-11-24 13:00 CET", "No/Where": "2026-11-24 12:00 UTC",
		"Local": "2026-11-24 12:00 UTC", "../../etc/passwd": "2026-11-24 12:00 UTC",
	} {
		if got := Time(noon, zone); got != want {
			t.Errorf("Time in %q = %q, want %q", zone, got, want)
		}
	}
	if Time(time.Time{}, "") != Nothing {
		t.Error("no time is shown as a time")
	}
}

// Every sentinel has a sentence, and none tells an owner what is inside.
func TestSentence(t *testing.T) {
	secret := errors.New("/var/lib/breakglass: bolt: page 7")
	for _, r := range refusals {
		err := fmt.Errorf("do it: %w", &core.Refusal{Kind: r.kind, Detail: "THE DETAIL", Left: 3, Until: noon, Cause: secret})
		got := Sentence("en", err)
		if got == r.id || strings.Contains(got, "<no value>") || strings.Contains(got, "bolt") {
			t.Errorf("%v: %q", r.kind, got)
		}
		if strings.Contains(got, "THE DETAIL") != r.detail {
			t.Errorf("%v: detail shown or hidden wrongly: %q", r.kind, got)
		}
		if Detail("en", err) != "THE DETAIL" {
			t.Errorf("%v: a manager is told %q", r.kind, Detail("en", err))
		}
		if !Refused(err) {
			t.Errorf("%v is no refusal", r.kind)
		}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{core.Refuse(core.ErrLocked, ""), words.Text("en", "view.error.locked_briefly", nil)},
		{&core.Refusal{Kind: core.ErrLocked, Until: noon}, "2026-11-24 12:00 UTC"},
		{&core.Refusal{Kind: core.ErrWrongCode, Left: 4}, "4"},
		{core.ErrExpired, words.Text("en", "error.expired", nil)},
		{context.Canceled, words.Text("en", "error.cancelled", nil)},
		{secret, words.Text("en", "view.error.internal", nil)},
		{core.Refuse(core.ErrInvalid, "%s", hostile), "FAKE"},
	} {
		got := Sentence("en", tt.err)
		if !strings.Contains(got, tt.want) || unsafe(got) {
			t.Errorf("%v: %q, want %q in it", tt.err, got, tt.want)
		}
	}
	if Sentence("en", nil) != "" || Refused(secret) || Refused(nil) {
		t.Error("no error, or a fault, reads as a refusal")
	}
}

func unsafe(text string) bool { return strings.ContainsAny(text, "\x1b\x07\x00\r\u202e\u009b") }

func TestTableText(t *testing.T) {
	table := Table{Head: []string{"A", "Name"}, Rows: [][]string{{"1", "日本"}, {"long one", "b"}, {"x"}}}
	if got, want := table.Text(0), "A         Name\n1         日本\nlong one  b\nx\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for width := 1; width < 20; width++ {
		for line := range strings.Lines(table.Text(width)) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
				t.Errorf("width %d: %q has %d columns", width, line, w)
			}
		}
	}
	if (Table{}).Text(80) != "" {
		t.Error("an empty table has text")
	}
}

// Everything hostile fills every field, and every form of it comes out safe.
func TestPeerTextIsMadeSafe(t *testing.T) {
	contact := core.ContactInfo{ID: hostile, Masked: hostile, Kind: core.ContactKind(hostile)}
	grant := core.GrantInfo{ID: hostile, Site: hostile, Request: hostile, State: core.GrantState(hostile), Reason: hostile, Ended: noon}
	request := core.RequestInfo{ID: hostile, Site: hostile, State: core.RequestState(hostile), SentTo: contact, Message: core.MessageInfo{State: core.MessageState(hostile)}}
	archive := core.ArchiveInfo{Name: hostile, SHA256: hostile, Verdict: core.Verdict(hostile), Notes: []string{hostile}}
	key := core.Key{Name: hostile, Fingerprint: hostile}
	site := core.SiteInfo{
		ID: hostile, Title: hostile, Root: hostile, Call: hostile, Zone: hostile, Lang: hostile, DatabaseHost: hostile,
		Contacts: []core.ContactInfo{contact}, Keys: []core.Key{key}, Request: &request, Grant: &grant, Archives: []core.ArchiveInfo{archive},
	}
	person := core.Person{ID: hostile, Role: core.Role(hostile), Keys: []core.Key{key}, Email: hostile, Phone: hostile, Sites: []string{hostile}, Roots: []string{hostile}}
	line := core.LogLine{
		Actor: hostile, Event: core.Event(hostile), Site: hostile, Request: hostile, Grant: hostile, From: hostile, To: hostile, Result: hostile,
		Data: map[string]string{hostile: hostile}, Personal: map[string]string{hostile: hostile}, Hash: hostile,
	}
	job := core.JobInfo{ID: hostile, State: core.JobState(hostile), Archive: hostile, Verdict: core.Verdict(hostile), Notes: []string{hostile}, Problem: hostile, Incident: hostile}
	kit := core.Kit{
		Site: hostile, Title: hostile, Call: hostile, Host: hostile, HostKey: hostile, ArchiveKey: hostile, LogKey: hostile,
		Passphrase: core.NewSecret(hostile), Paper: core.NewSecret(hostile), Contacts: []core.ContactInfo{contact},
	}
	owner := core.OwnerState{Site: hostile, Title: hostile, Call: hostile, Request: &request, Grant: &grant, Job: &job, Archives: site.Archives}
	story := core.GrantStory{Grant: grant, Job: &job, Lines: []core.LogLine{line}}
	facts, lines := GrantDetail("en", "", story)

	for name, text := range map[string]string{
		"sites": Sites("en", []core.SiteInfo{site}).Text(0), "site": SiteDetail("en", site).Text(0), "grants": Grants("en", "", []core.GrantInfo{grant}).Text(0),
		"requests": Requests("en", "", []core.RequestInfo{request}).Text(0), "log": Log("en", "", []core.LogLine{line}).Text(0),
		"line": LogDetail("", line).Text(0), "people": People("en", []core.Person{person}).Text(0), "contacts": Contacts("en", "", site.Contacts).Text(0),
		"archives": Archives("en", "", site.Archives).Text(0), "owner": OwnerStatus("en", owner).Text(0), "facts": facts.Text(0), "lines": lines.Text(0), "kit": Kit("en", kit),
	} {
		if unsafe(text) || strings.Contains(text, "\nFAKE") {
			t.Errorf("%s: %q", name, text)
		}
	}
	for _, form := range []any{JSONSite(site), JSONPerson(person), JSONLog(line), JSONStory(story), JSONKit(kit), JSONStatus(owner)} {
		var b bytes.Buffer
		if err := WriteJSON(&b, form); err != nil {
			t.Fatal(err)
		}
		if unsafe(b.String()) || strings.Contains(b.String(), `\u001b`) || strings.Contains(b.String(), `\u0000`) || strings.Contains(b.String(), `\n`) {
			t.Errorf("%T: %s", form, b.String())
		}
		if loose := regexp.MustCompile(`"[^"]*[A-Z ][^"]*":`).FindString(b.String()); loose != "" && !strings.Contains(loose, "FAKE") {
			t.Errorf("%T: the name %s is not snake_case", form, loose)
		}
	}
}

// No JSON form but the kit's tells a secret.
func TestJSONTellsNoSecret(t *testing.T) {
	k := core.Kit{Passphrase: core.NewSecret("OPEN-SESAME"), Paper: core.NewSecret("PAPER-CODE")}
	raw, err := json.Marshal(k)
	if err != nil || strings.Contains(string(raw), "SESAME") {
		t.Fatalf("%s %v", raw, err)
	}
	meant, err := json.Marshal(JSONKit(k))
	if err != nil || !strings.Contains(string(meant), "OPEN-SESAME") || !strings.Contains(string(meant), "PAPER-CODE") {
		t.Fatalf("%s %v", meant, err)
	}
}

func kit() core.Kit {
	return core.Kit{
		Site: "acme", Title: "Acme Bakery", Call: "Eva Jansen, office hours +31 20 123 4567, at night her neighbour +31 6 1234 5678, and if nobody answers the hoster",
		Host: "console.example", HostKey: "SHA256:" + strings.Repeat("h", 43), ArchiveKey: "SHA256:" + strings.Repeat("a", 43),
		LogKey:     "console.example+1234abcd+" + strings.Repeat("L", 44),
		Passphrase: core.NewSecret("K7Q2M-X4T9R-RD0F3-WZZ12-ABCDE"), Paper: core.NewSecret(strings.Repeat("0123456789ABCDEF", 2)),
		Contacts: []core.ContactInfo{
			{ID: "1", Kind: core.ContactEmail, Masked: "j•••••@a•••••.example"}, {ID: "2", Kind: core.ContactPhone, Masked: "+31•••••78"},
			{ID: "3", Kind: core.ContactEmail, Masked: "watcher", Watch: true},
		},
		Made: noon, Life: 4 * time.Hour,
	}
}

func TestKit(t *testing.T) {
	text := Kit("en", kit())
	file := filepath.Join("testdata", "kit.golden")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || text != string(want) {
		t.Errorf("the sheet differs (-update writes it anew): %v\n%s", err, text)
	}
	if strings.Contains(text, "watcher") {
		t.Error("a watcher gets no codes, but stands among those who do")
	}
}

// The sheet fits a page, whatever it is filled with.
func TestKitFitsAPage(t *testing.T) {
	long := kit()
	long.Title, long.Call = strings.Repeat("日", 300), strings.Repeat("call ", 80)
	long.Passphrase = core.NewSecret(strings.Repeat("word-", 30))
	for name, k := range map[string]core.Kit{"usual": kit(), "long": long, "empty": {}} {
		text := Kit("en", k)
		lines := strings.Split(text, "\n")
		if limit := 60; name == "usual" && len(lines) > limit {
			t.Errorf("%s: %d lines, want %d at most", name, len(lines), limit)
		}
		for _, line := range lines {
			if w := uniseg.StringWidth(line); w > kitWidth {
				t.Errorf("%s: %d columns: %q", name, w, line)
			}
		}
		if strings.Contains(text, "<no value>") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Where the manager named nobody to call, the sheet leaves a line to write on: it sends
// its owner to "the person above". The keys stand under each other in each language.
func TestKitWithoutAPersonToCall(t *testing.T) {
	k := kit()
	k.Call = ""
	text := Kit("nl", k)
	if !strings.Contains(text, "Schrijf naam en nummer hier op:\n\n  ____") {
		t.Error(text)
	}
	column := -1
	for line := range strings.SplitSeq(text, "\n") {
		if at := strings.Index(line, "SHA256:"); at > 0 {
			if column >= 0 && at != column {
				t.Errorf("column %d and %d: %s", column, at, line)
			}
			column = at
		}
	}
}

func TestSSHLine(t *testing.T) {
	for port, want := range map[int]string{0: "ssh acme@h", 22: "ssh acme@h", 2222: "ssh -p 2222 acme@h"} {
		if got := SSH("acme", "h", port); got != want {
			t.Errorf("port %d: %q", port, got)
		}
	}
}

// Wrapping loses nothing but spaces, and keeps to the width.
func FuzzWrap(f *testing.F) {
	f.Add("a-b c", 3)
	f.Add("日本語日本語", 4)
	f.Add("word-word-word-word", 6)
	f.Add("\xff\xfe\x00", 1)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = 2 + (width&0x7f)%80 // one column cannot hold a wide grapheme
		got := Wrap(text, width)
		if a, b := strings.Join(strings.Fields(text), ""), strings.ReplaceAll(strings.Join(got, ""), " ", ""); a != b {
			t.Errorf("Wrap(%q, %d) = %q", text, width, got)
		}
		for _, line := range got {
			if uniseg.StringWidth(line) > width && uniseg.GraphemeClusterCount(line) > 1 {
				t.Errorf("Wrap(%q, %d): %q is too wide", text, width, line)
			}
		}
	})
}
