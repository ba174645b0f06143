package sshserver

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

func TestCommandsGetTheirWordsAndStreams(t *testing.T) {
	w := newWorld(t)
	c := w.client("eva", gossh.PublicKeys(w.manager))
	for _, tt := range []struct {
		line   string
		stdout string
		status int
	}{
		{`site list --json`, `manager:eva ["site" "list" "--json"]` + "\n", 0},
		{`grant revoke G1 "it was  a mistake" '$HOME' *`, `manager:eva ["grant" "revoke" "G1" "it was  a mistake" "$HOME" "*"]` + "\n", 0},
		{`fail`, `manager:eva ["fail"]` + "\n", 2},
		{`cat`, "in\n", 0},
		{`say "unfinished`, "", 2},
	} {
		s := w.session(c)
		var out, errs bytes.Buffer
		s.Stdout, s.Stderr = &out, &errs
		if tt.line == "cat" {
			s.Stdin = strings.NewReader("in\n")
		}
		if status := exitStatus(t, s.Run(tt.line)); status != tt.status || out.String() != tt.stdout {
			t.Errorf("%s: status %d, %q, %q", tt.line, status, out.String(), errs.String())
		}
	}
}

func TestWithoutTerminalTheShellIsHelp(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.owner())
	var out bytes.Buffer
	s.Stdout = &out
	check(t, s.Shell())
	check(t, s.Wait())
	if out.String() != `owner:acme ["help"]`+"\n" {
		t.Errorf("%q", out.String())
	}
	if r := receive(t, "a command", w.commands); r.Terminal != nil {
		t.Errorf("a terminal came from nowhere: %+v", r.Terminal)
	}
}

func TestDumbTerminalsAndPlainGetLines(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	p := w.open(c, "dumb", 80, 24)
	p.ends()
	if !strings.Contains(p.text(), "owner:acme [\"plain\"]\r\n") || !strings.Contains(p.text(), "noted\r\n") {
		t.Errorf("%q", p.text())
	}
	if r := receive(t, "a command", w.commands); r.Terminal == nil || *r.Terminal != (Terminal{"dumb", 80, 24}) {
		t.Errorf("terminal %+v", r.Terminal)
	}
	s := w.session(c)
	check(t, s.Setenv("LANG", "en_GB.UTF-8"))
	check(t, s.RequestPty("xterm", 30, 100, nil))
	check(t, s.Run("plain"))
	r := receive(t, "a command", w.commands)
	if r.Args[0] != "plain" || r.Terminal == nil || *r.Terminal != (Terminal{"xterm", 100, 30}) || !r.UTF8 {
		t.Errorf("%+v", r)
	}
}

func TestPanicInACommandEndsOnlyIt(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	s := w.session(c)
	var errs bytes.Buffer
	s.Stderr = &errs
	if status := exitStatus(t, s.Run("panic")); status != 1 {
		t.Errorf("status %d", status)
	}
	if !strings.Contains(errs.String(), "tell the person who looks after it the number ") || strings.Contains(errs.String(), "secret") {
		t.Errorf("told %q", errs.String())
	}
	if !strings.Contains(w.log.String(), "secret detail") {
		t.Error("the log does not say what happened")
	}
	_, err := w.session(c).Output("status")
	check(t, err)
}

func TestFourSessionsAConnection(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	for range 4 {
		check(t, w.session(c).Start("hang"))
	}
	if _, err := c.NewSession(); err == nil {
		t.Fatal("a fifth session was let in")
	}
	check(t, w.session(w.owner()).Run("status")) // another connection has its own
}

// A session whose channel is closed while its command still runs keeps its
// place until the command is gone.
func TestClosedSessionsMakeRoom(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	for range 20 {
		s := w.session(c)
		check(t, s.Start("hang"))
		check(t, s.Close())
		eventually(t, "room", func() bool {
			probe, err := c.NewSession()
			return err == nil && probe.Close() == nil
		})
	}
}

