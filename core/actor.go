package core

// Role says what kind of person came in.
type Role string

// The three roles, and the machine itself: Root is whoever runs the offline
// commands on the host, System is the console acting by itself (an expiry).
const (
	RoleOwner   Role = "owner"
	RoleManager Role = "manager"
	RoleAuditor Role = "auditor"
	RoleRoot    Role = "root"
	RoleSystem  Role = "system"
)

// Actor is a person who has proved a first factor. Only a login method of
// [Console] makes one for a peer; nothing may be authorised by a user name that
// a client sent. Copying it is fine.
type Actor struct {
	Role   Role
	Name   string // the site's ID for an owner, else the person's name
	Factor string // "passphrase", or the key's SHA256 fingerprint
	Remote string // the peer's address as text, for the log
	Client string // the peer's client version, made safe
	// Token is the download token that this session has proved, by logging in
	// with it or by entering the code. Without it an owner has no capability.
	Token Secret
	// by is the MAC of the passphrase that let an owner in: once another is
	// stored, what the session can do ends.
	by Secret
}

// ID names the actor in the log: "owner:acme", "manager:eva".
func (a Actor) ID() string {
	if a.Name == "" {
		return string(a.Role)
	}
	return string(a.Role) + ":" + a.Name
}

// WithToken returns the actor holding a proved download token.
func (a Actor) WithToken(token Secret) Actor { a.Token = token; return a }

// Capability is what an owner may do to the site during a grant. There are
// three and there will be no fourth: none of them changes the site.
type Capability string

// The three capabilities of a grant.
const (
	CapStartBackup Capability = "start-backup"
	CapWatch       Capability = "watch-backup"
	CapDownload    Capability = "download-archive"
)

// Capabilities lists all there are.
func Capabilities() []Capability { return []Capability{CapStartBackup, CapWatch, CapDownload} }
