package sshserver

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// pty is a session with a terminal, as a test's client sees it.
type pty struct {
	t *testing.T
	*gossh.Session
	in   io.WriteCloser
	mu   sync.Mutex
	seen bytes.Buffer
}

// Write collects what the server draws.
func (p *pty) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.Write(b)
}

func (p *pty) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.String()
}

func (p *pty) shows(want string) {
	p.t.Helper()
	eventually(p.t, "to see "+want, func() bool { return strings.Contains(p.text(), want) })
}

func (p *pty) press(keys string) {
	p.t.Helper()
	_, err := io.WriteString(p.in, keys)
	check(p.t, err)
}

// open starts a shell with a terminal.
func (w *world) open(c *gossh.Client, term string, cols, rows int, env ...string) *pty {
	w.t.Helper()
	p := w.prepare(c)
	for i := 0; i+1 < len(env); i += 2 {
		check(w.t, p.Setenv(env[i], env[i+1]))
	}
	check(w.t, p.RequestPty(term, rows, cols, gossh.TerminalModes{gossh.ECHO: 0}))
	check(w.t, p.Shell())
	return p
}

func (w *world) prepare(c *gossh.Client) *pty {
	w.t.Helper()
	p := &pty{t: w.t, Session: w.session(c)}
	var err error
	p.in, err = p.StdinPipe()
	check(w.t, err)
	p.Stdout, p.Stderr = p, p
	return p
}

// ends waits for the session's end and returns its status.
func (p *pty) ends() int {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	return exitStatus(p.t, receive(p.t, "the end of the session", done))
}
