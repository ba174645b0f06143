package view

import (
	"fmt"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// heads returns the headings "view.head.<name>" of the catalogue.
func heads(lang string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = words.Text(lang, "view.head."+name, nil)
	}
	return out
}

// rows applies a row function to each item of a list.
func rows[T any](list []T, row func(T) []string) [][]string {
	out := make([][]string, len(list))
	for i, item := range list {
		out[i] = row(item)
	}
	return out
}

// Sites lists sites for their manager.
func Sites(lang string, list []core.SiteInfo) Table {
	return Table{
		Head: heads(lang, "site", "title", "state"),
		Rows: rows(list, func(s core.SiteInfo) []string { return SiteRow(lang, s) }),
	}
}

// SiteRow is a site in one row: ID, title, and what is going on there.
func SiteRow(lang string, s core.SiteInfo) []string {
	return []string{cell(s.ID), cell(s.Title), SiteState(lang, s)}
}

// SiteState says in a few words what is going on at a site: nothing, a request,
// or open access and until when, in the site's own time zone.
func SiteState(lang string, s core.SiteInfo) string {
	switch {
	case s.Grant != nil && s.Grant.State == core.GrantActive:
		return words.Text(lang, "view.site.access", map[string]any{"Until": Time(s.Grant.Expires, s.Zone)})
	case s.Request != nil && s.Request.State.Open():
		return words.Text(lang, "view.site.request", map[string]any{"State": RequestState(lang, s.Request.State)})
	case !ready(s):
		return words.Text(lang, "view.site.unready", nil)
	default:
		return words.Text(lang, "view.site.quiet", nil)
	}
}

// ready reports whether the site's owner could get in at all: there is a
// first factor, and a contact or a paper code for the second.
func ready(s core.SiteInfo) bool {
	first := !s.PassphraseSet.IsZero() || len(s.Keys) > 0
	second := !s.PaperIssued.IsZero() && s.PaperUsed.IsZero()
	for _, c := range s.Contacts {
		second = second || c.Usable
	}
	return first && second
}

// RequestState is the word for a request's state.
func RequestState(lang string, state core.RequestState) string {
	return named(lang, "view.request.", string(state))
}

// GrantState is the word for a grant's state.
func GrantState(lang string, state core.GrantState) string {
	return named(lang, "view.grant.", string(state))
}

// JobState is the word for a backup's state.
func JobState(lang string, state core.JobState) string {
	return named(lang, "view.job.", string(state))
}

// MessageState is the word for what became of a message.
func MessageState(lang string, state core.MessageState) string {
	return named(lang, "view.message.", string(state))
}

// named looks a stable name up in the catalogue; one that is not there shows as
// it is, so that a newer record is never hidden.
func named(lang, prefix, name string) string {
	if words.Has(prefix + name) {
		return words.Text(lang, prefix+name, nil)
	}
	return cell(name)
}

// Grants lists grants of several sites, times in the given zone.
func Grants(lang, zone string, list []core.GrantInfo) Table {
	return Table{
		Head: heads(lang, "grant", "site", "state", "since", "until", "left", "reason"),
		Rows: rows(list, func(g core.GrantInfo) []string { return GrantRow(lang, zone, g) }),
	}
}

// GrantRow is a grant in one row: ID, site, state, start, end, time left, and
// the reason of a revocation. The end of one that is over is when it was over.
func GrantRow(lang, zone string, g core.GrantInfo) []string {
	until, left := g.Expires, Nothing
	if !g.Ended.IsZero() {
		until = g.Ended
	}
	if g.State == core.GrantActive {
		left = Left(lang, g.Left)
	}
	return []string{
		cell(g.ID), cell(g.Site), GrantState(lang, g.State), Time(g.Start, zone), Time(until, zone), left, cell(g.Reason),
	}
}

// Requests lists open requests, times in the given zone.
func Requests(lang, zone string, list []core.RequestInfo) Table {
	return Table{
		Head: heads(lang, "request", "site", "state", "since", "code_to", "veto"),
		Rows: rows(list, func(r core.RequestInfo) []string { return RequestRow(lang, zone, r) }),
	}
}

