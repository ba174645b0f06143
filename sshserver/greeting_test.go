package sshserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"breakglass/core/coretest"
)

const (
	gcm128 = "aes128-gcm@openssh.com"
	gcm256 = "aes256-gcm@openssh.com"
	ctr256 = "aes256-ctr"
)

// packet is one of SSH without encryption (RFC 4253, section 6).
func packet(payload []byte) []byte {
	padding := 8 - (5+len(payload))%8 + 4
	out := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	out = append(out, byte(padding))
	return append(append(out, payload...), make([]byte, padding)...)
}

// kexInit is the packet of a client with these ciphers, each way.
func kexInit(in, out string, guessFollows bool) []byte {
	payload := append([]byte{20}, make([]byte, 16)...)
	for _, list := range []string{"curve25519-sha256", "ssh-ed25519", in, out, "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""} {
		payload = append(binary.BigEndian.AppendUint32(payload, uint32(len(list))), list...)
	}
	guess := byte(0)
	if guessFollows {
		guess = 1
	}
	return packet(append(payload, guess, 0, 0, 0, 0))
}

var (
	both      = "chacha20-poly1305@openssh.com," + ctr256 + "," + gcm128 + "," + gcm256
	ofOpenSSH = string(kexInit(both, both, false))
	whole     = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" + ofOpenSSH
	greetings = []struct {
		name, sent string
		gcm        bool
	}{
		{"OpenSSH's", whole, true},
		{"a line without a carriage return", "SSH-2.0-x\n" + ofOpenSSH, true},
		{"the other GCM", "SSH-2.0-x\r\n" + string(kexInit(gcm256, ctr256+","+gcm256, false)), true},
		{"another GCM each way", "SSH-2.0-x\r\n" + string(kexInit(gcm256, gcm128, false)), true},
		{"a guess that follows", "SSH-2.0-x\r\n" + string(kexInit(both, both, true)) + string(packet([]byte{30, 1, 2, 3})), true},
		{"lines before", "Welcome\r\n\r\nto me\n" + whole, true},
		{"CTR alone", "SSH-2.0-x\r\n" + string(kexInit(ctr256, ctr256, false)), false},
		{"GCM in alone", "SSH-2.0-x\r\n" + string(kexInit(gcm128, ctr256, false)), false},
		{"GCM out alone", "SSH-2.0-x\r\n" + string(kexInit(ctr256, gcm128, false)), false},
		{"a GCM of another standard", "SSH-2.0-x\r\n" + string(kexInit("AEAD_AES_128_GCM", "AEAD_AES_128_GCM", false)), false},
		{"a longer name", "SSH-2.0-x\r\n" + string(kexInit(gcm128+"x", gcm128+"x", false)), false},
		{"no cipher", "SSH-2.0-x\r\n" + string(kexInit("", "", false)), false},
		{"nothing", "", false},
		{"a line alone", "SSH-2.0-x\r\n", false},
		{"a cut line", "SSH-2.0-Open", false},
		{"a cut length", "SSH-2.0-x\r\n\x00\x00", false},
		{"a cut packet", whole[:len(whole)-30], false},
		{"no padding", "SSH-2.0-x\r\n" + strings.Repeat("\x00", 64), false},
		{"more padding than packet", "SSH-2.0-x\r\n\x00\x00\x00\x08\xff" + strings.Repeat("\x00", 64), false},
		{"a packet without end", "SSH-2.0-x\r\n\xff\xff\xff\xff\x04\x14" + strings.Repeat("x", 64), false},
		{"more than is heard", "SSH-2.0-x\r\n" + string(kexInit(both+","+strings.Repeat("x", maxGreeting), both, false)), false},
		{"another packet first", "SSH-2.0-x\r\n" + string(packet([]byte{2, 0, 0, 0, 0})) + ofOpenSSH, false},
		{"a list that lies of its length", "SSH-2.0-x\r\n" + strings.Replace(ofOpenSSH, "\x00\x00\x00\x04none", "\x00\x00\xff\x04none", 1), false},
		{"a line without end", "SSH-2.0-" + strings.Repeat("x", 2*maxGreeting), false},
		{"lines without end", strings.Repeat("x\r\n", maxGreeting), false},
		{"a web browser's", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
		{"rubbish", strings.Repeat("\xfe\x00\n", 99), false},
	}
)

func TestWhoKnowsGCM(t *testing.T) {
	for _, tt := range greetings {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.sent),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.sent)),
			} {
				if got := knowsGCM(bufio.NewReader(io.LimitReader(r, maxGreeting))); got != tt.gcm {
					t.Errorf("%s: %t", how, got)
				}
			}
		})
	}
}

// script is a connection whose peer says what it has to say and goes.
type script struct {
	net.Conn // none
	io.Reader
	bytes.Buffer // what was written
}

