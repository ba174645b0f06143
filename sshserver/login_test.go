package sshserver

import (
	"errors"
	"io"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"breakglass/core"
)

func TestEachPersonGetsInByTheirFactor(t *testing.T) {
	w := newWorld(t)
	keyboard := gossh.KeyboardInteractive(func(name, instruction string, questions []string, echos []bool) ([]string, error) {
		if name != "" || instruction != "" || len(questions) != 1 || questions[0] != "Password: " || echos[0] {
			t.Errorf("asked %q %q %q %v", name, instruction, questions, echos)
		}
		return []string{w.passphrase}, nil
	})
	for _, tt := range []struct {
		user string
		auth gossh.AuthMethod
		want string
	}{
		{"acme", gossh.Password(w.passphrase), "owner:acme"},
		{"acme", keyboard, "owner:acme"},
		{"acme", gossh.PublicKeys(w.ownerKey), "owner:acme"},
		{"eva", gossh.PublicKeys(w.manager), "manager:eva"},
		{"ada", gossh.PublicKeys(w.auditor), "auditor:ada"},
	} {
		out, err := w.session(w.client(tt.user, tt.auth)).Output("status")
		check(t, err)
		if !strings.HasPrefix(string(out), tt.want+" ") {
			t.Errorf("%s got %q", tt.user, out)
		}
		if a := receive(t, "a login's leaf", w.loggedIn); a.ID() != tt.want {
			t.Errorf("logged %s", a.ID())
		}
	}
	select {
	case a := <-w.loggedIn:
		t.Errorf("logged twice: %s", a.ID())
	default:
	}
}

// What a stranger sees is the same for every name.
func TestRefusalsTellNothing(t *testing.T) {
	w := newWorld(t)
	stranger := newKey(t)
	first := map[string]string{}
	for _, user := range []string{"acme", "nobody", "eva", "acme+AAAAAA", "eva+AAAAAA", ""} {
		for method, auth := range map[string]gossh.AuthMethod{
			"password": gossh.Password("WRONG-WRONG-WRONG-WRONG"),
			"long":     gossh.Password(strings.Repeat("A", 10000)),
			"key":      gossh.PublicKeys(stranger),
			"keyboard": gossh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) { return make([]string, len(q)), nil }),
		} {
			_, err := w.dial(user, auth)
			if err == nil {
				t.Fatalf("%q came in by %s", user, method)
			}
			if first[method] == "" {
				first[method] = err.Error()
			}
			if err.Error() != first[method] {
				t.Errorf("%q by %s: %q, others %q", user, method, err, first[method])
			}
			receive(t, "the count of a failed login", w.failed)
		}
	}
}

// A stolen passphrase without the right token opens no download, and a token
// is no way in for somebody else.
func TestTokenLogin(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	for _, auth := range []gossh.AuthMethod{gossh.Password(w.passphrase), gossh.PublicKeys(w.ownerKey)} {
		if _, err := w.dial("acme+AAAAAA", auth); err == nil {
			t.Error("a wrong token came in")
		}
		receive(t, "the count of a wrong token", w.failed)
		w.client(w.withToken(), auth)
		if a := receive(t, "login", w.loggedIn); !a.Token.Equal(w.actor.Token) {
			t.Error("the token did not come through")
		}
	}
	if _, err := w.dial("eva+"+w.actor.Token.Reveal(), gossh.PublicKeys(w.manager)); err == nil {
		t.Error("a manager came in with an owner's token")
	}
}

// offering offers keys without signing, then goes on with another.
type offering struct {
	gossh.Signer
	signed bool
}

func (o *offering) Sign(io.Reader, []byte) (*gossh.Signature, error) {
	o.signed = true
	return nil, errors.New("I have only the public half")
}

// An attacker who knows public keys offers them all, as a client may, and then
// signs with their own: they get what their own key opens, which is nothing.
func TestOfferedKeyOpensNothing(t *testing.T) {
	w := newWorld(t)
	stolen := &offering{Signer: w.manager}
	if _, err := w.dial("eva", gossh.PublicKeys(stolen)); err == nil || !stolen.signed {
		t.Fatalf("err %v, asked to sign: %v", err, stolen.signed)
	}
	stolen = &offering{Signer: w.manager}
	if _, err := w.dial("eva", gossh.PublicKeys(stolen, newKey(t))); err == nil {
		t.Fatal("came in as eva with a stranger's key")
	}
	select {
	case a := <-w.loggedIn:
		t.Errorf("logged in: %s", a.ID())
	default:
	}
}

// The incident behind the pinned library version: a session whose name is one
// account's and whose key is another's.
func TestKeyOfOneAccountOpensNoOther(t *testing.T) {
	w := newWorld(t)
	for user, key := range map[string]gossh.Signer{"acme": w.manager, "ada": w.manager, "eva": w.ownerKey} {
		if _, err := w.dial(user, gossh.PublicKeys(key)); err == nil {
			t.Errorf("a foreign key came in as %s", user)
		}
	}
	// On one connection: first the passphrase fails for the owner, then the
	// manager's key is offered under the owner's name.
	if _, err := w.dial("acme", gossh.Password("WRONG"), gossh.PublicKeys(w.manager)); err == nil {
		t.Error("came in")
	}
}

func TestNamesMustAgree(t *testing.T) {
	c := &conn{logins: map[string]login{"id": {user: "acme+K", actor: core.Actor{Role: core.RoleOwner, Name: "acme"}}}}
	permissions := func(id string) *gossh.Permissions {
		return &gossh.Permissions{Extensions: map[string]string{loginKey: id}}
	}
	for _, tt := range []struct {
		name string
		p    *gossh.Permissions
		user string
		want bool
	}{
		{"as the callback found", permissions("id"), "acme+K", true},
		{"another user", permissions("id"), "eva", false},
		{"without the token", permissions("id"), "acme", false},
		{"another ID", permissions("other"), "acme+K", false},
		{"no extensions", &gossh.Permissions{}, "acme+K", false},
		{"no permissions", nil, "acme+K", false},
	} {
		if _, ok := c.actor(tt.p, tt.user); ok != tt.want {
			t.Errorf("%s: %v", tt.name, ok)
		}
	}
	c.logins["id"] = login{user: "eva", actor: core.Actor{Role: core.RoleOwner, Name: "acme"}}
	if _, ok := c.actor(permissions("id"), "eva"); ok {
		t.Error("an actor of another name than the user's was let in")
	}
}

func TestPanicInLoginIsARefusal(t *testing.T) {
	w := newWorld(t)
	w.wrapKeyLogin = func() { panic("secret detail") }
	if _, err := w.dial("eva", gossh.PublicKeys(w.manager)); err == nil {
		t.Fatal("came in")
	}
	w.owner()
	if !strings.Contains(w.log.String(), "incident=") {
		t.Error("no incident was logged")
	}
}

// A stranger sends passphrases as long as a packet can be. Two are enough: what
// the server keeps for all strangers together stays small.
func TestALoginIsShort(t *testing.T) {
	w := newWorld(t)
	tries := 0
	long := gossh.RetryableAuthMethod(gossh.PasswordCallback(func() (string, error) {
		tries++
		return strings.Repeat("x", 200<<10), nil
	}), 5)
	if _, err := w.dial("acme", long); err == nil || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	// Who has logged in may send more, and the connection goes on.
	client := w.owner()
	session := w.session(client)
	session.Stdin = strings.NewReader(strings.Repeat("x", 2*maxLogin))
	if err := session.Run("status"); !errors.Is(err, io.EOF) { // it ended before it had taken all
		check(t, err)
	}
	check(t, w.session(client).Run("status"))
}
