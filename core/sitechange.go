package core

import (
	"bytes"
	"context"
	"strings"
	"time"

	"breakglass/core/safetext"
)

// SetSite changes a site. Where the owner's contacts are concerned use
// AddContact and RemoveContact.
func (c *Console) SetSite(ctx context.Context, a Actor, id string, ch SiteChange) (SiteInfo, error) {
	if err := c.checkNamed(ctx, a, id, &ch); err != nil {
		return SiteInfo{}, err
	}
	if ch.Root != nil || ch.Include != nil {
		if ch.Root != nil {
			root, err := c.newRoot(ctx, a, id, *ch.Root)
			if err != nil {
				return SiteInfo{}, err
			}
			ch.Root = &root
		}
		c.roots.Lock()
		defer c.roots.Unlock()
		if err := c.checkPlaces(ctx, a, id, ch); err != nil {
			return SiteInfo{}, err
		}
	}
	err := c.manage(ctx, a, "set site", id, func(t *turn, site Site) error {
		before := site
		if ch.Lang != nil {
			if err := c.checkLang(*ch.Lang); err != nil {
				return err
			}
		}
		if err := change(&site, ch); err != nil {
			return err
		}
		if ch.Database != nil {
			if err := t.sealDatabase(&site, *ch.Database); err != nil {
				return err
			}
		}
		if site.Root != before.Root && (len(site.Open) > 0 || site.LiveGrant != "") {
			return Refuse(ErrState, "The root cannot change while a request or access is open.")
		}
		site, err := t.Sites().Put(site)
		if err != nil {
			return err
		}
		_, err = t.tell(site, line{event: EventSiteChanged, site: id, data: changes(before, site)}, nil)
		return err
	})
	if err != nil {
		return SiteInfo{}, err
	}
	return c.Site(ctx, a, id)
}

// change applies a change to a site after checking each field, but for the
// root, which was checked and resolved before.
func change(site *Site, ch SiteChange) error {
	if ch.Root != nil {
		site.Root = *ch.Root
	}
	if ch.Include != nil {
		site.Include = *ch.Include
	}
	for _, text := range []struct{ from, to *string }{{ch.Title, &site.Title}, {ch.Call, &site.Call}, {ch.DatabaseHost, &site.DatabaseHost}} {
		if text.from != nil {
			*text.to = safetext.Line(*text.from)
		}
	}
	if ch.Zone != nil {
		if _, err := time.LoadLocation(*ch.Zone); err != nil {
			return Refuse(ErrInvalid, "“%s” is not a time zone; give one like Europe/Amsterdam.", safetext.Line(*ch.Zone))
		}
		site.Zone = *ch.Zone
	}
	if ch.Lang != nil {
		site.Lang = safetext.Line(*ch.Lang)
	}
	if ch.Life != nil {
		if *ch.Life < 0 || *ch.Life > MaxLife || (*ch.Life > 0 && *ch.Life < time.Minute) {
			return Refuse(ErrInvalid, "Access may last from 1m to 24h.")
		}
		site.Life = *ch.Life
	}
	if ch.Hold != nil {
		if *ch.Hold < 0 || *ch.Hold > MaxHold {
			return Refuse(ErrInvalid, "A hold may last up to 72h.")
		}
		site.Hold = *ch.Hold
	}
	return nil
}

// changes names what differs, for the log.
func changes(before, after Site) map[string]string {
	differ := map[string]string{}
	for name, values := range map[string][2]string{
		"root": {before.Root, after.Root}, "title": {before.Title, after.Title}, "call": {before.Call, after.Call},
		"zone": {before.Zone, after.Zone}, "lang": {before.Lang, after.Lang}, "database_host": {before.DatabaseHost, after.DatabaseHost},
		"database": {before.shownDatabase(), after.shownDatabase()}, "include": {strings.Join(before.Include, ", "), strings.Join(after.Include, ", ")},
		"life": {before.GrantLife().String(), after.GrantLife().String()}, "hold": {before.Hold.String(), after.Hold.String()},
	} {
		if values[0] != values[1] {
			differ[name] = values[1]
		}
	}
	if !bytes.Equal(before.DatabaseSealed, after.DatabaseSealed) {
		differ["database"] = after.shownDatabase() // its password may be all that is new
	}
	return differ
}
