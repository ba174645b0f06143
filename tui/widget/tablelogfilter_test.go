package widget_test

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/tui/widget"
)

func TestParseLogFilter(t *testing.T) {
	for _, c := range []struct {
		line string
		want core.LogQuery
	}{
		{"", core.LogQuery{}},
		{"  ", core.LogQuery{}},
		{"two words", core.LogQuery{Text: "two words"}},
		{"site:acme", core.LogQuery{Site: "acme"}},
		{"a site:acme b grant:G-1 person:eva event:grant.revoked c", core.LogQuery{
			Site: "acme", Grant: "G-1", Person: "eva", Event: "grant.revoked", Text: "a b c",
		}},
		{"SITE:acme Event:grant", core.LogQuery{Site: "acme", Event: "grant"}},
		{"site:acme site:zoo", core.LogQuery{Site: "zoo"}},
		{"site:", core.LogQuery{}},
		{"site", core.LogQuery{Text: "site"}},
		{"person:manager:eva", core.LogQuery{Person: "manager:eva"}},
		{"SHA256:47DEQ", core.LogQuery{Text: "SHA256:47DEQ"}},
		{"a\x1b[2J\u202e\nb", core.LogQuery{Text: "a[2J b"}},
	} {
		if got := widget.ParseLogFilter(c.line); got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.line, got, c.want)
		}
	}
}

func FuzzParseLogFilter(f *testing.F) {
	for _, s := range []string{"", "site:acme x", "event:\x1b", ":::", "grant:\u202e person:", "SITE:\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		q := widget.ParseLogFilter(line)
		for _, part := range []string{q.Site, q.Grant, q.Person, string(q.Event), q.Text} {
			if safetext.Line(part) != part {
				t.Fatalf("%q is not safe", part)
			}
		}
		again := widget.ParseLogFilter(strings.Join([]string{"site:" + q.Site, "grant:" + q.Grant, "person:" + q.Person, "event:" + string(q.Event), q.Text}, " "))
		if len(line) < safetext.MaxGraphemes/2 && again != q {
			t.Fatalf("%q: got %+v, then %+v", line, q, again)
		}
	})
}
