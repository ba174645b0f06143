package core

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"breakglass/core/safetext"
)

// systemActor is the console acting by itself.
var systemActor = Actor{Role: RoleSystem}

// RootActor is whoever runs an offline command on the host.
var RootActor = Actor{Role: RoleRoot}

// Login is what a peer says of itself before it has proved anything.
type Login struct {
	User   string // the SSH user: "acme", "acme+K7Q2MX", "eva"
	Remote string // address
	Client string // client version
}

// name and token split the SSH user.
func (l Login) split() (name string, token Secret) {
	name, suffix, found := strings.Cut(l.User, "+")
	if !found {
		return name, Secret{}
	}
	read, ok := readCrockford(suffix, tokenLength)
	if !ok {
		read = "?" // never a token, and not "none given" either
	}
	return name, NewSecret(read)
}

func (l Login) actor(role Role, name, factor string, token Secret) Actor {
	return Actor{
		Role: role, Name: name, Factor: factor, Token: token,
		Remote: safetext.Line(l.Remote), Client: safetext.Line(l.Client),
	}
}

var errLogin = &Refusal{Kind: ErrBadLogin, Detail: "The name and the passphrase or key do not fit together."}

// PassphraseLogin proves an owner by the emergency passphrase, and the download
// token if the user name carries one. Known and unknown names cost the same:
// one read and one HMAC. A wrong token is counted on the grant, and only after
// a right passphrase.
func (c *Console) PassphraseLogin(ctx context.Context, l Login, passphrase Secret) (Actor, error) {
	name, token := l.split()
	typed, wellFormed := readCrockford(passphrase.Reveal(), passphraseLength)
	given := c.passphraseMAC(name, typed)
	stored := c.mac("nobody", name)
	err := c.view(ctx, "passphrase login", func(tx Tx) error {
		site, err := tx.Sites().Get(name)
		if err == nil && site.PassphraseMAC != nil {
			stored = site.PassphraseMAC
		}
		return ignoreNotFound(err)
	})
	if err != nil {
		return Actor{}, err
	}
	if !hmac.Equal(stored, given) || !wellFormed {
		return Actor{}, errLogin
	}
	actor := l.actor(RoleOwner, name, factorPassphrase, token)
	actor.by = NewSecret(string(stored))
	return actor, c.proveToken(ctx, actor)
}

// KeyLogin finds whose key this is. It is called for keys that a client merely
// offers, so it has no effect and does not look at the token: LoggedIn does,
// once the key has signed.
func (c *Console) KeyLogin(ctx context.Context, l Login, authorizedKey string) (Actor, error) {
	key, err := parseKey(authorizedKey)
	if err != nil {
		return Actor{}, errLogin
	}
	name, token := l.split()
	actor := Actor{}
	err = c.view(ctx, "key login", func(tx Tx) error {
		site, siteErr := tx.Sites().Get(name)
		person, personErr := tx.People().Get(name)
		switch {
		case siteErr == nil && hasKey(site.OwnerKeys, key):
			actor = l.actor(RoleOwner, name, key.Fingerprint, token)
		case personErr == nil && hasKey(person.Keys, key) && token.IsZero():
			actor = l.actor(person.Role, name, key.Fingerprint, Secret{})
		}
		return errors.Join(ignoreNotFound(siteErr), ignoreNotFound(personErr))
	})
	if err != nil {
		return Actor{}, err
	}
	if actor.Role == "" {
		return Actor{}, errLogin
	}
	return actor, nil
}

// LoggedIn is called once for each connection that has authenticated. It logs
// the login and refuses, with ErrBadLogin, one whose token is wrong.
func (c *Console) LoggedIn(ctx context.Context, a Actor) error {
	if err := c.proveToken(ctx, a); err != nil {
		return err
	}
	return c.update(ctx, "log login", a, func(t *turn) error {
		l := line{event: EventLogin, result: "ok"}
		if a.Role == RoleOwner {
			l.site = a.Name
		}
		_, err := t.record(l)
		return err
	})
}

