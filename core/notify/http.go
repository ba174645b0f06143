package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds of what a provider can do to us.
const (
	maxAnswer  = 64 << 10 // bytes of an answer's body that are read
	maxHeaders = 32 << 10
	dialTime   = 5 * time.Second
)

// newClient returns an HTTP client for one provider: bounded in time and size,
// and one that follows no redirect, which would hand the provider's secret to
// whoever the redirect names.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     capped{newTransport()},
	}
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTime}).DialContext,
		TLSHandshakeTimeout:    dialTime,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        2 * sendsAtOnce,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeaders,
	}
}

// capped cuts the body of every answer at maxAnswer.
type capped struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return answer, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// verdictOf sorts the status of an answer that is no success.
func verdictOf(status int) Verdict {
	switch {
	case status == http.StatusTooManyRequests:
		return Busy
	case status == http.StatusRequestTimeout, status >= 500:
		return Unreachable
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return Misconfigured
	case status >= 400:
		return Rejected
	default: // a redirect, or a success that is not the provider's
		return Misconfigured
	}
}

// refusal is the answer that follows from a status. why adds what the provider
// said; it must hold neither address nor text of the message.
func refusal(status int, header http.Header, why string, now time.Time) Answer {
	a := Answer{Verdict: verdictOf(status), After: retryAfter(header, now)}
	switch a.Verdict {
	case Busy, Unreachable:
		a.Detail = fmt.Sprintf("not taken: %d", status)
	case Misconfigured:
		a.Detail = fmt.Sprintf("the provider refuses this console: %d", status)
	default:
		a.Detail = fmt.Sprintf("refused: %d", status)
	}
	if text := http.StatusText(status); text != "" {
		a.Detail += " " + text
	}
	if why != "" {
		a.Detail += ", " + why
	}
	return a
}

// retryAfter reads the header of that name: seconds, or a date, which is held
// against the provider's own clock where the answer shows it. What cannot be
// read is 0; the rest is bounded by maxRetryAfter.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// unreachable is the answer where there was none. The detail says the kind of
// trouble only: the error itself names the address that was asked.
func unreachable(ctx context.Context, err error) Answer {
	return Answer{Detail: "no answer: " + trouble(ctx, err), Err: err}
}

func trouble(ctx context.Context, err error) string {
	var name *net.DNSError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(context.Cause(ctx), errSlow), errors.As(err, &timeout) && timeout.Timeout():
		return "it took too long"
	case errors.As(err, &name):
		return "the provider's name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.As(err, &certificate), errors.As(err, &authority):
		return "the provider's certificate is not valid"
	default:
		return "the connection broke"
	}
}
