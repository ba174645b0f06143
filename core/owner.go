package core

import (
	"crypto/hmac"
	"slices"
)

// factorPassphrase is the Factor of an owner who came in by the passphrase.
const factorPassphrase = "passphrase"

// ownerOnly refuses everyone but an owner.
func ownerOnly(a Actor) error {
	if a.Role != RoleOwner || a.Name == "" {
		return Refuse(ErrDenied, "Only the owner of the site can do that.")
	}
	return nil
}

// ownerOf reads an owner's site, if the first factor that let them in still is
// one of it. It is read each time: a passphrase that was replaced, a key that was
// taken away and a site that was removed end what open sessions can do, also
// where another site has that name by now.
func ownerOf(tx Tx, a Actor) (Site, error) {
	if err := ownerOnly(a); err != nil {
		return Site{}, err
	}
	site, err := tx.Sites().Get(a.Name)
	if err != nil {
		return Site{}, notFound(err, "This site is no longer set up here; call your web manager.")
	}
	known := slices.ContainsFunc(site.OwnerKeys, func(k Key) bool { return k.Fingerprint == a.Factor })
	if a.Factor == factorPassphrase {
		known = site.PassphraseMAC != nil && a.by.Equal(NewSecret(string(site.PassphraseMAC)))
	}
	if !known {
		return Site{}, Refuse(ErrDenied, "The passphrase or key of this session was replaced; log in again with the new one.")
	}
	return site, nil
}

// proved reports whether the actor holds the token of a proved request.
func (c *Console) proved(r Request, a Actor) bool {
	return r.Claim != nil && !a.Token.IsZero() && hmac.Equal(r.Claim, c.tokenMAC(r.Site, a.Token.Reveal()))
}

// provedGrant reports whether the actor holds one of a grant's tokens.
func (c *Console) provedGrant(g Grant, a Actor) bool {
	return !a.Token.IsZero() && g.Site == a.Name && matchesAny(g.Tokens, c.tokenMAC(g.Site, a.Token.Reveal()))
}
