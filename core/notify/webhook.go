package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"breakglass/core"
)

// The headers of a webhook's request: the second of Unix time at which it was
// signed, and "v1=" with the hex HMAC-SHA256 of that number, a dot and the body,
// under the secret. A receiver refuses what is older than a few minutes.
const (
	HeaderTimestamp = "Breakglass-Timestamp"
	HeaderSignature = "Breakglass-Signature"
)

// WebhookOptions is what a [Webhook] channel is built from.
type WebhookOptions struct {
	URL          string      // where the notices go; it may hold a token, so it is never shown
	Secret       core.Secret // that both sides know, 16 bytes or more
	Hosts        []string    // the hosts that may be asked, the URL's own among them
	AllowPrivate bool        // private addresses and plain http are allowed
}

// Webhook posts each notice as JSON to one URL: a manager's chat or pager. It
// never carries a code. Make it with [NewWebhook]; it is safe for concurrent
// use.
type Webhook struct {
	options WebhookOptions
	client  *http.Client
}

// minSecret is the fewest bytes of a secret that cannot be guessed.
const minSecret = 16

// NewWebhook returns a channel, or says what is missing.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, core.Refuse(core.ErrInvalid, "A webhook wants a url such as https://chat.acme.example/hook, without a user or a #.")
	case u.Scheme == "http" && !o.AllowPrivate:
		return nil, core.Refuse(core.ErrInvalid, "A webhook wants https; plain http is for a private network, with allow_private: true.")
	case !slices.ContainsFunc(o.Hosts, func(host string) bool { return strings.EqualFold(host, u.Hostname()) }):
		return nil, core.Refuse(core.ErrInvalid, "The host of the webhook's url is not among its hosts; name it there too.")
	case len(o.Secret.Reveal()) < minSecret:
		return nil, core.Refuse(core.ErrInvalid, "A webhook wants a secret of %d bytes or more, such as from: openssl rand -hex 32", minSecret)
	}
	client := newClient()
	client.Transport = capped{webhookTransport(o.AllowPrivate)}
	return &Webhook{options: o, client: client}, nil
}

// Address is what the outbox and the log call the webhook: its host alone.
func (w *Webhook) Address() string {
	u, err := url.Parse(w.options.URL)
	if err != nil {
		return "" // NewWebhook has parsed it
	}
	return strings.ToLower(u.Hostname())
}

// webhookTransport dials public addresses only, unless private ones are allowed.
// The address is checked when it is dialled, so that a name which leads
// elsewhere the second time gains nothing; and there is no proxy, behind which
// it would not be seen.
func webhookTransport(allowPrivate bool) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTime}
	if !allowPrivate {
		dialer.Control = onlyPublic
	}
	transport := newTransport()
	transport.Proxy, transport.DialContext = nil, dialer.DialContext
	return transport
}

var errPrivate = errors.New("the webhook's address is not a public one")

// onlyPublic refuses to dial an address that is not of the public internet.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr()) {
		return errPrivate
	}
	return nil
}

// special lists the ranges, beside those that netip knows, which are not of the
// public internet or which reach addresses that may not be.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"),
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsGlobalUnicast() && !a.IsPrivate() &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// hookBody is what is posted. Its names are stable.
type hookBody struct {
	ID      string    `json:"id"` // the same for a notice that comes twice
	Event   string    `json:"event"`
	Site    string    `json:"site,omitempty"`
	Request string    `json:"request,omitempty"`
	Grant   string    `json:"grant,omitempty"`
	Time    time.Time `json:"time"`
	Drill   bool      `json:"drill,omitempty"` // a trial of the messages: nothing has happened
	Text    string    `json:"text"`
}

// Send implements [Channel].
func (w *Webhook) Send(ctx context.Context, e Envelope) Answer {
	if e.Code || e.Event == core.EventCode {
		return Answer{Verdict: Rejected, Detail: "a code never goes to a webhook"}
	}
	body, err := json.Marshal(hookBody{
		ID: e.ID, Event: string(e.Event), Site: e.Site, Request: e.Request, Grant: e.Grant,
		Time: e.Happened.UTC(), Drill: e.Drill, Text: strings.TrimSpace(e.Text.Body.Reveal()),
	})
	if err != nil {
		return Answer{Verdict: Rejected, Detail: "the notice could not be put into JSON", Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.options.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{Verdict: Misconfigured, Detail: "the webhook's url is not valid", Err: redact(err)}
	}
	at := strconv.FormatInt(e.At.Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "breakglass")
	request.Header.Set(HeaderTimestamp, at)
	request.Header.Set(HeaderSignature, "v1="+hookSignature(w.options.Secret, at, body))
	answer, err := w.client.Do(request)
	switch {
	case errors.Is(err, errPrivate):
		return Answer{Verdict: Misconfigured, Detail: "the webhook's address is a private one; allow_private: true would allow it", Err: redact(err)}
	case err != nil:
		return unreachable(ctx, redact(err))
	}
	_, err = io.Copy(io.Discard, answer.Body)
	err = errors.Join(err, answer.Body.Close())
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		return Answer{Verdict: Accepted, Detail: fmt.Sprintf("accepted by the webhook: %d", answer.StatusCode), Err: err}
	}
	return refusal(answer.StatusCode, answer.Header, "", e.At)
}

func hookSignature(secret core.Secret, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// redact takes the URL, which may hold a token, out of an error of net/http's.
func redact(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return fmt.Errorf("post to webhook: %w", of.Err)
	}
	return errors.New("post to webhook: the url is not valid")
}
