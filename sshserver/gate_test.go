package sshserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// from is a connection that comes from an address of the test's choice.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.addr), 4711))
}

// pipes is a listener of such connections.
type pipes struct {
	next    chan net.Conn
	done    chan struct{}
	clients []net.Conn
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects and returns the client's end.
func (p *pipes) dial(addr string) net.Conn {
	client, server := net.Pipe()
	p.next <- from{buffer(server), addr}
	p.clients = append(p.clients, buffer(client))
	return p.clients[len(p.clients)-1]
}

// buffered is an end of a pipe that takes what is written at once, as a socket
// does: both sides of SSH write first.
type buffered struct {
	net.Conn
	mu     sync.Mutex
	queue  []byte
	wake   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func buffer(c net.Conn) net.Conn {
	b := &buffered{Conn: c, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	go b.pump()
	return b
}

func (b *buffered) Write(p []byte) (int, error) {
	b.mu.Lock()
	b.queue = append(b.queue, p...)
	b.mu.Unlock()
	select {
	case <-b.closed:
		return 0, net.ErrClosed
	case b.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (b *buffered) pump() {
	for {
		b.mu.Lock()
		next := b.queue
		b.queue = nil
		b.mu.Unlock()
		if len(next) > 0 {
			if _, err := b.Conn.Write(next); err != nil {
				return
			}
			continue
		}
		select {
		case <-b.wake:
		case <-b.closed:
			_ = b.Conn.Close()
			return
		}
	}
}

// Close lets go once what was written is through, or nobody takes it.
func (b *buffered) Close() error {
	b.once.Do(func() {
		close(b.closed)
		time.AfterFunc(time.Second, func() { _ = b.Conn.Close() })
	})
	return nil
}

// bubble runs f in a bubble of fake time, with a server that pipes lead to.
func bubble(t *testing.T, f func(t *testing.T, w *world, p *pipes), change ...func(*limits)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOn(t, change...)
		p := newPipes()
		served := make(chan error, 1)
		go func() { served <- w.server.Serve(p) }()
		defer func() {
			check(t, w.server.Shutdown(context.Background()))
			check(t, <-served)
			for _, c := range p.clients {
				check(t, c.Close())
			}
		}()
		f(t, w, p)
	})
}

// login logs in over a pipe.
func (w *world) login(c net.Conn, user string, auth ...gossh.AuthMethod) (*gossh.Client, error) {
	conn, channels, requests, err := gossh.NewClientConn(c, "pipe", w.config(user, auth...))
	if err != nil {
		return nil, err
	}
	return gossh.NewClient(conn, channels, requests), nil
}

// greeted reports whether the server speaks SSH to the connection.
func greeted(c net.Conn) (string, bool) {
	line, err := bufio.NewReader(c).ReadString('\n')
	return line, err == nil && strings.HasPrefix(line, "SSH-2.0-breakglass")
}

// mutable is a client whose machine can go to sleep: it swallows what comes.
type mutable struct {
	net.Conn
	mute atomic.Bool
}

func (m *mutable) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	for err == nil && m.mute.Load() {
		n, err = m.Conn.Read(p)
	}
	return n, err
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

func isClosed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err := io.ReadAll(c)
	return err == nil
}

func TestOneMinuteToAuthenticate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		slow := p.dial("192.0.2.1")
		if line, ok := greeted(slow); !ok {
			t.Fatalf("greeted with %q", line)
		}
		// A byte now and then does not buy more time.
		for range 5 {
			time.Sleep(11 * time.Second)
			_, err := slow.Write([]byte("S"))
			check(t, err)
		}
		time.Sleep(5*time.Second + time.Millisecond)
		synctest.Wait()
		if !isClosed(slow) {
			t.Error("still open after a minute")
		}
		c, err := w.login(p.dial("192.0.2.1"), "acme", gossh.Password(w.passphrase))
		check(t, err)
		time.Sleep(10 * time.Minute)
		check(t, w.session(c).Run("status"))
		check(t, c.Close())
	})
}

// When all places are taken, the newcomer gets that of the flood's oldest
// stranger, never that of somebody who has logged in.
func TestTheFloodMakesRoomForTheOwner(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		owner, err := w.login(p.dial("198.51.100.7"), "acme", gossh.Password(w.passphrase))
		check(t, err)
		early := p.dial("203.0.113.9")
		greeted(early)
		var flood []net.Conn
		for range 3 {
			c := p.dial("192.0.2.66")
			greeted(c)
			flood = append(flood, c)
		}
		late, err := w.login(p.dial("198.51.100.8"), "acme", gossh.Password(w.passphrase))
		check(t, err)
		synctest.Wait()
		if !isClosed(flood[0]) || isClosed(flood[1]) || isClosed(flood[2]) || isClosed(early) {
			t.Error("the wrong one was closed")
		}
		for _, c := range []*gossh.Client{owner, late} {
			check(t, w.session(c).Run("status"))
			check(t, c.Close())
		}
	}, func(l *limits) { l.connections = 5 })
}

func TestFullOfPeopleIsFull(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		var in []*gossh.Client
		for i := range 2 {
			c, err := w.login(p.dial(fmt.Sprintf("192.0.2.%d", i)), "acme", gossh.Password(w.passphrase))
			check(t, err)
			in = append(in, c)
		}
		if line, ok := greeted(p.dial("192.0.2.9")); ok || !strings.Contains(line, "all connections are in use") {
			t.Errorf("greeted with %q", line)
		}
		check(t, in[0].Close())
		synctest.Wait()
		c, err := w.login(p.dial("192.0.2.9"), "acme", gossh.Password(w.passphrase))
		check(t, err)
		check(t, c.Close())
		check(t, in[1].Close())
	}, func(l *limits) { l.connections = 2 })
}

