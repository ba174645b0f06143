package notify

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// Whatever a provider does, the channel says what follows, once, in bounded
// time, and without a secret, an address or a code in its line.
func TestAnswersOfProviders(t *testing.T) {
	elsewhere := newProvider(t, status(http.StatusAccepted))
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	for _, kind := range []struct {
		name    string
		kind    core.ContactKind
		to      func(*testing.T, string) Channel
		success int
	}{
		{"SendGrid", core.ContactEmail, sendGridTo, 202},
		{"Twilio", core.ContactPhone, twilioTo, 201},
	} {
		for name, test := range map[string]struct {
			do    func(http.ResponseWriter, *http.Request)
			want  Verdict
			after time.Duration
		}{
			"success":                   {status(kind.success), Accepted, 0},
			"success with a cut body":   {cutBody(kind.success), Accepted, 0},
			"success with a huge body":  {hugeBody(kind.success), Accepted, 0},
			"another success":           {status(200), Misconfigured, 0},
			"redirect":                  {status(307, "Location", elsewhere.URL), Misconfigured, 0},
			"400":                       {status(400), Rejected, 0},
			"401":                       {status(401), Misconfigured, 0},
			"403":                       {status(403), Misconfigured, 0},
			"404":                       {status(404), Rejected, 0},
			"408":                       {status(408), Unreachable, 0},
			"413":                       {status(413), Rejected, 0},
			"429":                       {status(429), Busy, 0},
			"429 with seconds":          {status(429, "Retry-After", "7"), Busy, 7 * time.Second},
			"429 with a date":           {status(429, "Retry-After", at.Add(time.Minute).Format(http.TimeFormat), "Date", at.Format(http.TimeFormat)), Busy, time.Minute},
			"429 with a past date":      {status(429, "Retry-After", at.Add(-time.Minute).Format(http.TimeFormat), "Date", at.Format(http.TimeFormat)), Busy, 0},
			"429 with nonsense":         {status(429, "Retry-After", "soon"), Busy, 0},
			"429 with for ever":         {status(429, "Retry-After", "99999999999999999999"), Busy, maxRetryAfter},
			"500":                       {status(500), Unreachable, 0},
			"503 with seconds":          {status(503, "Retry-After", "30"), Unreachable, 30 * time.Second},
			"500 with a huge body":      {hugeBody(500), Unreachable, 0},
			"400 with a cut body":       {cutBody(400), Rejected, 0},
			"reset":                     {reset, Unreachable, 0},
			"400 that repeats too much": {echo, Rejected, 0},
		} {
			t.Run(kind.name+"/"+name, func(t *testing.T) {
				p := newProvider(t, test.do)
				a := kind.to(t, p.URL).Send(t.Context(), letter(kind.kind))
				if a.Verdict != test.want || a.After != test.after || a.Detail == "" {
					t.Errorf("got %v after %v: %s (%v)", a.Verdict, a.After, a.Detail, a.Err)
				}
				for _, leak := range []string{"secret", "s3cret", "acme", "31612345678", "7M2K", "127.0.0.1"} {
					if strings.Contains(a.Detail, leak) {
						t.Errorf("the line holds %q: %s", leak, a.Detail)
					}
				}
				p.one(t)
			})
		}
	}
	if len(elsewhere.requests) != 0 {
		t.Errorf("a redirect was followed: %+v", elsewhere.requests[0])
	}
}

// echo is a refusal that repeats what was sent, as providers do.
func echo(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprint(w, `{"code": 21211, "message": "The 'To' number +31612345678 is not valid, body 7M2K-Q4XA",
		"errors": [{"message": "jo@acme.example is not valid", "field": "personalizations.0.to"}]}`)
}

func TestHangingProvider(t *testing.T) {
	for name, to := range map[string]func(*testing.T, string) Channel{"SendGrid": sendGridTo, "Twilio": twilioTo} {
		t.Run(name, func(t *testing.T) {
			var p *fakeProvider
			arrived := make(chan struct{})
			p = newProvider(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-p.end })
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { <-arrived; cancel(errSlow) }()
			a := to(t, p.URL).Send(ctx, letter(core.ContactEmail))
			if a.Verdict != Unreachable || a.Detail != "no answer: it took too long" {
				t.Errorf("got %v: %s", a.Verdict, a.Detail)
			}
		})
	}
	if newClient().Timeout != sendTimeout {
		t.Error("the client has no time limit of its own")
	}
}

func TestNobodyListens(t *testing.T) {
	p := newProvider(t, status(202))
	p.Close()
	for name, to := range map[string]func(*testing.T, string) Channel{"SendGrid": sendGridTo, "Twilio": twilioTo} {
		if a := to(t, p.URL).Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Unreachable || a.Detail != "no answer: the connection was refused" {
			t.Errorf("%s: got %v: %s", name, a.Verdict, a.Detail)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"7", "-1", "99999999999999999999", "Tue, 24 Nov 2026 14:01:00 GMT", "soon", "1e9", "٧"} {
		f.Add(seed, "Tue, 24 Nov 2026 14:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, text, date string) {
		header := http.Header{"Retry-After": {text}, "Date": {date}}
		if got := retryAfter(header, time.Unix(0, 0)); got < 0 || got > maxRetryAfter {
			t.Fatalf("%q: %v", text, got)
		}
	})
}

// No answer of a provider brings more into the log than one bounded line.
func FuzzRefusals(f *testing.F) {
	f.Add(400, `{"code": 21211}`)
	f.Add(403, `{"errors": [{"field": "from"}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		answer := &http.Response{StatusCode: status, Header: http.Header{}}
		for _, detail := range []string{
			twilioRefusal(answer, []byte(body), time.Unix(0, 0)).Detail,
			refusal(status, answer.Header, sendGridField(body), time.Unix(0, 0)).Detail,
		} {
			if len(detail) > 200 || strings.ContainsAny(detail, "\r\n\x1b@+") {
				t.Fatalf("%q", detail)
			}
		}
	})
}