// proveToken checks the token that an owner came in with. Wrong ones count like
// wrong codes: after TokenTries of them the grant's tokens are dead, and a new
// code gives a new one. It is compared and counted in one transaction, so that
// tries side by side get no more than the budget.
func (c *Console) proveToken(ctx context.Context, a Actor) error {
	if a.Token.IsZero() {
		return nil
	}
	if a.Role != RoleOwner {
		return errLogin
	}
	right := false
	err := c.update(ctx, "prove token", a, func(t *turn) (err error) {
		if right, err = c.holdsToken(t, a); err != nil || right {
			return err
		}
		return t.countWrongToken(a)
	})
	if err != nil {
		return err
	}
	if !right {
		return errLogin
	}
	return nil
}

// holdsToken reports whether the actor's token opens the site's live grant or
// the request on its way to one.
func (c *Console) holdsToken(tx Tx, a Actor) (bool, error) {
	site, err := tx.Sites().Get(a.Name)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	given := c.tokenMAC(site.ID, a.Token.Reveal())
	if site.LiveGrant != "" {
		grant, err := tx.Grants().Get(site.LiveGrant)
		if err != nil {
			return false, err
		}
		if matchesAny(grant.Tokens, given) {
			return true, nil
		}
	}
	request, err := tx.Requests().Get(site.Open[a.Factor])
	if err != nil {
		return false, ignoreNotFound(err)
	}
	return request.Claim != nil && hmac.Equal(request.Claim, given), nil
}

// countWrongToken takes a try off the budgets of what the token would open.
func (t *turn) countWrongToken(a Actor) error {
	site, err := t.Sites().Get(a.Name)
	if err != nil {
		return err
	}
	l := line{event: EventGrantWrongToken, site: site.ID, grant: site.LiveGrant, result: "refused"}
	if site.LiveGrant != "" {
		grant, err := t.Grants().Get(site.LiveGrant)
		if err != nil {
			return err
		}
		grant.WrongTokens++
		l.data = map[string]string{"wrong": fmt.Sprint(grant.WrongTokens)}
		if grant.WrongTokens >= TokenTries {
			grant.Tokens, grant.WrongTokens = nil, 0
			l.result = "tokens dead"
		}
		if _, err := t.Grants().Put(grant); err != nil {
			return err
		}
	}
	request, err := t.Requests().Get(site.Open[a.Factor])
	if err == nil && request.Claim != nil {
		request.WrongTokens++
		if request.WrongTokens >= TokenTries {
			request.Claim, request.WrongTokens = nil, 0
		}
		if _, err := t.Requests().Put(request); err != nil {
			return err
		}
	}
	_, err = t.record(l)
	return err
}

// loginFailures sums failed logins until the next tick writes one leaf each
// prefix. At most failurePrefixes are kept apart; the rest share one.
type loginFailures struct {
	mu    sync.Mutex
	count map[string]int
}

const failurePrefixes = 256

// LoginFailed counts a failed login from an address prefix. The sums are logged
// once a minute; nobody is sent a message.
func (c *Console) LoginFailed(prefix string) {
	c.failed.mu.Lock()
	defer c.failed.mu.Unlock()
	if c.failed.count == nil {
		c.failed.count = make(map[string]int)
	}
	prefix = safetext.Line(prefix)
	if _, known := c.failed.count[prefix]; !known && len(c.failed.count) >= failurePrefixes {
		prefix = "elsewhere"
	}
	c.failed.count[prefix]++
}

// written takes off a sum what was logged of it.
func (f *loginFailures) written(prefix string, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count[prefix] -= count; f.count[prefix] <= 0 {
		delete(f.count, prefix)
	}
}

// logFailures writes the sums of the last minute. What cannot be written is kept
// for the next.
func (c *Console) logFailures(ctx context.Context) error {
	c.failed.mu.Lock()
	count := maps.Clone(c.failed.count)
	c.failed.mu.Unlock()
	for _, prefix := range sortedKeys(count) {
		err := c.update(ctx, "log failed logins", systemActor, func(t *turn) error {
			_, err := t.record(line{
				event: EventLoginsFailed, result: "refused", data: map[string]string{"count": fmt.Sprint(count[prefix])},
				personal: map[string]map[string]string{loginsSubject: {"remote": prefix}},
			})
			return err
		})
		if err != nil {
			return err
		}
		c.failed.written(prefix, count[prefix])
	}
	return nil
}

// ignoreNotFound passes every error but ErrNotFound.
func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
