package core

import (
	"context"
	"time"
)

// MakeKit makes a new passphrase and a new paper code for a site's owner and
// returns the emergency sheet. The old ones are dead. While a request or access
// is open it counts as a veto.
func (c *Console) MakeKit(ctx context.Context, a Actor, id string) (Kit, error) {
	var kit Kit
	err := c.manage(ctx, a, "make kit", id, func(t *turn, site Site) (err error) {
		if site, err = t.refuseOwner(site, "A new emergency sheet was made."); err != nil {
			return err
		}
		if kit, err = t.newKit(&site); err != nil {
			return err
		}
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		_, err = t.tell(site, line{event: EventKitPrinted, site: id}, nil)
		return err
	})
	return kit, err
}

// newKit puts new secrets into the site and returns the sheet that shows them.
func (t *turn) newKit(site *Site) (Kit, error) {
	passphrase, err := t.newPassphrase(site)
	if err != nil {
		return Kit{}, err
	}
	paper, err := t.text(paperLength)
	if err != nil {
		return Kit{}, err
	}
	salt, err := t.draw(16)
	if err != nil {
		return Kit{}, err
	}
	site.Paper = Paper{MAC: t.c.paperMAC(site.ID, salt, paper), Salt: salt, Issued: t.now}
	return Kit{
		Site: site.ID, Title: site.Title, Call: site.Call, Lang: site.Lang, Zone: site.Zone, Host: t.c.options.Host, Port: t.c.options.Port,
		HostKey: t.c.options.HostKey, ArchiveKey: t.c.engine.Signer(), LogKey: t.c.options.LogKey,
		Passphrase: passphrase, Paper: NewSecret(inGroups(paper, 4)),
		Contacts: t.c.contactInfos(*site, t.now), Made: t.now, Life: site.GrantLife(),
	}, nil
}

func (t *turn) newPassphrase(site *Site) (Secret, error) {
	text, err := t.text(passphraseLength)
	if err != nil {
		return Secret{}, err
	}
	site.PassphraseMAC, site.PassphraseSet = t.c.passphraseMAC(site.ID, text), t.now
	return NewSecret(inGroups(text, 5)), nil
}

// SetPassphrase makes a new passphrase for a site's owner; the old one is dead.
// While a request or access is open it counts as a veto.
func (c *Console) SetPassphrase(ctx context.Context, a Actor, id string) (Secret, error) {
	var made Secret
	err := c.manage(ctx, a, "set passphrase", id, func(t *turn, site Site) (err error) {
		if site, err = t.refuseOwner(site, "The passphrase was replaced."); err != nil {
			return err
		}
		if made, err = t.newPassphrase(&site); err != nil {
			return err
		}
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		_, err = t.tell(site, line{event: EventPassphraseSet, site: id}, nil)
		return err
	})
	return made, err
}

// AddOwnerKey enrols a public key of a site's owner.
func (c *Console) AddOwnerKey(ctx context.Context, a Actor, id, authorizedKey string) (Key, error) {
	key, err := parseKey(authorizedKey)
	if err != nil {
		return Key{}, err
	}
	err = c.manage(ctx, a, "add owner key", id, func(t *turn, site Site) error {
		if hasKey(site.OwnerKeys, key) {
			return Refuse(ErrExists, "That key is enrolled already: %s.", key.Fingerprint)
		}
		key.Added = t.now
		site.OwnerKeys = append(site.OwnerKeys, key)
		site, err := t.Sites().Put(site)
		if err != nil {
			return err
		}
		_, err = t.tell(site, line{
			event: EventOwnerKeyAdded, site: id,
			personal: map[string]map[string]string{siteSubject(id): {"key": key.Fingerprint}},
		}, map[string]string{"key": key.Fingerprint})
		return err
	})
	return key, err
}

// RemoveOwnerKey takes a public key of a site's owner out, by its fingerprint.
// While a request or access is open it counts as a veto.
func (c *Console) RemoveOwnerKey(ctx context.Context, a Actor, id, fingerprint string) error {
	return c.manage(ctx, a, "remove owner key", id, func(t *turn, site Site) error {
		kept := make([]Key, 0, len(site.OwnerKeys))
		for _, key := range site.OwnerKeys {
			if key.Fingerprint != fingerprint {
				kept = append(kept, key)
			}
		}
		if len(kept) == len(site.OwnerKeys) {
			return Refuse(ErrNotFound, "No such key is enrolled; `site show %s` lists them.", id)
		}
		site, err := t.refuseOwner(site, "A key of the owner was removed.")
		if err != nil {
			return err
		}
		site.OwnerKeys = kept
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		_, err = t.tell(site, line{
			event: EventOwnerKeyRemoved, site: id,
			personal: map[string]map[string]string{siteSubject(id): {"key": fingerprint}},
		}, map[string]string{"key": fingerprint})
		return err
	})
}

// setupTime is how long after a site was set up its contacts count as part of
// that: codes go to them at once.
const setupTime = 24 * time.Hour
