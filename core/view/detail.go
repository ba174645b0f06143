package view

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// label is a name of a field, from the catalogue.
func label(lang, name string) string { return words.Text(lang, "view.label."+name, nil) }

// SiteDetail tells all that a manager may know of a site, as names and values.
func SiteDetail(lang string, s core.SiteInfo) Table {
	var p pairs
	p.add(label(lang, "site"), cell(s.ID))
	p.add(label(lang, "title"), cell(s.Title))
	p.add(label(lang, "state"), SiteState(lang, s))
	p.add(label(lang, "root"), safetext.Path(s.Root))
	p.add(label(lang, "database_host"), cell(s.DatabaseHost))
	p.add(label(lang, "database"), cell(s.Database))
	for _, path := range s.Include {
		p.add(label(lang, "include"), safetext.Path(path))
	}
	p.add(label(lang, "call"), cell(s.Call))
	p.add(label(lang, "zone"), cell(s.Zone))
	p.add(label(lang, "lang"), cell(s.Lang))
	p.add(label(lang, "life"), span(lang, s.Life))
	p.add(label(lang, "hold"), span(lang, s.Hold))
	p.add(label(lang, "created"), Time(s.Created, s.Zone))
	p.add(label(lang, "passphrase"), Time(s.PassphraseSet, s.Zone))
	p.add(label(lang, "paper"), paper(lang, s))
	for _, k := range s.Keys {
		p.add(label(lang, "key"), strings.TrimSpace(safetext.Line(k.Fingerprint)+" "+safetext.Line(k.Name)))
	}
	for _, c := range s.Contacts {
		row := ContactRow(lang, s.Zone, c)
		p.add(label(lang, "contact"), strings.Join(row[:4], gap))
	}
	if r := s.Request; r != nil {
		p.add(label(lang, "request"), cell(r.ID)+gap+RequestState(lang, r.State))
	}
	if g := s.Grant; g != nil {
		p.add(label(lang, "grant"), strings.Join([]string{cell(g.ID), GrantState(lang, g.State), Time(g.Expires, s.Zone)}, gap))
	}
	for _, a := range s.Archives {
		p.add(label(lang, "archive"), safetext.Path(a.Name)+gap+Size(lang, a.Size)+gap+Verdict(lang, a.Verdict))
		if said := Rehearsal(lang, s.Zone, a); said != "" {
			p.add("", said)
		}
	}
	return Table{Rows: p}
}

// span is a set length of time, [Nothing] where none is set.
func span(lang string, d time.Duration) string {
	if d <= 0 {
		return Nothing
	}
	return Span(lang, d)
}

// paper says whether the paper code can still be used.
func paper(lang string, s core.SiteInfo) string {
	switch {
	case s.PaperIssued.IsZero():
		return words.Text(lang, "view.paper.none", nil)
	case !s.PaperUsed.IsZero():
		return words.Text(lang, "view.paper.used", map[string]any{"Time": Time(s.PaperUsed, s.Zone)})
	default:
		return words.Text(lang, "view.paper.issued", map[string]any{"Time": Time(s.PaperIssued, s.Zone)})
	}
}

// GrantDetail tells a grant's story: what it is, its backup, and all that was
// logged of it, oldest first, times in the given zone. Print both tables.
func GrantDetail(lang, zone string, s core.GrantStory) (facts, lines Table) {
	var p pairs
	p.add(label(lang, "grant"), cell(s.Grant.ID))
	p.add(label(lang, "site"), cell(s.Grant.Site))
	p.add(label(lang, "state"), GrantState(lang, s.Grant.State))
	p.add(label(lang, "request"), cell(s.Grant.Request))
	p.add(label(lang, "since"), Time(s.Grant.Start, zone))
	p.add(label(lang, "until"), Time(s.Grant.Expires, zone))
	if s.Grant.State == core.GrantActive {
		p.add(label(lang, "left"), Left(lang, s.Grant.Left))
	}
	p.add(label(lang, "ended"), Time(s.Grant.Ended, zone))
	p.add(label(lang, "reason"), cell(s.Grant.Reason))
	if j := s.Job; j != nil {
		p.add(label(lang, "backup"), JobState(lang, j.State))
		jobFacts(&p, lang, *j)
		p.add(label(lang, "verdict"), Verdict(lang, j.Verdict))
		p.add(label(lang, "problem"), cell(Problem(lang, *j)))
		p.add(label(lang, "incident"), cell(j.Incident))
		for _, note := range j.Notes {
			p.add(label(lang, "note"), safetext.Note(note))
		}
	}
	return Table{Rows: p}, Log(lang, zone, s.Lines)
}

// LogDetail tells everything in a line of the log, in the order of the leaf;
// the names are those of the exported log and stay untranslated.
func LogDetail(zone string, l core.LogLine) Table {
	var p pairs
	p.add("seq", strconv.FormatInt(l.Seq, 10))
	p.add("time", Moment(l.Time, zone))
	p.add("actor", cell(l.Actor))
	p.add("event", cell(string(l.Event)))
	p.add("site", cell(l.Site))
	p.add("request", cell(l.Request))
	p.add("grant", cell(l.Grant))
	p.add("from", cell(l.From))
	p.add("to", cell(l.To))
	p.add("result", cell(l.Result))
	for _, name := range slices.Sorted(maps.Keys(l.Data)) {
		p.add(cell(name), cell(l.Data[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Personal)) {
		p.add(cell(name)+" *", cell(l.Personal[name]))
	}
	p.add("hash", cell(l.Hash))
	return Table{Rows: p}
}
