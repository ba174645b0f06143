package core

import (
	"context"
	"time"

	"breakglass/core/safetext"
)

// Activate turns a ready request into a grant: its clock starts now. It wants
// the session that entered the code, or one that came in with its token.
func (c *Console) Activate(ctx context.Context, a Actor) (GrantInfo, error) {
	if err := ownerOnly(a); err != nil {
		return GrantInfo{}, err
	}
	var made Grant
	err := c.update(ctx, "activate", a, func(t *turn) error {
		site, r, err := t.openRequest()
		if err != nil {
			return err
		}
		if !c.proved(r, a) {
			return Refuse(ErrNeedsProof, "This session has not entered the code; have one sent and enter it here.")
		}
		if r.State == RequestHolding && !t.now.Before(r.Ready) {
			if r, err = t.step(site, r, RequestReady, EventRequestReady, nil); err != nil {
				return err
			}
		}
		if r.State == RequestHolding {
			early := Refuse(ErrState, "The waiting time is not over; come back at %s.", r.Ready.In(site.Location()).Format("2006-01-02 15:04 MST"))
			early.Until = r.Ready
			return early
		}
		made, err = t.activate(site, r)
		return err
	})
	if err != nil {
		return GrantInfo{}, err
	}
	return c.grantInfo(made, a), nil
}

func (t *turn) activate(site Site, r Request) (Grant, error) {
	if site.LiveGrant != "" {
		return t.join(site, r)
	}
	id, err := t.newID("G")
	if err != nil {
		return Grant{}, err
	}
	life := site.GrantLife()
	grant, err := t.Grants().Put(Grant{
		ID: id, Site: site.ID, Request: r.ID, State: GrantActive, Start: t.now, Expires: t.now.Add(life),
		BootID: t.boot, BootExpires: t.since + life, Tokens: [][]byte{r.Claim},
	})
	if err != nil {
		return Grant{}, err
	}
	site.LiveGrant, site.LastGrant = id, id
	t.after.begun = append(t.after.begun, grant)
	return grant, t.finish(site, r, grant, EventGrantActivated)
}

// join opens the site's live grant to one more session.
func (t *turn) join(site Site, r Request) (Grant, error) {
	grant, err := t.Grants().Get(site.LiveGrant)
	if err != nil {
		return Grant{}, err
	}
	grant.Tokens, grant.WrongTokens = append(grant.Tokens, r.Claim), 0
	if grant, err = t.Grants().Put(grant); err != nil {
		return Grant{}, err
	}
	if r.State == RequestVerified {
		r.State = RequestReady
	}
	return grant, t.finish(site, r, grant, EventGrantReproved)
}

// finish takes an activated request off the site's open ones and its factor's
// lock count back to none, and tells everyone.
func (t *turn) finish(site Site, r Request, grant Grant, event Event) error {
	if !allowed(requestEdges, r.State, RequestActivated) {
		return Refuse(ErrState, "Request %s is %s; it cannot be activated now.", r.ID, r.State.said())
	}
	from := r.State
	r.State, r.Grant, r.Ended, r.Claim = RequestActivated, grant.ID, t.now, nil
	if _, err := t.Requests().Put(r); err != nil {
		return err
	}
	delete(site.Open, r.Factor)
	delete(site.Locks, r.Factor)
	site, err := t.Sites().Put(site)
	if err != nil {
		return err
	}
	_, err = t.tell(site, line{
		event: event, site: site.ID, request: r.ID, grant: grant.ID, from: string(from), to: string(grant.State),
	}, map[string]string{"expires": grant.Expires.Format(time.RFC3339), "reason": r.Reason})
	return err
}

// CloseAccess ends the site's live grant at its owner's wish. It takes a session
// that has proved a code, like everything else under a grant.
func (c *Console) CloseAccess(ctx context.Context, a Actor) error {
	if err := ownerOnly(a); err != nil {
		return err
	}
	return c.update(ctx, "close access", a, func(t *turn) error {
		site, err := ownerOf(t.Tx, a)
		if err != nil {
			return err
		}
		if site.LiveGrant == "" {
			return Refuse(ErrState, "No access is open.")
		}
		grant, err := t.Grants().Get(site.LiveGrant)
		if err != nil {
			return err
		}
		if !c.provedGrant(grant, a) {
			return Refuse(ErrNeedsProof, "This session has not entered a code; enter one, then close access.")
		}
		_, err = t.end(site, GrantClosed, EventGrantClosed, "")
		return err
	})
}

