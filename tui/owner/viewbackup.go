package owner

import (
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

func (s *Screen) drawStart(b *body) {
	if j := s.state.Job; j != nil && j.State == core.JobCancelled {
		b.warn(s.text("start.cancelled", nil))
	}
	if j := wizard.Streamed(s.state); j != nil {
		s.drawStreamed(b, *j)
		return
	}
	switch {
	case s.reportErr != nil:
		b.bad(s.text("start.unread", nil))
		b.say(view.Sentence(s.Lang(), s.reportErr))
	case s.report == nil:
		b.say(s.text("start.looking", nil))
	default:
		b.say(s.text("start.lead", map[string]any{"Size": view.Size(s.Lang(), s.report.Bytes), "Time": wizard.Guess(s.Lang(), s.report.Bytes)}))
	}
	if s.tooFull() {
		s.drawStream(b)
	} else {
		b.next(s.text("start.next", nil))
	}
	if s.report != nil && s.reportErr == nil {
		s.drawReport(b, s.report.SiteReport)
	}
	if len(s.state.Archives) > 0 {
		a := s.state.Archives[0]
		b.say(s.text("start.old", map[string]any{"Time": view.Time(a.Sealed, s.state.Zone), "Size": view.Size(s.Lang(), a.Size)}))
	}
	b.quiet(s.text("start.unchanged", nil))
	s.call(b)
}

// tooFull reports whether the backup had better not be kept on the server.
func (s *Screen) tooFull() bool {
	found := s.report
	if s.reportErr != nil {
		found = nil
	}
	return wizard.TooFull(s.state, found)
}

// drawStream shows the line with which the backup goes straight to the owner's
// computer, because there is no room for it here.
func (s *Screen) drawStream(b *body) {
	l := s.lines()
	b.warn(s.text("stream.full", nil))
	b.next(s.text("stream.next", nil))
	b.gap()
	b.command(l.Stream, s.text("folded", nil))
	b.quiet(s.text("stream.windows", nil))
	b.gap()
	b.command(l.Windows, s.text("folded", nil))
	b.quiet(s.text("stream.what", map[string]any{"File": l.File}))
	b.quiet(s.text("download.password", nil))
}

// drawStreamed shows what became of a backup that was sent straight to the
// owner's computer: there is nothing here to fetch.
func (s *Screen) drawStreamed(b *body, j core.JobInfo) {
	data := map[string]any{"Time": view.TimeOfDay(j.Ended, s.state.Zone), "Size": view.Size(s.Lang(), j.Size)}
	switch j.Verdict {
	case core.VerdictComplete:
		b.good(s.text("streamed.complete", data))
	case core.VerdictNotes:
		b.good(s.text("streamed.notes", data))
	default:
		b.bad(s.text("streamed.incomplete", data))
	}
	b.next(s.text("streamed.next", nil))
	if len(j.Notes) > 0 {
		b.gap()
		s.drawNotes(b, j.Notes)
	}
	b.quiet(s.text("download.check", nil))
	b.gap()
	b.sum(safetext.Line(j.SHA256))
	b.quiet(s.text("streamed.again", nil))
	b.gap()
	b.command(s.lines().Stream, s.text("folded", nil))
	s.call(b)
}

func (s *Screen) drawReport(b *body, r core.SiteReport) {
	b.gap()
	if kind := safetext.Line(r.Kind); kind != "" {
		b.item(s.theme.Symbols.Bullet, s.text("start.kind", map[string]any{"Kind": kind}))
	}
	b.item(s.theme.Symbols.Bullet, s.text("start.files", map[string]any{"Count": r.Files}))
	for _, d := range r.Databases {
		b.item(s.theme.Symbols.Bullet, s.text("start.database", map[string]any{
			"Server": d.Server, "Name": d.Name, "Size": view.Size(s.Lang(), d.Bytes), "Count": d.Tables,
		}))
	}
	s.drawNotes(b, r.Notes)
}

// notesShown is how many notes a page lists; all of them are in the archive.
const notesShown = 5

func (s *Screen) drawNotes(b *body, notes []string) {
	for i, note := range notes {
		if i == notesShown {
			b.item(" ", s.text("notes.more", map[string]any{"Count": len(notes) - notesShown}))
			return
		}
		b.item(s.theme.Symbols.Warn, safetext.Note(note))
	}
}

func (s *Screen) drawProgress(b *body) {
	p := s.progress
	lead, next, stay := "progress.lead", "progress.next", "progress.laptop"
	if s.state.Job.State == core.JobStreaming {
		lead, next, stay = "streaming.lead", "streaming.next", "streaming.stay"
	}
	b.say(s.text(lead, nil))
	b.gap()
	s.drawBar(b, p)
	b.next(s.text(next, nil))
	b.gap()
	for _, step := range p.Steps {
		b.item(s.stepSign(step.State), view.Step(s.Lang(), step.Name))
	}
	if current := safetext.Line(p.Current); current != "" {
		b.add(s.theme.Muted.Render(s.theme.Cut(s.theme.Line(s.text("progress.current", map[string]any{"Name": current})), b.width)))
	}
	s.drawNotes(b, p.Notes)
	b.quiet(s.text(stay, nil))
	s.call(b)
}

// drawBar says in words and as a bar how far the backup is.
func (s *Screen) drawBar(b *body, p core.Progress) {
	data := map[string]any{
		"Done": view.Size(s.Lang(), p.BytesDone), "Total": view.Size(s.Lang(), p.BytesTotal), "Rate": view.Rate(s.Lang(), p.Rate), "Left": view.Left(s.Lang(), p.ETA),
	}
	id := "progress.counting"
	if p.TotalKnown {
		id = "progress.of"
	}
	if p.TotalKnown && p.BytesTotal > 0 {
		done := min(float64(p.BytesDone)/float64(p.BytesTotal), 1)
		data["Percent"] = int(done * 100)
		id = "progress.percent"
		b.add(s.theme.Bar(done, min(b.width, 60)))
	}
	b.line(s.text(id, data))
	if p.Rate > 0 {
		b.line(s.text("progress.rate", data))
	}
	if p.ETA >= time.Second && p.TotalKnown { // “about 0 s” would stand there while the last steps run
		b.line(s.text("progress.left", data))
	}
}

func (s *Screen) stepSign(state core.StepState) string {
	switch state {
	case core.StepDone:
		return s.theme.Symbols.Tick
	case core.StepRunning:
		return s.theme.Symbols.Running
	case core.StepFailed:
		return s.theme.Symbols.Failed
	default:
		return s.theme.Symbols.Waiting
	}
}

func (s *Screen) drawFailed(b *body) {
	b.bad(s.text("failed.lead", nil))
	b.say(view.Problem(s.Lang(), *s.state.Job))
	if s.tooFull() {
		s.drawStream(b)
	} else {
		b.next(s.text("failed.next", nil))
	}
	if s.state.Job.Incident != "" {
		b.say(s.text("failed.incident", map[string]any{"ID": s.state.Job.Incident}))
	}
	s.drawNotes(b, s.state.Job.Notes)
	s.call(b)
}
