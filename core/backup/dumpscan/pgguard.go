package dumpscan

import (
	"bytes"
	"errors"
	"io"
	"regexp"
)

// ErrCommand says that a dump holds a command for psql, as no dump of pg_dump
// does: psql would run programs and write files for whoever made it.
var ErrCommand = errors.New("the dump holds a command for psql, which pg_dump writes into none")

// restricting is the one command that a dump of pg_dump holds, before and behind
// all else: psql is to obey no other between the two.
var restricting = regexp.MustCompile(`^\\(un)?restrict [A-Za-z0-9]+\r?\n?$`)

// Guard passes a dump of PostgreSQL on to psql. It leaves out the dump's own
// \restrict, whose key whoever made the dump knows, and fails with [ErrCommand]
// at any other command. With a key, which nobody may guess, it begins with
// \restrict itself: a psql that knows this (since August 2025) then obeys no
// command however the dump is read. For an older one the Guard is all there is, and
// it cannot know of a dump that has the server change standard_conforming_strings
// or client_encoding, which psql follows. It is for one goroutine.
type Guard struct {
	// Keep passes the dump's own \restrict too, for a dump that we have made: the
	// site does not know its key.
	Keep bool

	to      io.Writer
	key     string
	scan    *Postgres
	begun   bool
	inside  bool   // of a line
	command []byte // the line at hand, where it begins like a command
}

// NewGuard returns a Guard before w; key is "" where psql knows no \restrict.
func NewGuard(w io.Writer, key string) *Guard {
	return &Guard{to: w, key: key, scan: NewPostgres()}
}

// Write implements io.Writer.
func (g *Guard) Write(p []byte) (int, error) {
	if !g.begun && g.key != "" {
		if _, err := io.WriteString(g.to, `\restrict `+g.key+"\n"); err != nil {
			return 0, err
		}
	}
	g.begun = true
	if bytes.IndexByte(p, 0) >= 0 { // psql drops what stands behind one in a line
		return 0, ErrCommand
	}
	written := len(p)
	for len(p) > 0 {
		n, err := g.take(p)
		if err != nil {
			return 0, err
		}
		p = p[n:]
	}
	return written, nil
}

// take takes the start of p.
func (g *Guard) take(p []byte) (n int, err error) {
	code := g.scan.AtRest()
	if len(g.command) > 0 || code && !g.inside && p[0] == '\\' {
		return g.takeCommand(p)
	}
	if n = bytes.IndexByte(p, '\n') + 1; n == 0 || !code {
		n = len(p)
	}
	n, _ = g.scan.Scan(p[:n])
	if g.scan.commanded {
		return 0, ErrCommand
	}
	g.inside = p[n-1] != '\n'
	_, err = g.to.Write(p[:n])
	return n, err
}

// takeCommand takes a line that begins with a backslash.
func (g *Guard) takeCommand(p []byte) (n int, err error) {
	if n = bytes.IndexByte(p, '\n') + 1; n == 0 {
		n = len(p)
	}
	g.command = append(g.command, p[:n]...)
	if len(g.command) > maxName {
		return 0, ErrCommand
	}
	if p[n-1] != '\n' {
		return n, nil
	}
	return n, g.Flush()
}

// Flush is called at the end of the dump.
func (g *Guard) Flush() error {
	if len(g.command) > 0 && !restricting.Match(g.command) {
		return ErrCommand
	}
	line := g.command
	g.command = g.command[:0]
	if !g.Keep {
		return nil
	}
	_, err := g.to.Write(line)
	return err
}
