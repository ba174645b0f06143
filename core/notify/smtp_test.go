package notify

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"

	"github.com/wneessen/go-mail/smtp"
)

func secretOf(s string) core.Secret { return core.NewSecret(s) }

// Each way to protect the connection and to log in sends one plain mail, and
// nothing is said before the connection is protected.
func TestSMTPSends(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*SMTPOptions)
		want   string // how the session begins
	}{
		"STARTTLS, best login":  {func(*SMTPOptions) {}, "EHLO webworks.example | STARTTLS | EHLO webworks.example | AUTH SCRAM-SHA-256"},
		"STARTTLS, PLAIN":       {func(o *SMTPOptions) { o.Auth = "plain" }, "EHLO webworks.example | STARTTLS | EHLO webworks.example | AUTH PLAIN"},
		"STARTTLS, LOGIN":       {func(o *SMTPOptions) { o.Auth = "login" }, "EHLO webworks.example | STARTTLS | EHLO webworks.example | AUTH LOGIN"},
		"STARTTLS, nobody":      {func(o *SMTPOptions) { o.User, o.Password = "", core.Secret{} }, "EHLO webworks.example | STARTTLS | EHLO webworks.example | MAIL"},
		"implicit TLS, SCRAM":   {func(o *SMTPOptions) { o.TLS, o.Auth = TLSImplicit, "scram" }, "EHLO webworks.example | AUTH SCRAM-SHA-256"},
		"this machine, no TLS":  {func(o *SMTPOptions) { o.TLS, o.Host = TLSNone, "127.0.0.1" }, "EHLO webworks.example | AUTH SCRAM-SHA-256"},
		"this machine, PLAIN":   {func(o *SMTPOptions) { o.TLS, o.Host, o.Auth = TLSNone, "127.0.0.1", "plain" }, "EHLO webworks.example | AUTH PLAIN"},
		"a name of its own":     {func(o *SMTPOptions) { o.Hello = "door.example" }, "EHLO door.example | STARTTLS | EHLO door.example | AUTH"},
		"implicit TLS, nothing": {func(o *SMTPOptions) { o.TLS, o.User, o.Password = TLSImplicit, "", core.Secret{} }, "EHLO webworks.example | MAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &mailServer{}
				a := smtpTo(t, s, test.change).Send(t.Context(), letter(core.ContactEmail))
				if a.Verdict != Accepted || a.Detail != "accepted by the mail server" || a.Err != nil {
					t.Fatalf("%+v", a)
				}
				got := s.commands()
				if !strings.HasPrefix(got, test.want) || !strings.HasSuffix(got, "MAIL FROM:<door@webworks.example> BODY=8BITMIME | RCPT TO:<jo@acme.example> | DATA | QUIT") {
					t.Errorf("said %s", got)
				}
			})
		})
	}
}

// The mail is what the row says, in plain text, and nothing of it can become a
// header.
func TestSMTPMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mailServer{}
		e := letter(core.ContactEmail)
		e.Text.Subject = "acme: your code\r\nBcc: eve@evil.example — ünï"
		e.Text.Body = core.NewSecret("line one\n.\n..two\nthe code is 7M2K-Q4XA — ünïcode & more=\n" + strings.Repeat("long ", 300) + "\n")
		if a := smtpTo(t, s).Send(t.Context(), e); a.Verdict != Accepted {
			t.Fatalf("%+v", a)
		}
		m, err := mail.ReadMessage(strings.NewReader(s.mail))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || subject != e.Text.Subject {
			t.Errorf("subject %q, %v", subject, err)
		}
		for name, want := range map[string]string{
			"From": "<door@webworks.example>", "To": "<jo@acme.example>", "Bcc": "", "Message-Id": "<M-0000000007-000@webworks.example>",
			"Auto-Submitted": "auto-generated", "Content-Type": "text/plain; charset=UTF-8", "User-Agent": "", "X-Mailer": "",
			"Date": "Tue, 24 Nov 2026 14:00:00 +0000",
		} {
			if got := m.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil || strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n") != strings.TrimRight(e.Text.Body.Reveal(), "\n") {
			t.Errorf("%v, body %q", err, body)
		}
		for _, line := range strings.Split(s.mail, "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("a line of %d bytes: %q", len(line), line)
			}
		}
	})
}

