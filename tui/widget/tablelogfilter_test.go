package widget_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/tui/widget"
)

func TestParseLogFilter(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 2, 7, 0, time.UTC)
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		line string
		want core.LogQuery
	}{
		{"", core.LogQuery{}},
		{"  ", core.LogQuery{}},
		{"two words", core.LogQuery{Text: "two words"}},
		{"site:acme", core.LogQuery{Site: "acme"}},
		{"a site:acme b grant:G-1 request:R-1 person:eva event:grant.revoked c", core.LogQuery{
			Site: "acme", Grant: "G-1", Request: "R-1", Person: "eva", Event: "grant.revoked", Text: "a b c",
		}},
		{"SITE:acme Kind:grant", core.LogQuery{Site: "acme", Event: "grant"}},
		{"site:acme site:zoo", core.LogQuery{Site: "zoo"}},
		{"site:", core.LogQuery{}},
		{"site", core.LogQuery{Text: "site"}},
		{"person:manager:eva", core.LogQuery{Person: "manager:eva"}},
		{"SHA256:47DEQ", core.LogQuery{Text: "SHA256:47DEQ"}},
		{"a\x1b[2J\u202e\nb", core.LogQuery{Text: "a[2J b"}},
		{"from:2026-11-20", core.LogQuery{From: day}},
		{"on:2026-11-20 x", core.LogQuery{From: day, To: day.AddDate(0, 0, 1), Text: "x"}},
		{"from:-3d to:yesterday", core.LogQuery{From: now.AddDate(0, 0, -3), To: day.AddDate(0, 0, 4)}},
		{"from: to:", core.LogQuery{}},
		{"from:2026-11-20T14:02:09", core.LogQuery{From: day.Add(14*time.Hour + 2*time.Minute + 9*time.Second)}},
	} {
		if got, err := widget.ParseLogFilter(c.line, now); err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v, want %+v", c.line, got, err, c.want)
		}
	}
	for _, line := range []string{"site:acme from:monday", "to:-", "on:2026-13-01"} {
		if got, err := widget.ParseLogFilter(line, now); !errors.Is(err, core.ErrInvalid) || got != (core.LogQuery{}) {
			t.Errorf("%q: got %+v, %v", line, got, err)
		}
	}
}

// What was read, written out again as terms, is read as the same.
func FuzzParseLogFilter(f *testing.F) {
	for _, s := range []string{"", "site:acme x", "event:\x1b", ":::", "grant:\u202e person:", "SITE:\xff", "from:-3d to:today", "on:2026-11-20", "to:\u202e"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 24, 14, 2, 7, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		q, err := widget.ParseLogFilter(line, now)
		if err != nil {
			if safetext.Line(err.Error()) != err.Error() {
				t.Fatalf("%q is not safe", err)
			}
			return
		}
		var terms []string
		for _, term := range q.Terms() {
			if safetext.Line(term[1]) != term[1] {
				t.Fatalf("%q is not safe", term[1])
			}
			if term[0] == "text" {
				terms = append(terms, term[1])
				continue
			}
			terms = append(terms, term[0]+":"+term[1])
		}
		again, err := widget.ParseLogFilter(strings.Join(terms, " "), now)
		if year := q.From.Year(); len(line) < safetext.MaxGraphemes/2 && year > 0 && year < 9999 && q.To.Year() < 9999 && (err != nil || again != q) {
			t.Fatalf("%q: got %+v, then %+v, %v", line, q, again, err)
		}
	})
}
