package sshserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core/coretest"
)

// loggedIn is a connection of a bare server whose peer has logged in.
func loggedIn(t *testing.T, raw net.Conn) (*Server, *conn) {
	t.Helper()
	clock := coretest.NewClock()
	s := &Server{limits: defaultLimits(), options: Options{Clock: clock}, base: context.Background()}
	s.gate = newGate(s.limits, clock)
	c := s.newConn(raw)
	check(t, s.gate.admit(c))
	c.authenticated()
	return s, c
}

// sockets are the two ends of a TCP connection.
func sockets(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { check(t, l.Close()) }()
	client, err = net.Dial("tcp", l.Addr().String())
	check(t, err)
	server, err = l.Accept()
	check(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client, server
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	_, err := rand.Read(b)
	check(t, err)
	return b
}

// fill writes pieces until an error, and counts what was taken.
func fill(c net.Conn, piece int, taken *atomic.Int64) <-chan error {
	end := make(chan error, 1)
	go func() {
		for {
			n, err := c.Write(make([]byte, piece))
			taken.Add(int64(n))
			if err != nil {
				end <- err
				return
			}
		}
	}()
	return end
}

// holdsNothing reports whether the connection has neither buffer nor goroutine.
func (c *conn) holdsNothing() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.waiting == nil && !c.out.running
}

func (c *conn) isFull() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return len(c.out.waiting) == maxGathered
}

// Whatever the lengths, the peer reads what was written, all of it, and then
// the end.
func TestAllThatIsWrittenArrivesInOrder(t *testing.T) {
	for name, pair := range map[string]func(*testing.T) (client, server net.Conn){
		"pipe": func(*testing.T) (net.Conn, net.Conn) { return net.Pipe() },
		"TCP":  sockets,
	} {
		t.Run(name, func(t *testing.T) {
			client, raw := pair(t)
			s, c := loggedIn(t, raw)
			want := random(t, 8<<20)
			go func() {
				for left, i := want, 0; len(left) > 0; i++ {
					n := min(len(left), []int{1, 4096, 28 << 10, 20, worthGathering - 1, 3 * maxGathered, 300, maxGathered}[i%8])
					if m, err := c.Write(left[:n]); m != n || err != nil {
						t.Errorf("wrote %d of %d: %v", m, n, err)
					}
					left = left[n:]
				}
				_ = c.Close()
			}()
			got, err := io.ReadAll(client)
			check(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes came, not those %d that were written", len(got), len(want))
			}
			s.work.Wait()
			if !c.holdsNothing() || s.gate.count() != 0 {
				t.Error("something is left")
			}
		})
	}
}

// Each write is one piece, whoever else writes.
func TestConcurrentWritesStayWhole(t *testing.T) {
	client, raw := net.Pipe()
	s, c := loggedIn(t, raw)
	const piece, pieces = 50_000, 40
	for i := range 4 {
		s.work.Go(func() {
			for range pieces {
				if _, err := c.Write(bytes.Repeat([]byte{byte(i)}, piece)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := make([]byte, 4*pieces*piece)
	_, err := io.ReadFull(client, got)
	check(t, err)
	for i := 0; i < len(got); i += piece {
		if !bytes.Equal(got[i:i+piece], bytes.Repeat(got[i:i+1], piece)) {
			t.Fatalf("the piece at %d is mixed", i)
		}
	}
	s.work.Wait()
	if !c.holdsNothing() {
		t.Error("an idle connection holds something")
	}
	check(t, c.Close())
}

// A peer that reads nothing costs 256 KiB; then its writer waits.
func TestAWriterWaitsAtTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		var taken atomic.Int64
		end := fill(c, worthGathering, &taken)
		synctest.Wait()
		if n := taken.Load(); n < maxGathered || n > 2*maxGathered {
			t.Errorf("%d bytes were taken", n)
		}
		_, err := io.ReadFull(client, make([]byte, 10*maxGathered))
		check(t, err)
		synctest.Wait()
		if n := taken.Load() - 10*maxGathered; n < 0 || n > 2*maxGathered {
			t.Errorf("%d bytes are held", n)
		}
		c.cut()
		if err := <-end; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the writer that waited got %v", err)
		}
		s.work.Wait()
	})
}

// Nothing is kept for who has not logged in: a write lasts until it is read.
func TestNothingIsGatheredForStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		c.in.Store(false)
		var taken atomic.Int64
		end := fill(c, 32<<10, &taken)
		synctest.Wait()
		if n := taken.Load(); n != 0 || !c.holdsNothing() {
			t.Errorf("%d bytes were taken", n)
		}
		check(t, client.Close())
		if err := <-end; !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
		_ = c.Close()
		s.work.Wait()
	})
}

