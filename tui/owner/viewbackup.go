package owner

import (
	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// usualRate is a cautious guess at how fast a site is read, in bytes a second.
// Before the start only the order of magnitude is told.
const usualRate = 15e6

func (s *Screen) drawStart(b *body) {
	if j := s.state.Job; j != nil && j.State == core.JobCancelled {
		b.warn(s.text("start.cancelled", nil))
	}
	if s.streamed() {
		b.good(s.text("start.streamed", map[string]any{"Time": view.TimeOfDay(s.state.Job.Ended, s.state.Zone), "Verdict": string(s.state.Job.Verdict)}))
	}
	switch {
	case s.reportErr != nil:
		b.bad(s.text("start.unread", map[string]any{"Problem": view.Sentence(s.Lang(), s.reportErr)}))
	case s.report == nil:
		b.say(s.text("start.looking", nil))
	default:
		b.say(s.text("start.lead", map[string]any{"Size": view.Size(s.report.Bytes), "Time": s.guess(s.report.Bytes)}))
	}
	b.next(s.text("start.next", nil))
	if s.report != nil && s.reportErr == nil {
		s.drawReport(b, s.report.SiteReport)
	}
	if len(s.state.Archives) > 0 {
		a := s.state.Archives[0]
		b.say(s.text("start.old", map[string]any{"Time": view.Time(a.Sealed, s.state.Zone), "Size": view.Size(a.Size)}))
	}
	b.quiet(s.text("start.unchanged", nil))
	s.call(b)
}

// streamed reports whether the grant's backup went straight to the owner's
// computer, past the vault.
func (s *Screen) streamed() bool {
	return s.state.Job != nil && s.state.Job.State == core.JobStreamed
}

func (s *Screen) drawReport(b *body, r core.SiteReport) {
	b.gap()
	if kind := safetext.Line(r.Kind); kind != "" {
		b.item(s.theme.Symbols.Bullet, s.text("start.kind", map[string]any{"Kind": kind}))
	}
	b.item(s.theme.Symbols.Bullet, s.text("start.files", map[string]any{"Count": r.Files}))
	for _, d := range r.Databases {
		b.item(s.theme.Symbols.Bullet, s.text("start.database", map[string]any{
			"Server": d.Server, "Name": d.Name, "Size": view.Size(d.Bytes), "Count": d.Tables,
		}))
	}
	s.drawNotes(b, r.Notes)
}

// guess says in plain words how long a backup of that many bytes may take.
func (s *Screen) guess(bytes int64) string {
	switch minutes := float64(bytes) / usualRate / 60; {
	case minutes < 1:
		return s.text("guess.minute", nil)
	case minutes < 10:
		return s.text("guess.minutes", nil)
	case minutes < 45:
		return s.text("guess.half", nil)
	case minutes < 120:
		return s.text("guess.hour", nil)
	default:
		return s.text("guess.hours", nil)
	}
}

// notesShown is how many notes a page lists; all of them are in the archive.
const notesShown = 5

func (s *Screen) drawNotes(b *body, notes []string) {
	for i, note := range notes {
		if i == notesShown {
			b.item(" ", s.text("notes.more", map[string]any{"Count": len(notes) - notesShown}))
			return
		}
		b.item(s.theme.Symbols.Warn, safetext.Line(note))
	}
}

func (s *Screen) drawProgress(b *body) {
	p := s.progress
	b.say(s.text("progress.lead", nil))
	b.gap()
	s.drawBar(b, p)
	b.next(s.text("progress.next", nil))
	b.gap()
	for _, step := range p.Steps {
		b.item(s.stepSign(step.State), view.Step(s.Lang(), step.Name))
	}
	if current := safetext.Line(p.Current); current != "" {
		b.add(s.theme.Muted.Render(s.theme.Cut(s.theme.Line(s.text("progress.current", map[string]any{"Name": current})), b.width)))
	}
	s.drawNotes(b, p.Notes)
	b.quiet(s.text("progress.laptop", nil))
	s.call(b)
}

// drawBar says in words and as a bar how far the backup is.
func (s *Screen) drawBar(b *body, p core.Progress) {
	data := map[string]any{
		"Done": view.Size(p.BytesDone), "Total": view.Size(p.BytesTotal), "Rate": view.Rate(p.Rate), "Left": view.Left(p.ETA),
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
	if p.ETA >= 0 && p.TotalKnown {
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
	b.say(safetext.Line(s.state.Job.Problem))
	b.next(s.text("failed.next", nil))
	if s.state.Job.Incident != "" {
		b.say(s.text("failed.incident", map[string]any{"ID": s.state.Job.Incident}))
	}
	s.drawNotes(b, s.state.Job.Notes)
	s.call(b)
}
