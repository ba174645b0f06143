package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"breakglass/core/safetext"
)

// Inspect says what a backup of the owner's site would hold and how large it
// would be.
func (c *Console) Inspect(ctx context.Context, a Actor) (SiteReport, error) {
	lease, err := c.Authorize(ctx, a, CapStartBackup)
	if err != nil {
		return SiteReport{}, err
	}
	defer lease.Release()
	site, err := c.readSite(ctx, a.Name)
	if err != nil {
		return SiteReport{}, err
	}
	return c.engine.Inspect(lease.Context(), site.spec())
}

func (s Site) spec() SiteSpec {
	return SiteSpec{Site: s.ID, Root: s.Root, DatabaseHost: s.DatabaseHost}
}

func (c *Console) readSite(ctx context.Context, id string) (site Site, err error) {
	err = c.view(ctx, "read site", func(tx Tx) (err error) {
		site, err = tx.Sites().Get(id)
		return err
	})
	return site, err
}

// StartBackup begins a backup under the owner's grant. It runs on the console's
// context, not the session's: closing the laptop does not end it. While one is
// running it returns that one.
func (c *Console) StartBackup(ctx context.Context, a Actor) (JobInfo, error) {
	lease, err := c.authorize(ctx, c.base, a, CapStartBackup)
	if err != nil {
		return JobInfo{}, err
	}
	var site Site
	var job Job
	var begun bool
	err = c.update(ctx, "start backup", a, func(t *turn) (err error) {
		begun = false
		site, job, begun, err = t.beginJob(lease.Grant().ID)
		return err
	})
	if err != nil || !begun {
		lease.Release()
		return c.jobInfo(job), err
	}
	c.hub.Set(job.ID, Progress{ETA: -1, Steps: []Step{{StepDetect, StepRunning}}})
	running, release := c.leases.subscribe(lease.Context(), jobLease(job.ID))
	c.work.Go(func() {
		defer lease.Release()
		defer release()
		c.runJob(running, a, site, job)
	})
	return c.jobInfo(job), nil
}

func (t *turn) beginJob(grantID string) (Site, Job, bool, error) {
	grant, err := t.Grants().Get(grantID)
	if err != nil {
		return Site{}, Job{}, false, err
	}
	if cause := grant.endCause(); cause != nil {
		return Site{}, Job{}, false, cause
	}
	site, err := t.Sites().Get(grant.Site)
	if err != nil {
		return Site{}, Job{}, false, err
	}
	if grant.Job != "" {
		job, err := t.Jobs().Get(grant.Job)
		if err != nil || job.State.Open() {
			return site, job, false, err
		}
	}
	id, err := t.newID("J")
	if err != nil {
		return Site{}, Job{}, false, err
	}
	job, err := t.Jobs().Put(Job{
		ID: id, Site: site.ID, Grant: grant.ID, State: JobRunning, Created: t.now,
		Archive: site.ID + "-" + t.now.Format("20060102T150405Z") + t.c.engine.Extension(),
	})
	if err != nil {
		return Site{}, Job{}, false, err
	}
	grant.Job = id
	if _, err := t.Grants().Put(grant); err != nil {
		return Site{}, Job{}, false, err
	}
	_, err = t.tell(site, line{
		event: EventJobStarted, site: site.ID, request: grant.Request, grant: grant.ID,
		from: string(JobPlanned), to: string(JobRunning), data: map[string]string{"job": id, "archive": job.Archive},
	}, nil)
	return site, job, true, err
}

// runJob makes the archive and records what became of it.
func (c *Console) runJob(ctx context.Context, a Actor, site Site, job Job) {
	result, err := c.makeArchive(ctx, site, job)
	if err == nil {
		err = c.sealJob(a, job, result)
	}
	last, _ := c.hub.Get(job.ID)
	last.Done, last.Verdict, last.ETA = true, result.Verdict, 0
	if err != nil {
		ended := c.failJob(ctx, a, job, err)
		c.options.Log.Error("backup ended early", "job", job.ID, "incident", ended.Incident, "err", err)
		last.Problem = ended.Problem
		markFailed(&last)
	}
	c.hub.Set(job.ID, last)
}

