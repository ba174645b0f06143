package core

import (
	"context"
	"fmt"
	"time"

	"breakglass/core/safetext"
)

// The veto rule of access.md: at most twice in 14 days, so that a manager whom
// the owner is escaping cannot say no for ever.
const (
	vetoLimit  = 2
	vetoWindow = 14 * 24 * time.Hour
)

// Draft begins a request for access with the owner's reason, or returns the one
// that this factor has open. While the factor is locked it fails with ErrLocked.
func (c *Console) Draft(ctx context.Context, a Actor, reason string) (RequestInfo, error) {
	if err := ownerOnly(a); err != nil {
		return RequestInfo{}, err
	}
	reason = safetext.Line(reason)
	if !SaysWhy(reason) {
		return RequestInfo{}, Refuse(ErrInvalid, "Say in a few words why you need the backup, for example: my web manager does not answer. Everyone who is told will read it.")
	}
	var made RequestInfo
	err := c.update(ctx, "draft request", a, func(t *turn) error {
		site, err := ownerOf(t.Tx, a)
		if err != nil {
			return err
		}
		r, err := t.draft(site, reason)
		if err != nil {
			return err
		}
		made, err = c.requestInfo(t.Tx, site, r, a, t.now)
		return err
	})
	return made, err
}

func (t *turn) draft(site Site, reason string) (Request, error) {
	if open := site.Open[t.actor.Factor]; open != "" {
		r, err := t.Requests().Get(open)
		if err != nil || t.now.Before(r.Lapses) {
			return r, err
		}
		if site, err = t.endRequest(site, r, RequestLapsed, EventRequestLapsed, ""); err != nil {
			return Request{}, err
		}
	}
	if lock := site.Locks[t.actor.Factor]; t.now.Before(lock.Until) {
		return Request{}, lockedRefusal(lock.Until)
	}
	if len(site.usableContacts(t.now)) == 0 && !site.Paper.live() {
		return Request{}, Refuse(ErrNoContact, "No address is set that a code could go to; only your web manager can set one. Call %s.", orElse(site.Call, "your web manager"))
	}
	before, err := t.cancelledBefore(site)
	if err != nil {
		return Request{}, err
	}
	id, err := t.newID("R")
	if err != nil {
		return Request{}, err
	}
	r, err := t.Requests().Put(Request{
		ID: id, Site: site.ID, State: RequestDrafted, Factor: t.actor.Factor, Reason: reason,
		Created: t.now, Lapses: t.now.Add(RequestLife), Tries: before.Tries, Sends: before.Sends, Cancels: before.Cancels,
	})
	if err != nil {
		return Request{}, err
	}
	set(&site.Open, t.actor.Factor, id)
	set(&site.LastRequest, t.actor.Factor, id)
	if site, err = t.Sites().Put(site); err != nil {
		return Request{}, err
	}
	_, err = t.tell(site, line{
		event: EventRequestDrafted, site: site.ID, request: id, to: string(RequestDrafted),
		personal: map[string]map[string]string{siteSubject(site.ID): {"reason": reason}},
	}, map[string]string{"reason": reason})
	return r, err
}

// cancelledBefore is what a request that was cancelled within a day hands on to
// the next: asking again must not give a guesser new tries, nor whoever has the
// passphrase alone new messages to flood the contacts with.
func (t *turn) cancelledBefore(site Site) (Request, error) {
	last, err := t.Requests().Get(site.LastRequest[t.actor.Factor])
	if err != nil || last.State != RequestCancelled || t.now.Sub(last.Ended) >= RequestLife {
		return Request{}, ignoreNotFound(err)
	}
	return last, nil
}

// SendCode sends a new code to one of the site's contacts; an earlier code is
// dead, the count of tries is kept. It serves the first code, a resend and the
// other channel alike, SendsPerRequest times.
func (c *Console) SendCode(ctx context.Context, a Actor, contactID string) (RequestInfo, error) {
	if err := ownerOnly(a); err != nil {
		return RequestInfo{}, err
	}
	var sent RequestInfo
	var refusal error
	err := c.update(ctx, "send code", a, func(t *turn) error {
		refusal = nil
		site, r, err := t.openRequest()
		if err != nil {
			return err
		}
		contact, ok := site.contact(contactID)
		if !ok || !contact.usable(t.now) {
			return Refuse(ErrNoContact, "No code can go to that contact; choose another.")
		}
		if r.Sends >= SendsPerRequest || r.Tries >= TriesPerRequest {
			refusal, err = t.noMoreSends(site, r)
			return err
		}
		if err := t.sendCode(site, r, contact); err != nil {
			return err
		}
		if r, err = t.Requests().Get(r.ID); err != nil {
			return err
		}
		sent, err = c.requestInfo(t.Tx, site, r, a, t.now)
		return err
	})
	if err == nil {
		err = refusal
	}
	return sent, err
}

// noMoreSends keeps a request whose last code can still be entered, and locks
// one that cannot go on.
func (t *turn) noMoreSends(site Site, r Request) (refusal, err error) {
	if r.codeLive(t.now) {
		return Refuse(ErrState, "No more codes can be sent for this request; the last one is still good until %s.",
			r.Code.Expires.In(site.Location()).Format("15:04")), nil
	}
	if r.State != RequestDrafted && r.State != RequestCodeSent {
		return Refuse(ErrState, "No more codes can be sent for this request; cancel it and ask again."), nil
	}
	until, err := t.lock(site, r, "sends used up")
	return lockedRefusal(until), err
}

