package core

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"breakglass/core/safetext"
)

// nameForm is what sites and people may be called: it is an SSH user name, a
// file name's beginning, and it stands in every SMS.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// reservedNames would be mistaken for somebody else.
var reservedNames = []string{"root", "admin", "system", "owner", "breakglass"}

func checkName(name string) error {
	if !nameForm.MatchString(name) || slices.Contains(reservedNames, name) || strings.HasSuffix(name, "-") {
		return Refuse(ErrInvalid, "“%s” cannot be a name; use 1 to 32 of a-z, 0-9 and “-”, beginning with a letter.", safetext.Line(name))
	}
	return nil
}

// AddSite sets up a site and returns its owner's emergency kit, whose secrets
// are shown this once. Roots that overlap another site's are refused.
func (c *Console) AddSite(ctx context.Context, a Actor, o SiteOrder) (Kit, error) {
	if err := c.managerOnly(ctx, a); err != nil {
		return Kit{}, err
	}
	site, err := c.newSite(ctx, o)
	if err != nil {
		return Kit{}, err
	}
	others, err := collect(ctx, c, func(tx Tx) Table[Site] { return tx.Sites() }, func(Site) bool { return true })
	if err != nil {
		return Kit{}, err
	}
	if err := overlaps(site, others); err != nil {
		return Kit{}, err
	}
	var kit Kit
	err = c.update(ctx, "add site", a, func(t *turn) error {
		fresh := site
		if err := t.mayUseRoot(fresh.ID, fresh.Root); err != nil {
			return err
		}
		if err := t.nameFree(fresh.ID); err != nil {
			return err
		}
		fresh.Created = t.now
		fresh.Contacts = slices.Clone(site.Contacts)
		for i := range fresh.Contacts {
			fresh.Contacts[i].Added, fresh.Contacts[i].From = t.now, t.now
		}
		for i := range fresh.OwnerKeys {
			fresh.OwnerKeys[i].Added = t.now
		}
		kit, err = t.newKit(&fresh)
		if err != nil {
			return err
		}
		if fresh, err = t.Sites().Put(fresh); err != nil {
			return err
		}
		_, err = t.tell(fresh, line{
			event: EventSiteAdded, site: fresh.ID, data: map[string]string{"root": fresh.Root, "contacts": fmt.Sprint(len(fresh.Contacts))},
		}, nil)
		return err
	})
	return kit, err
}

// newSite checks an order and makes the site of it, without touching anything.
func (c *Console) newSite(ctx context.Context, o SiteOrder) (Site, error) {
	if err := checkName(o.ID); err != nil {
		return Site{}, err
	}
	site := Site{ID: o.ID, Root: o.Root}
	err := c.change(ctx, &site, SiteChange{
		Root: &o.Root, Title: &o.Title, Call: &o.Call, Zone: &o.Zone, Lang: &o.Lang, DatabaseHost: &o.DatabaseHost,
		Life: &o.Life, Hold: &o.Hold,
	})
	if err != nil {
		return Site{}, err
	}
	for kind, addresses := range map[ContactKind][]string{ContactEmail: o.Emails, ContactPhone: o.Phones} {
		for _, address := range addresses {
			checked, err := c.checkAddress(kind, address)
			if err != nil {
				return Site{}, err
			}
			site.Contacts = append(site.Contacts, Contact{Kind: kind, Address: checked})
		}
	}
	slices.SortStableFunc(site.Contacts, func(x, y Contact) int { return strings.Compare(string(x.Kind), string(y.Kind)) })
	for i := range site.Contacts {
		site.Contacts[i].ID = fmt.Sprint(i + 1)
	}
	if len(site.Contacts) == 0 {
		return Site{}, Refuse(ErrNoContact, "Give at least one --email or --phone of the owner; the code that opens access goes there.")
	}
	if o.Key == "" {
		return site, nil
	}
	key, err := parseKey(o.Key)
	site.OwnerKeys = []Key{key}
	return site, err
}

func (c *Console) checkAddress(kind ContactKind, address string) (string, error) {
	checked, err := c.options.CheckAddress(kind, address)
	if err != nil {
		return "", &Refusal{Kind: ErrInvalid, Detail: safetext.Line(err.Error()), Cause: err}
	}
	return checked, nil
}