// makeArchive runs the engine into the vault. A panic of the engine is an error
// here: the site is hostile input.
func (c *Console) makeArchive(ctx context.Context, site Site, job Job) (result BackupResult, err error) {
	w, err := c.vault.Create(ctx, job.Archive)
	if err != nil {
		return BackupResult{}, fmt.Errorf("create archive: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			err = errors.Join(err, w.Abort())
		}
	}()
	result, err = c.engine.Run(ctx, BackupOrder{
		SiteSpec: site.spec(), Name: job.Archive[:len(job.Archive)-len(c.engine.Extension())], Created: job.Created,
		Host: c.options.Host, Grant: job.Grant, Call: site.Call, Lang: site.Lang,
	}, w, func(p Progress) {
		p.Done = false
		p.Steps = append(p.Steps[:len(p.Steps):len(p.Steps)], Step{StepSeal, StepWaiting})
		c.hub.Set(job.ID, p)
	})
	if err != nil {
		return result, err
	}
	c.sealing(job.ID, StepRunning)
	if err := w.Seal(); err != nil {
		return result, fmt.Errorf("seal archive: %w", err)
	}
	if ctx.Err() != nil {
		return result, errors.Join(context.Cause(ctx), c.vault.Remove(context.WithoutCancel(ctx), job.Archive))
	}
	c.sealing(job.ID, StepDone)
	return result, nil
}

// sealing shows the state of the last step.
func (c *Console) sealing(job string, state StepState) {
	p, ok := c.hub.Get(job)
	if !ok || len(p.Steps) == 0 {
		return
	}
	p.Steps = append([]Step(nil), p.Steps...)
	p.Steps[len(p.Steps)-1].State = state
	c.hub.Set(job, p)
}

// endTime bounds the recording of a job's end, which must happen even while the
// console closes.
const endTime = 30 * time.Second

// sealJob records the archive. Where that fails the archive is removed again.
func (c *Console) sealJob(a Actor, job Job, result BackupResult) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.base), endTime)
	defer cancel()
	size, err := c.sizeOf(ctx, job.Archive)
	if err == nil {
		err = c.update(ctx, "seal backup", a, func(t *turn) error { return t.sealJob(job.ID, size, result) })
	}
	if err != nil {
		return errors.Join(err, c.vault.Remove(ctx, job.Archive))
	}
	return nil
}

func (c *Console) sizeOf(ctx context.Context, name string) (int64, error) {
	r, err := c.vault.Open(ctx, name)
	if err != nil {
		return 0, err
	}
	return r.Size(), r.Close()
}

func (t *turn) sealJob(id string, size int64, result BackupResult) error {
	job, err := t.Jobs().Get(id)
	if err != nil {
		return err
	}
	if !allowed(jobEdges, job.State, JobSealed) {
		return Refuse(ErrState, "Backup %s is %s already.", id, job.State)
	}
	site, err := t.Sites().Get(job.Site)
	if err != nil {
		return err
	}
	notes := safeLines(result.Notes)
	job.State, job.Ended, job.Verdict, job.Notes = JobSealed, t.now, result.Verdict, notes
	if _, err := t.Jobs().Put(job); err != nil {
		return err
	}
	_, err = t.Archives().Put(Archive{
		ID: job.Archive, Site: job.Site, Job: id, State: ArchiveSealed, Size: size, SHA256: result.SHA256,
		Signature: string(result.Signature), Verdict: result.Verdict, Notes: notes, Sealed: t.now, Removes: t.now.Add(t.c.options.Retention),
	})
	if err != nil {
		return err
	}
	_, err = t.tell(site, line{
		event: EventJobSealed, site: site.ID, grant: job.Grant, from: string(JobRunning), to: string(JobSealed),
		data: map[string]string{"job": id, "archive": job.Archive, "size": fmt.Sprint(size), "sha256": result.SHA256, "verdict": string(result.Verdict)},
	}, nil)
	return err
}

