package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/wneessen/go-mail"
)

// smtpStage is how far a session had come.
type smtpStage int

const (
	stageGreet smtpStage = iota // greeting, EHLO, TLS
	stageLogin
	stageSend // MAIL, RCPT, DATA
)

// answer draws the consequences of a delivery that did not end well. The
// server's own words may repeat an address, so of them the line has the numbers
// only.
func (d *smtpDelivery) answer(stage smtpStage, err error) Answer {
	reply, known := readReply(err)
	a := Answer{Err: err}
	switch {
	case errors.Is(err, errNoAuth):
		a.Verdict, a.Detail = Misconfigured, "the mail server offers no way to log in that this console may use"
	case errors.Is(err, errLoopback):
		a.Verdict, a.Detail = Misconfigured, "the mail server is not on this machine, and tls is none"
	case !known && noStartTLS(err):
		a.Verdict, a.Detail = Misconfigured, "the mail server offers no STARTTLS"
	case !known && d.auth.distrust != nil:
		a.Verdict, a.Detail = Misconfigured, "the mail server did not prove that it knows the password"
	case !known:
		a.Detail = "no answer: " + d.trouble(err)
	case reply.code < 500:
		a.Verdict, a.Detail = Busy, "not taken: "+reply.String()
	case stage == stageLogin:
		a.Verdict, a.Detail = Misconfigured, "the mail server refuses this console's user or password: "+reply.String()
	case reply.aboutMail && reply.code != authRequired:
		a.Verdict, a.Detail = Rejected, "refused: "+reply.String()
	default:
		a.Verdict, a.Detail = Misconfigured, "the mail server refuses this console: "+reply.String()
	}
	return a
}

// authRequired is the reply to a command for which one must have logged in.
const authRequired = 530

// reply is what a mail server answered.
type reply struct {
	code      int
	enhanced  string // by RFC 3463, such as 5.1.1
	aboutMail bool   // it concerns the recipient or the text, not us
}

// String returns the numbers.
func (r reply) String() string {
	if r.enhanced == "" {
		return fmt.Sprint(r.code)
	}
	return fmt.Sprintf("%d %s", r.code, r.enhanced)
}

var enhancedForm = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// readReply finds a server's answer in an error of go-mail's.
func readReply(err error) (reply, bool) {
	var sent *mail.SendError
	if errors.As(err, &sent) && validCode(sent.ErrorCode()) {
		about := sent.Reason == mail.ErrSMTPRcptTo || sent.Reason == mail.ErrSMTPData || sent.Reason == mail.ErrSMTPDataClose
		return reply{sent.ErrorCode(), enhancedForm.FindString(sent.EnhancedStatusCode()), about}, true
	}
	var said *textproto.Error
	if errors.As(err, &said) && validCode(said.Code) {
		return reply{said.Code, enhancedForm.FindString(said.Msg), false}, true
	}
	return reply{}, false
}

func validCode(code int) bool { return code >= 400 && code <= 599 }

// noStartTLS reports whether a session ended because the server has none. go-mail
// has no error of its own for it.
func noStartTLS(err error) bool { return strings.Contains(err.Error(), "does not support STARTTLS") }

// isNonsense reports whether what the server sent was no mail session's.
func isNonsense(err error) bool {
	var said textproto.ProtocolError
	var record tls.RecordHeaderError
	return errors.As(err, &said) || errors.As(err, &record) || errors.Is(err, errReplies)
}

// trouble says the kind of trouble with the connection. go-mail hides what the
// connection itself had in some of its own errors.
func (d *smtpDelivery) trouble(err error) string {
	if d.conn != nil {
		err = errors.Join(d.conn.failed, err)
	}
	var host x509.HostnameError
	switch {
	case isNonsense(err):
		return "the mail server did not follow the protocol"
	case errors.As(err, &host):
		return "the provider's certificate is not valid"
	}
	return trouble(d.ctx, err)
}
