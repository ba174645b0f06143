package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"
)

// Inspect says what a backup of the owner's site would hold, how large it would
// be, and how much room there is for it.
func (c *Console) Inspect(ctx context.Context, a Actor) (Preflight, error) {
	lease, err := c.Authorize(ctx, a, CapStartBackup)
	if err != nil {
		return Preflight{}, err
	}
	defer lease.Release()
	site, err := c.readSite(ctx, a.Name)
	if err != nil {
		return Preflight{}, err
	}
	return c.inspect(lease.Context(), site, site.Lang)
}

// inspect has the engine look at a site, with notes in a language.
func (c *Console) inspect(ctx context.Context, site Site, lang string) (Preflight, error) {
	spec, err := c.spec(site)
	if err != nil {
		return Preflight{}, err
	}
	spec.Lang = lang
	report, err := c.engine.Inspect(ctx, spec)
	if err != nil {
		return Preflight{}, err
	}
	free, err := c.vault.Free(ctx)
	if err != nil {
		return Preflight{}, fmt.Errorf("inspect: %w", err)
	}
	return Preflight{SiteReport: report, Free: free}, nil
}

// spec is what the engine is told of a site.
func (c *Console) spec(s Site) (SiteSpec, error) {
	named, err := c.namedDatabase(s)
	return SiteSpec{Site: s.ID, Root: s.Root, DatabaseHost: s.DatabaseHost, Database: named, Include: s.Include, Lang: s.Lang}, err
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
	if c.base.Err() != nil {
		lease.Release()
		return JobInfo{}, Refuse(ErrState, "The server is being stopped; come back in a few minutes.")
	}
	var site Site
	var job Job
	var begun bool
	err = c.update(ctx, "start backup", a, func(t *turn) (err error) {
		begun = false
		site, job, begun, err = t.beginJob(lease.Grant().ID, JobRunning)
		return err
	})
	if err != nil || !begun {
		lease.Release()
		return c.jobInfo(job), err
	}
	c.hub.Set(job.ID, firstProgress())
	running, release := c.leases.subscribe(lease.Context(), jobLease(job.ID))
	c.work.Go(func() {
		defer lease.Release()
		defer release()
		c.runJob(running, a, site, job)
	})
	return c.jobInfo(job), nil
}

// firstProgress is what there is to see of a backup before its engine says more.
func firstProgress() Progress {
	return Progress{ETA: -1, Steps: []Step{{StepDetect, StepRunning}}}
}

// beginJob records a job that begins, in the state that says where its archive
// goes. While one is open it returns that one, and that none has begun.
func (t *turn) beginJob(grantID string, state JobState) (Site, Job, bool, error) {
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
	name, err := t.archiveName(site)
	if err != nil {
		return Site{}, Job{}, false, err
	}
	job, err := t.Jobs().Put(Job{
		ID: id, Site: site.ID, Grant: grant.ID, State: state, Created: t.now, Archive: name,
	})
	if err != nil {
		return Site{}, Job{}, false, err
	}
	grant.Job = id
	if _, err := t.Grants().Put(grant); err != nil {
		return Site{}, Job{}, false, err
	}
	event := EventJobStarted
	if state == JobStreaming {
		event = EventJobStreaming
	}
	_, err = t.tell(site, line{
		event: event, site: site.ID, request: grant.Request, grant: grant.ID,
		from: string(JobPlanned), to: string(state), data: map[string]string{"job": id, "archive": job.Archive},
	}, nil)
	return site, job, true, err
}

// Extension is how the names of the archives end that are made now.
func (c *Console) Extension() string { return c.engine.Extension() }

// archiveName names an archive after its site and the second; a backup that
// begins within a second of another takes the next one.
func (t *turn) archiveName(site Site) (string, error) {
	for at := t.now; ; at = at.Add(time.Second) {
		name := site.ID + "-" + at.UTC().Format("20060102T150405Z") + t.c.engine.Extension()
		if _, err := t.Archives().Get(name); err != nil {
			return name, ignoreNotFound(err)
		}
	}
}

// runJob makes the archive and records what became of it.
func (c *Console) runJob(ctx context.Context, a Actor, site Site, job Job) {
	result, err := c.makeArchive(ctx, site, job)
	if err == nil {
		err = c.sealJob(a, job, result)
	}
	c.endJob(ctx, a, job, result.Verdict, err)
	if err == nil && c.options.Rehearser != nil {
		c.tryOut(job.Archive)
	}
}

// makeArchive runs the engine into the vault.
func (c *Console) makeArchive(ctx context.Context, site Site, job Job) (result BackupResult, err error) {
	w, err := c.vault.Create(ctx, job.Archive)
	if err != nil {
		return BackupResult{}, fmt.Errorf("create archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Abort())
		}
	}()
	result, err = c.runEngine(ctx, site, job, w, func(p Progress) {
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

// runEngine makes the archive of a job into w. A panic of the engine is an error
// here: the site is hostile input.
func (c *Console) runEngine(ctx context.Context, site Site, job Job, w io.Writer, report func(Progress)) (result BackupResult, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v\n%s", p, debug.Stack())
		}
	}()
	spec, err := c.spec(site)
	if err != nil {
		return BackupResult{}, err
	}
	return c.engine.Run(ctx, BackupOrder{
		SiteSpec: spec, Name: job.Archive[:len(job.Archive)-len(c.engine.Extension())], Created: job.Created,
		Host: c.options.Host, Grant: job.Grant, Call: site.Call,
		Proof: func(ctx context.Context) ([]byte, error) { return c.proveGrant(ctx, job.Grant) },
	}, w, func(p Progress) {
		p.Done = false // the record says when it is
		report(p)
	})
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
		return Refuse(ErrState, "Backup %s is %s already.", id, job.State.said())
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

// CancelBackup ends the running backup of the owner's grant.
func (c *Console) CancelBackup(ctx context.Context, a Actor) error {
	lease, err := c.Authorize(ctx, a, CapStartBackup)
	if err != nil {
		return err
	}
	defer lease.Release()
	id := lease.Grant().Job
	running := false
	err = c.view(ctx, "cancel backup", func(tx Tx) error {
		job, err := tx.Jobs().Get(id)
		running = err == nil && job.State.Open()
		return ignoreNotFound(err)
	})
	if err != nil {
		return err
	}
	if !running {
		return Refuse(ErrState, "No backup is running.")
	}
	c.leases.end(jobLease(id), Refuse(ErrCancelled, "You cancelled the backup; start it again when you like."))
	return nil
}

// Watch follows a backup of the owner's grant.
func (c *Console) Watch(ctx context.Context, a Actor, job string) (*Watcher, error) {
	lease, err := c.Authorize(ctx, a, CapWatch)
	if err != nil {
		return nil, err
	}
	var found Job
	err = c.view(ctx, "find backup", func(tx Tx) (err error) {
		found, err = tx.Jobs().Get(job)
		if err == nil && found.Grant != lease.Grant().ID {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		lease.Release()
		return nil, notFound(err, "There is no such backup.")
	}
	if !found.State.Open() {
		c.hub.remember(job, Progress{Done: true, Verdict: found.Verdict, Notes: found.Notes, Problem: found.Problem})
	}
	return c.hub.watch(job, lease, c.clock), nil
}

// jobLease is the name under which a job's own work is cancelled.
func jobLease(job string) string { return "job " + job }
