package plain

import (
	"context"
	"errors"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/wizard"
)

// startPage is where access is open and nothing runs: before the first backup,
// or after one that was stopped or failed.
func (s *session) startPage(at wizard.Place) page {
	p := page{lead: s.sayStart}
	start := "plain.start.go"
	if at == wizard.Failed {
		start, p.lead = "plain.failed.go", s.sayFailed
	}
	streamed := wizard.Streamed(s.state) != nil
	if streamed {
		p.choices = append(p.choices, choice{s.text("plain.download.done", nil), func() error { s.Handover = true; return nil }})
	}
	if streamed || s.tooFull() {
		start = "plain.stream.store"
		p.choices = append(p.choices, choice{s.text("plain.download.again", nil), s.again})
	}
	p.choices = append(p.choices, choice{s.text(start, nil), s.start})
	if len(s.state.Archives) > 0 {
		a := s.state.Archives[0]
		text := s.text("plain.start.old", map[string]any{"Time": view.Time(a.Sealed, s.state.Zone), "Size": view.Size(s.state.Lang, a.Size)})
		p.choices = append(p.choices, choice{text, func() error { s.Archive = true; return nil }})
	}
	p.choices = append(p.choices, s.closing())
	return p
}

func (s *session) start() error {
	_, err := s.console.StartBackup(s.ctx, s.actor)
	if err == nil {
		s.Archive, s.Handover = false, false
		s.shown = "" // a backup may have ended before it is looked at, and leads back to this page
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
	if j := wizard.Streamed(s.state); j != nil {
		s.sayStreamed(*j)
		return
	}
	if j := s.state.Job; j != nil && j.State == core.JobCancelled {
		s.tell(nil, "owner.start.cancelled")
	}
	s.sayReport()
	if s.tooFull() {
		s.sayStream()
	}
	s.tell(map[string]any{"Until": view.Time(s.state.Grant.Expires, s.state.Zone)}, "plain.start.until", "owner.start.unchanged")
	s.call()
}

// inspect looks, once a grant, at what there is to back up: before a page where
// a backup can be started.
func (s *session) inspect(at wizard.Place) {
	grant := s.state.Grant
	if at != wizard.Start && at != wizard.Failed || grant == nil || s.reportFor == grant.ID {
		return
	}
	if at == wizard.Start {
		s.gap()
		s.tell(nil, "plain.start.looking")
	}
	found, err := s.console.Inspect(s.ctx, s.actor)
	s.report, s.reportErr, s.reportFor = &found, err, grant.ID
}

// tooFull reports whether the backup had better not be kept on the server.
func (s *session) tooFull() bool {
	found := s.report
	if s.reportErr != nil {
		found = nil
	}
	return wizard.TooFull(s.state, found)
}

// sayReport says what there is to back up.
func (s *session) sayReport() {
	if s.reportErr != nil {
		s.tell(nil, "plain.start.unread")
		s.say(s.sentence(s.reportErr))
		s.reportFor = "" // it is looked at again the next time
		return
	}
	r := s.report
	s.tell(map[string]any{"Size": view.Size(s.state.Lang, r.Bytes), "Time": wizard.Guess(s.state.Lang, r.Bytes)}, "owner.start.lead")
	if r.Kind != "" {
		s.item("- ", s.text("owner.start.kind", map[string]any{"Kind": r.Kind}))
	}
	s.item("- ", s.text("owner.start.files", map[string]any{"Count": r.Files}))
	for _, d := range r.Databases {
		s.item("- ", s.text("owner.start.database", map[string]any{
			"Name": d.Name, "Server": d.Server, "Size": view.Size(s.state.Lang, d.Bytes), "Count": d.Tables,
		}))
	}
	s.sayNotes(r.Notes)
}

// sayStream says the line with which the backup goes straight to the owner's
// computer, because there is no room for it here.
func (s *session) sayStream() {
	l := s.lines()
	s.tell(nil, "owner.stream.full", "plain.download.next")
	s.copyable(l.Stream)
	s.tell(nil, "plain.stream.windows")
	s.copyable(l.Windows)
	s.tell(map[string]any{"File": l.File}, "owner.stream.what", "owner.download.password")
}

// sayStreamed says what became of a backup that was sent straight to the
// owner's computer: there is nothing here to fetch.
func (s *session) sayStreamed(j core.JobInfo) {
	id := "owner.streamed.incomplete"
	switch j.Verdict {
	case core.VerdictComplete:
		id = "owner.streamed.complete"
	case core.VerdictNotes:
		id = "owner.streamed.notes"
	}
	s.tell(map[string]any{"Time": view.TimeOfDay(j.Ended, s.state.Zone), "Size": view.Size(s.state.Lang, j.Size)}, id)
	s.sayNotes(j.Notes)
	s.tell(nil, "owner.download.check")
	s.copyable(safetext.Line(j.SHA256))
	s.tell(nil, "owner.streamed.again")
	s.copyable(s.lines().Stream)
	s.call()
}

// notesShown is how many notes are read out; all of them are in the archive.
const notesShown = 5

func (s *session) sayNotes(notes []string) {
	for i, note := range notes {
		if i == notesShown {
			s.tell(map[string]any{"Count": len(notes) - notesShown}, "owner.notes.more")
			return
		}
		s.item("- ", s.text("plain.note", map[string]any{"Note": words.Verbatim(safetext.Note(note))}))
	}
}

func (s *session) sayFailed() {
	j := s.state.Job
	s.tell(nil, "owner.failed.lead")
	s.say(view.Problem(s.state.Lang, *j))
	if s.tooFull() {
		s.sayStream()
	}
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
	if s.shown != wizard.Progress {
		s.gap()
		if s.state.Job.State == core.JobStreaming {
			s.tell(nil, "owner.streaming.lead", "owner.streaming.next", "owner.streaming.stay", "plain.progress.keys")
		} else {
			s.tell(nil, "owner.progress.lead", "owner.progress.next", "owner.progress.laptop", "plain.progress.keys")
		}
		s.call()
		s.shown = wizard.Progress
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
		"Done": view.Size(f.s.state.Lang, p.BytesDone), "Total": view.Size(f.s.state.Lang, p.BytesTotal), "Left": view.Left(f.s.state.Lang, p.ETA),
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
	if p.ETA >= time.Second && p.TotalKnown {
		f.s.tell(data, "owner.progress.left")
	}
}
