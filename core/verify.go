package core

import (
	"context"
	"crypto/hmac"
	"fmt"
	"time"
)

// EnterCode tries a code on the owner's open request. The try is counted,
// compared in constant time and consumed in one transaction, so that parallel
// guesses get exactly the budget. A right code proves this session: the actor
// that is returned holds a token, and only with it can the request be
// activated. Where a grant is live already, the code opens that one to this
// session. Errors: ErrWrongCode with Left, ErrCodeDead, ErrLocked with Until.
func (c *Console) EnterCode(ctx context.Context, a Actor, code string) (Actor, error) {
	typed, wellFormed := readCrockford(code, codeLength)
	if !wellFormed {
		return a, Refuse(ErrInvalid, "A code has 8 letters and digits, like 7M2K-Q4XA; nothing was counted.")
	}
	return c.prove(ctx, a, "enter code", func(t *turn, site Site, r Request) (Request, error) {
		if err := t.liveCode(site, &r); err != nil {
			return r, err
		}
		if !hmac.Equal(r.Code.MAC, c.codeMAC(r.ID, r.Code.Salt, typed)) {
			return t.wrongCode(site, r)
		}
		r.Code.Dead = true
		return r, t.provenContact(site, r.Contact)
	})
}

// EnterPaper tries the paper code from the kit. It works once, adds a hold of
// PaperHold, and never opens a grant that is live already.
func (c *Console) EnterPaper(ctx context.Context, a Actor, code string) (Actor, error) {
	typed, wellFormed := readCrockford(code, paperLength)
	if !wellFormed {
		return a, Refuse(ErrInvalid, "The paper code has 28 letters and digits in groups of four; nothing was counted.")
	}
	return c.prove(ctx, a, "enter paper code", func(t *turn, site Site, r Request) (Request, error) {
		if site.LiveGrant != "" || (r.State != RequestDrafted && r.State != RequestCodeSent) {
			return r, Refuse(ErrState, "The paper code opens a new request only; use a code by email or SMS here.")
		}
		if !site.Paper.live() {
			return r, Refuse(ErrState, "No paper code is good for this site; it was used or never printed.")
		}
		if !hmac.Equal(site.Paper.MAC, c.paperMAC(site.ID, site.Paper.Salt, typed)) {
			return t.wrongCode(site, r)
		}
		site.Paper.Used = t.now
		r.Paper, r.Code.Dead = true, true
		_, err := t.Sites().Put(site)
		return r, err
	})
}

// counted is a refusal whose effect (a counted try, a lock) must be kept: the
// transaction commits and the caller gets the refusal.
type counted struct{ *Refusal }

// prove runs one attempt and, if it succeeds, makes the session's token.
func (c *Console) prove(ctx context.Context, a Actor, operation string, attempt func(*turn, Site, Request) (Request, error)) (Actor, error) {
	if err := ownerOnly(a); err != nil {
		return a, err
	}
	proved, refusal := a, error(nil)
	err := c.update(ctx, operation, a, func(t *turn) error {
		proved, refusal = a, nil
		site, r, err := t.openRequest()
		if err != nil {
			return err
		}
		r, err = attempt(t, site, r)
		if kept, ok := err.(counted); ok { //nolint:errorlint // never wrapped: attempt makes it just above
			refusal = kept.Refusal
			return nil
		}
		if err != nil {
			return err
		}
		token, err := t.text(tokenLength)
		if err != nil {
			return err
		}
		proved = a.WithToken(NewSecret(token))
		return t.verified(r, c.tokenMAC(r.Site, token))
	})
	if err != nil {
		return a, err
	}
	if refusal != nil {
		return a, refusal
	}
	return proved, nil
}

// liveCode refuses where no code can be entered.
func (t *turn) liveCode(site Site, r *Request) error {
	switch {
	case r.Code.MAC == nil:
		return Refuse(ErrState, "No code was sent yet; choose where it should go.")
	case r.codeLive(t.now):
		return nil
	case r.Sends >= SendsPerRequest && (r.State == RequestDrafted || r.State == RequestCodeSent):
		until, err := t.lock(site, *r, "codes used up")
		if err != nil {
			return err
		}
		return counted{lockedRefusal(until)}
	default:
		return Refuse(ErrCodeDead, "This code is no longer good; have a new one sent.")
	}
}

