package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// errCut is why a stream ends that its client does not take any more.
var errCut = Refuse(ErrCancelled, "The connection to your computer ended before the whole backup was there. What arrived is no backup: delete it, and type the line once more.")

// StreamBackup makes a backup and writes the archive to w while it is made:
// nothing of it is stored here. It wants both capabilities, to start a backup
// and to download it, and ends when the grant, the console or ctx does, or when
// it is cancelled, whatever w does then; a Write of w that hangs may outlive it.
// Where w takes its time the engine waits, so that memory stays flat. begun is
// called once the job is recorded.
func (c *Console) StreamBackup(ctx context.Context, a Actor, w io.Writer, begun func(JobInfo)) (BackupResult, error) {
	start, err := c.Authorize(ctx, a, CapStartBackup)
	if err != nil {
		return BackupResult{}, err
	}
	defer start.Release()
	fetch, err := c.authorize(ctx, start.Context(), a, CapDownload)
	if err != nil {
		return BackupResult{}, err
	}
	defer fetch.Release()
	if c.base.Err() != nil {
		return BackupResult{}, Refuse(ErrState, "The server is being stopped; come back in a few minutes.")
	}
	site, job, err := c.beginStream(ctx, a, start.Grant().ID)
	if err != nil {
		return BackupResult{}, err
	}
	running, cancel := c.whileWanted(fetch.Context())
	defer cancel()
	running, release := c.leases.subscribe(running, jobLease(job.ID))
	defer release()
	begun(c.jobInfo(job))
	var result BackupResult
	done := make(chan struct{})
	c.work.Go(func() {
		defer close(done)
		result, err = c.runStream(running, a, site, job, w)
	})
	<-done
	return result, err
}

func (c *Console) beginStream(ctx context.Context, a Actor, grant string) (site Site, job Job, err error) {
	err = c.update(ctx, "begin stream", a, func(t *turn) error {
		begun := false
		site, job, begun, err = t.beginJob(grant, JobStreaming)
		if err == nil && !begun {
			err = Refuse(ErrBusy, "A backup of this site is being made already; wait until it is done or stop it, then type the line once more.")
		}
		return err
	})
	if err == nil {
		c.hub.Set(job.ID, firstProgress())
	}
	return site, job, err
}

// whileWanted returns a context that ends with the console or with a lease.
// Where the lease ended because its caller has gone, that is the cause.
func (c *Console) whileWanted(lease context.Context) (context.Context, func()) {
	wanted, cancel := context.WithCancelCause(c.base)
	stop := context.AfterFunc(lease, func() {
		var refusal *Refusal
		cause := context.Cause(lease)
		if !errors.As(cause, &refusal) {
			cause = errCut
		}
		cancel(cause)
	})
	return wanted, func() {
		stop()
		cancel(context.Canceled)
	}
}

// runStream makes the archive into w and records what became of it.
func (c *Console) runStream(ctx context.Context, a Actor, site Site, job Job, w io.Writer) (BackupResult, error) {
	out := newOutflow(ctx, w)
	defer out.Close()
	result, err := c.runEngine(ctx, site, job, out, func(p Progress) { c.hub.Set(job.ID, p) })
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = c.recordStream(a, job, result)
	}
	c.endJob(ctx, a, job, result.Verdict, err)
	if why := context.Cause(ctx); err != nil && why != nil {
		err = why // what the engine made of it does not matter
	}
	return result, err
}

// recordStream records that all of the archive went out. Nobody can know that
// it was kept.
func (c *Console) recordStream(a Actor, job Job, result BackupResult) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.base), endTime)
	defer cancel()
	return c.update(ctx, "end stream", a, func(t *turn) error {
		job, err := t.Jobs().Get(job.ID)
		if err != nil {
			return err
		}
		if !allowed(jobEdges, job.State, JobStreamed) {
			return Refuse(ErrState, "Backup %s is %s already.", job.ID, job.State.said())
		}
		site, err := t.Sites().Get(job.Site)
		if err != nil {
			return err
		}
		from := job.State
		job.State, job.Ended, job.Verdict, job.Notes = JobStreamed, t.now, result.Verdict, safeLines(result.Notes)
		job.Size, job.SHA256 = result.Written, result.SHA256
		if _, err := t.Jobs().Put(job); err != nil {
			return err
		}
		_, err = t.tell(site, line{
			event: EventJobStreamed, site: site.ID, grant: job.Grant, from: string(from), to: string(JobStreamed),
			data: map[string]string{
				"job": job.ID, "archive": job.Archive, "size": fmt.Sprint(job.Size), "sha256": job.SHA256, "verdict": string(job.Verdict),
			},
		}, nil)
		return err
	})
}

// flowSize is how much is handed to the client's writer at a time, in bytes.
const flowSize = 256 << 10

// outflow is the way to a client that may stop taking anything: a write waits
// for it, but no longer than the context lasts. It is for one goroutine.
type outflow struct {
	ctx    context.Context
	chunk  []byte        // lent to the pump
	full   chan int      // bytes of the chunk that are to go
	taken  chan error    // what became of them
	broken error         // the first error is the last
	closed chan struct{} // nothing more will come
}

func newOutflow(ctx context.Context, w io.Writer) *outflow {
	o := &outflow{
		ctx: ctx, chunk: make([]byte, flowSize), full: make(chan int), taken: make(chan error, 1), closed: make(chan struct{}),
	}
	go o.pump(w)
	return o
}

// pump passes on one chunk after the other. It ends with the outflow, or, where
// w hangs, once w lets go.
func (o *outflow) pump(w io.Writer) {
	for {
		select {
		case n := <-o.full:
			o.taken <- handOver(w, o.chunk[:n])
		case <-o.closed:
			return
		}
	}
}

// handOver writes to somebody else's writer.
func handOver(w io.Writer, p []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the client's writer broke: %v\n%s", r, debug.Stack())
		}
	}()
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return errCut.Because(err)
	}
	return nil
}

// Write implements io.Writer.
func (o *outflow) Write(p []byte) (done int, err error) {
	for done < len(p) && o.broken == nil {
		n := copy(o.chunk, p[done:])
		o.broken = o.pass(n)
		if o.broken == nil {
			done += n
		}
	}
	return done, o.broken
}

func (o *outflow) pass(n int) error {
	if o.ctx.Err() != nil {
		return context.Cause(o.ctx)
	}
	o.full <- n // the pump waits for it
	select {
	case err := <-o.taken:
		return err
	case <-o.ctx.Done():
		return context.Cause(o.ctx)
	}
}

// Close ends the pump, but does not wait for a writer that hangs.
func (o *outflow) Close() { close(o.closed) }
