package notify

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"breakglass/core"
)

// book is a Log in memory that grows when told to.
type book struct {
	mu       sync.Mutex
	lines    []string
	next     int64
	batch    int64
	grown    chan struct{}
	problems []string
	broken   error // of NextPush, once
}

func newBook(lines int) *book {
	b := &book{batch: 16, grown: make(chan struct{}, 1)}
	b.grow(lines)
	return b
}

func (b *book) grow(lines int) {
	b.mu.Lock()
	for range lines {
		b.lines = append(b.lines, fmt.Sprintf("<109>1 - door breakglass - boot [breakglass@32473 seq=%q reason=%q] boot", fmt.Sprint(len(b.lines)), "é 12 <13>1 x"))
	}
	b.mu.Unlock()
	select {
	case b.grown <- struct{}{}:
	default:
	}
}

func (b *book) Logged() <-chan struct{} { return b.grown }

func (b *book) NextPush(context.Context) (core.PushBatch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.broken; err != nil {
		b.broken = nil
		return core.PushBatch{}, err
	}
	to := min(b.next+b.batch, int64(len(b.lines)))
	return core.PushBatch{From: b.next, To: to, Messages: b.lines[b.next:to:to]}, nil
}

func (b *book) Pushed(_ context.Context, batch core.PushBatch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = batch.To
	return nil
}

func (b *book) PushFailed(_ context.Context, why string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, why)
	return nil
}

func (b *book) done() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next == int64(len(b.lines))
}

// collector is a syslog server that treats each connection as its script says,
// those after the script well.
type collector struct {
	t        *testing.T
	listener net.Listener
	script   []string

	mu    sync.Mutex
	conns int
	got   []string
}

// serve takes connections until the test ends.
func (c *collector) serve() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		how := "well"
		if c.conns < len(c.script) {
			how = c.script[c.conns]
		}
		c.conns++
		c.mu.Unlock()
		go c.take(conn, how)
	}
}

func (c *collector) take(conn net.Conn, how string) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	frames := 1 << 30
	switch how {
	case "reset":
		die(conn)
		return
	case "hang":
		_, _ = io.ReadFull(in, make([]byte, 10))
		time.Sleep(time.Second)
		die(conn)
		return
	case "half": // read some, then die with the rest unread
		frames = 5
	case "deaf": // read all, and never close
		defer time.Sleep(time.Second)
	case "slow":
		in = bufio.NewReader(&trickle{conn})
	}
	for range frames {
		message, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.t.Errorf("%s: %v", how, err)
			return
		}
		c.mu.Lock()
		c.got = append(c.got, message)
		c.mu.Unlock()
	}
	die(conn)
}

// die closes a connection as the death of a program with unread data does.
func die(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		_ = plain.SetLinger(0)
	}
	_ = conn.Close()
}

// trickle reads little at a time.
type trickle struct{ io.Reader }

func (t *trickle) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return t.Reader.Read(p[:min(len(p), 200)])
}

// readFrame reads one message by RFC 6587, section 3.4.1.
func readFrame(in *bufio.Reader) (string, error) {
	count, err := in.ReadString(' ')
	if err != nil {
		if count != "" && errors.Is(err, io.EOF) {
			err = fmt.Errorf("cut off within a count: %q", count)
		}
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(count, " "))
	if err != nil || n <= 0 || count[0] == '0' {
		return "", fmt.Errorf("%q is no count of bytes: %w", count, err)
	}
	message := make([]byte, n)
	_, err = io.ReadFull(in, message)
	return string(message), err
}

// hasty is a clock on which little time is much.
type hasty struct{ core.Clock }

func (hasty) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d/1000, f).Stop
}

// pushTo runs a pusher of b to a collector and returns what stops it.
func pushTo(t *testing.T, b *book, s *Syslog) (stop func()) {
	t.Helper()
	p := NewPusher(PusherOptions{Log: b, Collector: s, Clock: hasty{}, Random: zeros{}, Operator: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); p.Run(ctx) }()
	return func() { cancel(); <-over }
}

func (b *book) wait(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !b.done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d lines arrived; %v", b.next, len(b.lines), b.problems)
		}
	}
}

// Whatever the collector does, it gets every line in the end, in order, and
// nothing twice but the batch that was under way when it failed.
func TestEveryLineIsPushed(t *testing.T) {
	certificate, roots := certificateFor(t, "localhost")
	for _, secured := range []bool{false, true} {
		for _, script := range [][]string{
			{}, {"reset"}, {"hang"}, {"half"}, {"deaf"}, {"slow"},
			{"reset", "half", "hang", "deaf", "slow", "half", "reset", "well", "half"},
		} {
			t.Run(fmt.Sprint(secured, script), func(t *testing.T) {
				t.Parallel()
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				options := SyslogOptions{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, Plain: !secured, Roots: roots}
				if secured {
					listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
				}
				c := &collector{t: t, listener: listener, script: script}
				go c.serve()
				t.Cleanup(func() { _ = listener.Close() })
				s, err := NewSyslog(options)
				if err != nil {
					t.Fatal(err)
				}
				s.stage = 400 * time.Millisecond
				b := newBook(100)
				stop := pushTo(t, b, s)
				b.wait(t)
				b.grow(3) // and then live
				b.wait(t)
				stop()
				c.check(b)
			})
		}
	}
}

