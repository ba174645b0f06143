package core

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// NoticeLife is how long a notice is tried.
const NoticeLife = 72 * time.Hour

// tell records the line and queues its notice to everyone who is told of this
// site's steps: the owner's contacts, the site's watchers and its managers, by
// email and by SMS. data adds to what the texts say; it must hold no secret.
func (t *turn) tell(site Site, l line, data map[string]string) (int64, error) {
	seq, err := t.record(l)
	if err != nil {
		return 0, err
	}
	facts := t.facts(site, l)
	maps.Copy(facts, data)
	return seq, t.queue(seq, site, l, facts, recipients(site, t.managersOf(site.ID), t.now))
}

// facts is what every notice of a site can say.
func (t *turn) facts(site Site, l line) map[string]string {
	facts := map[string]string{
		"actor": t.actor.ID(), "factor": t.actor.Factor, "remote": t.actor.Remote,
		"call": site.Call, "host": t.c.options.Host, "port": fmt.Sprint(t.c.options.Port), "title": site.Title,
		"archive_key": t.c.engine.Signer(),
	}
	maps.Copy(facts, l.data)
	return facts
}

// recipient is one address that a notice goes to.
type recipient struct {
	kind    ContactKind
	address string
	lang    string
}

// recipients lists the addresses once each, contacts first.
func recipients(site Site, managers []Person, now time.Time) []recipient {
	var all []recipient
	seen := make(map[string]bool)
	add := func(kind ContactKind, address, lang string) {
		if address != "" && !seen[address] {
			seen[address] = true
			all = append(all, recipient{kind, address, lang})
		}
	}
	for _, contact := range site.Contacts {
		if contact.Until.IsZero() || now.Before(contact.Until) {
			add(contact.Kind, contact.Address, site.Lang)
		}
	}
	for _, person := range managers {
		add(ContactEmail, person.Email, person.Lang)
		add(ContactPhone, person.Phone, person.Lang)
	}
	return all
}

// queue writes the outbox rows of one notice, and one for the console's webhook
// if it has one. The IDs are made from the leaf's number: unique, and ordered by
// time.
func (t *turn) queue(seq int64, site Site, l line, facts map[string]string, to []recipient) error {
	if hook := t.c.options.Webhook; hook != "" {
		to = append(to, recipient{ContactWebhook, hook, ""})
	}
	for i, r := range to {
		_, err := t.Outbox().Put(Message{
			ID: fmt.Sprintf("M-%010d-%03d", seq, i), State: MessageQueued, Event: l.event,
			Kind: r.kind, Address: r.address, Lang: r.lang, Zone: site.Zone,
			Site: l.site, Request: l.request, Grant: l.grant, Leaf: seq, Data: facts,
			Created: t.now, Due: t.now, Expires: t.now.Add(NoticeLife),
		})
		if err != nil {
			return err
		}
		t.after.mail = true
	}
	return nil
}

// managersOf returns the managers who look after a site.
func (t *turn) managersOf(site string) []Person {
	var of []Person
	for _, person := range t.managers {
		if person.covers(site) {
			of = append(of, person)
		}
	}
	return of
}

// managers reads all managers. A turn gets them before its transaction, which
// reads by key only.
func (c *Console) managers(ctx context.Context) ([]Person, error) {
	var all []Person
	err := c.view(ctx, "read managers", func(tx Tx) error {
		all = nil
		return tx.People().Each("", func(p Person) bool {
			if p.Role == RoleManager {
				all = append(all, p)
			}
			return true
		})
	})
	return all, err
}
