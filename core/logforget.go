package core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"breakglass/core/audit"
	"breakglass/core/safetext"
)

// ForgetPerson erases the personal data of a manager or an auditor who was
// removed: what lies beside the log under that name, and the addresses of
// messages. The log itself stays as it is, with the name, and still verifies.
// It takes a manager of all sites, is a line of the log, and all of them are
// told. It fails with ErrState while the person is enrolled, or while a message
// to one of the addresses is on its way, which ends by itself in NoticeLife.
func (c *Console) ForgetPerson(ctx context.Context, a Actor, id string) error {
	acts := []string{Actor{Role: RoleManager, Name: id}.ID(), Actor{Role: RoleAuditor, Name: id}.ID()}
	f := forgetting{
		event: EventPersonForgotten, data: map[string]string{"person": id}, subjects: append([]string{personSubject(id)}, acts...),
		still: func(tx Tx) (bool, error) {
			_, err := tx.People().Get(id)
			return err == nil, ignoreNotFound(err)
		},
		enrolled: Refuse(ErrState, "%s is enrolled here; `person remove` first, then forget.", safetext.Line(id)),
		unknown:  Refuse(ErrNotFound, "The log knows no person %s.", safetext.Line(id)),
	}
	err := c.view(ctx, "look for personal data", func(tx Tx) error {
		addresses, known, err := addressesOf(tx, id)
		f.known = known
		f.to = func(m Message) bool { return slices.Contains(addresses, m.Address) }
		f.about = func(m Message) bool { return slices.Contains(acts, m.Data["actor"]) || m.Data["person"] == id }
		return err
	})
	if err != nil {
		return err
	}
	return c.forget(ctx, a, f)
}

// ForgetSite erases the personal data of a removed site and its owner: what lies
// beside the log, the reasons of its requests, and the addresses of messages. It
// takes, says and refuses what ForgetPerson does.
func (c *Console) ForgetSite(ctx context.Context, a Actor, id string) error {
	f := forgetting{
		event: EventSiteForgotten, data: map[string]string{"forgotten": id},
		subjects: []string{siteSubject(id), Actor{Role: RoleOwner, Name: id}.ID()},
		still: func(tx Tx) (bool, error) {
			_, err := tx.Sites().Get(id)
			return err == nil, ignoreNotFound(err)
		},
		to:       func(m Message) bool { return m.Site == id },
		about:    func(m Message) bool { return m.Site == id },
		enrolled: Refuse(ErrState, "%s is set up here; `site remove` first, then forget.", safetext.Line(id)),
		unknown:  Refuse(ErrNotFound, "The log knows no site %s.", safetext.Line(id)),
	}
	err := c.view(ctx, "look for personal data", func(tx Tx) error {
		size, err := tx.Log().Size()
		if err != nil {
			return err
		}
		f.known, f.requests, f.grants = false, nil, nil
		err = tx.Log().Find(audit.KeySite+id, size, func(int64) bool { f.known = true; return false })
		return errors.Join(err, tx.Requests().Each("", func(r Request) bool {
			if r.Site == id && r.Reason != "" {
				f.requests = append(f.requests, r.ID)
			}
			return true
		}), tx.Grants().Each("", func(g Grant) bool {
			if g.Site == id && g.Reason != "" {
				f.grants = append(f.grants, g.ID)
			}
			return true
		}))
	})
	if err != nil {
		return err
	}
	return c.forget(ctx, a, f)
}

// addressesOf returns what addresses a person had, as the lines about the person
// say, and whether there are such lines.
func addressesOf(tx Tx, id string) (addresses []string, known bool, err error) {
	lines, err := linesUnder(tx, audit.KeyPerson+id)
	for _, l := range lines {
		for _, name := range []string{"email", "phone", "address"} {
			if address := l.Personal[name]; address != "" && !slices.Contains(addresses, address) {
				addresses = append(addresses, address)
			}
		}
	}
	return addresses, len(lines) > 0, err
}

// forgetting is what is erased, and why it may not be.
type forgetting struct {
	event             Event
	data              map[string]string
	subjects          []string
	still             func(Tx) (bool, error) // whether it is here yet
	to, about         func(Message) bool     // whether a message went to it or tells of it
	known             bool
	requests, grants  []string // whose reasons go
	enrolled, unknown error
}

