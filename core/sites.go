package core

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	site, named, err := c.newSite(ctx, o)
	if err != nil {
		return Kit{}, err
	}
	c.roots.Lock()
	defer c.roots.Unlock()
	if err := c.checkRoot(ctx, a, site); err != nil {
		return Kit{}, err
	}
	var kit Kit
	err = c.update(ctx, "add site", a, func(t *turn) error {
		kit, err = t.addSite(site, named)
		return err
	})
	return kit, err
}

func (t *turn) addSite(site Site, named NamedDatabase) (Kit, error) {
	if err := mayUseRoot(t.Tx, t.actor, site.ID, site.Root); err != nil {
		return Kit{}, err
	}
	if err := t.nameFree(site.ID); err != nil {
		return Kit{}, err
	}
	if err := t.sealDatabase(&site, named); err != nil {
		return Kit{}, err
	}
	site.Created = t.now
	site.Contacts, site.OwnerKeys = slices.Clone(site.Contacts), slices.Clone(site.OwnerKeys)
	for i := range site.Contacts {
		site.Contacts[i].Added, site.Contacts[i].From = t.now, t.now
	}
	for i := range site.OwnerKeys {
		site.OwnerKeys[i].Added = t.now
	}
	kit, err := t.newKit(&site)
	if err != nil {
		return Kit{}, err
	}
	if site, err = t.Sites().Put(site); err != nil {
		return Kit{}, err
	}
	_, err = t.tell(site, line{
		event: EventSiteAdded, site: site.ID, data: map[string]string{"root": site.Root, "contacts": fmt.Sprint(len(site.Contacts))},
	}, nil)
	return kit, err
}

// newSite checks an order and makes the site of it, without touching anything.
func (c *Console) newSite(ctx context.Context, o SiteOrder) (Site, NamedDatabase, error) {
	if err := checkName(o.ID); err != nil {
		return Site{}, NamedDatabase{}, err
	}
	root, err := c.engine.CheckRoot(ctx, o.Root)
	if err != nil {
		return Site{}, NamedDatabase{}, err
	}
	if err := c.checkLang(o.Lang); err != nil {
		return Site{}, NamedDatabase{}, err
	}
	if o.Database, err = c.checkDatabase(o.Database); err != nil {
		return Site{}, NamedDatabase{}, err
	}
	if o.Include, err = c.checkIncluded(ctx, o.Include); err != nil {
		return Site{}, NamedDatabase{}, err
	}
	site := Site{ID: o.ID, Include: o.Include}
	err = change(&site, SiteChange{
		Root: &root, Title: &o.Title, Call: &o.Call, Zone: &o.Zone, Lang: &o.Lang, DatabaseHost: &o.DatabaseHost,
		Life: &o.Life, Hold: &o.Hold,
	})
	if err != nil {
		return Site{}, NamedDatabase{}, err
	}
	for kind, addresses := range map[ContactKind][]string{ContactEmail: o.Emails, ContactPhone: o.Phones} {
		for _, address := range addresses {
			checked, err := c.checkAddress(kind, address)
			if err != nil {
				return Site{}, NamedDatabase{}, err
			}
			site.Contacts = append(site.Contacts, Contact{Kind: kind, Address: checked})
		}
	}
	slices.SortStableFunc(site.Contacts, func(x, y Contact) int { return strings.Compare(string(x.Kind), string(y.Kind)) })
	for i := range site.Contacts {
		site.Contacts[i].ID = fmt.Sprint(i + 1)
	}
	if len(site.Contacts) == 0 {
		return Site{}, NamedDatabase{}, Refuse(ErrNoContact, "Give at least one --email or --phone of the owner; the code that opens access goes there.")
	}
	if o.Key == "" {
		return site, o.Database, nil
	}
	key, err := parseKey(o.Key)
	site.OwnerKeys = []Key{key}
	return site, o.Database, err
}

func (c *Console) checkAddress(kind ContactKind, address string) (string, error) {
	checked, err := c.options.CheckAddress(kind, address)
	if err != nil {
		return "", &Refusal{Kind: ErrInvalid, Detail: safetext.Line(err.Error()), Cause: err}
	}
	return checked, nil
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

// CheckSite tells a manager what [Console.Inspect] will tell the owner, in
// English and long before the day of need.
func (c *Console) CheckSite(ctx context.Context, a Actor, id string) (Preflight, error) {
	var site Site
	err := c.view(ctx, "check site", func(tx Tx) (err error) {
		if err = mayManage(tx, a, id); err != nil {
			return err
		}
		if site, err = tx.Sites().Get(id); err != nil {
			return notFound(err, "There is no site %s; `site list` shows them.", safetext.Line(id))
		}
		return nil
	})
	if err != nil {
		return Preflight{}, err
	}
	return c.inspect(ctx, site, "")
}

func (c *Console) siteInfo(tx Tx, site Site) (SiteInfo, error) {
	now := c.judge.now()
	info := SiteInfo{
		ID: site.ID, Title: site.Title, Root: site.Root, Call: site.Call, Zone: site.Zone, Lang: site.Lang,
		Life: site.GrantLife(), Hold: site.Hold, Created: site.Created, Contacts: c.contactInfos(site, now), Keys: site.OwnerKeys,
		PassphraseSet: site.PassphraseSet, PaperIssued: site.Paper.Issued, PaperUsed: site.Paper.Used, DatabaseHost: site.DatabaseHost,
		Database: site.shownDatabase(), Include: slices.Clone(site.Include),
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
		if err := c.removeArchive(ctx, name, siteRemoved); err != nil {
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
