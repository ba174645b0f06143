package core

import (
	"context"
	"errors"
	"time"

	"breakglass/core/safetext"
)

// stoppedRunning is why a job ended that the server's stop cut.
var stoppedRunning = Say("The server was stopped while the backup ran; start the backup again.")

// endTime bounds the recording of a job's end, which must happen even while the
// console closes.
const endTime = 30 * time.Second

// endJob shows the last of a job, and records why it failed where it did.
func (c *Console) endJob(ctx context.Context, a Actor, job Job, verdict Verdict, err error) {
	last, _ := c.hub.Get(job.ID)
	last.Done, last.Verdict, last.ETA = true, verdict, 0
	if err != nil {
		ended := c.failJob(ctx, a, job, err)
		c.options.Log.Error("backup ended early", "job", job.ID, "incident", ended.Incident, "err", err)
		last.Problem = ended.Problem
		markFailed(&last)
	}
	c.hub.Set(job.ID, last)
	if ctx.Err() != nil {
		c.hub.drop(job.ID) // cut with its grant or cancelled: the record says all there is
	}
}

// failJob records that a job failed or was cancelled, and why.
func (c *Console) failJob(ctx context.Context, a Actor, job Job, cause error) Job {
	state, event := JobFailed, EventJobFailed
	why := context.Cause(ctx)
	switch {
	case why == nil:
		job.Said, job.Full = saidOf(cause), errors.Is(cause, ErrNoSpace)
	case errors.Is(why, errShutdown):
		job.Said = stoppedRunning
	case errors.Is(why, errCut): // by a bad line as likely as by the owner
		job.Said = saidOf(why)
	default:
		state, event = JobCancelled, EventJobCancelled
		job.Said = saidOf(why)
	}
	job.Problem = safetext.Note(job.Said.String())
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
		job.Said = saidOf(errors.Join(cause, err))
		job.Problem = safetext.Note(job.Said.String())
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
	job.State, job.Ended, job.Problem, job.Said, job.Incident, job.Full = state, t.now, ended.Problem, ended.Said, ended.Incident, ended.Full
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
	}, map[string]string{"problem": job.Problem, SaidField: job.Said.encode()})
	return err
}

// generalProblem is what an owner is told of an error that says nothing to people.
func generalProblem(err error) Said {
	switch {
	case errors.Is(err, ErrNoSpace):
		return Say("The disk is full, so the backup could not be stored; free some space or ask for help, then start it again.")
	case errors.Is(err, ErrSite):
		return Say("The site's files could not be read; nothing was changed. Start it again, or give the number below to whoever helps you.")
	}
	return Say("The backup stopped for a reason that it did not expect; nothing was changed. Start it again, or give the number below to whoever helps you.")
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
		safe = append(safe, safetext.Note(l))
	}
	return safe
}
