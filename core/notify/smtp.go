package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"breakglass/core"

	"github.com/wneessen/go-mail"
)

// How a connection to a mail server is protected.
const (
	TLSStart    = "starttls" // STARTTLS, or nothing is sent
	TLSImplicit = "tls"      // TLS from the first byte
	TLSNone     = "none"     // nothing; for a server on this machine alone
)

// SMTPOptions is what an [SMTP] channel is built from.
type SMTPOptions struct {
	Host     string         // the mail server's name
	Port     int            // 0: 587, or 465 for implicit TLS, or 25 for none
	TLS      string         // TLSStart, TLSImplicit or TLSNone; "" is TLSStart
	User     string         // "": no authentication
	Password core.Secret    // the user's
	Auth     string         // "plain", "login" or "scram"; "": the best that the server offers
	From     string         // a bare address that the server lets this user send as
	Hello    string         // this machine's name, as told to the server; "": the domain of From
	Roots    *x509.CertPool // who may vouch for the server; nil: the system's
}

// SMTP sends mail by a mail server of the operator's own. Make it with
// [NewSMTP]; it is safe for concurrent use.
type SMTP struct {
	options SMTPOptions
	port    int
	tls     *tls.Config
	stage   time.Duration // that the server may take for one answer
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewSMTP returns a channel, or says what is missing.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	from, err := CheckAddress(core.ContactEmail, o.From)
	if err != nil {
		return nil, err
	}
	o.From, o.TLS = from, cmp.Or(o.TLS, TLSStart)
	o.Hello = cmp.Or(o.Hello, from[strings.LastIndexByte(from, '@')+1:])
	ports := map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}
	switch {
	case !isHost(o.Host):
		return nil, core.Refuse(core.ErrInvalid, "A mail server wants its host, such as mail.acme.example.")
	case ports[o.TLS] == 0:
		return nil, core.Refuse(core.ErrInvalid, "tls is starttls, tls or none.")
	case o.TLS == TLSNone && !isLoopback(o.Host):
		return nil, core.Refuse(core.ErrInvalid, "tls: none is for a mail server on this machine alone (127.0.0.1 or localhost); codes would cross the network readable.")
	case o.Port < 0 || o.Port > 65535:
		return nil, core.Refuse(core.ErrInvalid, "A port is a number from 1 to 65535.")
	case (o.User == "") != o.Password.IsZero():
		return nil, core.Refuse(core.ErrInvalid, "A mail server wants a user with a password, or neither.")
	case !knownAuth(o.Auth):
		return nil, core.Refuse(core.ErrInvalid, "auth is plain, login or scram; leave it out for the best that the server offers.")
	}
	s := &SMTP{
		options: o, port: cmp.Or(o.Port, ports[o.TLS]), stage: sendTimeout,
		tls: &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
	}
	dialer := &net.Dialer{Timeout: dialTime}
	if o.TLS == TLSNone {
		dialer.Control = onlyLoopback
	}
	s.dial = dialer.DialContext
	return s, nil
}

// isHost reports whether s can name a server.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	s = strings.ToLower(s)
	return isDomain(s) || (labelForm.MatchString(s) && topForm.MatchString(s))
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// Send implements [Channel].
func (s *SMTP) Send(ctx context.Context, e Envelope) Answer {
	m, err := s.message(e)
	if err != nil {
		return Answer{Verdict: Rejected, Detail: "the mail could not be built", Err: err}
	}
	// The connection closes when we return, whatever the server is at.
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	d := &smtpDelivery{SMTP: s, ctx: ctx, auth: authChoice{wanted: s.options.Auth, user: s.options.User, password: s.options.Password}}
	client, err := d.client()
	if err != nil {
		return Answer{Verdict: Misconfigured, Detail: "the mail server's settings are not valid", Err: err}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return d.answer(d.auth.stage(), err)
	}
	err = client.SendWithSMTPClient(session, m)
	if !m.IsDelivered() {
		return d.answer(stageSend, err)
	}
	d.conn.stage = goodbyeTime
	_ = client.CloseWithSMTPClient(session) // the mail is the server's now; what it answers to our goodbye changes nothing
	return Answer{Verdict: Accepted, Detail: "accepted by the mail server", Err: err}
}

// goodbyeTime is how long the answer to QUIT is waited for.
const goodbyeTime = time.Second

// smtpDelivery is one message on its way over one connection.
type smtpDelivery struct {
	*SMTP
	ctx  context.Context // of the whole delivery; go-mail's ends with the login
	auth authChoice
	conn *pacedConn // nil before there is one
}

// client is one connection's worth of go-mail. Its own time limit spans several
// stages, so it is set wide; ours is in the connection.
func (d *smtpDelivery) client() (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(d.port), mail.WithHELO(d.options.Hello), mail.WithTimeout(time.Hour), mail.WithTLSConfig(d.tls),
		mail.WithDialContextFunc(d.connect), mail.WithoutNoop(), mail.WithoutRset(), mail.WithoutSMTPUTF8(),
	}
	if d.options.TLS == TLSStart {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	} else {
		options = append(options, mail.WithTLSPolicy(mail.NoTLS)) // connect has done it, or there is none
	}
	if d.options.User != "" {
		options = append(options, mail.WithSMTPAuthCustom(&d.auth))
	}
	client, err := mail.NewClient(d.options.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("set up mail client: %w", err)
	}
	return client, nil
}

// connect dials; for implicit TLS it also shakes hands.
func (d *smtpDelivery) connect(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if d.conn, err = newPacedConn(d.ctx, raw, d.stage); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	if d.options.TLS != TLSImplicit {
		return d.conn, nil
	}
	conn := tls.Client(d.conn, d.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// message builds the mail: one recipient, plain text, and an ID by which a
// mailbox sees that a message which came twice is one.
func (s *SMTP) message(e Envelope) (*mail.Msg, error) {
	if to, err := CheckAddress(core.ContactEmail, e.To); err != nil || to != e.To || !idForm.MatchString(e.ID) {
		return nil, errHeader
	}
	m := mail.NewMsg(mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	if err := errors.Join(m.From(s.options.From), m.To(e.To)); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	m.Subject(e.Text.Subject)
	m.SetDateWithValue(e.At)
	m.SetMessageIDWithValue(e.ID + "@" + s.options.From[strings.LastIndexByte(s.options.From, '@')+1:])
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, e.Text.Body.Reveal())
	return m, nil
}
