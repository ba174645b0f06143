package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"breakglass/core"
)

// fakeProvider is a provider's server that does what it is told. It writes down
// the requests that came in. It is safe for concurrent use.
type fakeProvider struct {
	*httptest.Server
	mu       sync.Mutex
	requests []received
	do       func(w http.ResponseWriter, r *http.Request)
	end      chan struct{} // closed at the test's end, so that what hangs ends
}

type received struct {
	method, path, body string
	header             http.Header
}

func newProvider(t *testing.T, do func(http.ResponseWriter, *http.Request)) *fakeProvider {
	t.Helper()
	p := &fakeProvider{do: do, end: make(chan struct{})}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		close(p.end)
		p.Close()
	})
	return p
}

func (p *fakeProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.mu.Lock()
	p.requests = append(p.requests, received{r.Method, r.URL.Path, string(body), r.Header.Clone()})
	p.mu.Unlock()
	p.do(w, r)
}

func (p *fakeProvider) one(t *testing.T) received {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.requests) != 1 {
		t.Fatalf("%d requests", len(p.requests))
	}
	return p.requests[0]
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func hijack(w http.ResponseWriter) *net.TCPConn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	return conn.(*net.TCPConn)
}

// reset cuts the connection as a broken middlebox would.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn := hijack(w)
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// cutBody promises more of a body than it sends.
func cutBody(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(w)
		fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: 1000\r\n\r\n{\"half", code)
		_ = conn.Close()
	}
}

// hugeBody never ends.
func hugeBody(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		chunk := []byte(strings.Repeat("x", 32<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func letter(kind core.ContactKind) Envelope {
	e := Envelope{
		ID: "M-0000000007-000", Kind: kind, To: "jo@acme.example", At: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC), Life: 9*time.Minute + 30*time.Second,
		Text: Text{Subject: "acme: your code", Body: core.NewSecret("the code is 7M2K-Q4XA — ünïcode & more=\n")}, Code: true,
	}
	if kind == core.ContactPhone {
		e.To, e.Text.Subject = "+31612345678", ""
	}
	return e
}

func sendGridTo(t *testing.T, base string) Channel {
	t.Helper()
	c, err := NewSendGrid(core.NewSecret("SG.secret"), "door@webworks.example", base)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func twilioTo(t *testing.T, base string) Channel {
	t.Helper()
	c, err := NewTwilio(TwilioOptions{Account: "AC123", User: "SK456", Secret: core.NewSecret("s3cret"), From: "+12024561111", Base: base})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSendGridRequest(t *testing.T) {
	p := newProvider(t, status(http.StatusAccepted))
	e := letter(core.ContactEmail)
	if a := sendGridTo(t, p.URL).Send(t.Context(), e); a.Verdict != Accepted || a.Detail != "accepted by the mail provider" {
		t.Fatalf("%+v", a)
	}
	r := p.one(t)
	if r.method != "POST" || r.path != "/v3/mail/send" || r.header.Get("Authorization") != "Bearer SG.secret" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", r)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"from":             map[string]any{"email": "door@webworks.example"},
		"subject":          "acme: your code",
		"headers":          map[string]any{"Auto-Submitted": "auto-generated"},
		"content":          []any{map[string]any{"type": "text/plain", "value": e.Text.Body.Reveal()}},
		"personalizations": []any{map[string]any{"to": []any{map[string]any{"email": "jo@acme.example"}}, "custom_args": map[string]any{"delivery_id": e.ID}}},
		"mail_settings":    map[string]any{"bypass_list_management": map[string]any{"enable": true}},
		"tracking_settings": map[string]any{
			"click_tracking": map[string]any{"enable": false, "enable_text": false}, "open_tracking": map[string]any{"enable": false},
			"subscription_tracking": map[string]any{"enable": false}, "ganalytics": map[string]any{"enable": false},
		},
	}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("\n got %s\nwant %s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTwilioRequest(t *testing.T) {
	for _, test := range []struct {
		name, from, sender string
		life               time.Duration
		validity           string
	}{
		{"a code's life", "+12024561111", "From", 9*time.Minute + 30*time.Second, "570"},
		{"at its end", "Acme", "From", 300 * time.Millisecond, "1"},
		{"a notice's life", "MG" + strings.Repeat("a", 32), "MessagingServiceSid", core.NoticeLife, "36000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProvider(t, status(http.StatusCreated))
			c, err := NewTwilio(TwilioOptions{Account: "AC123", User: "SK456", Secret: core.NewSecret("s3cret"), From: test.from, Base: p.URL + "/"})
			if err != nil {
				t.Fatal(err)
			}
			e := letter(core.ContactPhone)
			e.Life = test.life
			if a := c.Send(t.Context(), e); a.Verdict != Accepted || a.Detail != "accepted by the SMS provider" {
				t.Fatalf("%+v", a)
			}
			r := p.one(t)
			user, password, _ := (&http.Request{Header: r.header}).BasicAuth()
			if r.method != "POST" || r.path != "/2010-04-01/Accounts/AC123/Messages.json" || user != "SK456" || password != "s3cret" {
				t.Errorf("%+v", r)
			}
			want := url.Values{"To": {"+31612345678"}, "Body": {e.Text.Body.Reveal()}, "ValidityPeriod": {test.validity}, test.sender: {test.from}}
			if r.body != want.Encode() {
				t.Errorf("got %s, want %s", r.body, want.Encode())
			}
		})
	}
}

// Twilio answers 400 to what is the console's fault as well; the error code
// tells them apart.
func TestTwilioErrorCodes(t *testing.T) {
	for body, want := range map[string]struct {
		verdict Verdict
		detail  string
	}{
		`{"code": 21211}`:    {Rejected, "refused: 400 Bad Request, error 21211: the number is not valid"},
		`{"code": 21606}`:    {Misconfigured, "refused: 400 Bad Request, error 21606: the sender cannot send to that number"},
		`{"code": 21611}`:    {Busy, "refused: 400 Bad Request, error 21611: the sender's queue is full"},
		`{"code": 99999}`:    {Rejected, "refused: 400 Bad Request, error 99999"},
		`{"code": -1}`:       {Rejected, "refused: 400 Bad Request"},
		`{"code": "x"}`:      {Rejected, "refused: 400 Bad Request"},
		`<html>nginx</html>`: {Rejected, "refused: 400 Bad Request"},
	} {
		p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, body)
		})
		if a := twilioTo(t, p.URL).Send(t.Context(), letter(core.ContactPhone)); a.Verdict != want.verdict || a.Detail != want.detail {
			t.Errorf("%s: got %v: %s", body, a.Verdict, a.Detail)
		}
	}
}

