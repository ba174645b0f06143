package sshserver

import (
	"crypto/rand"
	"crypto/subtle"
	"strings"

	"github.com/charmbracelet/ssh"
	gossh "golang.org/x/crypto/ssh"

	"breakglass/core"
	"breakglass/core/view"
)

// loginKey is where a succeeding callback writes, into Permissions.Extensions,
// the ID under which the connection keeps who it is. The ID is random and made
// here; the actor, who may hold a token, stays out of the library's hands.
const loginKey = "breakglass-login"

type contextKey string

const connKey contextKey = "conn"

// login is who a callback found, and the user name that it was asked for.
type login struct {
	user  string
	actor core.Actor
}

// connOf returns the connection that the library's context belongs to.
func connOf(ctx ssh.Context) *conn {
	c, _ := ctx.Value(connKey).(*conn)
	return c
}

// peer is what the client says of itself.
func peer(ctx ssh.Context) core.Login {
	return core.Login{User: ctx.User(), Remote: ctx.RemoteAddr().String(), Client: ctx.ClientVersion()}
}

// remember writes who it is into the permissions of this try. The library
// starts each try with empty ones, and x/crypto keeps those of an offered key
// with that key and user: what counts in the end is what the callback returned
// for the key that signed.
func (c *conn) remember(ctx ssh.Context, actor core.Actor) {
	id := rand.Text()
	c.mu.Lock()
	c.logins[id] = login{ctx.User(), actor}
	c.mu.Unlock()
	ctx.Permissions().Extensions = map[string]string{loginKey: id}
}

// actor returns who the permissions say it is, or false where they say nothing
// or where any two of the names disagree.
func (c *conn) actor(p *gossh.Permissions, user string) (core.Actor, bool) {
	if p == nil {
		return core.Actor{}, false
	}
	c.mu.Lock()
	found, ok := c.logins[p.Extensions[loginKey]]
	c.mu.Unlock()
	name, _, _ := strings.Cut(user, "+")
	return found.actor, ok && same(found.user, user) && same(found.actor.Name, name)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// passphrase is the callback of password authentication.
func (s *Server) passphrase(ctx ssh.Context, text string) (ok bool) {
	defer s.contain("passphrase login", func(string) { ok = false })
	c := connOf(ctx)
	if c == nil || len(text) > maxPass {
		return false
	}
	actor, err := s.options.Console.PassphraseLogin(c.ctx, peer(ctx), core.NewSecret(text))
	if err == nil {
		err = s.options.Console.LoggedIn(c.ctx, actor)
	}
	if err != nil {
		s.report("passphrase login", err)
		return false
	}
	c.remember(ctx, actor)
	return true
}

// keyboard is the callback of keyboard-interactive authentication: the same
// question in the other form, for clients that only know this one.
func (s *Server) keyboard(ctx ssh.Context, ask gossh.KeyboardInteractiveChallenge) (ok bool) {
	defer s.contain("keyboard-interactive login", func(string) { ok = false })
	answers, err := ask("", "", []string{"Password: "}, []bool{false})
	return err == nil && len(answers) == 1 && s.passphrase(ctx, answers[0])
}

// key is the callback for a key that is offered. The client has not signed
// with it yet, and may never: this has no effect but on this try.
func (s *Server) key(ctx ssh.Context, key ssh.PublicKey) (ok bool) {
	defer s.contain("key login", func(string) { ok = false })
	c := connOf(ctx)
	if c == nil {
		return false
	}
	actor, err := s.options.Console.KeyLogin(c.ctx, peer(ctx), strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key))))
	if err != nil {
		s.report("key login", err)
		return false
	}
	c.remember(ctx, actor)
	return true
}

// signed is the callback for a key that has signed: now the login counts, and
// the token that came with it is looked at.
func (s *Server) signed(c *conn, user string, p *gossh.Permissions) (_ *gossh.Permissions, err error) {
	defer s.contain("key login", func(string) { err = core.ErrBadLogin })
	actor, ok := c.actor(p, user)
	if !ok {
		return nil, core.ErrBadLogin
	}
	if err := s.options.Console.LoggedIn(c.ctx, actor); err != nil {
		s.report("key login", err)
		s.failed(c)
		return nil, core.ErrBadLogin
	}
	return p, nil
}

// tried hears of each try's end, before the client does.
func (s *Server) tried(c *conn, method string, err error) {
	defer s.contain("login", nil)
	switch {
	case err == nil:
		c.authenticated()
	case method == "publickey":
		// An agent offers all its keys; it is a failed login if none was right.
		c.mu.Lock()
		c.refused = true
		c.mu.Unlock()
	case method != "none":
		s.failed(c)
	}
}

// failed counts a failed login on its source and makes its answer late. The
// delay is the same for names that exist and names that do not.
func (s *Server) failed(c *conn) {
	c.mu.Lock()
	c.struck = true
	c.mu.Unlock()
	s.options.Console.LoginFailed(sourceText(c))
	c.sleep(s.gate.strike(c.source))
}

// ended counts a connection that offered keys and never got in.
func (s *Server) ended(c *conn) {
	c.mu.Lock()
	count := c.refused && !c.struck
	c.mu.Unlock()
	if count && !s.gate.isKnown(c) {
		s.options.Console.LoginFailed(sourceText(c))
		s.gate.strike(c.source)
	}
}

func sourceText(c *conn) string {
	if !c.source.IsValid() {
		return "local"
	}
	return c.source.String()
}

// refusal is what to tell a person of an error: the rules' answer in words, or
// the incident.
func (s *Server) refusal(where string, err error) string {
	if view.Refused(err) {
		return view.Sentence(lang, err)
	}
	return text("incident", map[string]any{"ID": s.incident(where, err)})
}
