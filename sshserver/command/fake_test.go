package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// fake is a console that knows two sites, writes down what it was asked, and
// refuses with err where that is set. What it does not implement it cannot be
// asked: the embedded interface is nil.
type fake struct {
	Console
	calls  []string
	err    error
	empty  bool // of a stream: err comes in its middle
	result core.BackupResult
}

func (f *fake) called(format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.err
}

func site() core.SiteInfo {
	return core.SiteInfo{
		ID: "acme", Title: "Acme \x1b[31mBakery", Root: "/var/www/acme", Call: "Eva, +31 20 123 4567", Zone: "Europe/Amsterdam", Lang: "en",
		Life: 4 * time.Hour, Created: noon, PassphraseSet: noon, PaperIssued: noon,
		Keys:     []core.Key{{Name: "jo@laptop", Fingerprint: "SHA256:ownerkey", Authorized: "ssh-ed25519 AAAA", Added: noon}},
		Contacts: contacts(),
		Grant:    &core.GrantInfo{ID: "g-7f3k", Site: "acme", Request: "r-2m9x", State: core.GrantActive, Start: noon, Expires: noon.Add(4 * time.Hour), Left: 3*time.Hour + 12*time.Minute},
		Archives: []core.ArchiveInfo{{Name: "acme-20261124T120000Z.tar.gz", Size: 1_400_000_000, SHA256: "ab", Verdict: core.VerdictComplete, Removes: noon.Add(168 * time.Hour)}},
	}
}

func contacts() []core.ContactInfo {
	return []core.ContactInfo{
		{ID: "1", Kind: core.ContactEmail, Masked: "j•••••@a•••••.example", Usable: true, Proven: noon},
		{ID: "2", Kind: core.ContactPhone, Masked: "+31•••••78", From: noon.Add(72 * time.Hour)},
		{ID: "3", Kind: core.ContactEmail, Masked: "l•••••@f•••••.example", Watch: true},
	}
}

func kit() core.Kit {
	return core.Kit{
		Site: "acme", Title: "Acme Bakery", Call: "Eva, +31 20 123 4567", Host: "console.example", Port: 2222,
		HostKey: "SHA256:hostkey", ArchiveKey: "SHA256:archivekey", LogKey: "console.example+1234abcd+AQID",
		Passphrase: core.NewSecret("K7Q2-MX4T-9RRD-0F3W-ZZ12"), Paper: core.NewSecret("0123456789ABCDEFGHJKMNPQRS"),
		Contacts: contacts(), Made: noon, Life: 4 * time.Hour,
	}
}

func (f *fake) OwnerState(context.Context, core.Actor) (core.OwnerState, error) {
	s := site()
	return core.OwnerState{
		Site: "acme", Title: "Acme Bakery", Call: s.Call, Zone: s.Zone, Now: noon, Grant: s.Grant, Archives: s.Archives,
		Request: &core.RequestInfo{
			ID: "r-2m9x", Site: "acme", State: core.RequestActivated, SentTo: contacts()[0],
			Message: core.MessageInfo{State: core.MessageAccepted, Kind: core.ContactEmail, At: noon},
		},
		Job: &core.JobInfo{ID: "j1", State: core.JobStreaming, Percent: 42, Progress: &core.Progress{
			Steps: []core.Step{{Name: core.StepDetect, State: core.StepDone}, {Name: core.StepFiles, State: core.StepRunning}}, FilesDone: 200, FilesTotal: 480,
			BytesDone: 1_638_000_000, BytesTotal: 3_900_000_000, TotalKnown: true, Written: 1_100_000_000, Rate: 21_000_000, Elapsed: 78 * time.Second, ETA: 108 * time.Second,
		}},
	}, f.called("OwnerState")
}

// archive is what a stream brings.
const archive = "\x1f\x8b the archive"

func (f *fake) Extension() string { return ".tar.gz" }

func (f *fake) StreamBackup(_ context.Context, _ core.Actor, w io.Writer, begun func(core.JobInfo)) (core.BackupResult, error) {
	if err := f.called("StreamBackup"); err != nil && !f.empty {
		return core.BackupResult{}, err
	}
	begun(core.JobInfo{ID: "j1"})
	if _, err := io.WriteString(w, archive); err != nil || f.err != nil {
		return core.BackupResult{}, errors.Join(f.err, err)
	}
	return f.result, nil
}

func (f *fake) Watch(context.Context, core.Actor, string) (*core.Watcher, error) {
	return nil, core.Refuse(core.ErrState, "Nothing is to be seen.")
}

func (f *fake) CancelBackup(context.Context, core.Actor) error { return f.called("CancelBackup") }

func (f *fake) AddSite(_ context.Context, _ core.Actor, o core.SiteOrder) (core.Kit, error) {
	return kit(), f.called("AddSite %+v", o)
}

func (f *fake) SetSite(_ context.Context, _ core.Actor, id string, ch core.SiteChange) (core.SiteInfo, error) {
	show := func(p *string) string {
		if p == nil {
			return "-"
		}
		return *p
	}
	return site(), f.called("SetSite %s root=%s title=%s hold=%v life=%v", id, show(ch.Root), show(ch.Title), ch.Hold != nil, ch.Life != nil)
}

