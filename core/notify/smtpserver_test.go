package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer is a mail server that follows a script: what it answers at a stage
// (greet, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, ".", QUIT), or "stall", or
// "cut". It writes down what it was told. It is safe for concurrent use.
type mailServer struct {
	script     map[string]string
	extensions []string // in answer to EHLO; nil: STARTTLS before TLS, AUTH after
	certified  *tls.Config
	implicit   bool
	liar       string // in SCRAM it does not know the password, and "guesses", is "silent", or keeps us "busy"

	mu   sync.Mutex
	log  []string // commands
	mail string   // as it was sent
}

const mailHost, mailUser, mailPassword = "mail.acme.example", "door", "s3cret"

// dial connects to the server; it fits SMTP's own.
func (s *mailServer) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go s.serve(server)
	return client, nil
}

func (s *mailServer) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, " | ")
}

// mailSession is one connection to it.
type mailSession struct {
	*mailServer
	conn net.Conn
	in   *bufio.Reader
	tls  bool
}

func (s *mailServer) serve(conn net.Conn) {
	defer conn.Close()
	m := &mailSession{mailServer: s, conn: conn, in: bufio.NewReader(conn)}
	if s.implicit {
		m.secure()
	}
	if !m.say("greet", "220 "+mailHost+" ESMTP") {
		return
	}
	for {
		line, err := m.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.log = append(s.log, line)
		s.mu.Unlock()
		if verb, rest, _ := strings.Cut(line, " "); !m.obey(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (m *mailSession) secure() {
	m.conn = tls.Server(m.conn, m.certified)
	m.in, m.tls = bufio.NewReader(m.conn), true
}

// say answers, unless the script says otherwise, and reports whether the session
// goes on.
func (m *mailSession) say(stage, usual string) bool {
	text, ok := m.script[stage]
	if !ok {
		text = usual
	}
	switch text {
	case "stall":
		_, _ = io.Copy(io.Discard, m.in) // until the other side gives up
		return false
	case "cut":
		return false
	}
	_, err := io.WriteString(m.conn, text+"\r\n")
	return err == nil
}

func (m *mailSession) obey(verb, rest string) bool {
	switch verb {
	case "EHLO":
		return m.say("EHLO", m.hello())
	case "STARTTLS":
		going := m.say("STARTTLS", "220 go")
		if _, scripted := m.script["STARTTLS"]; !scripted {
			m.secure()
		}
		return going
	case "AUTH":
		return m.say("AUTH", m.login(rest))
	case "MAIL", "RCPT":
		return m.say(verb, "250 2.1.0 ok")
	case "DATA":
		if _, scripted := m.script["DATA"]; scripted {
			return m.say("DATA", "")
		}
		return m.say("DATA", "354 go") && m.read()
	case "QUIT":
		m.say("QUIT", "221 bye")
		return false
	case "*":
		return m.say("*", "501 cancelled")
	default:
		return m.say(verb, "502 what")
	}
}

func (m *mailSession) hello() string {
	extensions := m.extensions
	if extensions == nil {
		extensions = []string{"ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"}
		if m.tls || m.certified == nil {
			extensions = append(extensions, "AUTH PLAIN LOGIN SCRAM-SHA-256 CRAM-MD5")
		} else {
			extensions = append(extensions, "STARTTLS")
		}
	}
	lines := append([]string{mailHost}, extensions...)
	out := ""
	for i, line := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		out += "250" + separator + line + "\r\n"
	}
	return strings.TrimSuffix(out, "\r\n")
}

// read takes the mail itself.
func (m *mailSession) read() bool {
	text := ""
	for {
		line, err := m.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text += strings.TrimPrefix(line, ".")
	}
	m.mu.Lock()
	m.mail = text
	m.mu.Unlock()
	return m.say(".", "250 2.0.0 queued")
}

const (
	loggedIn = "235 2.7.0 hello"
	noEntry  = "535 5.7.8 no"
)

func (m *mailSession) ask(challenge string) string {
	if _, err := io.WriteString(m.conn, "334 "+base64.StdEncoding.EncodeToString([]byte(challenge))+"\r\n"); err != nil {
		return ""
	}
	line, err := m.in.ReadString('\n')
	if err != nil {
		return ""
	}
	return unbase64(strings.TrimRight(line, "\r\n"))
}

func unbase64(s string) string {
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(out)
}

// login checks what came and returns the answer.
func (m *mailSession) login(rest string) string {
	way, first, _ := strings.Cut(rest, " ")
	switch way {
	case "PLAIN":
		if unbase64(first) == "\x00"+mailUser+"\x00"+mailPassword {
			return loggedIn
		}
	case "LOGIN":
		if m.ask("Username:") == mailUser && m.ask("Password:") == mailPassword {
			return loggedIn
		}
	case "SCRAM-SHA-256":
		return m.scram(m.ask(""))
	}
	return noEntry
}

// scram is the server's side of RFC 5802.
func (m *mailSession) scram(first string) string {
	bare := strings.TrimPrefix(first, "n,,")
	_, nonce, _ := strings.Cut(bare, ",r=")
	password, rounds := mailPassword, "4096"
	if m.liar == "guesses" {
		password = "guessed"
	}
	if m.liar == "busy" {
		rounds = "2000000000"
	}
	salted, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 4096, sha256.Size)
	if err != nil {
		return noEntry
	}
	challenge := "r=" + nonce + "server,s=" + base64.StdEncoding.EncodeToString([]byte("salt")) + ",i=" + rounds
	final := m.ask(challenge)
	without, proof, _ := strings.Cut(final, ",p=")
	signed := bare + "," + challenge + "," + without
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	signature := mac(stored[:], signed)
	for i := range signature {
		signature[i] ^= clientKey[i]
	}
	if m.liar == "silent" {
		return loggedIn
	}
	if m.liar == "" && !hmac.Equal([]byte(unbase64(proof)), signature) {
		return noEntry
	}
	m.ask("v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), signed)))
	return loggedIn
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// testAuthority makes a CA and a certificate of it for these names.
func testAuthority(t *testing.T, names ...string) (roots *x509.CertPool, certified *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, DNSNames: names}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return roots, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leafDER}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// smtpTo returns a channel to the server, with the options changed.
func smtpTo(t *testing.T, s *mailServer, change ...func(*SMTPOptions)) *SMTP {
	t.Helper()
	roots, certified := testAuthority(t, mailHost)
	o := SMTPOptions{Host: mailHost, From: "door@webworks.example", User: mailUser, Password: secretOf(mailPassword), Roots: roots}
	for _, f := range change {
		f(&o)
	}
	if o.TLS != TLSNone && s.certified == nil {
		s.certified = certified
	}
	s.implicit = o.TLS == TLSImplicit
	c, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	c.dial = s.dial
	return c
}

func (s *mailServer) String() string { return fmt.Sprintf("%v", s.script) }
