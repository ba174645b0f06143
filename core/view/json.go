package view

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

// WriteJSON writes a value of this package's JSON forms as one indented
// document. The names of their fields are stable; fields may be added. Times
// are RFC 3339 in UTC, lengths of time are seconds, sizes are bytes.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// List applies a JSON form to a list; an empty one is [] and never null.
func List[T, J any](list []T, form func(T) J) []J {
	out := make([]J, len(list))
	for i, item := range list {
		out[i] = form(item)
	}
	return out
}

// SiteJSON is a site for machines.
type SiteJSON struct {
	ID            string        `json:"id"`
	Title         string        `json:"title"`
	Root          string        `json:"root"`
	Call          string        `json:"call"`
	Zone          string        `json:"zone"`
	Lang          string        `json:"lang"`
	DatabaseHost  string        `json:"database_host,omitempty"`
	Database      string        `json:"database,omitempty"` // the password as •••
	Include       []string      `json:"include,omitempty"`
	LifeSeconds   int64         `json:"life_seconds"`
	HoldSeconds   int64         `json:"hold_seconds"`
	Created       *time.Time    `json:"created,omitempty"`
	PassphraseSet *time.Time    `json:"passphrase_set,omitempty"`
	PaperIssued   *time.Time    `json:"paper_issued,omitempty"`
	PaperUsed     *time.Time    `json:"paper_used,omitempty"`
	Contacts      []ContactJSON `json:"contacts"`
	Keys          []KeyJSON     `json:"keys"`
	Request       *RequestJSON  `json:"request,omitempty"`
	Grant         *GrantJSON    `json:"grant,omitempty"`
	Archives      []ArchiveJSON `json:"archives"`
}

// JSONSite gives the JSON form of a site.
func JSONSite(s core.SiteInfo) SiteJSON {
	return SiteJSON{
		ID: safetext.Line(s.ID), Title: safetext.Line(s.Title), Root: safetext.Path(s.Root), Call: safetext.Line(s.Call),
		Zone: safetext.Line(s.Zone), Lang: safetext.Line(s.Lang), DatabaseHost: safetext.Line(s.DatabaseHost),
		Database: safetext.Line(s.Database), Include: List(s.Include, safetext.Path),
		LifeSeconds: seconds(s.Life), HoldSeconds: seconds(s.Hold), Created: moment(s.Created),
		PassphraseSet: moment(s.PassphraseSet), PaperIssued: moment(s.PaperIssued), PaperUsed: moment(s.PaperUsed),
		Contacts: List(s.Contacts, JSONContact), Keys: List(s.Keys, JSONKey),
		Request: optional(s.Request, JSONRequest), Grant: optional(s.Grant, JSONGrant), Archives: List(s.Archives, JSONArchive),
	}
}

// ContactJSON is a contact for machines; its address stays masked.
type ContactJSON struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind"`
	Masked string     `json:"masked"`
	Watch  bool       `json:"watch"`
	Usable bool       `json:"usable"`
	Mute   bool       `json:"mute,omitempty"`
	From   *time.Time `json:"from,omitempty"`
	Proven *time.Time `json:"proven,omitempty"`
}

// JSONContact gives the JSON form of a contact.
func JSONContact(c core.ContactInfo) ContactJSON {
	return ContactJSON{
		ID: safetext.Line(c.ID), Kind: safetext.Line(string(c.Kind)), Masked: safetext.Line(c.Masked),
		Watch: c.Watch, Usable: c.Usable, Mute: c.Mute, From: moment(c.From), Proven: moment(c.Proven),
	}
}

// KeyJSON is an enrolled public key for machines.
type KeyJSON struct {
	Name        string     `json:"name,omitempty"`
	Fingerprint string     `json:"fingerprint"`
	Added       *time.Time `json:"added,omitempty"`
}

// JSONKey gives the JSON form of a key.
func JSONKey(k core.Key) KeyJSON {
	return KeyJSON{Name: safetext.Line(k.Name), Fingerprint: safetext.Line(k.Fingerprint), Added: moment(k.Added)}
}

// RequestJSON is a request for machines.
type RequestJSON struct {
	ID      string     `json:"id"`
	Site    string     `json:"site"`
	State   string     `json:"state"`
	Created *time.Time `json:"created,omitempty"`
	Lapses  *time.Time `json:"lapses,omitempty"`
	Ready   *time.Time `json:"ready,omitempty"`
	SentTo  string     `json:"sent_to,omitempty"`
	Message string     `json:"message,omitempty"`
	Paper   bool       `json:"paper"`
	CanVeto bool       `json:"can_veto"`
}

// JSONRequest gives the JSON form of a request.
func JSONRequest(r core.RequestInfo) RequestJSON {
	return RequestJSON{
		ID: safetext.Line(r.ID), Site: safetext.Line(r.Site), State: safetext.Line(string(r.State)), Created: moment(r.Created),
		Lapses: moment(r.Lapses), Ready: moment(r.Ready), SentTo: safetext.Line(r.SentTo.Masked),
		Message: safetext.Line(string(r.Message.State)), Paper: r.Paper, CanVeto: r.CanVeto,
	}
}