func TestForwardingAndAgentAreRefused(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	if _, err := c.Dial("tcp", w.addr); err == nil {
		t.Error("forwarded a connection")
	}
	if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		t.Errorf("listens for a client on %v", l.Addr())
	}
	if _, err := c.Dial("unix", "/tmp/x"); err == nil {
		t.Error("forwarded a socket")
	}
	s := w.session(c)
	for _, kind := range []string{"auth-agent-req@openssh.com", "x11-req", "signal", "break", "nonsense"} {
		if ok, err := s.SendRequest(kind, true, nil); err != nil || ok {
			t.Errorf("%s: %v %v", kind, ok, err)
		}
	}
	check(t, s.RequestPty("xterm", 24, 80, nil))
	if err := s.RequestPty("xterm", 24, 80, nil); err == nil {
		t.Error("a second terminal was granted")
	}
	if err := s.RequestSubsystem("netconf"); err == nil {
		t.Error("an unknown subsystem was granted")
	}
}

func TestEnvironmentFlood(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.owner())
	for i := range 10000 {
		ok, err := s.SendRequest("env", i%100 == 0, gossh.Marshal(struct{ Name, Value string }{fmt.Sprint("X", i), strings.Repeat("x", 1000)}))
		if err != nil || ok {
			t.Fatalf("variable %d: %v %v", i, ok, err)
		}
	}
	if err := s.Setenv("LANG", "C.UTF-8"); err == nil {
		t.Error("a variable beyond the sixteenth was taken")
	}
	check(t, s.Run("status"))

	s = w.session(w.owner())
	for _, kv := range [][2]string{{"LD_PRELOAD", "/tmp/x"}, {"LANG", strings.Repeat("x", 65)}} {
		if err := s.Setenv(kv[0], kv[1]); err == nil {
			t.Errorf("%s was taken", kv[0])
		}
	}
	check(t, s.Setenv("LANG", "C.UTF-8"))
	long := "status " + strings.Repeat("x", maxLine)
	if err := s.Start(long); err == nil {
		t.Error("an endless line was taken")
	}
}

// 200 screens on 50 connections come and go, and leave nothing behind.
func TestNothingIsLeftOf200Sessions(t *testing.T) {
	w := newWorld(t)
	check(t, w.session(w.owner()).Run("status"))
	before := settled()
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			c, err := w.dial("acme", gossh.Password(w.passphrase))
			if err != nil {
				t.Error(err)
				return
			}
			for j := range 4 {
				s, err := c.NewSession()
				if err != nil {
					t.Error(err)
					return
				}
				in, _ := s.StdinPipe()
				if err := s.RequestPty("xterm", 24, 80, nil); err != nil {
					t.Error(err)
				}
				if err := s.Shell(); err != nil {
					t.Error(err)
				}
				switch j {
				case 0: // left open: the connection's end ends it
				case 1:
					_ = in.Close()
				default:
					_, _ = in.Write([]byte("q"))
				}
				if j > 0 {
					_ = s.Wait()
				}
			}
			if i%2 == 0 {
				_ = c.Close()
			} else {
				_ = c.Close()
			}
		})
	}
	group.Wait()
	eventually(t, "no goroutine more than before", func() bool { return runtime.NumGoroutine() <= before })
}

// settled is the number of goroutines once it has stopped falling.
func settled() int {
	n := runtime.NumGoroutine()
	for range 200 {
		runtime.Gosched()
		n = min(n, runtime.NumGoroutine())
	}
	return n
}

func TestGarbageInsteadOfSSH(t *testing.T) {
	w := newWorld(t)
	for _, bytes := range []string{"GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00", "SSH-2.0-x\r\n\xff\xff\xff\xff", ""} {
		c, err := net.Dial("tcp", w.addr)
		check(t, err)
		_, err = c.Write([]byte(bytes))
		check(t, err)
		check(t, c.Close())
	}
	check(t, w.session(w.owner()).Run("status"))
}