// The echo of a key press goes out at once where nothing is before it, and
// behind what is.
func TestShortWritesGoOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		written := make(chan error, 1)
		go func() {
			_, err := c.Write([]byte("k"))
			written <- err
		}()
		synctest.Wait()
		if !c.holdsNothing() {
			t.Error("a key press was kept")
		}
		key := make([]byte, 1)
		_, err := io.ReadFull(client, key)
		check(t, err)
		check(t, <-written)
		long := random(t, worthGathering)
		for _, p := range [][]byte{long, []byte("behind")} {
			_, err := c.Write(p)
			check(t, err)
		}
		got := make([]byte, len(long)+len("behind"))
		_, err = io.ReadFull(client, got)
		check(t, err)
		if string(got) != string(long)+"behind" {
			t.Error("out of order")
		}
		check(t, c.Close())
		s.work.Wait()
	})
}

// A write that failed is told to every write after it.
func TestAnErrorStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		var taken atomic.Int64
		end := fill(c, 32<<10, &taken)
		synctest.Wait()
		check(t, client.Close())
		if err := <-end; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the writer that waited got %v", err)
		}
		for _, n := range []int{1, worthGathering, 3 * maxGathered} {
			if m, err := c.Write(make([]byte, n)); m != 0 || !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%d bytes: %d, %v", n, m, err)
			}
		}
		s.work.Wait()
		if !c.holdsNothing() {
			t.Error("what nobody takes is kept")
		}
		_ = c.Close()
	})
}

// A deadline ends a write that waits, as on the bare connection.
func TestADeadlineEndsAWrite(t *testing.T) {
	_, raw := sockets(t)
	s, c := loggedIn(t, raw)
	var taken atomic.Int64
	end := fill(c, 32<<10, &taken)
	eventually(t, "the kernel takes no more", c.isFull)
	check(t, c.SetWriteDeadline(time.Unix(1, 0)))
	if err := receive(t, "the end of the write", end); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	check(t, c.Close())
	s.work.Wait()
}

// Close returns at once, takes nothing more, and what was written before goes
// out, with a shutdown waiting for it.
func TestCloseSendsWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		want := random(t, maxGathered)
		_, err := c.Write(want)
		check(t, err)
		check(t, c.Close())
		check(t, c.Close())
		if _, err := c.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a write after Close: %v", err)
		}
		waited := make(chan struct{})
		go func() {
			s.work.Wait()
			close(waited)
		}()
		time.Sleep(s.limits.farewell - 1)
		select {
		case <-waited:
			t.Error("nobody would wait for it")
		default:
		}
		if s.gate.count() != 1 {
			t.Error("an open connection is not counted")
		}
		got, err := io.ReadAll(client)
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes came", len(got))
		}
		<-waited
		if s.gate.count() != 0 {
			t.Error("it is counted for ever")
		}
	})
}

// Who takes nothing is cut off in the time for farewells.
func TestCloseEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		_, err := c.Write(make([]byte, maxGathered))
		check(t, err)
		closed := time.Now()
		check(t, c.Close())
		s.work.Wait()
		if d := time.Since(closed); d != s.limits.farewell {
			t.Errorf("it took %v", d)
		}
		if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

// Nothing gathered goes out after an abort, also where Close was called before.
func TestAbortDropsWhatIsGathered(t *testing.T) {
	for name, before := range map[string]func(*conn){
		"open": func(*conn) {}, "closed": func(c *conn) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			client, raw := sockets(t)
			s, c := loggedIn(t, raw)
			var taken atomic.Int64
			end := fill(c, 32<<10, &taken)
			eventually(t, "the kernel takes no more", c.isFull)
			before(c)
			c.abort()
			if err := <-end; !errors.Is(err, net.ErrClosed) {
				t.Errorf("the writer got %v", err)
			}
			s.work.Wait()
			if s.gate.count() != 0 {
				t.Error("it is counted for ever")
			}
			if got, err := io.ReadAll(client); err == nil || int64(len(got)) > taken.Load()-maxGathered {
				t.Errorf("the peer read %d bytes of %d, and then: %v", len(got), taken.Load(), err)
			}
		})
	}
}

// What a client sends after Close is taken and not heard: an end of a TCP
// connection with something unread would be a reset, and lose what is under way.
func TestAfterCloseNothingIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, raw := net.Pipe()
		s, c := loggedIn(t, raw)
		want := random(t, maxGathered)
		_, err := c.Write(want)
		check(t, err)
		check(t, c.Close())
		s.work.Go(func() {
			if n, err := c.Read(make([]byte, 100)); n != 0 || err == nil {
				t.Errorf("heard %d bytes, %v", n, err)
			}
		})
		_, err = client.Write(make([]byte, 1000))
		check(t, err)
		got, err := io.ReadAll(client)
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes came", len(got))
		}
		s.work.Wait()
	})
}

// What a session says last, and its exit status, arrive when the server stops.
func TestLastWordsArriveAtShutdown(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.shutdown = patience })
	s := w.session(w.owner())
	out := &bytes.Buffer{}
	s.Stdout = out
	check(t, s.Start("goodbye"))
	receive(t, "a command", w.commands)
	down := make(chan error, 1)
	go func() { down <- w.server.Shutdown(t.Context()) }()
	if status := exitStatus(t, s.Wait()); status != 3 || out.Len() != len(w.archive) {
		t.Errorf("status %d after %d bytes", status, out.Len())
	}
	check(t, receive(t, "the end of the server", down))
}
