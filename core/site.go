package core

import "time"

// Site is a website under the console's care, as its manager set it up.
type Site struct {
	ID      string // the SSH user name of its owner: a-z, 0-9, '-', 1 to 32 characters
	Version uint64 // compare-and-set
	Title   string // what its owner calls it, often the domain
	Root    string // absolute, resolved, under an allowed root
	Call    string // whom to call, with the number, as free text
	Zone    string // IANA time zone for times that people read; "" is UTC
	Lang    string // language of messages and screens; "" is "en"
	Life    time.Duration
	Hold    time.Duration
	Created time.Time

	DatabaseHost string // a host other than loopback that the manager vouches for
	// Database is the URL of a database that the manager named, "" for none; it
	// holds no password. DatabaseSealed is that, encrypted under the pepper and
	// bound to this site and this URL.
	Database       string
	DatabaseSealed []byte
	Include        []string // resolved paths outside of Root that belong to the site

	PassphraseMAC []byte // HMAC under the pepper; nil: no passphrase login
	PassphraseSet time.Time
	OwnerKeys     []Key
	Paper         Paper
	Contacts      []Contact

	Open        map[string]string // by factor: the request that is not at its end
	LastRequest map[string]string // by factor: the newest request
	LiveGrant   string            // the one grant that is active, or ""
	LastGrant   string            // the newest grant
	Locks       map[string]Lock   // by factor: another enrolled key has its own budget
	Vetoes      []time.Time       // the last ones, newest last
	Drilled     time.Time         // when the last drill of its messages went out
	Restored    time.Time         // when the ledger was last found to be an older one
}

// Default times of a grant, by access.md.
const (
	DefaultLife = 4 * time.Hour
	MaxLife     = 24 * time.Hour
	MaxHold     = 72 * time.Hour
	ContactWait = 72 * time.Hour
	PaperHold   = 24 * time.Hour
	// RestoreHold is the hold of requests that are proved within RestoreWatch
	// after the ledger was found to be an older one than was signed.
	RestoreHold  = time.Hour
	RestoreWatch = 24 * time.Hour
)

// GrantLife returns how long a grant of this site lasts.
func (s Site) GrantLife() time.Duration {
	if s.Life <= 0 {
		return DefaultLife
	}
	return min(s.Life, MaxLife)
}

// Location returns the site's time zone, UTC where none is set.
func (s Site) Location() *time.Location {
	if loc, err := time.LoadLocation(s.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Key is an enrolled SSH public key.
type Key struct {
	Name        string // the key's comment, made safe
	Fingerprint string // SHA256:…
	Authorized  string // "ssh-ed25519 AAAA…", no comment
	Added       time.Time
}

// Paper is the single-use code printed on the owner's emergency sheet.
type Paper struct {
	MAC    []byte // nil: none issued
	Salt   []byte
	Issued time.Time
	Used   time.Time
}

// Lock makes one factor wait before its next request.
type Lock struct {
	Count int       // how many requests were locked in a row
	Until time.Time // when the lock ends by itself
}

// ContactKind is the way a contact is reached.
type ContactKind string

// The kinds of contact.
const (
	ContactEmail ContactKind = "email"
	ContactPhone ContactKind = "sms"
)

// Contact is an address of the owner that the manager set.
type Contact struct {
	ID      string // short, unique within the site: "1", "2" …
	Kind    ContactKind
	Address string // a mail address, or a number in E.164 form
	Watch   bool   // gets notices, never codes
	Added   time.Time
	From    time.Time // codes go here from this moment on
	Proven  time.Time // the last time a code sent here was entered
	Until   time.Time // set on removal: codes and notices still go here until then
}

// Person is a manager or an auditor.
type Person struct {
	ID      string // the SSH user name, in one name space with sites
	Version uint64
	Role    Role
	Keys    []Key
	Email   string
	Phone   string
	Lang    string
	Sites   []string // for a manager of some sites only; empty: all
	Roots   []string // roots that such a manager may set sites under; empty: all allowed
	Created time.Time
}