// RevokeGrant ends a grant at its manager's wish, at once. It counts as a veto,
// so it is possible twice in 14 days.
func (c *Console) RevokeGrant(ctx context.Context, a Actor, id, reason string) error {
	reason = safetext.Line(reason)
	if reason == "" {
		return Refuse(ErrInvalid, "Give a reason; the owner and everyone who is told will read it.")
	}
	return c.update(ctx, "revoke grant", a, func(t *turn) error {
		grant, err := t.Grants().Get(id)
		if err != nil {
			return notFound(err, "There is no grant %s; `grant list` shows them.", id)
		}
		if err := t.mayManage(grant.Site); err != nil {
			return err
		}
		if grant.State != GrantActive {
			return Refuse(ErrState, "Grant %s is %s already.", id, grant.State)
		}
		site, err := t.Sites().Get(grant.Site)
		if err != nil {
			return err
		}
		if site, err = t.spendVeto(site); err != nil {
			return err
		}
		_, err = t.end(site, GrantRevoked, EventGrantRevoked, reason)
		return err
	})
}

// end moves the live grant to one of its ends, cuts all work under it once that
// is durable, and tells everyone. It returns the site as stored.
func (t *turn) end(site Site, to GrantState, event Event, reason string) (Site, error) {
	grant, err := t.Grants().Get(site.LiveGrant)
	if err != nil {
		return site, err
	}
	if !allowed(grantEdges, grant.State, to) {
		return site, Refuse(ErrState, "Grant %s is %s already.", grant.ID, grant.State)
	}
	from := grant.State
	grant.State, grant.Ended, grant.Reason, grant.Tokens = to, t.now, reason, nil
	if grant, err = t.Grants().Put(grant); err != nil {
		return site, err
	}
	site.LiveGrant = ""
	if site, err = t.Sites().Put(site); err != nil {
		return site, err
	}
	l := line{event: event, site: site.ID, request: grant.Request, grant: grant.ID, from: string(from), to: string(to)}
	data := map[string]string{}
	if reason != "" {
		data["reason"] = reason
		l.personal = map[string]map[string]string{siteSubject(site.ID): {"reason": reason}}
	}
	t.endGrant(grant, grant.endCause())
	_, err = t.tell(site, l, data)
	return site, err
}

// Veto ends an open request at its manager's wish.
func (c *Console) Veto(ctx context.Context, a Actor, id, reason string) error {
	reason = safetext.Line(reason)
	if reason == "" {
		return Refuse(ErrInvalid, "Give a reason; the owner and everyone who is told will read it.")
	}
	return c.update(ctx, "veto request", a, func(t *turn) error {
		r, err := t.Requests().Get(id)
		if err != nil {
			return notFound(err, "There is no request %s; `request list` shows the open ones.", id)
		}
		if err := t.mayManage(r.Site); err != nil {
			return err
		}
		site, err := t.Sites().Get(r.Site)
		if err != nil {
			return err
		}
		if !r.State.Open() {
			return Refuse(ErrState, "Request %s is %s already.", id, r.State)
		}
		if site, err = t.spendVeto(site); err != nil {
			return err
		}
		_, err = t.endRequest(site, r, RequestVetoed, EventRequestVetoed, reason)
		return err
	})
}

// spendVeto counts one of the manager's vetoes, or refuses.
func (t *turn) spendVeto(site Site) (Site, error) {
	if !site.canVeto(t.now) {
		return site, Refuse(ErrDenied, "You have said no to %s twice in 14 days; this time the owner's access takes its course and ends by itself.", site.ID)
	}
	recent := site.Vetoes[:0:0]
	for _, at := range site.Vetoes {
		if t.now.Sub(at) < vetoWindow {
			recent = append(recent, at)
		}
	}
	site.Vetoes = append(recent, t.now)
	return site, nil
}

// left is how long a grant still lasts, by whichever clock says less.
func (c *Console) left(g Grant) time.Duration {
	if g.State != GrantActive {
		return 0
	}
	left := g.Expires.Sub(c.judge.now())
	if boot, since := c.clock.Boot(); boot == g.BootID {
		left = min(left, g.BootExpires-since)
	}
	return max(0, left)
}

// notFound gives ErrNotFound a sentence and passes other errors.
func notFound(err error, format string, args ...any) error {
	if ignoreNotFound(err) != nil {
		return err
	}
	return Refuse(ErrNotFound, format, args...)
}