func TestOneSourceGetsItsShare(t *testing.T) {
	for _, tt := range []struct {
		name       string
		first, own string // both of one source
		other      string
	}{
		{"IPv4 by address", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"IPv4 within IPv6", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"},
		{"IPv6 by /64", "2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"},
		{"IPv6 with a zone", "fe80::1", "fe80::2", "2001:db8::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world, p *pipes) {
				in, err := w.login(p.dial(tt.first), "acme", gossh.Password(w.passphrase))
				check(t, err)
				stranger := p.dial(tt.first)
				greeted(stranger)
				newer := p.dial(tt.own)
				if _, ok := greeted(newer); !ok || !isClosed(stranger) {
					t.Error("the source's own stranger did not make room")
				}
				check(t, newer.Close())
				synctest.Wait()
				second, err := w.login(p.dial(tt.own), "acme", gossh.Password(w.passphrase))
				check(t, err)
				if line, ok := greeted(p.dial(tt.own)); ok || !strings.Contains(line, "from your network") {
					t.Errorf("a third was greeted with %q", line)
				}
				elsewhere := p.dial(tt.other)
				if _, ok := greeted(elsewhere); !ok {
					t.Error("another source was refused")
				}
				check(t, elsewhere.Close())
				check(t, in.Close())
				check(t, second.Close())
			}, func(l *limits) { l.perSource = 2 })
		})
	}
}

// Failed logins are answered ever later and in the end not at all; all of it
// is forgotten by itself, and other networks do not notice.
func TestFailedLoginsArePenalised(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		fail := func(addr string) (time.Duration, error) {
			began := time.Now()
			_, err := w.login(p.dial(addr), "acme", gossh.Password("WRONG"))
			return time.Since(began), err
		}
		var before time.Duration
		for i := range 20 {
			took, err := fail("192.0.2.66")
			if err == nil || !strings.Contains(err.Error(), "unable to authenticate") {
				t.Fatalf("try %d: %v", i, err)
			}
			if took < before || took > 6*time.Second || (i > 12 && took < 2*time.Second) {
				t.Errorf("try %d took %v, the one before %v", i, took, before)
			}
			before = took - time.Second // some are forgotten meanwhile
		}
		for w.server.gate.strike(netip.MustParsePrefix("192.0.2.66/32")) < 5*time.Second {
		}
		for range 20 {
			w.server.gate.strike(netip.MustParsePrefix("192.0.2.66/32"))
		}
		if line, ok := greeted(p.dial("192.0.2.66")); ok || !strings.Contains(line, "too many failed logins") {
			t.Errorf("greeted with %q", line)
		}
		c, err := w.login(p.dial("192.0.2.1"), "acme", gossh.Password(w.passphrase))
		check(t, err)
		check(t, c.Close())
		time.Sleep(4 * time.Minute)
		if took, err := fail("192.0.2.66"); err == nil || took > time.Second {
			t.Errorf("afterwards: %v, %v", took, err)
		}
	}, func(l *limits) { *l = defaultLimits() })
}

func TestPenaltiesRememberAtMost(t *testing.T) {
	p := penalties{limits: defaultLimits(), by: map[netip.Prefix]strikes{}}
	attacker := netip.MustParsePrefix("192.0.2.1/32")
	for range 30 {
		p.strike(attacker, 0)
	}
	addr := netip.MustParseAddr("10.0.0.0")
	for range 2 * maxSources {
		addr = addr.Next()
		p.strike(netip.PrefixFrom(addr, 32), 0)
	}
	if len(p.by) > maxSources {
		t.Errorf("remembers %d sources", len(p.by))
	}
	if !p.refused(attacker, 0) {
		t.Error("a flood of others washed the attacker clean")
	}
	if p.refused(attacker, 5*time.Minute) {
		t.Error("still refused after five minutes")
	}
}

// A peer that is gone without a word is noticed; one that is merely slow to
// answer lives.
func TestKeepaliveClosesTheDead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		raw := &mutable{Conn: p.dial("192.0.2.1")}
		c, err := w.login(raw, "acme", gossh.Password(w.passphrase))
		check(t, err)
		s := w.session(c)
		check(t, s.Start("hang"))
		<-w.commands
		time.Sleep(time.Hour)
		synctest.Wait()
		if w.server.gate.count() != 1 {
			t.Fatal("a living client was closed")
		}
		raw.mute.Store(true)
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if n := w.server.gate.count(); n != 0 {
			t.Errorf("%d connections left", n)
		}
		check(t, raw.Close())
	})
}

func TestSourceOf(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1:22": "192.0.2.1/32", "[2001:db8::1]:22": "2001:db8::/64", "[::ffff:192.0.2.1]:22": "192.0.2.1/32", "[fe80::1%eth0]:22": "fe80::/64",
	} {
		parsed, err := netip.ParseAddrPort(addr)
		check(t, err)
		if got := sourceOf(net.TCPAddrFromAddrPort(parsed)).String(); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
	if sourceOf(&net.UnixAddr{Name: "x"}).IsValid() {
		t.Error("a socket has an address")
	}
}