// wrongCode counts a wrong try on the code and on the request.
func (t *turn) wrongCode(site Site, r Request) (Request, error) {
	r.Tries++
	r.Code.Tries++
	r.Code.Dead = r.Code.Dead || r.Code.Tries >= TriesPerCode
	left := max(0, min(TriesPerCode-r.Code.Tries, TriesPerRequest-r.Tries))
	_, err := t.record(line{
		event: EventRequestWrongCode, site: site.ID, request: r.ID, result: "refused",
		data: map[string]string{"tries": fmt.Sprint(r.Tries)},
	})
	if err != nil {
		return r, err
	}
	exhausted := r.Tries >= TriesPerRequest || (left == 0 && r.Sends >= SendsPerRequest)
	if exhausted && (r.State == RequestDrafted || r.State == RequestCodeSent) {
		until, err := t.lock(site, r, "tries used up")
		if err != nil {
			return r, err
		}
		return r, counted{lockedRefusal(until)}
	}
	if _, err := t.Requests().Put(r); err != nil {
		return r, err
	}
	if left == 0 {
		return r, counted{Refuse(ErrCodeDead, "That was not the code, and this one is no longer good; have a new one sent.")}
	}
	return r, counted{&Refusal{Kind: ErrWrongCode, Left: left, Detail: fmt.Sprintf("That was not the code; %d tries left.", left)}}
}

func (t *turn) provenContact(site Site, id string) error {
	for i := range site.Contacts {
		if site.Contacts[i].ID == id {
			site.Contacts[i].Proven = t.now
		}
	}
	_, err := t.Sites().Put(site)
	return err
}

// verified moves a proved request on: a new one to verified and then to holding
// or ready; one that joins a live grant to activated; one that was proved before
// stays where it is and gets the new session's token.
func (t *turn) verified(r Request, claim []byte) error {
	site, err := t.Sites().Get(r.Site)
	if err != nil {
		return err
	}
	r.Claim, r.WrongTokens = claim, 0
	if r.State != RequestDrafted && r.State != RequestCodeSent {
		if _, err := t.Requests().Put(r); err != nil {
			return err
		}
		_, err = t.tell(site, line{event: EventRequestVerified, site: site.ID, request: r.ID, from: string(r.State), to: string(r.State)}, nil)
		return err
	}
	if r, err = t.step(site, r, RequestVerified, EventRequestVerified, nil); err != nil {
		return err
	}
	if site.LiveGrant != "" {
		_, err = t.join(site, r)
		return err
	}
	hold := min(site.Hold, MaxHold)
	if r.Paper {
		hold = max(hold, PaperHold)
	}
	if !site.Restored.IsZero() && t.now.Before(site.Restored.Add(RestoreWatch)) {
		hold = max(hold, RestoreHold)
	}
	if hold > 0 {
		r.Ready = t.now.Add(hold)
		r.Lapses = r.Ready.Add(RequestLife)
		_, err = t.step(site, r, RequestHolding, EventRequestHolding, map[string]string{"ready": r.Ready.Format(time.RFC3339)})
		return err
	}
	r.Lapses = t.now.Add(RequestLife)
	_, err = t.step(site, r, RequestReady, EventRequestReady, nil)
	return err
}

// step moves a request along an edge and tells everyone.
func (t *turn) step(site Site, r Request, to RequestState, event Event, data map[string]string) (Request, error) {
	if !allowed(requestEdges, r.State, to) {
		return r, Refuse(ErrState, "Request %s is %s; that cannot be done now.", r.ID, r.State.said())
	}
	from := r.State
	r.State = to
	r, err := t.Requests().Put(r)
	if err != nil {
		return r, err
	}
	_, err = t.tell(site, line{event: event, site: site.ID, request: r.ID, grant: r.Grant, from: string(from), to: string(to)}, data)
	return r, err
}
