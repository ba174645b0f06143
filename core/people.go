package core

import (
	"context"
	"errors"
	"path/filepath"

	"breakglass/core/safetext"
)

// AddPerson enrols a manager or an auditor. Root may do it offline, when a
// manager's key is lost; else it takes a manager of all sites.
func (c *Console) AddPerson(ctx context.Context, a Actor, o PersonOrder) (Person, error) {
	person, err := c.newPerson(o)
	if err != nil {
		return Person{}, err
	}
	var added Person
	err = c.update(ctx, "add person", a, func(t *turn) error {
		if err := t.unscoped(); err != nil {
			return err
		}
		if err := t.nameFree(person.ID); err != nil {
			return err
		}
		fresh := person
		fresh.Created = t.now
		fresh.Keys = []Key{person.Keys[0]}
		fresh.Keys[0].Added = t.now
		if added, err = t.People().Put(fresh); err != nil {
			return err
		}
		return t.tellManagers(EventPersonAdded, added)
	})
	return added, err
}

func (c *Console) newPerson(o PersonOrder) (Person, error) {
	if err := checkName(o.ID); err != nil {
		return Person{}, err
	}
	if o.Role != RoleManager && o.Role != RoleAuditor {
		return Person{}, Refuse(ErrInvalid, "A person is a manager or an auditor.")
	}
	for _, site := range o.Sites {
		if err := checkName(site); err != nil {
			return Person{}, err
		}
	}
	for _, root := range o.Roots {
		if !filepath.IsAbs(root) {
			return Person{}, Refuse(ErrInvalid, "“%s” is no absolute path; give a root such as /srv/www.", safetext.Line(root))
		}
	}
	if err := c.checkLang(o.Lang); err != nil {
		return Person{}, err
	}
	key, err := parseKey(o.Key)
	if err != nil {
		return Person{}, err
	}
	person := Person{ID: o.ID, Role: o.Role, Keys: []Key{key}, Lang: safetext.Line(o.Lang), Sites: o.Sites, Roots: o.Roots}
	if o.Email != "" {
		if person.Email, err = c.checkAddress(ContactEmail, o.Email); err != nil {
			return Person{}, err
		}
	}
	if o.Phone != "" {
		person.Phone, err = c.checkAddress(ContactPhone, o.Phone)
	}
	return person, err
}

// tellManagers records a change among the people and tells the managers of all
// sites of it.
func (t *turn) tellManagers(event Event, person Person) error {
	l := line{
		event: event, to: string(person.Role), data: map[string]string{"person": person.ID},
	}
	if len(person.Keys) > 0 {
		l.personal = map[string]map[string]string{personSubject(person.ID): {"key": person.Keys[0].Fingerprint}}
	}
	// Once the person is gone only the log knows the addresses, and ForgetPerson
	// finds by them what else is to be erased.
	for name, address := range map[string]string{"email": person.Email, "phone": person.Phone} {
		if address == "" {
			continue
		}
		if l.personal == nil {
			l.personal = map[string]map[string]string{personSubject(person.ID): {}}
		}
		l.personal[personSubject(person.ID)][name] = address
	}
	seq, err := t.record(l)
	if err != nil {
		return err
	}
	facts := t.facts(Site{}, l)
	facts["person"], facts["role"] = person.ID, string(person.Role)
	return t.queue(seq, Site{}, l, facts, recipients(Site{}, t.managersOf(""), t.now))
}

// People lists managers and auditors, by name.
func (c *Console) People(ctx context.Context, a Actor) ([]Person, error) {
	if err := c.managerOnly(ctx, a); err != nil {
		return nil, err
	}
	return collect(ctx, c, func(tx Tx) Table[Person] { return tx.People() }, func(Person) bool { return true })
}

// RemovePerson takes a manager or an auditor out, at once. The last manager
// stays: without one nobody could be enrolled but by root on the host.
func (c *Console) RemovePerson(ctx context.Context, a Actor, id string) error {
	return c.update(ctx, "remove person", a, func(t *turn) error {
		if err := t.unscoped(); err != nil {
			return err
		}
		person, err := t.People().Get(id)
		if err != nil {
			return notFound(err, "There is no person %s; `person list` shows them.", safetext.Line(id))
		}
		if person.ofAllSites() {
			other, err := t.otherManager(id)
			if err != nil {
				return err
			}
			if !other {
				return Refuse(ErrState, "%s is the only manager of all sites; add another first.", id)
			}
		}
		return errors.Join(t.People().Delete(id, person.Version), t.tellManagers(EventPersonRemoved, person))
	})
}

// otherManager reports whether there is another manager of all sites. Whom the
// turn knows may be gone meanwhile: two who remove each other must not both
// succeed.
func (t *turn) otherManager(id string) (bool, error) {
	for _, known := range t.managers {
		if known.ID == id {
			continue
		}
		m, err := t.People().Get(known.ID)
		if ignoreNotFound(err) != nil {
			return false, err
		}
		if err == nil && m.ofAllSites() {
			return true, nil
		}
	}
	return false, nil
}
