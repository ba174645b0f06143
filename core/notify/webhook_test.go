package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
)

const hookSecret = "0123456789abcdef0123456789abcdef"

func hookTo(t *testing.T, base string) *Webhook {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWebhook(WebhookOptions{URL: base + "/hook/T0KEN", Secret: secretOf(hookSecret), Hosts: []string{u.Hostname()}, AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func notice() Envelope {
	e := letter(core.ContactWebhook)
	e.To, e.Code, e.Text = "127.0.0.1", false, Text{Body: core.NewSecret("Access is “open”.\n")}
	e.Event, e.Site, e.Request, e.Grant = core.EventGrantActivated, "acme", "R-7M2KQ4XA", "G-1"
	e.Happened = e.At.Add(-time.Minute).In(time.FixedZone("CET", 3600))
	return e
}

// What is posted can be checked by whoever shares the secret: the numbers were
// made with openssl dgst -sha256 -hmac.
func TestWebhookRequest(t *testing.T) {
	p := newProvider(t, status(http.StatusNoContent))
	w := hookTo(t, p.URL)
	if a := w.Send(t.Context(), notice()); a.Verdict != Accepted || a.Detail != "accepted by the webhook: 204" || a.Err != nil {
		t.Fatalf("%+v", a)
	}
	r := p.one(t)
	want := `{"id":"M-0000000007-000","event":"grant.activated","site":"acme","request":"R-7M2KQ4XA","grant":"G-1","time":"2026-11-24T13:59:00Z","text":"Access is “open”."}`
	if r.method != "POST" || r.path != "/hook/T0KEN" || r.header.Get("Content-Type") != "application/json" || r.body != want {
		t.Errorf("%+v", r)
	}
	if at, signature := r.header.Get(HeaderTimestamp), r.header.Get(HeaderSignature); at != "1795528800" || signature != "v1=f9b7a8b38a9b464147648501a9e1c59b95b4c9be23d45add6bbb88b30e6abb15" {
		t.Errorf("signed at %s: %s", at, signature)
	}
	drill := notice()
	drill.Drill = true
	if a := w.Send(t.Context(), drill); a.Verdict != Accepted || !strings.Contains(p.requests[1].body, `,"drill":true,`) {
		t.Errorf("a drill: %+v, %s", a, p.requests[1].body)
	}
	if w.Address() != "127.0.0.1" {
		t.Errorf("it is called %s", w.Address())
	}
	if strings.Contains(r.body+fmt.Sprint(r.header), hookSecret) {
		t.Error("the secret went along")
	}
}

// A code goes to no webhook, however the row came to be.
func TestWebhookNeverGetsCodes(t *testing.T) {
	p := newProvider(t, status(http.StatusOK))
	for name, change := range map[string]func(*Envelope){
		"a code":         func(e *Envelope) { e.Code = true },
		"a code's event": func(e *Envelope) { e.Event = core.EventCode },
	} {
		e := notice()
		change(&e)
		if a := hookTo(t, p.URL).Send(t.Context(), e); a.Verdict != Rejected {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if len(p.requests) != 0 {
		t.Errorf("it was told: %+v", p.requests)
	}
	m := core.Message{ID: "M-1", Event: core.EventCode, Kind: core.ContactWebhook}
	if _, err := Render(m, core.NewSecret("7M2K-Q4XA"), ""); !errors.Is(err, errCodePlace) {
		t.Errorf("a code was worded for a webhook: %v", err)
	}
}

// Whatever a receiver answers, its URL, which may hold a token, is in no line.
func TestAnswersOfWebhooks(t *testing.T) {
	elsewhere := newProvider(t, status(http.StatusOK))
	for name, test := range map[string]struct {
		do   func(http.ResponseWriter, *http.Request)
		want Verdict
	}{
		"200":              {status(200), Accepted},
		"202, a cut body":  {cutBody(202), Accepted},
		"200, a huge body": {hugeBody(200), Accepted},
		"redirect":         {status(307, "Location", elsewhere.URL), Misconfigured},
		"400":              {status(400), Rejected},
		"401":              {status(401), Misconfigured},
		"403":              {status(403), Misconfigured},
		"404":              {status(404), Rejected},
		"410":              {status(410), Rejected},
		"429":              {status(429, "Retry-After", "7"), Busy},
		"500":              {status(500), Unreachable},
		"500, a huge body": {hugeBody(500), Unreachable},
		"reset":            {reset, Unreachable},
		"nothing like HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			c := hijack(w)
			fmt.Fprint(c, "SSH-2.0-x\r\n")
			_ = c.Close()
		}, Unreachable},
		"headers without end": {func(w http.ResponseWriter, _ *http.Request) {
			c := hijack(w)
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		}, Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, test.do)
			a := hookTo(t, p.URL).Send(t.Context(), notice())
			if a.Verdict != test.want || a.Detail == "" {
				t.Errorf("got %v: %s (%v)", a.Verdict, a.Detail, a.Err)
			}
			for _, leak := range []string{"T0KEN", "127.0.0.1:", hookSecret} {
				if strings.Contains(a.Detail, leak) || (a.Err != nil && strings.Contains(a.Err.Error(), "T0KEN")) {
					t.Errorf("it holds %q: %s, %v", leak, a.Detail, a.Err)
				}
			}
		})
	}
	if len(elsewhere.requests) != 0 {
		t.Error("a redirect was followed")
	}
}

func TestHangingWebhook(t *testing.T) {
	var p *fakeProvider
	arrived := make(chan struct{})
	p = newProvider(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-p.end })
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-arrived; cancel(errSlow) }()
	w := hookTo(t, p.URL)
	if a := w.Send(ctx, notice()); a.Verdict != Unreachable || a.Detail != "no answer: it took too long" {
		t.Errorf("%+v", a)
	}
	if w.client.Timeout != sendTimeout {
		t.Error("the client has no time limit of its own")
	}
}

