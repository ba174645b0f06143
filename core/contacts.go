package core

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// AddContact adds an address of a site's owner, or a watcher who gets notices
// only. Codes go to a new address after ContactWait, so that whoever takes over
// the manager's key cannot point them at himself unseen; on the day that the
// site is set up they go at once.
func (c *Console) AddContact(ctx context.Context, a Actor, id string, o ContactOrder) (ContactInfo, error) {
	if o.Kind != ContactEmail && o.Kind != ContactPhone {
		return ContactInfo{}, Refuse(ErrInvalid, "Give an --email or a --phone.")
	}
	address, err := c.checkAddress(o.Kind, o.Address)
	if err != nil {
		return ContactInfo{}, err
	}
	var info ContactInfo
	err = c.manage(ctx, a, "add contact", id, func(t *turn, site Site) error {
		for _, have := range site.Contacts {
			if have.Address == address && have.Until.IsZero() {
				return Refuse(ErrExists, "That address is set already, as contact %s.", have.ID)
			}
		}
		contact := Contact{ID: site.nextContact(), Kind: o.Kind, Address: address, Watch: o.Watch, Added: t.now, From: t.now}
		if t.now.Sub(site.Created) > setupTime && !o.Watch {
			contact.From = t.now.Add(ContactWait)
		}
		site, err := t.refuseOwner(site, "A contact was changed.")
		if err != nil {
			return err
		}
		site.Contacts = append(slices.Clone(site.Contacts), contact)
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		info = t.c.contactInfo(contact, t.now)
		return t.tellContact(site, EventContactAdded, contact)
	})
	return info, err
}

// RemoveContact takes a contact out. Until ContactWait is over codes still go
// there, so that a manager cannot cut the owner off at a stroke.
func (c *Console) RemoveContact(ctx context.Context, a Actor, id, contactID string) error {
	return c.manage(ctx, a, "remove contact", id, func(t *turn, site Site) error {
		i := slices.IndexFunc(site.Contacts, func(c Contact) bool { return c.ID == contactID && c.Until.IsZero() })
		if i < 0 {
			return Refuse(ErrNotFound, "There is no such contact; `contact list %s` shows them.", id)
		}
		site, err := t.refuseOwner(site, "A contact was changed.")
		if err != nil {
			return err
		}
		site.Contacts = slices.Clone(site.Contacts)
		removed := &site.Contacts[i]
		removed.Until = t.now.Add(ContactWait)
		if removed.Watch || t.now.Sub(site.Created) <= setupTime {
			removed.Until = t.now
		}
		// The notice goes to the old address as well.
		if err := t.tellContact(stillTold(site, i, t.now), EventContactRemoved, *removed); err != nil {
			return err
		}
		_, err = t.Sites().Put(site)
		return err
	})
}

// stillTold lets the notice of a removal reach the i-th contact, which may be
// gone at once.
func stillTold(site Site, i int, now time.Time) Site {
	site.Contacts = slices.Clone(site.Contacts)
	site.Contacts[i].Until = now.Add(ContactWait)
	return site
}

func (t *turn) tellContact(site Site, event Event, contact Contact) error {
	masked := Mask(contact.Kind, contact.Address)
	_, err := t.tell(site, line{
		event: event, site: site.ID, data: map[string]string{"contact": contact.ID, "kind": string(contact.Kind)},
		personal: map[string]map[string]string{siteSubject(site.ID): {"address": contact.Address}},
	}, map[string]string{"contact": masked})
	return err
}

// nextContact is one above the highest number in use, so that an ID is never
// used twice for a site.
func (s Site) nextContact() string {
	highest := 0
	for _, c := range s.Contacts {
		if n, err := strconv.Atoi(c.ID); err == nil {
			highest = max(highest, n)
		}
	}
	return fmt.Sprint(highest + 1)
}