func (f *fake) Sites(context.Context, core.Actor) ([]core.SiteInfo, error) {
	if f.empty {
		return nil, f.err
	}
	zeta := core.SiteInfo{ID: "zeta", Title: "Zeta", Request: &core.RequestInfo{State: core.RequestCodeSent}}
	return []core.SiteInfo{site(), zeta, {ID: "new"}}, f.called("Sites")
}

func (f *fake) Site(_ context.Context, _ core.Actor, id string) (core.SiteInfo, error) {
	if id != "acme" {
		return core.SiteInfo{}, core.Refuse(core.ErrNotFound, "There is no site %q; see site list.", id)
	}
	s := site()
	if f.empty {
		s.Contacts = nil
	}
	return s, f.called("Site %s", id)
}

func (f *fake) RemoveSite(_ context.Context, _ core.Actor, id string) error {
	return f.called("RemoveSite %s", id)
}

func (f *fake) AddContact(_ context.Context, _ core.Actor, site string, o core.ContactOrder) (core.ContactInfo, error) {
	return contacts()[1], f.called("AddContact %s %+v", site, o)
}

func (f *fake) RemoveContact(_ context.Context, _ core.Actor, site, contact string) error {
	return f.called("RemoveContact %s %s", site, contact)
}

func (f *fake) SetPassphrase(_ context.Context, _ core.Actor, site string) (core.Secret, error) {
	return core.NewSecret("K7Q2-MX4T-9RRD-0F3W-ZZ12"), f.called("SetPassphrase %s", site)
}

func (f *fake) AddOwnerKey(_ context.Context, _ core.Actor, site, line string) (core.Key, error) {
	return core.Key{Name: "jo", Fingerprint: "SHA256:new", Added: noon}, f.called("AddOwnerKey %s %s", site, line)
}

func (f *fake) RemoveOwnerKey(_ context.Context, _ core.Actor, site, fingerprint string) error {
	return f.called("RemoveOwnerKey %s %s", site, fingerprint)
}

func (f *fake) MakeKit(_ context.Context, _ core.Actor, site string) (core.Kit, error) {
	return kit(), f.called("MakeKit %s", site)
}

func (f *fake) AddPerson(_ context.Context, _ core.Actor, o core.PersonOrder) (core.Person, error) {
	return core.Person{ID: o.ID, Role: o.Role, Keys: []core.Key{{Fingerprint: "SHA256:bob"}}, Sites: o.Sites}, f.called("AddPerson %+v", o)
}

func (f *fake) People(context.Context, core.Actor) ([]core.Person, error) {
	if f.empty {
		return nil, f.err
	}
	return []core.Person{
		{ID: "eva", Role: core.RoleManager, Keys: []core.Key{{Fingerprint: "SHA256:eva"}}, Email: "eva@firm.example", Created: noon},
		{ID: "bob", Role: core.RoleAuditor, Keys: []core.Key{{Fingerprint: "SHA256:bob"}}, Sites: []string{"acme", "zeta"}},
	}, f.called("People")
}

func (f *fake) RemovePerson(_ context.Context, _ core.Actor, id string) error {
	return f.called("RemovePerson %s", id)
}

func (f *fake) ForgetPerson(_ context.Context, _ core.Actor, id string) error {
	return f.called("ForgetPerson %s", id)
}

func (f *fake) Rehearse(_ context.Context, _ core.Actor, name string) (core.ArchiveInfo, error) {
	info := core.ArchiveInfo{Name: "zeta-20261124T120000Z.tar.gz", Site: "zeta", Rehearsal: core.Rehearsal{At: noon, Server: "MariaDB 10.11", Tables: 3, Rows: 1234}}
	if name == "bad" {
		info.Rehearsal.Why, info.Rehearsal.What = core.RehearsalRows, "wp_posts: 1/2"
	}
	return info, f.called("Rehearse %s", name)
}

func (f *fake) CheckSite(_ context.Context, _ core.Actor, id string) (core.Preflight, error) {
	return core.Preflight{Free: 50_000_000_000, SiteReport: core.SiteReport{
		Kind: "WordPress 6.6", Files: 48211, Bytes: 1_400_000_000, Databases: []core.DatabaseReport{{Name: "acme", Server: "MariaDB 10.11.6", Bytes: 98_000_000, Tables: 214}},
		Notes: []string{"This table is not kept in InnoDB, so it may have changed while it was dumped: \x1b[31mlog."},
	}}, f.called("CheckSite %s", id)
}

func (f *fake) ForgetSite(_ context.Context, _ core.Actor, id string) error {
	return f.called("ForgetSite %s", id)
}

func grants() []core.GrantInfo {
	old := core.GrantInfo{ID: "g-0001", Site: "zeta", State: core.GrantRevoked, Start: noon.Add(-24 * time.Hour), Expires: noon.Add(-20 * time.Hour), Ended: noon.Add(-23 * time.Hour), Reason: "it was \u202enot her"}
	return []core.GrantInfo{*site().Grant, old}
}