// A channel that could not work is refused when it is made.
func TestChannelsWantTheirSettings(t *testing.T) {
	key := core.NewSecret("k")
	for name, make := range map[string]func() error{
		"SendGrid without a key":       func() error { _, err := NewSendGrid(core.Secret{}, "a@b.example", ""); return err },
		"SendGrid without a sender":    func() error { _, err := NewSendGrid(key, "", ""); return err },
		"SendGrid with a name for one": func() error { _, err := NewSendGrid(key, "Door <a@b.example>", ""); return err },
		"Twilio without an account":    func() error { _, err := NewTwilio(TwilioOptions{Secret: key, From: "Acme"}); return err },
		"Twilio with a path for account": func() error {
			_, err := NewTwilio(TwilioOptions{Account: "AC1/../x", Secret: key, From: "Acme"})
			return err
		},
		"Twilio without a secret":  func() error { _, err := NewTwilio(TwilioOptions{Account: "AC1", From: "Acme"}); return err },
		"Twilio without a sender":  func() error { _, err := NewTwilio(TwilioOptions{Account: "AC1", Secret: key}); return err },
		"Twilio with a bad number": func() error { _, err := NewTwilio(TwilioOptions{Account: "AC1", Secret: key, From: "+1"}); return err },
	} {
		if err := make(); err == nil || !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := NewTwilio(TwilioOptions{Account: "AC1", Secret: key, From: "+12024561111"}); err != nil || c.url != twilioBase+"/2010-04-01/Accounts/AC1/Messages.json" {
		t.Errorf("%+v, %v", c, err)
	}
}
