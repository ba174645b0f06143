package plain

import (
	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

func (s *session) downloadPage() page {
	p := page{lead: s.sayDownload, choices: []choice{
		{s.text("plain.download.done", nil), func() error { s.Handover = true; return nil }},
		{s.text("plain.download.again", nil), s.again},
	}}
	p.choices = append(p.choices, choice{s.text("plain.download.anew", nil), func() error {
		yes, err := s.sure("new_backup")
		if err != nil || !yes {
			return err
		}
		return s.start()
	}}, s.closing())
	return p
}

func (s *session) sayDownload() {
	a := s.lines().Archive
	verdict := "owner.download.incomplete"
	switch a.Verdict {
	case core.VerdictComplete:
		verdict = "owner.download.complete"
	case core.VerdictNotes:
		verdict = "owner.download.notes"
	}
	s.tell(map[string]any{"Size": view.Size(s.state.Lang, a.Size)}, verdict)
	s.sayNotes(a.Notes)
	s.sayRehearsal(a)
	s.tell(nil, "plain.download.next")
	l := s.lines()
	s.copyable(l.SFTP)
	s.tell(nil, "plain.download.or")
	s.copyable(l.SCP)
	s.tell(nil, "owner.download.password", "owner.download.broken", "owner.download.check")
	s.copyable(safetext.Line(a.SHA256))
	s.tell(map[string]any{"Until": view.Time(a.Removes, s.state.Zone)}, "owner.download.kept")
	s.tell(nil, "plain.download.told")
	s.call()
}

// sayRehearsal says whether the archive was tried out, or why not.
func (s *session) sayRehearsal(a core.ArchiveInfo) {
	if said := view.Rehearsal(s.state.Lang, s.state.Zone, a); said != "" {
		s.say(said)
	}
}

// rehearsalNews says what became of trying the archive out, once that ended.
func (s *session) rehearsalNews(was core.OwnerState) []string {
	a := s.lines().Archive
	for _, old := range was.Archives {
		if old.Name == a.Name && !old.Rehearsal.At.Equal(a.Rehearsal.At) {
			return []string{view.Rehearsal(s.state.Lang, s.state.Zone, a)}
		}
	}
	return nil
}

// sentNews says how the download goes: that it began, that it stands still, and
// that all was sent.
func (s *session) sentNews(was core.OwnerState) []string {
	a := s.lines().Archive
	var before core.ArchiveInfo
	for _, old := range was.Archives {
		if old.Name == a.Name {
			before = old
		}
	}
	data := map[string]any{"Sent": view.Size(s.state.Lang, a.Sent), "Size": view.Size(s.state.Lang, a.Size), "Rate": view.Rate(s.state.Lang, a.Rate)}
	switch tenths := func(a core.ArchiveInfo) int64 { return a.Sent * 10 / max(a.Size, 1) }; {
	case wizard.Fetched(a) && !wizard.Fetched(before):
		return []string{s.text("plain.download.whole", nil)}
	case wizard.Fetched(a) && a.Rate > 0 && before.Rate <= 0:
		return []string{s.text("owner.download.once_more", data)}
	case wizard.Fetched(a):
		return nil
	case a.Rate > 0 && (before.Rate <= 0 || tenths(a) > tenths(before)):
		return []string{s.text("owner.download.sending", data)}
	case a.Rate <= 0 && before.Rate > 0:
		return []string{s.text("owner.download.paused", data), s.text("owner.download.broken", nil)}
	}
	return nil
}

func (s *session) handoverPage() page {
	return page{
		lead: func() {
			lead := "owner.handover.lead"
			if wizard.Unfetched(s.state, s.lines()) {
				lead = "owner.handover.unseen"
			}
			s.tell(nil, lead, "owner.handover.tell", "owner.handover.strong", "owner.handover.rotate")
			for _, what := range []string{"logins", "database", "keys", "server"} {
				s.item("- ", s.text("owner.handover."+what, nil))
			}
			s.tell(nil, "plain.handover.last")
			s.call()
		},
		choices: []choice{s.closing(), {s.text("plain.handover.back", nil), func() error { s.Handover = false; return nil }}},
	}
}

// lines are the commands of this session.
func (s *session) lines() wizard.Lines {
	return wizard.LinesOf(s.state, s.Choices, s.actor.Token)
}

// sayFarewell says what a person needs who leaves before the end.
func (s *session) sayFarewell() {
	data := map[string]any{}
	if g := s.state.Grant; g != nil {
		data["Until"] = view.Time(g.Expires, s.state.Zone)
	}
	s.gap()
	switch at := s.place(); at {
	case wizard.Holding, wizard.Ready:
		if r := s.state.Request; r.Proven {
			s.tell(nil, "owner.farewell.back")
			s.copyable(s.lines().Back)
			return
		}
		s.tell(nil, "plain.farewell")
	case wizard.Start, wizard.Failed, wizard.Handover, wizard.Progress:
		id := "owner.farewell.open"
		if at == wizard.Progress {
			id = "owner.farewell.running"
		}
		s.tell(nil, id)
		s.copyable(s.lines().Back)
	case wizard.Download:
		a := s.lines().Archive
		s.tell(data, "owner.farewell.download")
		s.copyable(s.lines().SFTP)
		s.tell(nil, "owner.farewell.sum")
		s.copyable(safetext.Line(a.SHA256))
	default:
		s.tell(nil, "plain.farewell")
	}
}
