package sshserver

import (
	"github.com/anmitsu/go-shlex"
	"github.com/charmbracelet/ssh"

	"breakglass/core"
)

// door decides whether an actor may start what is asked for. It is the one
// place that sees shells, commands and subsystems alike; the library would let
// SFTP past any middleware.
func (s *Server) door(sess ssh.Session, what string) (open bool) {
	defer s.contain("door", func(string) { open = false })
	one := sessionOf(sess)
	if one == nil {
		return false
	}
	var ok bool
	if one.actor, ok = one.conn.actor(sess.Permissions().Permissions, sess.User()); !ok {
		_ = one.conn.Close() // who it is cannot be said: nothing may go on
		return false
	}
	if one.actor.Role == core.RoleOwner && !one.actor.Token.IsZero() {
		// Where no grant is live yet, whoever needs one binds again.
		_, err := s.bind(one.conn, one.actor)
		s.report("bind to grant", err)
	}
	switch what {
	case "subsystem":
		// Whether files may be fetched is said in the session: OpenSSH's client
		// drops what stands on standard error before a refused subsystem.
		open = sess.Subsystem() == "sftp"
	case "shell", "exec":
		// The library keeps the name of a subsystem that was refused.
		open = sess.Subsystem() == "" && (one.actor.Role == core.RoleOwner || one.actor.Role == core.RoleManager || one.actor.Role == core.RoleAuditor)
	}
	if open {
		one.mu.Lock()
		one.running = make(chan struct{})
		one.mu.Unlock()
	}
	return open
}

// whyNot is the sentence for an actor who cannot fetch files now, or "".
func (one *session) whyNot() string {
	switch {
	case one.actor.Role != core.RoleOwner:
		return text("files.owner_only", nil)
	case one.actor.Token.IsZero():
		return text("files.no_token", nil)
	}
	if _, err := one.server.bind(one.conn, one.actor); err != nil {
		return text("files.refused", map[string]any{"Why": one.server.refusal("authorize download", err)})
	}
	return ""
}

// session is the handler of everything that the door let through.
func (s *Server) session(sess ssh.Session) {
	one := sessionOf(sess)
	if one == nil {
		return
	}
	defer close(one.running)
	status := 1
	defer func() { _ = sess.Exit(status) }() // the client may be gone
	defer s.contain("session", func(id string) {
		status = 1
		one.tell(text("incident", map[string]any{"ID": id}))
	})
	status = one.run(sess)
}

// run brings the actor to what was asked for and returns the exit status.
func (one *session) run(sess ssh.Session) int {
	if sess.Subsystem() != "" {
		return one.sftp()
	}
	line := sess.RawCommand()
	if line == "" {
		return one.shell()
	}
	args, err := shlex.Split(line, true)
	if err != nil {
		one.tell(text("quoting", nil))
		return 2
	}
	if len(args) == 0 {
		return one.shell()
	}
	if args[0] == "scp" && one.actor.Role == core.RoleOwner {
		return one.scp(args[1:])
	}
	return one.command(args)
}

// shell is a login without a command line.
func (one *session) shell() int {
	switch {
	case one.terminal == nil:
		return one.command([]string{"help"})
	case one.terminal.dumb():
		return one.command([]string{"plain"})
	default:
		return one.screen()
	}
}

// tell writes a sentence to the client's standard error.
func (one *session) tell(sentence string) {
	_, _ = one.stderr().Write([]byte(sentence + "\n")) // the client may be gone
}