func (s *script) Read(p []byte) (int, error)      { return s.Reader.Read(p) }
func (s *script) Write(p []byte) (int, error)     { return s.Buffer.Write(p) }
func (s *script) Close() error                    { return nil }
func (s *script) RemoteAddr() net.Addr            { return &net.TCPAddr{} }
func (s *script) SetReadDeadline(time.Time) error { return nil }

// Whatever a client begins with, the library gets all of it and in its order.
func FuzzGreeting(f *testing.F) {
	for _, tt := range greetings {
		f.Add([]byte(tt.sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if len(sent) > maxLogin {
			return
		}
		w := &script{Reader: bytes.NewReader(sent)}
		c := greetedBy(w)
		defer func() { check(t, c.Close()) }()
		if len(c.heard) > maxGreeting {
			t.Errorf("%d bytes were kept", len(c.heard))
		}
		if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("the library reads %q, %v", got, err)
		}
		if w.String() != identification {
			t.Errorf("the client got %q", w.String())
		}
	})
}

// greetedBy is a connection of a bare server, after the greeting.
func greetedBy(raw net.Conn) *conn {
	clock := coretest.NewClock()
	s := &Server{limits: defaultLimits(), options: Options{Clock: clock}, base: context.Background()}
	s.gate = newGate(s.limits, clock)
	c := s.newConn(raw)
	c.greet(s.limits.greeting)
	return c
}

// speaking logs in as a client that knows these ciphers, and returns those that
// came of it.
func (w *world) speaking(t *testing.T, c net.Conn, ciphers ...string) gossh.NegotiatedAlgorithms {
	t.Helper()
	return w.negotiating(t, c, gossh.Config{Ciphers: ciphers})
}

// negotiating logs in as a client that knows what known names.
func (w *world) negotiating(t *testing.T, c net.Conn, known gossh.Config) gossh.NegotiatedAlgorithms {
	t.Helper()
	config := w.config("acme", gossh.Password(w.passphrase))
	config.Config = known
	conn, channels, requests, err := gossh.NewClientConn(c, "pipe", config)
	check(t, err)
	client := gossh.NewClient(conn, channels, requests)
	check(t, w.session(client).Run("status"))
	check(t, client.Close())
	return conn.(gossh.AlgorithmsConnMetadata).Algorithms()
}

func TestGCMForAllWhoKnowIt(t *testing.T) {
	for _, tt := range []struct {
		knows []string
		want  string
	}{
		{[]string{gossh.CipherChaCha20Poly1305, ctr256, gcm128}, gcm128},
		{[]string{ctr256, gcm256}, gcm256},
		{[]string{gcm256, gcm128}, gcm256},
		{[]string{gossh.CipherAES128CTR, ctr256}, gossh.CipherAES128CTR},
	} {
		bubble(t, func(t *testing.T, w *world, p *pipes) {
			if got := w.speaking(t, p.dial("192.0.2.1"), tt.knows...); got.Read.Cipher != tt.want || got.Write.Cipher != tt.want {
				t.Errorf("%q got %+v", tt.knows, got)
			}
		})
	}
}

// piecemeal sends each byte by itself.
type piecemeal struct{ net.Conn }

func (c piecemeal) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func TestAGreetingInPieces(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		if got := w.speaking(t, piecemeal{p.dial("192.0.2.1")}, ctr256, gcm128); got.Write.Cipher != gcm128 {
			t.Errorf("%+v", got)
		}
	})
}

// polite names itself, and says more only when the server has: it has then read
// more than our identification.
type polite struct {
	net.Conn
	named bool
	read  int
	heard chan struct{}
}

func (c *polite) Write(p []byte) (int, error) {
	if c.named {
		<-c.heard
	}
	c.named = true
	return c.Conn.Write(p)
}

func (c *polite) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if before := c.read; before <= len(identification) && before+n > len(identification) {
		close(c.heard)
	}
	c.read += n
	return n, err
}

// Who waits for our KEXINIT gets it a second later, with all ciphers.
func TestAClientThatLetsTheServerBegin(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		began := time.Now()
		c := &polite{Conn: p.dial("192.0.2.1"), heard: make(chan struct{})}
		if got := w.speaking(t, c, ctr256, gcm128); got.Write.Cipher != ctr256 {
			t.Errorf("%+v", got)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// No greeting, however odd, holds a connection longer than the library would.
func TestOddGreetingsEnd(t *testing.T) {
	for _, tt := range greetings {
		bubble(t, func(t *testing.T, w *world, p *pipes) {
			c := p.dial("192.0.2.1")
			_, err := io.WriteString(c, tt.sent)
			check(t, err)
			time.Sleep(w.server.limits.login)
			synctest.Wait()
			if n := w.server.gate.count(); n != 0 {
				t.Errorf("%s: %d connections left", tt.name, n)
			}
		})
	}
}