// RequestRow is a request in one row: ID, site, state, start, where its code
// went, and whether it can be vetoed.
func RequestRow(lang, zone string, r core.RequestInfo) []string {
	veto := "view.no"
	if r.CanVeto {
		veto = "view.yes"
	}
	return []string{
		cell(r.ID), cell(r.Site), RequestState(lang, r.State), Time(r.Created, zone), cell(r.SentTo.Masked), words.Text(lang, veto, nil),
	}
}

// Log lists lines of the log, times in the given zone.
func Log(lang, zone string, list []core.LogLine) Table {
	return Table{
		Head: heads(lang, "number", "time", "who", "event", "site", "what"),
		Rows: rows(list, func(l core.LogLine) []string { return LogRow(zone, l) }),
	}
}

// LogRow is a line of the log in one row: number, time, who, event, site, and
// what came of it. Event names are stable and stay untranslated.
func LogRow(zone string, l core.LogLine) []string {
	return []string{
		strconv.FormatInt(l.Seq, 10), Moment(l.Time, zone), cell(l.Actor), cell(string(l.Event)), cell(l.Site), cell(outcome(l)),
	}
}

// outcome tells a line's change and result: "ready → activated, ok".
func outcome(l core.LogLine) string {
	var parts []string
	switch {
	case l.From != "" && l.To != "":
		parts = append(parts, l.From+" → "+l.To)
	case l.To != "":
		parts = append(parts, l.To)
	}
	if l.Result != "" {
		parts = append(parts, l.Result)
	}
	if l.Grant != "" {
		parts = append(parts, "grant "+l.Grant)
	}
	return strings.Join(parts, ", ")
}

// People lists managers and auditors.
func People(lang string, list []core.Person) Table {
	return Table{
		Head: heads(lang, "person", "role", "sites", "email", "phone", "key"),
		Rows: rows(list, PersonRow),
	}
}

// PersonRow is a person in one row: name, role, sites ("*": all), email, phone
// and the fingerprints of their keys.
func PersonRow(p core.Person) []string {
	sites := "*"
	if len(p.Sites) > 0 {
		sites = strings.Join(p.Sites, ",")
	}
	prints := make([]string, len(p.Keys))
	for i, key := range p.Keys {
		prints[i] = key.Fingerprint
	}
	return []string{cell(p.ID), cell(string(p.Role)), cell(sites), cell(p.Email), cell(p.Phone), cell(strings.Join(prints, ","))}
}

// Contacts lists a site's contacts, times in the site's zone.
func Contacts(lang, zone string, list []core.ContactInfo) Table {
	return Table{
		Head: heads(lang, "contact", "kind", "address", "use", "proven"),
		Rows: rows(list, func(c core.ContactInfo) []string { return ContactRow(lang, zone, c) }),
	}
}

// ContactRow is a contact in one row: ID, kind, masked address, what it is used
// for, and when a code sent there was last entered.
func ContactRow(lang, zone string, c core.ContactInfo) []string {
	return []string{cell(c.ID), cell(string(c.Kind)), cell(c.Masked), ContactUse(lang, zone, c), Time(c.Proven, zone)}
}

// ContactUse says whether codes go to a contact now, from when, or never, and
// before all else whether anything can.
func ContactUse(lang, zone string, c core.ContactInfo) string {
	switch {
	case c.Mute:
		return words.Text(lang, "view.contact.mute", nil)
	case c.Watch:
		return words.Text(lang, "view.contact.watch", nil)
	case c.Usable:
		return words.Text(lang, "view.contact.codes", nil)
	case c.From.IsZero():
		return words.Text(lang, "view.contact.off", nil)
	default:
		return words.Text(lang, "view.contact.waits", map[string]any{"From": Time(c.From, zone)})
	}
}

// Archives lists a site's archives, times in the site's zone.
func Archives(lang, zone string, list []core.ArchiveInfo) Table {
	return Table{
		Head: heads(lang, "archive", "size", "verdict", "sent", "kept_until"),
		Rows: rows(list, func(a core.ArchiveInfo) []string {
			return []string{safetext.Path(a.Name), Size(lang, a.Size), Verdict(lang, a.Verdict), Sent(a), Time(a.Removes, zone)}
		}),
	}
}

// Sent says how much of an archive has been sent to its owner: "42 %". Nobody
// can know that it was kept.
func Sent(a core.ArchiveInfo) string {
	if a.Size <= 0 || a.Sent >= a.Size {
		return "100 %"
	}
	return fmt.Sprintf("%d %%", a.Sent*100/a.Size)
}