// forgetBatch is how many messages one transaction wipes.
const forgetBatch = 200

func (c *Console) forget(ctx context.Context, a Actor, f forgetting) error {
	sent, err := c.messagesOf(ctx, a, f)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(sent, forgetBatch) {
		err := c.update(ctx, "wipe messages", a, func(t *turn) error {
			if err := t.mayForget(f); err != nil {
				return err
			}
			for _, message := range batch {
				if err := t.wipeMessage(message); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return c.update(ctx, "forget", a, func(t *turn) error {
		if err := t.mayForget(f); err != nil {
			return err
		}
		for _, subject := range f.subjects {
			if err := t.Log().Forget(subject); err != nil {
				return err
			}
		}
		if err := t.wipeReasons(f); err != nil {
			return err
		}
		l := line{event: f.event, result: "erased", data: f.data}
		seq, err := t.record(l)
		if err != nil {
			return err
		}
		facts := t.facts(Site{}, l)
		return t.queue(seq, Site{}, l, facts, recipients(Site{}, t.managersOf(""), t.now))
	})
}

func (t *turn) mayForget(f forgetting) error {
	if err := t.unscoped(); err != nil {
		return err
	}
	still, err := f.still(t.Tx)
	switch {
	case err != nil:
		return err
	case still:
		return f.enrolled
	case !f.known:
		return f.unknown
	}
	return nil
}

// messagesOf lists the messages that are wiped. Addresses that somebody who is
// here has too stay; while one of the messages is on its way it refuses.
func (c *Console) messagesOf(ctx context.Context, a Actor, f forgetting) ([]wiped, error) {
	var sent []wiped
	var onTheWay *Message
	err := c.view(ctx, "look for messages", func(tx Tx) error {
		sent, onTheWay = nil, nil
		if err := (&turn{Tx: tx, actor: a}).mayForget(f); err != nil {
			return err
		}
		used, err := addressesInUse(tx)
		if err != nil {
			return err
		}
		return errors.Join(tx.Sent().Each("", func(m Message) bool {
			w := wiped{m.ID, m.Address != "" && f.to(m) && !used[m.Address]}
			if w.address || (m.Data != nil && (f.to(m) || f.about(m))) {
				sent = append(sent, w)
			}
			return true
		}), tx.Outbox().Each("", func(m Message) bool {
			if (f.to(m) || f.about(m)) && (onTheWay == nil || m.Expires.After(onTheWay.Expires)) {
				onTheWay = &m
			}
			return true
		}))
	})
	if err == nil && onTheWay != nil {
		err = &Refusal{Kind: ErrState, Until: onTheWay.Expires, Detail: fmt.Sprintf(
			"A message to be forgotten is still on its way; try again once it has arrived, or after %s.", onTheWay.Expires.UTC().Format("2006-01-02 15:04 MST"))}
	}
	return sent, err
}

// addressesInUse lists the addresses of all who are here.
func addressesInUse(tx Tx) (map[string]bool, error) {
	used := make(map[string]bool)
	err := errors.Join(tx.People().Each("", func(p Person) bool {
		used[p.Email], used[p.Phone] = true, true
		return true
	}), tx.Sites().Each("", func(s Site) bool {
		for _, contact := range s.Contacts {
			used[contact.Address] = true
		}
		return true
	}))
	delete(used, "")
	return used, err
}

// wiped is a message to be wiped, with its address or without.
type wiped struct {
	id      string
	address bool
}

// wipeMessage takes all that the text of a message at its end was made of.
func (t *turn) wipeMessage(w wiped) error {
	m, err := t.Sent().Get(w.id)
	if err != nil {
		return ignoreNotFound(err)
	}
	m.Data, m.Fallback = nil, nil
	if w.address {
		m.Address = ""
	}
	_, err = t.Sent().Put(m)
	return err
}

func (t *turn) wipeReasons(f forgetting) error {
	for _, id := range f.requests {
		r, err := t.Requests().Get(id)
		if err != nil {
			return err
		}
		r.Reason = ""
		if _, err := t.Requests().Put(r); err != nil {
			return err
		}
	}
	for _, id := range f.grants {
		g, err := t.Grants().Get(id)
		if err != nil {
			return err
		}
		g.Reason = ""
		if _, err := t.Grants().Put(g); err != nil {
			return err
		}
	}
	return nil
}