// check demands every line, in order, with repetitions of whole batches only.
func (c *collector) check(b *book) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	failures := len(b.problems)
	seen, next := map[string]int{}, 0
	for _, message := range c.got {
		if seen[message]++; seen[message] == 1 {
			if message != b.lines[next] {
				c.t.Fatalf("line %d is %q", next, message)
			}
			next++
		}
	}
	if next != len(b.lines) {
		c.t.Errorf("%d of %d lines", next, len(b.lines))
	}
	if again := len(c.got) - next; again > failures*int(b.batch) {
		c.t.Errorf("%d lines came again after %d failures of a batch of %d", again, failures, b.batch)
	}
	if len(c.script) == 0 && failures > 0 {
		c.t.Errorf("a good collector: %v", b.problems)
	}
}

// A collector that is not who it should be gets nothing, and the sentence says
// what to look at.
func TestAWrongCollectorGetsNothing(t *testing.T) {
	certificate, roots := certificateFor(t, "localhost")
	other, otherRoots := certificateFor(t, "elsewhere.example")
	wants := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, MinVersion: tls.VersionTLS12}
	for name, c := range map[string]struct {
		server *tls.Config
		roots  *x509.CertPool
		want   string
	}{
		"unknown authority": {&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, otherRoots, "name its ca_file"},
		"another name":      {&tls.Config{Certificates: []tls.Certificate{other}, MinVersion: tls.VersionTLS12}, otherRoots, "for another name"},
		"wants ours":        {wants, roots, "refuses this console's certificate"},
		"no TLS":            {nil, roots, "cannot be reached"},
		"nobody":            {nil, nil, "nobody listens"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := listener.Addr().(*net.TCPAddr).Port
			got := make(chan int64, 1)
			if c.roots == nil {
				got <- 0
				if err := listener.Close(); err != nil {
					t.Fatal(err)
				}
			} else {
				t.Cleanup(func() { _ = listener.Close() })
				go func() { got <- takeOne(listener, c.server) }()
			}
			s, err := NewSyslog(SyslogOptions{Host: "localhost", Port: port, Roots: c.roots})
			if err != nil {
				t.Fatal(err)
			}
			s.stage = time.Second
			err = s.Deliver(t.Context(), []string{"secret"})
			if said := collectorProblem(err); err == nil || !strings.Contains(said, c.want) {
				t.Errorf("%v: %s", err, said)
			}
			if n := <-got; n > 0 {
				t.Errorf("%d bytes were read", n)
			}
		})
	}
}

// takeOne counts what one connection brings. Without TLS it answers in plain.
func takeOne(listener net.Listener, config *tls.Config) int64 {
	conn, err := listener.Accept()
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }()
	if config == nil {
		_, _ = io.WriteString(conn, "220 this is no TLS\r\n")
		return 0
	}
	n, _ := io.Copy(io.Discard, tls.Server(conn, config))
	return n
}

// A certificate of our own is shown to a collector that wants it.
func TestTheCollectorMaySeeWhoPushes(t *testing.T) {
	certificate, roots := certificateFor(t, "localhost")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{t: t, listener: listener}
	go c.serve()
	t.Cleanup(func() { _ = listener.Close() })
	s, err := NewSyslog(SyslogOptions{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, Roots: roots, Certificate: &certificate})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(t.Context(), []string{"one", "two"}); err != nil || strings.Join(c.got, " ") != "one two" {
		t.Errorf("%v, %v", c.got, err)
	}
}

// A log that cannot be read or signed is a problem of the push that people see,
// and once it can be, all of it leaves.
func TestALogThatCannotBeSignedIsSeen(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{t: t, listener: listener}
	go c.serve()
	t.Cleanup(func() { _ = listener.Close() })
	s, err := NewSyslog(SyslogOptions{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	b := newBook(20)
	b.broken = errors.New("the log was rewritten")
	stop := pushTo(t, b, s)
	b.wait(t)
	stop()
	if len(b.problems) != 1 || !strings.Contains(b.problems[0], "cannot be read or signed") {
		t.Errorf("%q", b.problems)
	}
}

// A stopped pusher stops, whatever the collector is at.
func TestAPusherStops(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections by the system, reads nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s, err := NewSyslog(SyslogOptions{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	b := newBook(5)
	stop := pushTo(t, b, s)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Error(err)
	}
	if b.next != 0 || len(b.problems) != 0 {
		t.Errorf("%d lines count as arrived; %v", b.next, b.problems)
	}
}

// certificateFor makes a certificate and who vouches for it.
func certificateFor(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	roots, certified := testAuthority(t, name)
	return certified.Certificates[0], roots
}
