package plain

import (
	"context"
	"errors"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// startPage is where access is open and nothing runs: before the first backup,
// or after one that was stopped or failed.
func (s *session) startPage(at place) page {
	start := "plain.start.go"
	if at == atFailed {
		start = "plain.failed.go"
	}
	p := page{choices: []choice{{s.text(start, nil), s.start}}}
	if len(s.state.Archives) > 0 {
		a := s.state.Archives[0]
		text := s.text("plain.start.old", map[string]any{"Time": view.Time(a.Sealed, s.state.Zone), "Size": view.Size(a.Size)})
		p.choices = append(p.choices, choice{text, func() error { s.archive = true; return nil }})
	}
	p.choices = append(p.choices, s.closing())
	p.lead = s.sayStart
	if at == atFailed {
		p.lead = s.sayFailed
	}
	return p
}

func (s *session) start() error {
	_, err := s.console.StartBackup(s.ctx, s.actor)
	if err == nil {
		s.archive, s.handover = false, false
	}
	return err
}

// closing is the answer that closes access.
func (s *session) closing() choice {
	return choice{s.text("plain.close", nil), func() error {
		yes, err := s.sure("close")
		if err != nil || !yes {
			return err
		}
		return s.console.CloseAccess(s.ctx, s.actor)
	}}
}

func (s *session) sayStart() {
	switch j := s.state.Job; {
	case j != nil && j.State == core.JobCancelled:
		s.tell(nil, "owner.start.cancelled")
	case j != nil && j.State == core.JobStreamed:
		s.tell(map[string]any{"Time": view.TimeOfDay(j.Ended, s.state.Zone), "Verdict": string(j.Verdict)}, "plain.start.streamed")
	}
	s.sayReport()
	s.tell(map[string]any{"Until": view.Time(s.state.Grant.Expires, s.state.Zone)}, "plain.start.until", "owner.start.unchanged")
	s.call()
}

// sayReport says what there is to back up, which is looked at once a grant.
func (s *session) sayReport() {
	if grant := s.state.Grant.ID; s.reportFor != grant {
		s.tell(nil, "plain.start.looking")
		report, err := s.console.Inspect(s.ctx, s.actor)
		s.report, s.reportErr, s.reportFor = &report, err, grant
	}
	if s.reportErr != nil {
		s.tell(nil, "plain.start.unread")
		s.say(s.sentence(s.reportErr))
		s.reportFor = "" // it is looked at again the next time
		return
	}
	r := s.report
	s.tell(map[string]any{"Size": view.Size(r.Bytes), "Time": s.guess(r.Bytes)}, "owner.start.lead")
	if r.Kind != "" {
		s.item("- ", s.text("owner.start.kind", map[string]any{"Kind": r.Kind}))
	}
	s.item("- ", s.text("owner.start.files", map[string]any{"Count": r.Files}))
	for _, d := range r.Databases {
		s.item("- ", s.text("owner.start.database", map[string]any{
			"Name": d.Name, "Server": d.Server, "Size": view.Size(d.Bytes), "Count": d.Tables,
		}))
	}
	s.sayNotes(r.Notes)
}

// usualRate is a cautious guess at how fast a site is read, in bytes a second.
// Before the start only the order of magnitude is told.
const usualRate = 15e6

// guess says in plain words how long a backup of that many bytes may take.
func (s *session) guess(bytes int64) string {
	switch minutes := float64(bytes) / usualRate / 60; {
	case minutes < 1:
		return s.text("owner.guess.minute", nil)
	case minutes < 10:
		return s.text("owner.guess.minutes", nil)
	case minutes < 45:
		return s.text("owner.guess.half", nil)
	case minutes < 120:
		return s.text("owner.guess.hour", nil)
	default:
		return s.text("owner.guess.hours", nil)
	}
}

// notesShown is how many notes are read out; all of them are in the archive.
const notesShown = 5

func (s *session) sayNotes(notes []string) {
	for i, note := range notes {
		if i == notesShown {
			s.tell(map[string]any{"Count": len(notes) - notesShown}, "owner.notes.more")
			return
		}
		s.item("- ", s.text("plain.note", map[string]any{"Note": note}))
	}
}

func (s *session) sayFailed() {
	j := s.state.Job
	s.tell(nil, "owner.failed.lead")
	s.say(safetext.Line(j.Problem))
	if j.Incident != "" {
		s.tell(map[string]any{"ID": j.Incident}, "owner.failed.incident")
	}
	s.sayNotes(j.Notes)
	s.call()
}

// tellEvery is the pace at which it is said how far a backup is.
const tellEvery = 10 * time.Second

// follow says how a running backup goes until it has ended, or until an answer
// stops it or leaves.
func (s *session) follow() error {
	if s.shown != atProgress {
		s.gap()
		s.tell(nil, "owner.progress.lead", "owner.progress.next", "owner.progress.laptop", "plain.progress.keys")
		s.call()
		s.shown = atProgress
	}
	ctx, cancel := context.WithCancel(s.ctx)
	watcher, err := s.console.Watch(ctx, s.actor, s.state.Job.ID)
	if err != nil {
		cancel()
		_, _, _ = s.wait() // the state is about to say why; not in a tight loop
		return err
	}
	f := &following{s: s, snapshots: make(chan core.Progress)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.watch(ctx, watcher)
	}()
	defer func() {
		cancel()
		watcher.Close()
		<-ended
	}()
	return f.run(ctx)
}

// following is one watching of a running backup.
type following struct {
	s         *session
	snapshots chan core.Progress // closed when there are no more
	last      core.Progress
	said      map[string]core.StepState
}

// watch hands over snapshots until they end or nobody wants them.
func (f *following) watch(ctx context.Context, watcher *core.Watcher) {
	defer close(f.snapshots)
	for {
		p, err := watcher.Next(ctx)
		if err != nil {
			return
		}
		select {
		case f.snapshots <- p:
		case <-ctx.Done():
			return
		}
	}
}

// run says each change of a step, and every tellEvery how far the backup is.
func (f *following) run(ctx context.Context) error {
	s := f.s
	ticked, stop := s.after(tellEvery)
	defer func() { stop() }()
	for s.out.err == nil {
		if err := f.answers(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case chunk, open := <-s.keys.chunks:
			s.keys.take(chunk, open)
		case p, more := <-f.snapshots:
			if !more {
				return f.settled(ctx)
			}
			f.last = p
			f.saySteps(p)
		case <-ticked:
			f.sayFar()
			if moved, news, err := s.look(); err != nil || moved {
				return err
			} else {
				s.say(news...)
			}
			ticked, stop = s.after(tellEvery)
		}
	}
	return s.out.err
}

// settled gives the record of the backup a moment to say what its last snapshot
// said already.
func (f *following) settled(ctx context.Context) error {
	ticked, stop := f.s.after(lookEvery)
	defer stop()
	at := f.s.place()
	if err := f.s.load(); err != nil || f.s.over || f.s.place() != at {
		return nil //nolint:nilerr // the next page's load says what is wrong
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-ticked:
		return nil
	}
}

// answers carries out what was typed: 1 stops the backup, 0 leaves.
func (f *following) answers() error {
	for {
		line, ok, left := f.s.keys.next()
		switch {
		case left:
			return errLeft
		case !ok:
			return nil
		case line == "0":
			return errLeft
		case line == "1":
			yes, err := f.s.sure("cancel_backup")
			if err != nil {
				return err
			}
			if yes {
				return f.s.cancelBackup()
			}
		case line == "":
			f.sayFar()
		default:
			f.s.tell(nil, "plain.progress.keys")
		}
	}
}

// cancelBackup stops the backup. One that ended at the same moment is no error.
func (s *session) cancelBackup() error {
	err := s.console.CancelBackup(s.ctx, s.actor)
	if errors.Is(err, core.ErrState) {
		return nil
	}
	return err
}

// saySteps says which steps have begun, ended or failed since.
func (f *following) saySteps(p core.Progress) {
	for _, step := range p.Steps {
		if f.said[step.Name] == step.State || step.State == core.StepWaiting {
			continue
		}
		if f.said == nil {
			f.said = make(map[string]core.StepState)
		}
		f.said[step.Name] = step.State
		f.s.tell(map[string]any{"Step": view.Step(f.s.state.Lang, step.Name)}, "plain.step."+string(step.State))
	}
}

// sayFar says how far the backup is.
func (f *following) sayFar() {
	p := f.last
	data := map[string]any{
		"Done": view.Size(p.BytesDone), "Total": view.Size(p.BytesTotal), "Left": view.Left(p.ETA),
	}
	switch {
	case !p.TotalKnown:
		f.s.tell(data, "owner.progress.counting")
	case p.BytesTotal > 0:
		data["Percent"] = int(min(100, p.BytesDone*100/p.BytesTotal))
		f.s.tell(data, "owner.progress.percent")
	default:
		f.s.tell(data, "owner.progress.of")
	}
	if p.ETA >= 0 && p.TotalKnown {
		f.s.tell(data, "owner.progress.left")
	}
}
