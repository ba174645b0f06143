package core

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// newRoot resolves a root for a site that the actor manages. That is file work,
// so it comes before the Update, and nobody else may cause it.
func (c *Console) newRoot(ctx context.Context, a Actor, id, root string) (string, error) {
	err := c.view(ctx, "set site", func(tx Tx) error { return mayManage(tx, a, id) })
	if err != nil {
		return "", err
	}
	return c.engine.CheckRoot(ctx, root)
}

// checkPlaces checks the root and the included paths that a site will have after
// a change. It is called with c.roots held.
func (c *Console) checkPlaces(ctx context.Context, a Actor, id string, ch SiteChange) error {
	site, err := c.readSite(ctx, id)
	if err != nil {
		return notFound(err, "There is no site of that name; `site list` shows them.")
	}
	if ch.Root != nil {
		site.Root = *ch.Root
	}
	if ch.Include != nil {
		site.Include = *ch.Include
	}
	return c.checkRoot(ctx, a, site)
}

// checkRoot refuses a root, or an included path, that the manager may not use,
// or that holds, or lies in, another site's root: its owner would get what is
// the other's. Two sites may include the same path. It is called with c.roots
// held until the site is stored, for an Update cannot look at all sites.
func (c *Console) checkRoot(ctx context.Context, a Actor, site Site) error {
	for _, path := range site.Include {
		if overlap(path, site.Root) {
			return Refuse(ErrInvalid, "%s lies in the site's own root, or holds it; include only what lies beside it.", path)
		}
	}
	return c.view(ctx, "check root", func(tx Tx) error {
		for _, path := range append([]string{site.Root}, site.Include...) {
			if err := mayUseRoot(tx, a, site.ID, path); err != nil {
				return err
			}
		}
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		var refused error
		err = tx.Sites().Each("", func(other Site) bool {
			if other.ID != site.ID {
				refused = keepApart(site, other, scope.covers(other.ID))
			}
			return refused == nil
		})
		if err != nil {
			return err
		}
		return refused
	})
}

// keepApart refuses two sites of which one would hold files of the other. Only who
// looks after the other is told its name.
func keepApart(site, other Site, told bool) error {
	name := "another site"
	if told {
		name = "site " + other.ID + " (" + other.Root + ")"
	}
	if overlap(site.Root, other.Root) {
		return Refuse(ErrExists, "The root %s overlaps that of %s; each site needs a root of its own.", site.Root, name)
	}
	for _, path := range site.Include {
		if overlap(path, other.Root) {
			return Refuse(ErrExists, "The path %s overlaps the root of %s; its files would go to this site's owner.", path, name)
		}
	}
	for _, path := range other.Include {
		if overlap(path, site.Root) {
			return Refuse(ErrExists, "The root %s overlaps what %s includes; its owner would get this site's files.", site.Root, name)
		}
	}
	return nil
}

// overlap reports whether one of two paths holds the other.
func overlap(a, b string) bool { return within(a, b) || within(b, a) }

// mayUseRoot refuses a root outside those that this manager was given.
func mayUseRoot(tx Tx, a Actor, site, root string) error {
	person, err := scopeOf(tx, a)
	if err != nil {
		return err
	}
	if person.Role != RoleManager || !person.covers(site) {
		return Refuse(ErrDenied, "You may set up only the sites that you were given.")
	}
	if len(person.Roots) > 0 && !slices.ContainsFunc(person.Roots, func(r string) bool { return within(root, r) }) {
		return Refuse(ErrDenied, "The root %s is outside those that you were given.", root)
	}
	return nil
}

// within reports whether path is root or lies under it.
func within(path, root string) bool {
	relative, err := filepath.Rel(root, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}
