package core

import (
	"slices"
	"strings"
	"time"
)

// ContactWebhook is the kind of a notice that goes to the console's webhook, a
// manager's chat or pager. No site has such a contact, so no code can go there.
const ContactWebhook ContactKind = "webhook"

// bullets stands for what is hidden of an address: always the same number, so
// that it tells nothing about the length.
const bullets = "•••••"

// Mask returns an address as an owner may see it: enough to know which of
// their own it is, too little to learn it.
func Mask(kind ContactKind, address string) string {
	if kind == ContactPhone {
		if len(address) < 6 {
			return bullets
		}
		return address[:3] + bullets + address[len(address)-2:]
	}
	name, domain, ok := strings.Cut(address, "@")
	if !ok || name == "" || domain == "" {
		return bullets
	}
	masked := firstRune(name) + bullets + "@" + firstRune(domain) + bullets
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
		masked += domain[dot:]
	}
	return masked
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// contact finds one of the site's contacts.
func (s Site) contact(id string) (Contact, bool) {
	i := slices.IndexFunc(s.Contacts, func(c Contact) bool { return c.ID == id })
	if i < 0 {
		return Contact{}, false
	}
	return s.Contacts[i], true
}

// usable reports whether codes go to the contact now.
func (c Contact) usable(now time.Time) bool {
	return !c.Watch && !now.Before(c.From) && (c.Until.IsZero() || now.Before(c.Until))
}

// fallbacks lists where a code goes if it cannot be sent to first: other kinds
// of contact before others of the same kind.
func (s Site) fallbacks(first Contact, now time.Time) []string {
	var other, same []string
	for _, c := range s.Contacts {
		switch {
		case c.ID == first.ID || !c.usable(now):
		case c.Kind != first.Kind:
			other = append(other, c.ID)
		default:
			same = append(same, c.ID)
		}
	}
	return append(other, same...)
}

// contactInfo is a contact as an owner may see it.
func (c *Console) contactInfo(contact Contact, now time.Time) ContactInfo {
	return ContactInfo{
		ID: contact.ID, Kind: contact.Kind, Masked: Mask(contact.Kind, contact.Address), Proven: contact.Proven, From: contact.From,
		Usable: contact.usable(now), Watch: contact.Watch, Mute: slices.Contains(c.options.Mute, contact.Kind),
	}
}

// contactInfos lists the contacts of a site that are not gone.
func (c *Console) contactInfos(site Site, now time.Time) []ContactInfo {
	var infos []ContactInfo
	for _, contact := range site.Contacts {
		if contact.Until.IsZero() || now.Before(contact.Until) {
			infos = append(infos, c.contactInfo(contact, now))
		}
	}
	return infos
}
