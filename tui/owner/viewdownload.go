package owner

import (
	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

func (s *Screen) drawDownload(b *body) {
	l := s.lines()
	a := l.Archive
	s.drawVerdict(b, a)
	b.next(s.text("download.next", nil))
	b.gap()
	b.command(l.SFTP, s.text("folded", nil))
	s.drawSent(b, a)
	s.drawRehearsal(b, a)
	if len(a.Notes) > 0 {
		b.gap()
		s.drawNotes(b, a.Notes)
	}
	b.quiet(s.text("download.or", nil))
	b.gap()
	b.command(l.SCP, s.text("folded", nil))
	b.quiet(s.text("download.password", nil))
	if !stopped(a) {
		b.quiet(s.text("download.broken", nil))
	}
	b.quiet(s.text("download.check", nil))
	b.gap()
	b.sum(safetext.Line(a.SHA256))
	b.quiet(s.text("download.kept", map[string]any{"Until": view.Time(a.Removes, s.state.Zone)}))
	s.call(b)
}

// drawVerdict says how complete the archive is, in the first line.
func (s *Screen) drawVerdict(b *body, a core.ArchiveInfo) {
	data := map[string]any{"Size": view.Size(s.Lang(), a.Size), "Time": view.Time(a.Sealed, s.state.Zone)}
	switch a.Verdict {
	case core.VerdictComplete:
		b.good(s.text("download.complete", data))
	case core.VerdictNotes:
		b.good(s.text("download.notes", data))
	default:
		b.bad(s.text("download.incomplete", data))
	}
}

// drawSent shows the download itself, as the console sees it.
func (s *Screen) drawSent(b *body, a core.ArchiveInfo) {
	data := map[string]any{
		"Sent": view.Size(s.Lang(), a.Sent), "Size": view.Size(s.Lang(), a.Size), "Rate": view.Rate(s.Lang(), a.Rate), "Time": view.TimeOfDay(a.Whole, s.state.Zone),
	}
	switch {
	case wizard.Fetched(a) && a.Rate > 0:
		b.say(s.text("download.once_more", data))
	case wizard.Fetched(a):
		b.good(s.text("download.whole", data))
	case a.Sent == 0 && a.Rate == 0:
		b.say(s.text("download.waiting", nil))
	default:
		b.gap()
		b.add(s.theme.Bar(float64(a.Sent)/float64(max(a.Size, 1)), min(b.width, 60)))
		if !stopped(a) {
			b.line(s.text("download.sending", data))
			return
		}
		b.line(s.text("download.paused", data))
		b.line(s.text("download.broken", nil)) // what to do next stands where it is seen
	}
}

// stopped reports whether a download began and stands still before its end.
func stopped(a core.ArchiveInfo) bool {
	return a.Sent > 0 && a.Rate <= 0 && !wizard.Fetched(a)
}

// drawRehearsal says whether the archive was tried out, or why not.
func (s *Screen) drawRehearsal(b *body, a core.ArchiveInfo) {
	said := view.Rehearsal(s.state.Lang, s.state.Zone, a)
	switch {
	case said == "":
	case view.RehearsalBad(a):
		b.warn(said)
	default:
		b.quiet(said)
	}
}

// rotations are the secrets that an archive holds and a new manager changes.
var rotations = []string{"handover.logins", "handover.database", "handover.keys", "handover.server"}

func (s *Screen) drawHandover(b *body) {
	if wizard.Unfetched(s.state, s.lines()) {
		b.warn(s.text("handover.unseen", nil))
	} else {
		b.say(s.text("handover.lead", nil))
	}
	b.next(s.text("handover.next", nil))
	b.say(s.text("handover.tell", nil))
	b.warn(s.text("handover.strong", nil))
	b.say(s.text("handover.rotate", nil))
	for _, id := range rotations {
		b.item(s.theme.Symbols.Bullet, s.text(id, nil))
	}
	s.call(b)
}