func (f *fake) Grants(context.Context, core.Actor) ([]core.GrantInfo, error) {
	if f.empty {
		return nil, f.err
	}
	return grants(), f.called("Grants")
}

func (f *fake) Grant(_ context.Context, _ core.Actor, id string) (core.GrantStory, error) {
	job := core.JobInfo{ID: "j1", State: core.JobSealed, Verdict: core.VerdictNotes, Notes: []string{"a table is not InnoDB"}}
	return core.GrantStory{Grant: grants()[0], Job: &job, Lines: lines()}, f.called("Grant %s", id)
}

func (f *fake) RevokeGrant(_ context.Context, _ core.Actor, id, reason string) error {
	return f.called("RevokeGrant %s %q", id, reason)
}

func (f *fake) Requests(context.Context, core.Actor) ([]core.RequestInfo, error) {
	if f.empty {
		return nil, f.err
	}
	return []core.RequestInfo{{ID: "r-2m9x", Site: "zeta", State: core.RequestHolding, Created: noon, CanVeto: true, SentTo: contacts()[0]}}, f.called("Requests")
}

func (f *fake) Veto(_ context.Context, _ core.Actor, id, reason string) error {
	return f.called("Veto %s %q", id, reason)
}

func (f *fake) TestChannel(_ context.Context, _ core.Actor, kind core.ContactKind) (core.MessageInfo, error) {
	result := map[core.ContactKind]core.MessageInfo{
		core.ContactEmail:   {Kind: kind, State: core.MessageAccepted, Result: "accepted by the mail server"},
		core.ContactPhone:   {Kind: kind, State: core.MessageRetry, Result: "not taken: 500 Internal Server Error"},
		core.ContactWebhook: {Kind: kind, State: core.MessageQueued},
	}
	return result[kind], f.called("TestChannel %s", kind)
}

func lines() []core.LogLine {
	return []core.LogLine{
		{Seq: 1201, Time: noon.Add(time.Second), Actor: "owner:acme", Event: core.EventGrantActivated, Site: "acme", Grant: "g-7f3k", From: "ready", To: "activated", Result: "ok", Hash: "beef"},
		{Seq: 1200, Time: noon, Actor: "manager:eva", Event: core.EventLogin, Personal: map[string]string{"address": "192.0.2.7"}, Hash: "cafe"},
	}
}

func (f *fake) Log(_ context.Context, _ core.Actor, q core.LogQuery) (core.LogPage, error) {
	if f.empty {
		return core.LogPage{Size: 1202}, f.err
	}
	return core.LogPage{Lines: lines(), Size: 1202, More: true, Next: 1200}, f.called("Log before=%d limit=%d %v", q.Before, q.Limit, q.Terms())
}

func (f *fake) LogCheckpoint(context.Context, core.Actor) (string, error) {
	return "console.example/log\n1202\nroot=\n\n— console.example/log sig=\n", f.called("LogCheckpoint")
}

func (f *fake) Drill(_ context.Context, _ core.Actor, site string) (core.DrillInfo, error) {
	return core.DrillInfo{Codes: []string{"j•••••@a•••••.example", "+31•••••78"}, Mute: []string{"+44•••••00"}, Notices: 4}, f.called("Drill %s", site)
}

func (f *fake) LogPush(context.Context, core.Actor) (core.PushInfo, error) {
	if f.empty {
		return core.PushInfo{}, f.called("LogPush")
	}
	return core.PushInfo{
		Target: "tls://logs.example:6514", Sent: 40, Behind: 2, At: noon, Failing: noon, Problem: "nobody\x1b[31m listens",
	}, f.called("LogPush")
}

func (f *fake) ProveLog(_ context.Context, _ core.Actor, seq int64, since string) (audit.Proof, error) {
	return audit.Proof{Seq: seq, Leaf: []byte(`{"seq":1}`), Checkpoint: "console.example/log\n"}, f.called("ProveLog %d %q", seq, since)
}

func (f *fake) ExportSome(_ context.Context, _ core.Actor, format core.LogFormat, q core.LogQuery, w io.Writer) error {
	if _, err := io.WriteString(w, "{\"seq\":0}\n"); err != nil {
		return err
	}
	return f.called("ExportSome %s %v", format, q.Terms())
}

func (f *fake) Story(_ context.Context, _ core.Actor, id string) (core.GrantStory, error) {
	all := lines()
	slices.Reverse(all)
	all[0].Event, all[0].Data = core.EventRequestCodeSent, map[string]string{"channel": "email", "send": "1"}
	all[0].Personal = map[string]string{"address": "jo@acme.example"}
	return core.GrantStory{Grant: grants()[0], Lines: all, Messages: []core.StoryMessage{
		{MessageInfo: core.MessageInfo{ID: "M-1", State: core.MessageAccepted, Kind: core.ContactEmail, At: noon}, Leaf: 1200, Code: true, Masked: "j•••••@a•••••.example"},
		{MessageInfo: core.MessageInfo{ID: "M-2", State: core.MessageFailed, Kind: core.ContactPhone, At: noon, Result: "\x1b[31mno such number"}, Leaf: 1201, Masked: "+31•••••78"},
	}}, f.called("Story %s", id)
}
