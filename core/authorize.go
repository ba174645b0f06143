package core

import (
	"context"
	"slices"
)

// Authorize is the door to the site itself: it gives an owner a lease on one
// capability for as long as the grant lives. It wants a live grant and a token
// that this session proved; anything else is refused. The lease is subscribed
// before the grant is checked, so that a revocation cannot slip between.
func (c *Console) Authorize(ctx context.Context, a Actor, capability Capability) (*Lease, error) {
	return c.authorize(ctx, ctx, a, capability)
}

// authorize checks under ctx and gives a lease that lasts no longer than parent.
func (c *Console) authorize(ctx, parent context.Context, a Actor, capability Capability) (*Lease, error) {
	if a.Role != RoleOwner || !slices.Contains(Capabilities(), capability) {
		return nil, Refuse(ErrDenied, "Only the owner of a site, with access open, can do that.")
	}
	id, err := c.liveGrant(ctx, a.Name)
	if err != nil {
		return nil, err
	}
	leased, release := c.leases.subscribe(parent, id)
	grant, err := c.checkGrant(ctx, a, id)
	if err != nil {
		release()
		return nil, err
	}
	return &Lease{ctx: leased, grant: grant, release: release}, nil
}

// liveGrant names the site's live grant.
func (c *Console) liveGrant(ctx context.Context, name string) (id string, err error) {
	err = c.view(ctx, "find grant", func(tx Tx) error {
		site, err := tx.Sites().Get(name)
		id = site.LiveGrant
		return ignoreNotFound(err)
	})
	if err == nil && id == "" {
		err = Refuse(ErrState, "No access is open; ask for it first.")
	}
	return id, err
}

// checkGrant reads the grant again and checks it against the actor and the time.
func (c *Console) checkGrant(ctx context.Context, a Actor, id string) (grant Grant, err error) {
	err = c.view(ctx, "check grant", func(tx Tx) error {
		if _, err := ownerOf(tx, a); err != nil {
			return err
		}
		var err error
		grant, err = tx.Grants().Get(id)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	if cause := grant.endCause(); cause != nil {
		return Grant{}, cause
	}
	if c.over(grant) {
		return Grant{}, Refuse(ErrExpired, "Access has expired; ask for it again.")
	}
	if !c.provedGrant(grant, a) {
		return Grant{}, Refuse(ErrNeedsProof, "This session has not proved a code; enter one, or use the line that the wizard shows.")
	}
	return grant, nil
}

// endCause says why a grant that is not active ended, nil for an active one.
func (g Grant) endCause() error {
	switch g.State {
	case GrantActive:
		return nil
	case GrantExpired:
		return Refuse(ErrExpired, "Access has expired; ask for it again.")
	case GrantRevoked:
		return Refuse(ErrRevoked, "Access was revoked: %s", reasonOf(g))
	default:
		return Refuse(ErrClosed, "Access was closed; ask for it again if you still need it.")
	}
}

// over reports whether the grant's time has passed by either clock.
func (c *Console) over(g Grant) bool { return c.left(g) <= 0 }

// reasonOf is the reason of a revocation, for the sentence that gives it.
func reasonOf(g Grant) any {
	if g.Reason == "" {
		return Say("no reason was given.")
	}
	return g.Reason
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