// A host that is allowed by its name and leads to this machine's own network is
// not asked: what counts is the address that is dialled.
func TestWebhookDialsPublicAddressesOnly(t *testing.T) {
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTPS_PROXY", server.URL) // a proxy would hide where it leads
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"} {
		w, err := NewWebhook(WebhookOptions{
			URL: "https://" + host + ":" + u.Port() + "/", Secret: secretOf(hookSecret), Hosts: []string{strings.Trim(host, "[]")},
		})
		if err != nil {
			t.Fatal(err)
		}
		a := w.Send(t.Context(), notice())
		if numbers := host == "2130706433" || host == "0x7f.1"; a.Verdict != Misconfigured && !numbers || a.Verdict == Accepted {
			t.Errorf("%s: got %v: %s (%v)", host, a.Verdict, a.Detail, a.Err)
		}
	}
	if asked {
		t.Error("it was asked")
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "1.1.1.1": true,
		"127.0.0.1": false, "127.255.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "255.255.255.255": false,
		"198.18.0.1": false, "240.0.0.1": false, "192.0.2.1": false, "::1": false, "::": false, "fe80::1%eth0": false, "fc00::1": false,
		"fd12:3456::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "::10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::1": false,
		"2001::1": false, "fec0::1": false, "::ffff:93.184.215.14": true,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
}

func TestWebhookWantsItsSettings(t *testing.T) {
	good := WebhookOptions{URL: "https://chat.acme.example/hook", Secret: secretOf(hookSecret), Hosts: []string{"Chat.acme.example"}}
	if _, err := NewWebhook(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*WebhookOptions){
		"no URL":             func(o *WebhookOptions) { o.URL = "" },
		"no URL at all":      func(o *WebhookOptions) { o.URL = "https://%zz" },
		"another scheme":     func(o *WebhookOptions) { o.URL = "ftp://chat.acme.example" },
		"plain http":         func(o *WebhookOptions) { o.URL = "http://chat.acme.example/hook" },
		"a user in the URL":  func(o *WebhookOptions) { o.URL = "https://a:b@chat.acme.example/hook" },
		"a host not allowed": func(o *WebhookOptions) { o.URL = "https://chat.evil.example/hook" },
		"no hosts":           func(o *WebhookOptions) { o.Hosts = nil },
		"a subdomain":        func(o *WebhookOptions) { o.URL = "https://x.chat.acme.example/hook" },
		"a short secret":     func(o *WebhookOptions) { o.Secret = secretOf("short") },
	} {
		o := good
		change(&o)
		if _, err := NewWebhook(o); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each step that is told to people is told to the console's webhook as well, in
// a row of its own; the code that is sent on the way is not among them.
func TestWebhookIsToldEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.stop()
		h.do(h.console.Draft(t.Context(), h.owner, "the site is down"))
		h.do(h.console.SendCode(t.Context(), h.owner, "1"))
		after(time.Minute)
		var told []string
		for _, e := range h.hook.sent() {
			told = append(told, string(e.Event))
			if e.To != "chat.acme.example" || e.Code || e.Text.Subject != "" || strings.Contains(e.Text.Body.Reveal(), "\n") {
				t.Errorf("%+v", e)
			}
			if e.Event == core.EventRequestDrafted && !strings.HasPrefix(e.Text.Body.Reveal(), "Somebody who proved to be the owner of acme asks for access to its backup; no access is open yet. By: the owner of acme. Reason given: “the site is down”. Whom to call: Eva, +31 6 87654321. Log: ") {
				t.Errorf("got %s", e.Text.Body.Reveal())
			}
		}
		slices.Sort(told) // several go at once
		if got := strings.Join(told, " "); got != "person.added request.code_sent request.drafted site.added" {
			t.Errorf("told: %s", got)
		}
	})
}

// What the operator's log holds of a webhook is its host and never its URL.
func TestWebhookURLStaysOutOfTheLog(t *testing.T) {
	var log bytes.Buffer
	p := newProvider(t, reset)
	a := hookTo(t, p.URL).Send(t.Context(), notice())
	slog.New(slog.NewTextHandler(io.Writer(&log), nil)).Error("x", "err", a.Err, "result", a.Detail)
	if strings.Contains(log.String(), "T0KEN") {
		t.Errorf("%s", log.String())
	}
	if _, err := json.Marshal(a.Detail); err != nil {
		t.Fatal(err)
	}
}
