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

// checkRoot refuses a root that the manager may not use, or that holds, or lies
// in, another site's. It is called with c.roots held until the site is stored,
// for an Update cannot look at all sites.
func (c *Console) checkRoot(ctx context.Context, a Actor, site Site) error {
	return c.view(ctx, "check root", func(tx Tx) error {
		if err := mayUseRoot(tx, a, site.ID, site.Root); err != nil {
			return err
		}
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		var overlap error
		err = tx.Sites().Each("", func(other Site) bool {
			if other.ID == site.ID || (!within(site.Root, other.Root) && !within(other.Root, site.Root)) {
				return true
			}
			overlap = Refuse(ErrExists, "The root %s overlaps that of another site; each site needs a root of its own.", site.Root)
			if scope.covers(other.ID) {
				overlap = Refuse(ErrExists, "The root %s overlaps that of site %s (%s); each site needs a root of its own.", site.Root, other.ID, other.Root)
			}
			return false
		})
		if err != nil {
			return err
		}
		return overlap
	})
}

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