// An address or an ID that could break the mail goes nowhere.
func TestSMTPRefusesBrokenEnvelopes(t *testing.T) {
	for name, change := range map[string]func(*Envelope){
		"address": func(e *Envelope) { e.To = "jo@acme.example>\r\nRCPT TO:<eve@evil.example" },
		"two":     func(e *Envelope) { e.To = "jo@acme.example,eve@evil.example" },
		"ID":      func(e *Envelope) { e.ID = "x>\r\nBcc: eve@evil.example" },
	} {
		s := &mailServer{}
		e := letter(core.ContactEmail)
		change(&e)
		if a := smtpTo(t, s).Send(t.Context(), e); a.Verdict != Rejected || s.commands() != "" {
			t.Errorf("%s: %+v, said %s", name, a, s.commands())
		}
	}
}

var smtpStages = []string{"greet", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."}

// Whatever a server answers at whatever stage, the channel says what follows,
// without an address, a name or a code in its line.
func TestSMTPRefusals(t *testing.T) {
	for stage, wants := range map[string]struct{ temporary, permanent Verdict }{
		"greet":    {Busy, Misconfigured},
		"EHLO":     {Busy, Misconfigured},
		"STARTTLS": {Busy, Misconfigured},
		"AUTH":     {Busy, Misconfigured},
		"MAIL":     {Busy, Misconfigured},
		"RCPT":     {Busy, Rejected},
		"DATA":     {Busy, Rejected},
		".":        {Busy, Rejected},
	} {
		for reply, want := range map[string]Verdict{
			"451 4.7.1 <jo@acme.example> later, 7M2K-Q4XA": wants.temporary,
			"421 closing": wants.temporary,
			"550-5.1.1 <jo@acme.example> of mail.acme.example\r\n550 5.1.1 no s3cret": wants.permanent,
			"554 no":           wants.permanent,
			"530 5.7.0 log in": Misconfigured,
			"gibberish":        Unreachable,
			"250-never ending\r\n" + strings.Repeat("250-x\r\n", 60_000): Unreachable,
		} {
			synctest.Test(t, func(t *testing.T) {
				s := &mailServer{script: map[string]string{stage: reply, "HELO": reply}}
				a := smtpTo(t, s).Send(t.Context(), letter(core.ContactEmail))
				if a.Verdict != want || a.Detail == "" || a.Err == nil {
					t.Errorf("%s answers %.40q: got %v: %s (%v)", stage, reply, a.Verdict, a.Detail, a.Err)
				}
				for _, leak := range []string{"s3cret", "acme", "7M2K", "door"} {
					if strings.Contains(a.Detail, leak) {
						t.Errorf("%s: the line holds %q: %s", stage, leak, a.Detail)
					}
				}
				if strings.Contains(s.commands(), "QUIT |") {
					t.Errorf("%s: it went on after its goodbye: %s", stage, s.commands())
				}
			})
		}
	}
}

// A server that stalls at any stage has ten seconds for it, and no more.
func TestSMTPStalls(t *testing.T) {
	for _, way := range []string{TLSStart, TLSImplicit} {
		for _, stage := range smtpStages {
			if way == TLSImplicit && stage == "STARTTLS" {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				s := &mailServer{script: map[string]string{stage: "stall"}}
				start := time.Now()
				a := smtpTo(t, s, func(o *SMTPOptions) { o.TLS = way }).Send(t.Context(), letter(core.ContactEmail))
				if a.Verdict != Unreachable || a.Detail != "no answer: it took too long" {
					t.Errorf("%s, %s: got %v: %s (%v)", way, stage, a.Verdict, a.Detail, a.Err)
				}
				if took := time.Since(start); took < sendTimeout || took > 2*sendTimeout+goodbyeTime {
					t.Errorf("%s, %s: took %v", way, stage, took)
				}
			})
		}
	}
}

// A server that drips holds nobody longer than one that stalls.
func TestSMTPDrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := smtpTo(t, &mailServer{})
		c.dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				for {
					time.Sleep(time.Second)
					if _, err := server.Write([]byte("2")); err != nil {
						return
					}
				}
			}()
			return client, nil
		}
		start := time.Now()
		if a := c.Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Unreachable || time.Since(start) != sendTimeout {
			t.Errorf("after %v: %+v", time.Since(start), a)
		}
		after(2 * time.Second)
	})
}