// GrantJSON is a grant for machines.
type GrantJSON struct {
	ID          string     `json:"id"`
	Site        string     `json:"site"`
	Request     string     `json:"request"`
	State       string     `json:"state"`
	Start       *time.Time `json:"start,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	LeftSeconds int64      `json:"left_seconds"`
	Ended       *time.Time `json:"ended,omitempty"`
	Reason      string     `json:"reason,omitempty"`
}

// JSONGrant gives the JSON form of a grant.
func JSONGrant(g core.GrantInfo) GrantJSON {
	return GrantJSON{
		ID: safetext.Line(g.ID), Site: safetext.Line(g.Site), Request: safetext.Line(g.Request), State: safetext.Line(string(g.State)),
		Start: moment(g.Start), Expires: moment(g.Expires), LeftSeconds: seconds(g.Left), Ended: moment(g.Ended),
		Reason: safetext.Line(g.Reason),
	}
}

// JobJSON is a backup for machines.
type JobJSON struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Archive  string     `json:"archive,omitempty"`
	Created  *time.Time `json:"created,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Verdict  string     `json:"verdict,omitempty"`
	Notes    []string   `json:"notes"`
	Problem  string     `json:"problem,omitempty"`
	Incident string     `json:"incident,omitempty"`
	// Of a backup that was streamed: a stored one is among the archives.
	Size     int64         `json:"size,omitempty"`
	SHA256   string        `json:"sha256,omitempty"`
	Progress *ProgressJSON `json:"progress,omitempty"` // while it runs
}

// JSONJob gives the JSON form of a backup.
func JSONJob(j core.JobInfo) JobJSON {
	return JobJSON{
		ID: safetext.Line(j.ID), State: safetext.Line(string(j.State)), Archive: safetext.Path(j.Archive), Created: moment(j.Created),
		Ended: moment(j.Ended), Verdict: safetext.Line(string(j.Verdict)), Notes: List(j.Notes, safetext.Note),
		Problem: safetext.Note(j.Problem), Incident: safetext.Line(j.Incident),
		Size: j.Size, SHA256: safetext.Line(j.SHA256), Progress: optional(j.Progress, JSONProgress),
	}
}

// ArchiveJSON is an archive for machines.
type ArchiveJSON struct {
	Name    string     `json:"name"`
	State   string     `json:"state"`
	Size    int64      `json:"size"`
	SHA256  string     `json:"sha256"`
	Verdict string     `json:"verdict"`
	Notes   []string   `json:"notes"`
	Sealed  *time.Time `json:"sealed,omitempty"`
	Removes *time.Time `json:"removes,omitempty"`
	Sent    int64      `json:"sent"`
	// Rehearsal is absent before the first one ended.
	Rehearsal *RehearsalJSON `json:"rehearsal,omitempty"`
}

// RehearsalJSON is what became of trying an archive out, for machines.
type RehearsalJSON struct {
	At          *time.Time `json:"at"`
	OK          bool       `json:"ok"`
	Problem     string     `json:"problem,omitempty"`
	What        string     `json:"what,omitempty"`
	Server      string     `json:"server,omitempty"`
	Tables      int64      `json:"tables"`
	Rows        int64      `json:"rows"`
	Files       int64      `json:"files"`
	TookSeconds int64      `json:"took_seconds"`
}

// JSONRehearsal gives the JSON form of a rehearsal, nil where there was none.
func JSONRehearsal(r core.Rehearsal) *RehearsalJSON {
	if r.At.IsZero() {
		return nil
	}
	return &RehearsalJSON{
		At: moment(r.At), OK: r.Good(), Problem: safetext.Line(string(r.Why)), What: safetext.Line(r.What), Server: safetext.Line(r.Server),
		Tables: r.Tables, Rows: r.Rows, Files: r.Files, TookSeconds: seconds(r.Took),
	}
}

// JSONArchive gives the JSON form of an archive.
func JSONArchive(a core.ArchiveInfo) ArchiveJSON {
	return ArchiveJSON{
		Name: safetext.Path(a.Name), State: safetext.Line(string(a.State)), Size: a.Size, SHA256: safetext.Line(a.SHA256),
		Verdict: safetext.Line(string(a.Verdict)), Notes: List(a.Notes, safetext.Note), Sealed: moment(a.Sealed), Removes: moment(a.Removes),
		Sent: a.Sent, Rehearsal: JSONRehearsal(a.Rehearsal),
	}
}

// PersonJSON is a manager or an auditor for machines.
type PersonJSON struct {
	ID      string     `json:"id"`
	Role    string     `json:"role"`
	Keys    []KeyJSON  `json:"keys"`
	Email   string     `json:"email,omitempty"`
	Phone   string     `json:"phone,omitempty"`
	Lang    string     `json:"lang,omitempty"`
	Sites   []string   `json:"sites"` // empty: all
	Roots   []string   `json:"roots"` // empty: all that the config allows
	Created *time.Time `json:"created,omitempty"`
}

// JSONPerson gives the JSON form of a person.
func JSONPerson(p core.Person) PersonJSON {
	return PersonJSON{
		ID: safetext.Line(p.ID), Role: safetext.Line(string(p.Role)), Keys: List(p.Keys, JSONKey), Email: safetext.Line(p.Email),
		Phone: safetext.Line(p.Phone), Lang: safetext.Line(p.Lang), Sites: List(p.Sites, safetext.Line),
		Roots: List(p.Roots, safetext.Path), Created: moment(p.Created),
	}
}

// moment is a time for JSON, nil where there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// optional applies a JSON form to what may not be there.
func optional[T, J any](v *T, form func(T) J) *J {
	if v == nil {
		return nil
	}
	j := form(*v)
	return &j
}
