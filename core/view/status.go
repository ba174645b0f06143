package view

import (
	"fmt"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// OwnerStatus tells an owner how things stand, as names and values, times in
// the site's zone.
func OwnerStatus(lang string, s core.OwnerState) Table {
	var p pairs
	p.add(label(lang, "site"), cell(s.Site))
	p.add(label(lang, "title"), cell(s.Title))
	p.add(label(lang, "access"), access(lang, s))
	if r := s.Request; r != nil {
		p.add(label(lang, "request"), RequestState(lang, r.State))
		p.add(label(lang, "code_to"), cell(r.SentTo.Masked))
		p.add(label(lang, "message"), Message(lang, s.Zone, r.Message))
		if r.State == core.RequestHolding {
			p.add(label(lang, "ready"), Time(r.Ready, s.Zone))
		}
	}
	if s.LockedUntil.After(s.Now) {
		p.add(label(lang, "locked"), Time(s.LockedUntil, s.Zone))
	}
	if j := s.Job; j != nil {
		p.add(label(lang, "backup"), Job(lang, *j))
		jobFacts(&p, lang, *j)
		p.add(label(lang, "problem"), cell(Problem(lang, *j)))
		p.add(label(lang, "incident"), cell(j.Incident))
	}
	for _, a := range s.Archives {
		p.add(label(lang, "archive"), safetext.Path(a.Name)+gap+Size(lang, a.Size)+gap+Verdict(lang, a.Verdict))
		p.add("sha256", cell(a.SHA256))
		p.add(label(lang, "kept"), Time(a.Removes, s.Zone))
	}
	p.add(label(lang, "call"), cell(s.Call))
	return Table{Rows: p}
}

// access says in a few words whether access is open, and until when.
func access(lang string, s core.OwnerState) string {
	g := s.Grant
	switch {
	case g == nil:
		return words.Text(lang, "view.access.none", nil)
	case g.State == core.GrantActive:
		return words.Text(lang, "view.access.open", map[string]any{"Until": Time(g.Expires, s.Zone), "Left": Left(lang, g.Left)})
	case g.Reason != "":
		return GrantState(lang, g.State) + ": " + cell(g.Reason)
	default:
		return GrantState(lang, g.State) + " " + Time(g.Ended, s.Zone)
	}
}

// jobFacts adds how far a backup is that runs, and of one that was streamed what
// else would stand with the stored archive.
func jobFacts(p *pairs, lang string, j core.JobInfo) {
	if j.Progress != nil {
		p.add(label(lang, "progress"), Progress(lang, *j.Progress))
		if step := Running(*j.Progress); step != "" {
			p.add(label(lang, "step"), Step(lang, step))
		}
	}
	if j.State == core.JobStreamed {
		p.add(label(lang, "size"), Size(lang, j.Size))
		p.add("sha256", cell(j.SHA256))
	}
}

// Job says in a few words how a backup stands: "running, 42 %".
func Job(lang string, j core.JobInfo) string {
	text := JobState(lang, j.State)
	if j.State.Open() && j.Percent >= 0 {
		text += fmt.Sprintf(", %d %%", j.Percent)
	}
	if j.Verdict != "" {
		text += ", " + Verdict(lang, j.Verdict)
	}
	return text
}

// Message says what became of a message: "accepted by the mail provider
// 14:02:07 UTC", never "delivered"; "" where there is none.
func Message(lang, zone string, m core.MessageInfo) string {
	if m.State == "" {
		return ""
	}
	if m.State == core.MessageAccepted && words.Has("view.message.accepted_by."+string(m.Kind)) {
		return words.Text(lang, "view.message.accepted_by."+string(m.Kind), map[string]any{"Time": TimeOfDay(m.At, zone)})
	}
	return MessageState(lang, m.State)
}

// Step is the word for a step of a backup.
func Step(lang, name string) string { return named(lang, "view.step.", name) }