// The courier's own end of patience counts at every stage.
func TestSMTPEndsWithItsContext(t *testing.T) {
	for _, stage := range smtpStages {
		synctest.Test(t, func(t *testing.T) {
			s := &mailServer{script: map[string]string{stage: "stall"}}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(3*time.Second, func() { cancel(errSlow) })
			start := time.Now()
			a := smtpTo(t, s).Send(ctx, letter(core.ContactEmail))
			if a.Verdict != Unreachable || a.Detail != "no answer: it took too long" || time.Since(start) != 3*time.Second {
				t.Errorf("%s: after %v got %v: %s (%v)", stage, time.Since(start), a.Verdict, a.Detail, a.Err)
			}
		})
	}
}

// A connection that is cut is tried again; what was accepted before is not.
func TestSMTPCuts(t *testing.T) {
	for _, stage := range smtpStages {
		synctest.Test(t, func(t *testing.T) {
			s := &mailServer{script: map[string]string{stage: "cut"}}
			if a := smtpTo(t, s).Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Unreachable || a.Detail != "no answer: the connection broke" {
				t.Errorf("%s: got %v: %s (%v)", stage, a.Verdict, a.Detail, a.Err)
			}
		})
	}
	for _, end := range []string{"cut", "stall", "500 no"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := &mailServer{script: map[string]string{"QUIT": end}}
			if a := smtpTo(t, s).Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Accepted || time.Since(start) > goodbyeTime {
				t.Errorf("goodbye: %s: after %v %+v", end, time.Since(start), a)
			}
		})
	}
}

// No mail and no password goes to a server that cannot be told from another.
func TestSMTPTrust(t *testing.T) {
	strangers, _ := testAuthority(t, mailHost)
	_, other := testAuthority(t, "mail.evil.example")
	for name, test := range map[string]struct {
		server *mailServer
		change func(*SMTPOptions)
		want   Verdict
		detail string
	}{
		"an unknown authority": {&mailServer{}, func(o *SMTPOptions) { o.Roots = strangers }, Unreachable, "no answer: the provider's certificate is not valid"},
		"another's name":       {&mailServer{certified: other}, func(*SMTPOptions) {}, Unreachable, "no answer: the provider's certificate is not valid"},
		"STARTTLS left out on the way": {
			&mailServer{extensions: []string{"AUTH PLAIN"}}, func(*SMTPOptions) {}, Misconfigured, "the mail server offers no STARTTLS",
		},
		"no way to log in": {
			&mailServer{extensions: []string{"STARTTLS", "AUTH CRAM-MD5 NTLM"}}, func(*SMTPOptions) {}, Misconfigured,
			"the mail server offers no way to log in that this console may use",
		},
		"only a weaker way": {
			&mailServer{extensions: []string{"STARTTLS", "AUTH PLAIN"}}, func(o *SMTPOptions) { o.Auth = "scram" }, Misconfigured,
			"the mail server offers no way to log in that this console may use",
		},
		"a wrong password": {
			&mailServer{}, func(o *SMTPOptions) { o.Password = secretOf("wrong") }, Misconfigured,
			"the mail server refuses this console's user or password: 535 5.7.8",
		},
		"one that does not know the password": {
			&mailServer{liar: "guesses"}, func(*SMTPOptions) {}, Misconfigured, "the mail server did not prove that it knows the password",
		},
		"one that lets us in without a proof": {
			&mailServer{liar: "silent"}, func(*SMTPOptions) {}, Misconfigured, "the mail server did not prove that it knows the password",
		},
		"one that would keep us computing": {
			&mailServer{liar: "busy"}, func(*SMTPOptions) {}, Misconfigured, "the mail server did not prove that it knows the password",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := smtpTo(t, test.server, test.change).Send(t.Context(), letter(core.ContactEmail))
				if a.Verdict != test.want || a.Detail != test.detail {
					t.Errorf("got %v: %s (%v)", a.Verdict, a.Detail, a.Err)
				}
				if strings.Contains(test.server.commands(), "MAIL") {
					t.Errorf("it was told %s", test.server.commands())
				}
			})
		})
	}
}

// Over a real socket: TLS is kept to where it must be, and nobody listens.
func TestSMTPOnTheNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	c, err := NewSMTP(SMTPOptions{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, TLS: TLSNone, From: "door@webworks.example"})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Accepted {
		t.Errorf("%+v", a)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if a := c.Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Unreachable || a.Detail != "no answer: the connection was refused" {
		t.Errorf("%+v", a)
	}
	if err := onlyLoopback("tcp", "192.0.2.1:25", nil); !errors.Is(err, errLoopback) {
		t.Errorf("another machine without TLS: %v", err)
	}
}

