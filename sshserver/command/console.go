package command

import (
	"context"
	"io"

	"breakglass/core"
	"breakglass/core/audit"
)

// Console is the slice of [core.Console] that the commands of all roles use.
type Console interface {
	OwnerState(ctx context.Context, a core.Actor) (core.OwnerState, error)
	Extension() string
	StreamBackup(ctx context.Context, a core.Actor, w io.Writer, begun func(core.JobInfo)) (core.BackupResult, error)
	Watch(ctx context.Context, a core.Actor, job string) (*core.Watcher, error)
	CancelBackup(ctx context.Context, a core.Actor) error

	AddSite(ctx context.Context, a core.Actor, o core.SiteOrder) (core.Kit, error)
	SetSite(ctx context.Context, a core.Actor, id string, ch core.SiteChange) (core.SiteInfo, error)
	Sites(ctx context.Context, a core.Actor) ([]core.SiteInfo, error)
	Site(ctx context.Context, a core.Actor, id string) (core.SiteInfo, error)
	CheckSite(ctx context.Context, a core.Actor, id string) (core.Preflight, error)
	RemoveSite(ctx context.Context, a core.Actor, id string) error
	AddContact(ctx context.Context, a core.Actor, site string, o core.ContactOrder) (core.ContactInfo, error)
	RemoveContact(ctx context.Context, a core.Actor, site, contact string) error
	SetPassphrase(ctx context.Context, a core.Actor, site string) (core.Secret, error)
	AddOwnerKey(ctx context.Context, a core.Actor, site, authorizedKey string) (core.Key, error)
	RemoveOwnerKey(ctx context.Context, a core.Actor, site, fingerprint string) error
	MakeKit(ctx context.Context, a core.Actor, site string) (core.Kit, error)
	AddPerson(ctx context.Context, a core.Actor, o core.PersonOrder) (core.Person, error)
	People(ctx context.Context, a core.Actor) ([]core.Person, error)
	RemovePerson(ctx context.Context, a core.Actor, id string) error
	ForgetPerson(ctx context.Context, a core.Actor, id string) error
	Rehearse(ctx context.Context, a core.Actor, name string) (core.ArchiveInfo, error)
	ForgetSite(ctx context.Context, a core.Actor, id string) error
	Grants(ctx context.Context, a core.Actor) ([]core.GrantInfo, error)
	Grant(ctx context.Context, a core.Actor, id string) (core.GrantStory, error)
	RevokeGrant(ctx context.Context, a core.Actor, id, reason string) error
	Requests(ctx context.Context, a core.Actor) ([]core.RequestInfo, error)
	Veto(ctx context.Context, a core.Actor, request, reason string) error
	Drill(ctx context.Context, a core.Actor, site string) (core.DrillInfo, error)
	TestChannel(ctx context.Context, a core.Actor, kind core.ContactKind) (core.MessageInfo, error)

	Log(ctx context.Context, a core.Actor, q core.LogQuery) (core.LogPage, error)
	LogCheckpoint(ctx context.Context, a core.Actor) (string, error)
	ProveLog(ctx context.Context, a core.Actor, seq int64, since string) (audit.Proof, error)
	LogPush(ctx context.Context, a core.Actor) (core.PushInfo, error)
	LogKey() string
	Story(ctx context.Context, a core.Actor, id string) (core.GrantStory, error)
	ExportSome(ctx context.Context, a core.Actor, format core.LogFormat, q core.LogQuery, w io.Writer) error
}