// change applies a change to a site after checking each field.
func (c *Console) change(ctx context.Context, site *Site, ch SiteChange) error {
	if ch.Root != nil {
		root, err := c.engine.CheckRoot(ctx, *ch.Root)
		if err != nil {
			return err
		}
		site.Root = root
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

// overlaps refuses a root that holds, or lies in, another site's.
func overlaps(site Site, others []Site) error {
	for _, other := range others {
		if other.ID != site.ID && (within(site.Root, other.Root) || within(other.Root, site.Root)) {
			return Refuse(ErrExists, "The root %s overlaps that of site %s (%s); each site needs a root of its own.", site.Root, other.ID, other.Root)
		}
	}
	return nil
}

// within reports whether path is root or lies under it.
func within(path, root string) bool {
	relative, err := filepath.Rel(root, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// nameFree refuses a name that a site or a person has already.
func (t *turn) nameFree(name string) error {
	_, siteErr := t.Sites().Get(name)
	_, personErr := t.People().Get(name)
	if siteErr == nil || personErr == nil {
		return Refuse(ErrExists, "The name %s is taken; sites and people share one set of names.", name)
	}
	if ignoreNotFound(siteErr) != nil {
		return siteErr
	}
	return ignoreNotFound(personErr)
}

// SetSite changes a site. Where the owner's contacts are concerned use
// AddContact and RemoveContact.
func (c *Console) SetSite(ctx context.Context, a Actor, id string, ch SiteChange) (SiteInfo, error) {
	err := c.manage(ctx, a, "set site", id, func(t *turn, site Site) error {
		before := site
		if err := c.change(ctx, &site, ch); err != nil {
			return err
		}
		if site.Root != before.Root {
			if err := t.mayUseRoot(site.ID, site.Root); err != nil {
				return err
			}
			if len(site.Open) > 0 || site.LiveGrant != "" {
				return Refuse(ErrState, "The root cannot change while a request or access is open.")
			}
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

// changes names what differs, for the log.
func changes(before, after Site) map[string]string {
	differ := map[string]string{}
	for name, values := range map[string][2]string{
		"root": {before.Root, after.Root}, "title": {before.Title, after.Title}, "call": {before.Call, after.Call},
		"zone": {before.Zone, after.Zone}, "lang": {before.Lang, after.Lang}, "database_host": {before.DatabaseHost, after.DatabaseHost},
		"life": {before.GrantLife().String(), after.GrantLife().String()}, "hold": {before.Hold.String(), after.Hold.String()},
	} {
		if values[0] != values[1] {
			differ[name] = values[1]
		}
	}
	return differ
}

// Sites lists the sites that a manager looks after, by ID.
func (c *Console) Sites(ctx context.Context, a Actor) ([]SiteInfo, error) {
	if err := c.managerOnly(ctx, a); err != nil {
		return nil, err
	}
	var infos []SiteInfo
	err := c.view(ctx, "list sites", func(tx Tx) error {
		infos = nil
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		var inner error
		err = tx.Sites().Each("", func(site Site) bool {
			if !scope.covers(site.ID) {
				return true
			}
			var info SiteInfo
			info, inner = c.siteInfo(tx, site)
			infos = append(infos, info)
			return inner == nil
		})
		if inner != nil {
			return inner
		}
		return err
	})
	return infos, err
}

// Site shows one site to its manager.
func (c *Console) Site(ctx context.Context, a Actor, id string) (SiteInfo, error) {
	var info SiteInfo
	err := c.view(ctx, "show site", func(tx Tx) error {
		if err := mayManage(tx, a, id); err != nil {
			return err
		}
		site, err := tx.Sites().Get(id)
		if err != nil {
			return notFound(err, "There is no site %s; `site list` shows them.", safetext.Line(id))
		}
		info, err = c.siteInfo(tx, site)
		return err
	})
	return info, err
}

func (c *Console) siteInfo(tx Tx, site Site) (SiteInfo, error) {
	now := c.judge.now()
	info := SiteInfo{
		ID: site.ID, Title: site.Title, Root: site.Root, Call: site.Call, Zone: site.Zone, Lang: site.Lang,
		Life: site.GrantLife(), Hold: site.Hold, Created: site.Created, Contacts: site.contactInfos(now), Keys: site.OwnerKeys,
		PassphraseSet: site.PassphraseSet, PaperIssued: site.Paper.Issued, PaperUsed: site.Paper.Used, DatabaseHost: site.DatabaseHost,
	}
	for _, factor := range sortedKeys(site.Open) {
		r, err := tx.Requests().Get(site.Open[factor])
		if err != nil {
			return info, err
		}
		shown, err := c.requestInfo(tx, site, r, systemActor, now)
		if err != nil {
			return info, err
		}
		info.Request = &shown
	}
	if site.LiveGrant != "" {
		grant, err := tx.Grants().Get(site.LiveGrant)
		if err != nil {
			return info, err
		}
		shown := c.grantInfo(grant, systemActor)
		info.Grant = &shown
	}
	var err error
	info.Archives, err = c.archiveInfos(tx, site.ID)
	return info, err
}

// RemoveSite takes a site out of the console, with its archives. While a
// request or access is open it counts as a veto.
func (c *Console) RemoveSite(ctx context.Context, a Actor, id string) error {
	var archives []string
	err := c.view(ctx, "list archives", func(tx Tx) error {
		archives = nil
		infos, err := c.archiveInfos(tx, id)
		for _, info := range infos {
			archives = append(archives, info.Name)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = c.manage(ctx, a, "remove site", id, func(t *turn, site Site) error {
		site, err := t.refuseOwner(site, "The site is being removed.")
		if err != nil {
			return err
		}
		if _, err := t.tell(site, line{event: EventSiteRemoved, site: id}, nil); err != nil {
			return err
		}
		return t.Sites().Delete(id, site.Version)
	})
	if err != nil {
		return err
	}
	for _, name := range archives {
		if err := c.removeArchive(ctx, name, "its site was removed"); err != nil {
			return err
		}
	}
	return nil
}

// refuseOwner ends what the owner has open, because of something that the
// manager does; that counts as one veto.
func (t *turn) refuseOwner(site Site, reason string) (Site, error) {
	if len(site.Open) == 0 && site.LiveGrant == "" {
		return site, nil
	}
	site, err := t.spendVeto(site)
	if err != nil {
		return site, err
	}
	for _, factor := range sortedKeys(site.Open) {
		r, err := t.Requests().Get(site.Open[factor])
		if err != nil {
			return site, err
		}
		if site, err = t.endRequest(site, r, RequestVetoed, EventRequestVetoed, reason); err != nil {
			return site, err
		}
	}
	if site.LiveGrant == "" {
		return site, nil
	}
	return t.end(site, GrantRevoked, EventGrantRevoked, reason)
}
