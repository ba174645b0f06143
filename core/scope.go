package core

import (
	"context"
	"slices"
)

// covers reports whether a manager looks after a site: all of them, unless the
// person was given some only.
func (p Person) covers(site string) bool {
	return len(p.Sites) == 0 || slices.Contains(p.Sites, site)
}

// ofAllSites reports whether the person is a manager without a bound: one who
// may enrol and remove people.
func (p Person) ofAllSites() bool {
	return p.Role == RoleManager && len(p.Sites) == 0 && len(p.Roots) == 0
}

// scopeOf reads what a manager or auditor may reach. The record is read each
// time: a person who was removed loses everything at once.
func scopeOf(tx Tx, a Actor) (Person, error) {
	if a.Role == RoleRoot {
		return Person{Role: RoleManager}, nil
	}
	if a.Role != RoleManager && a.Role != RoleAuditor {
		return Person{}, Refuse(ErrDenied, "Only a manager can do that.")
	}
	person, err := tx.People().Get(a.Name)
	if err != nil {
		return Person{}, notDenied(err)
	}
	if person.Role != a.Role || !slices.ContainsFunc(person.Keys, func(k Key) bool { return k.Fingerprint == a.Factor }) {
		return Person{}, Refuse(ErrDenied, "You are no longer enrolled here with this key.")
	}
	return person, nil
}

func notDenied(err error) error {
	if ignoreNotFound(err) != nil {
		return err
	}
	return Refuse(ErrDenied, "You are no longer enrolled here.")
}

func mayManage(tx Tx, a Actor, site string) error {
	person, err := scopeOf(tx, a)
	if err != nil {
		return err
	}
	if person.Role != RoleManager || !person.covers(site) {
		return Refuse(ErrDenied, "That site is not yours to manage.")
	}
	return nil
}

func (t *turn) mayManage(site string) error { return mayManage(t.Tx, t.actor, site) }

// managerOnly refuses everyone but a manager.
func (c *Console) managerOnly(ctx context.Context, a Actor) error {
	return c.view(ctx, "authorise", func(tx Tx) error {
		person, err := scopeOf(tx, a)
		if err == nil && person.Role != RoleManager {
			err = Refuse(ErrDenied, "Only a manager can do that.")
		}
		return err
	})
}

// manage runs one change of a site by its manager.
func (c *Console) manage(ctx context.Context, a Actor, operation, id string, f func(*turn, Site) error) error {
	return c.update(ctx, operation, a, func(t *turn) error {
		if err := t.mayManage(id); err != nil {
			return err
		}
		site, err := t.Sites().Get(id)
		if err != nil {
			return notFound(err, "There is no site of that name; `site list` shows them.")
		}
		return f(t, site)
	})
}

// unscoped refuses a manager who was given some sites only.
func (t *turn) unscoped() error {
	person, err := scopeOf(t.Tx, t.actor)
	if err != nil {
		return err
	}
	if !person.ofAllSites() {
		return Refuse(ErrDenied, "Only a manager of all sites can do that.")
	}
	return nil
}