func (t *turn) sendCode(site Site, r Request, to Contact) error {
	text, err := t.text(codeLength)
	if err != nil {
		return err
	}
	salt, err := t.draw(16)
	if err != nil {
		return err
	}
	r.Code = Code{MAC: t.c.codeMAC(r.ID, salt, text), Salt: salt, Expires: t.now.Add(CodeLife)}
	r.Sends, r.Contact = r.Sends+1, to.ID
	return t.queueCode(site, r, to, site.fallbacks(to, t.now), inGroups(text, 4), "")
}

// openRequest reads the actor's open request and its site.
func (t *turn) openRequest() (Site, Request, error) {
	site, err := ownerOf(t.Tx, t.actor)
	if err != nil {
		return Site{}, Request{}, err
	}
	id := site.Open[t.actor.Factor]
	if id == "" {
		if lock := site.Locks[t.actor.Factor]; t.now.Before(lock.Until) {
			return Site{}, Request{}, lockedRefusal(lock.Until)
		}
		return Site{}, Request{}, Refuse(ErrState, "No request is open; ask for access first.")
	}
	r, err := t.Requests().Get(id)
	if err != nil {
		return Site{}, Request{}, err
	}
	if !t.now.Before(r.Lapses) {
		return Site{}, Request{}, Refuse(ErrState, "This request has lapsed; ask for access again.")
	}
	return site, r, nil
}

// CancelRequest ends the owner's open request. Once its code was entered it takes
// the session that did: whoever has the passphrase alone cannot end a hold.
func (c *Console) CancelRequest(ctx context.Context, a Actor) error {
	if err := ownerOnly(a); err != nil {
		return err
	}
	return c.update(ctx, "cancel request", a, func(t *turn) error {
		site, r, err := t.openRequest()
		if err != nil {
			return err
		}
		return t.cancel(site, r)
	})
}

// cancel ends a request at its owner's wish. Whoever has entered the code is the
// owner and starts afresh; who has not, and cancels again and again, is locked.
func (t *turn) cancel(site Site, r Request) error {
	if r.State != RequestDrafted && r.State != RequestCodeSent {
		if !t.c.proved(r, t.actor) {
			return Refuse(ErrNeedsProof, "The code of this request was entered in another session; only there can it be cancelled.")
		}
		r.Tries, r.Sends, r.Cancels = 0, 0, 0
	} else if r.Cancels++; r.Cancels >= CancelsInARow {
		_, err := t.lock(site, r, "cancelled too often")
		return err
	}
	_, err := t.endRequest(site, r, RequestCancelled, EventRequestCancelled, "")
	return err
}

// endRequest moves a request to one of its ends, takes it off the site's open
// ones, kills its code, and tells everyone. It returns the site as stored.
func (t *turn) endRequest(site Site, r Request, to RequestState, event Event, reason string) (Site, error) {
	if !allowed(requestEdges, r.State, to) {
		return site, Refuse(ErrState, "Request %s is %s; that cannot be done now.", r.ID, r.State.said())
	}
	from := r.State
	r.State, r.Ended, r.Code.Dead, r.Claim = to, t.now, true, nil
	if to == RequestVetoed {
		r.Refused = reason
	}
	if _, err := t.Requests().Put(r); err != nil {
		return site, err
	}
	delete(site.Open, r.Factor)
	site, err := t.Sites().Put(site)
	if err != nil {
		return site, err
	}
	data := map[string]string{}
	l := line{event: event, site: site.ID, request: r.ID, from: string(from), to: string(to)}
	if reason != "" {
		data["reason"] = reason
		l.personal = map[string]map[string]string{siteSubject(site.ID): {"reason": reason}}
	}
	if lock := site.Locks[r.Factor]; to == RequestLocked {
		data["until"] = lock.Until.Format(time.RFC3339)
	}
	_, err = t.tell(site, l, data)
	return site, err
}

// lock ends a request whose budget is used up and makes the factor's next one
// wait, longer each time. The site itself is never locked.
func (t *turn) lock(site Site, r Request, why string) (time.Time, error) {
	lock := site.Locks[r.Factor]
	wait := LockTimes[min(lock.Count, len(LockTimes)-1)]
	lock = Lock{Count: lock.Count + 1, Until: t.now.Add(wait)}
	set(&site.Locks, r.Factor, lock)
	_, err := t.endRequest(site, r, RequestLocked, EventRequestLocked, why)
	return lock.Until, err
}

func lockedRefusal(until time.Time) *Refusal {
	return &Refusal{Kind: ErrLocked, Until: until, Detail: fmt.Sprintf(
		"Too many tries. You can ask again at %s; nothing is lost, and the lock ends by itself.", until.UTC().Format("2006-01-02 15:04 MST"))}
}

// codeLive reports whether the newest code can still be entered.
func (r Request) codeLive(now time.Time) bool {
	return r.Code.MAC != nil && !r.Code.Dead && now.Before(r.Code.Expires) && r.Tries < TriesPerRequest
}

func (s Site) usableContacts(now time.Time) []Contact {
	var usable []Contact
	for _, c := range s.Contacts {
		if c.usable(now) {
			usable = append(usable, c)
		}
	}
	return usable
}

// canVeto reports whether the manager has a veto left.
func (s Site) canVeto(now time.Time) bool {
	recent := 0
	for _, at := range s.Vetoes {
		if now.Sub(at) < vetoWindow {
			recent++
		}
	}
	return recent < vetoLimit
}

func (p Paper) live() bool { return p.MAC != nil && p.Used.IsZero() }

func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}

func siteSubject(site string) string { return "site:" + site }