func TestSMTPWantsItsSettings(t *testing.T) {
	good := SMTPOptions{Host: mailHost, From: "door@webworks.example"}
	for name, change := range map[string]func(*SMTPOptions){
		"no host":              func(o *SMTPOptions) { o.Host = "" },
		"a URL for a host":     func(o *SMTPOptions) { o.Host = "smtp://mail.acme.example" },
		"no sender":            func(o *SMTPOptions) { o.From = "" },
		"a name for a sender":  func(o *SMTPOptions) { o.From = "Door <door@webworks.example>" },
		"no TLS to elsewhere":  func(o *SMTPOptions) { o.TLS = TLSNone },
		"unknown TLS":          func(o *SMTPOptions) { o.TLS = "ssl" },
		"unknown auth":         func(o *SMTPOptions) { o.Auth = "cram-md5" },
		"a port that is none":  func(o *SMTPOptions) { o.Port = 70_000 },
		"user, no password":    func(o *SMTPOptions) { o.User = "door" },
		"password, no user":    func(o *SMTPOptions) { o.Password = secretOf("x") },
		"a line for a machine": func(o *SMTPOptions) { o.Host = "mail.acme.example\r\nx" },
	} {
		o := good
		change(&o)
		if _, err := NewSMTP(o); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for tls, port := range map[string]int{"": 587, TLSStart: 587, TLSImplicit: 465} {
		o := good
		o.TLS = tls
		if c, err := NewSMTP(o); err != nil || c.port != port {
			t.Errorf("%q: %+v, %v", tls, c, err)
		}
	}
}

// Whatever a server says, the session ends, and its line is one of ours.
func FuzzSMTPServer(f *testing.F) {
	for _, seed := range []string{
		"220 hi\r\n250-a\r\n250 AUTH PLAIN LOGIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n",
		"220 hi\r\n250-a\r\n250 AUTH SCRAM-SHA-256\r\n334 \r\n334 cj14LHM9c2FsdCxpPTE=\r\n235 ok\r\n", "220 hi\r\n250 AUTH LOGIN\r\n334 !\r\n535 5.7.8 no\r\n",
		"220-\r\n220 \r\n502\r\n", "554 5.7.1 <jo@acme.example>\r\n", "999 x\r\n", "", "\x16\x03\x01",
	} {
		f.Add(seed, "")
		f.Add(seed, "scram")
	}
	f.Fuzz(func(t *testing.T, said, auth string) {
		if !knownAuth(auth) {
			auth = ""
		}
		c, err := NewSMTP(SMTPOptions{
			Host: "127.0.0.1", TLS: TLSNone, From: "door@webworks.example", User: mailUser, Password: secretOf(mailPassword), Auth: auth,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.stage = time.Second
		c.dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, server) }()
			go func() {
				_, _ = io.WriteString(server, said)
				_ = server.Close()
			}()
			return client, nil
		}
		a := c.Send(t.Context(), letter(core.ContactEmail))
		if a.Detail == "" || len(a.Detail) > 200 || strings.ContainsAny(a.Detail, "\r\n\x1b@<>") || strings.Contains(a.Detail, "acme") {
			t.Errorf("%+v", a)
		}
	})
}

// No challenge keeps us computing.
func FuzzRoundsOfSCRAM(f *testing.F) {
	f.Add("r=x,s=c2FsdA==,i=4096")
	f.Add("r=x,s=c2FsdA==,i=99999999999999999999")
	f.Add("r=x,s=c2FsdA==,i=1,i=999999999")
	f.Fuzz(func(t *testing.T, challenge string) {
		a := &authChoice{scram: true, way: nothing{}}
		if _, err := a.Next([]byte(challenge), true); err != nil {
			return
		}
		for _, part := range strings.Split(challenge, ",") {
			if text, ok := strings.CutPrefix(part, "i="); ok && !strings.HasPrefix(challenge, "v=") {
				if n, err := strconv.Atoi(text); err != nil || n > maxRounds || n < 1 {
					t.Errorf("%q was let through", challenge)
				}
			}
		}
	})
}

// nothing is a way to log in that says nothing.
type nothing struct{}

func (nothing) Start(*smtp.ServerInfo) (string, []byte, error) { return "", nil, nil }
func (nothing) Next([]byte, bool) ([]byte, error)              { return nil, nil }
