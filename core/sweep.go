package core

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The paces of the ticker.
const (
	grantTick     = 250 * time.Millisecond // a grant is cut well within 1 s of its end
	slowTick      = 15 * time.Second       // holds, lapses, retention
	failureTick   = time.Minute            // sums of failed logins
	heartbeatTick = time.Hour
	clockSlack    = time.Minute // how far the wall clock may be off
)

// recoverState brings the records in line with what is true after a stop.
func (c *Console) recoverState(ctx context.Context) error {
	err := c.view(ctx, "read newest time", func(tx Tx) error {
		newest, err := newestLogged(tx)
		c.judge.reached(newest)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.resumeLog(ctx); err != nil {
		return err
	}
	if err := c.failRunning(ctx); err != nil {
		return err
	}
	if err := c.sweepVault(ctx); err != nil {
		return err
	}
	if err := c.findLive(ctx); err != nil {
		return err
	}
	if err := c.sweepGrants(ctx); err != nil {
		return err
	}
	if err := c.sweepSlow(ctx); err != nil {
		return err
	}
	return c.record(ctx, line{event: EventBoot})
}

// record writes one leaf of the console itself.
func (c *Console) record(ctx context.Context, l line) error {
	return c.update(ctx, "record "+string(l.event), systemActor, func(t *turn) error {
		_, err := t.record(l)
		return err
	})
}

// failRunning marks failed the jobs that a stop or a crash ended.
func (c *Console) failRunning(ctx context.Context) error {
	running, err := collect(ctx, c, func(tx Tx) Table[Job] { return tx.Jobs() }, func(j Job) bool { return j.State.Open() })
	if err != nil {
		return err
	}
	for _, job := range running {
		err := c.update(ctx, "fail interrupted backup", systemActor, func(t *turn) error {
			incident, err := t.text(idLength)
			if err != nil {
				return err
			}
			job.Problem, job.Said, job.Incident = stoppedRunning.String(), stoppedRunning, incident
			return t.failJob(job, JobFailed, EventJobFailed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepVault removes half-written archives and those that no record knows, and
// marks removed the records whose archive is gone.
func (c *Console) sweepVault(ctx context.Context) error {
	if err := c.vault.Sweep(ctx); err != nil {
		return err
	}
	names, err := c.vault.List(ctx)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	kept, err := collect(ctx, c, func(tx Tx) Table[Archive] { return tx.Archives() }, func(a Archive) bool { return a.State != ArchiveRemoved })
	if err != nil {
		return err
	}
	for _, archive := range kept {
		if !there[archive.ID] {
			if err := c.removeArchive(ctx, archive.ID, "its file is gone"); err != nil {
				return err
			}
		}
		delete(there, archive.ID)
	}
	for name := range there {
		if err := c.vault.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// removeArchive marks an archive removed, then removes its file.
func (c *Console) removeArchive(ctx context.Context, id, why string) error {
	err := c.update(ctx, "remove archive", systemActor, func(t *turn) error {
		archive, err := t.Archives().Get(id)
		if err != nil || archive.State == ArchiveRemoved {
			return err
		}
		from := archive.State
		archive.State = ArchiveRemoved
		if _, err := t.Archives().Put(archive); err != nil {
			return err
		}
		l := line{
			event: EventArchiveRemoved, site: archive.Site, from: string(from), to: string(ArchiveRemoved), result: why,
			data: map[string]string{"archive": id},
		}
		site, err := t.Sites().Get(archive.Site)
		if errors.Is(err, ErrNotFound) {
			_, err = t.record(l)
			return err
		}
		if err != nil {
			return err
		}
		_, err = t.tell(site, l, nil)
		return err
	})
	if err != nil {
		return err
	}
	return c.vault.Remove(ctx, id)
}

// sweepGrants expires the live grants whose time is over.
func (c *Console) sweepGrants(ctx context.Context) error {
	var failed error
	for _, grant := range c.live.all() {
		if c.over(grant) {
			failed = errors.Join(failed, c.expire(ctx, grant))
		}
	}
	return failed
}

// findLive learns at start-up which grants are live.
func (c *Console) findLive(ctx context.Context) error {
	live, err := collect(ctx, c, func(tx Tx) Table[Grant] { return tx.Grants() }, func(g Grant) bool { return g.State == GrantActive })
	for _, grant := range live {
		c.live.add(grant)
	}
	return err
}

func (c *Console) expire(ctx context.Context, grant Grant) error {
	// Work is cut first: a ledger that cannot be written must not lengthen it.
	c.leases.end(grant.ID, Refuse(ErrExpired, "Access has expired; ask for it again."))
	return c.update(ctx, "expire grant", systemActor, func(t *turn) error {
		site, err := t.Sites().Get(grant.Site)
		if ignoreNotFound(err) != nil {
			return err
		}
		if err != nil || site.LiveGrant != grant.ID {
			// Somebody else ended it while it was on its way into the live ones.
			t.endGrant(grant, Refuse(ErrExpired, "Access has expired; ask for it again."))
			return nil
		}
		_, err = t.end(site, GrantExpired, EventGrantExpired, "")
		return err
	})
}

// sweepSlow ends holds, lets old requests lapse and removes old archives.
func (c *Console) sweepSlow(ctx context.Context) error {
	now := c.judge.now()
	sites, err := collect(ctx, c, func(tx Tx) Table[Site] { return tx.Sites() }, func(s Site) bool { return len(s.Open) > 0 })
	if err != nil {
		return err
	}
	for _, site := range sites {
		for _, factor := range sortedKeys(site.Open) {
			if err := c.sweepRequest(ctx, site.ID, factor); err != nil {
				return err
			}
		}
	}
	return c.sweepArchives(ctx, now)
}

// sweepArchives removes the archives whose time is over, and those whose site
// was removed: another site of the same name must not come by them.
func (c *Console) sweepArchives(ctx context.Context, now time.Time) error {
	why := make(map[string]string)
	err := c.view(ctx, "sweep archives", func(tx Tx) error {
		clear(why)
		var inner error
		err := tx.Archives().Each("", func(a Archive) bool {
			if a.State == ArchiveRemoved {
				return true
			}
			site, err := tx.Sites().Get(a.Site)
			if inner = ignoreNotFound(err); inner != nil {
				return false
			}
			switch {
			case err != nil || a.Sealed.Before(site.Created):
				why[a.ID] = siteRemoved
			case !now.Before(a.Removes):
				why[a.ID] = "its time is over"
			}
			return true
		})
		return errors.Join(err, inner)
	})
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(why) {
		if err := c.removeArchive(ctx, id, why[id]); err != nil {
			return err
		}
	}
	return nil
}

// siteRemoved is why an archive goes with its site.
const siteRemoved = "its site was removed"

func (c *Console) sweepRequest(ctx context.Context, siteID, factor string) error {
	due := false
	err := c.view(ctx, "read request", func(tx Tx) error {
		site, err := tx.Sites().Get(siteID)
		if err != nil {
			return err
		}
		r, err := tx.Requests().Get(site.Open[factor])
		now := c.judge.now()
		due = err == nil && (!now.Before(r.Lapses) || (r.State == RequestHolding && !now.Before(r.Ready)))
		return ignoreNotFound(err)
	})
	if err != nil || !due {
		return err
	}
	return c.update(ctx, "sweep request", systemActor, func(t *turn) error {
		site, err := t.Sites().Get(siteID)
		if err != nil {
			return err
		}
		r, err := t.Requests().Get(site.Open[factor])
		switch {
		case err != nil:
			return ignoreNotFound(err)
		case !t.now.Before(r.Lapses):
			_, err = t.endRequest(site, r, RequestLapsed, EventRequestLapsed, "")
		case r.State == RequestHolding && !t.now.Before(r.Ready):
			_, err = t.step(site, r, RequestReady, EventRequestReady, nil)
		}
		return err
	})
}

// collect reads the records that match.
func collect[T any](ctx context.Context, c *Console, table func(Tx) Table[T], match func(T) bool) ([]T, error) {
	var found []T
	err := c.view(ctx, "sweep", func(tx Tx) error {
		found = nil
		return table(tx).Each("", func(v T) bool {
			if match(v) {
				found = append(found, v)
			}
			return true
		})
	})
	return found, err
}

// Run does what time asks for until ctx ends: grants expire, holds end,
// requests lapse, archives go, the heartbeat is logged, a jump of the clock is
// noticed. It returns when ctx has ended. A step that fails is reported to the
// operator's log and tried again.
func (c *Console) Run(ctx context.Context) {
	var slow, failures, beat time.Duration
	watch := clockWatch{wall: c.clock.Now()}
	_, last := c.clock.Boot()
	c.report("rehearse", c.tryOutSealed(ctx))
	for {
		tick := make(chan struct{})
		stop := c.clock.AfterFunc(grantTick, func() { close(tick) })
		select {
		case <-ctx.Done():
			stop()
			return
		case <-tick:
		}
		_, since := c.clock.Boot()
		passed := since - last
		last = since
		c.report("expire grants", c.sweepGrants(ctx))
		if slow += passed; slow >= slowTick {
			slow = 0
			c.report("sweep", c.sweepSlow(ctx))
		}
		if failures += passed; failures >= failureTick {
			failures = 0
			c.report("log failed logins", c.logFailures(ctx))
		}
		if beat += passed; beat >= heartbeatTick {
			beat = 0
			c.report("heartbeat", c.record(ctx, line{event: EventHeartbeat}))
		}
		c.watchClock(ctx, &watch, passed)
	}
}

func (c *Console) report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		c.options.Log.Error(what, "err", err)
	}
}

// clockWatch is what the last look at the wall clock showed.
type clockWatch struct {
	wall time.Time
	back bool // it is behind the judged time
}

// watchClock logs each jump of the wall clock, and tells the managers of all
// sites. Set back, it is not followed; set forward it is, for that can only
// shorten a grant. passed is the time since the last look.
func (c *Console) watchClock(ctx context.Context, w *clockWatch, passed time.Duration) {
	wall, drift := c.clock.Now(), c.judge.drift()
	ahead := wall.Sub(w.wall) - passed
	back := drift < -clockSlack
	switch {
	case back && !w.back:
		c.report("log clock", c.logClock(ctx, "set back", -drift))
	case ahead > clockSlack:
		c.report("log clock", c.logClock(ctx, "set forward", ahead))
	}
	w.wall, w.back = wall, back
}

func (c *Console) logClock(ctx context.Context, what string, by time.Duration) error {
	return c.update(ctx, "log clock", systemActor, func(t *turn) error {
		_, err := t.tell(Site{}, line{
			event: EventClock, result: what, data: map[string]string{"seconds": fmt.Sprint(int64(by / time.Second))},
		}, map[string]string{"clock": what})
		return err
	})
}