// failJob records that a job failed or was cancelled, and why.
func (c *Console) failJob(ctx context.Context, a Actor, job Job, cause error) Job {
	state, event := JobFailed, EventJobFailed
	why := context.Cause(ctx)
	switch {
	case why != nil && !errors.Is(why, errShutdown):
		state, event = JobCancelled, EventJobCancelled
		job.Problem = problemOf(why)
	case why != nil:
		job.Problem = "The server was stopped while the backup ran; start it again."
	default:
		job.Problem = problemOf(cause)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(c.base), endTime)
	defer cancel()
	err := c.update(end, "end backup", a, func(t *turn) error {
		incident, err := t.text(idLength)
		if err != nil {
			return err
		}
		job.Incident = incident
		return t.failJob(job, state, event)
	})
	if err != nil {
		// The ledger cannot be written; at the next start the job is found
		// running and marked failed then.
		job.Problem = problemOf(errors.Join(cause, err))
	}
	return job
}

func (t *turn) failJob(ended Job, state JobState, event Event) error {
	job, err := t.Jobs().Get(ended.ID)
	if err != nil {
		return err
	}
	if !allowed(jobEdges, job.State, state) {
		return nil
	}
	from := job.State
	job.State, job.Ended, job.Problem, job.Incident = state, t.now, ended.Problem, ended.Incident
	if _, err := t.Jobs().Put(job); err != nil {
		return err
	}
	site, err := t.Sites().Get(job.Site)
	if err != nil {
		return ignoreNotFound(err)
	}
	_, err = t.tell(site, line{
		event: event, site: site.ID, grant: job.Grant, from: string(from), to: string(state), result: job.Problem,
		data: map[string]string{"job": job.ID, "incident": job.Incident},
	}, map[string]string{"problem": job.Problem})
	return err
}

// CancelBackup ends the running backup of the owner's grant.
func (c *Console) CancelBackup(ctx context.Context, a Actor) error {
	lease, err := c.Authorize(ctx, a, CapStartBackup)
	if err != nil {
		return err
	}
	defer lease.Release()
	if lease.Grant().Job == "" {
		return Refuse(ErrState, "No backup is running.")
	}
	c.leases.end(jobLease(lease.Grant().Job), Refuse(ErrCancelled, "You cancelled the backup; start it again when you like."))
	return nil
}

// Watch follows a backup of the owner's grant.
func (c *Console) Watch(ctx context.Context, a Actor, job string) (*Watcher, error) {
	lease, err := c.Authorize(ctx, a, CapWatch)
	if err != nil {
		return nil, err
	}
	err = c.view(ctx, "find backup", func(tx Tx) error {
		found, err := tx.Jobs().Get(job)
		if err == nil && found.Grant != lease.Grant().ID {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		lease.Release()
		return nil, notFound(err, "There is no such backup.")
	}
	return c.hub.watch(job, lease, c.clock), nil
}

// jobLease is the name under which a job's own work is cancelled.
func jobLease(job string) string { return "job " + job }

// problemOf is what an owner is told of an error: its own sentence if it has
// one, else a general one. The rest stays in the server's log.
func problemOf(err error) string {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return safetext.Line(refusal.Error())
	}
	for kind, sentence := range map[error]string{
		ErrNoSpace:  "The disk is full, so the backup could not be stored; free some space or ask for help, then start it again.",
		ErrSite:     "The site's files could not be read; nothing was changed. Start it again, or give the number below to whoever helps you.",
		ErrDatabase: "The site's database could not be dumped; nothing was changed. Start it again, or give the number below to whoever helps you.",
	} {
		if errors.Is(err, kind) {
			return sentence
		}
	}
	return "The backup stopped for a reason that it did not expect; nothing was changed. Start it again, or give the number below to whoever helps you."
}

func markFailed(p *Progress) {
	steps := append([]Step(nil), p.Steps...)
	for i := range steps {
		if steps[i].State == StepRunning {
			steps[i].State = StepFailed
		}
	}
	p.Steps = steps
}

func safeLines(lines []string) []string {
	safe := make([]string, 0, len(lines))
	for _, l := range lines {
		safe = append(safe, safetext.Line(l))
	}
	return safe
}
