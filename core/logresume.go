package core

import (
	"context"
	"errors"
	"fmt"

	"breakglass/core/audit"
)

// restoredReason is why access ended that an older ledger had open.
const restoredReason = "the console went back to an older copy of its records; ask again"

// resumeLog compares the log with the checkpoint that was handed out last. A
// log that is shorter, or another, comes from an older copy of the ledger, in
// which used codes and ended grants are good again: all of them are made void.
// Only checkpoints that were handed out count, and those are of durable lines,
// so a crash alone never costs anybody their access.
func (c *Console) resumeLog(ctx context.Context) error {
	if c.options.Witness == nil {
		return nil
	}
	kept, err := c.options.Witness.Kept(ctx)
	if err != nil {
		return ignoreNotFound(err)
	}
	err = c.view(ctx, "resume log", func(tx Tx) error { return c.options.Signer.Resume(tx.Log(), kept) })
	if err == nil {
		c.kept = kept
		return nil
	}
	if !errors.Is(err, audit.ErrForked) {
		return err
	}
	c.options.Log.Error("the log does not continue what was signed", "err", err)
	return c.beginEpoch(ctx, kept)
}

// beginEpoch says in the log that the ledger is an older one, ends all that it
// has open, tells everyone, and only then forgets the checkpoint that showed
// it: a crash on the way makes the next start do it again.
func (c *Console) beginEpoch(ctx context.Context, kept string) error {
	err := c.update(ctx, "log older ledger", systemActor, func(t *turn) error {
		size, err := t.Log().Size()
		if err != nil {
			return err
		}
		l := line{event: EventLogRestored, result: "open codes and grants are void", data: map[string]string{"lines": fmt.Sprint(size)}}
		if signed, root, err := readCheckpoint(kept); err == nil {
			l.data["lines_signed"], l.data["root_signed"] = fmt.Sprint(signed), root
		}
		seq, err := t.record(l)
		if err != nil {
			return err
		}
		return t.queue(seq, Site{}, l, t.facts(Site{}, l), recipients(Site{}, t.managersOf(""), t.now))
	})
	if err != nil {
		return err
	}
	sites, err := collect(ctx, c, func(tx Tx) Table[Site] { return tx.Sites() }, func(Site) bool { return true })
	if err != nil {
		return err
	}
	for _, site := range sites {
		if err := c.voidSite(ctx, site.ID); err != nil {
			return err
		}
	}
	if _, err := c.Checkpoint(ctx); err != nil {
		// The next one that is handed out is kept, or not handed out.
		c.report("keep the first checkpoint of the new epoch", err)
	}
	return nil
}

// voidSite ends all that a site has open and tells those of the site.
func (c *Console) voidSite(ctx context.Context, id string) error {
	return c.update(ctx, "end what an older ledger has open", systemActor, func(t *turn) error {
		site, err := t.Sites().Get(id)
		if err != nil {
			return err
		}
		if site, err = t.voidGrant(site); err != nil {
			return err
		}
		for _, factor := range sortedKeys(site.Open) {
			if err := t.voidRequest(site.Open[factor]); err != nil {
				return err
			}
		}
		site.Open, site.Restored = nil, t.now
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		l := line{event: EventLogRestored, site: id, result: "new requests wait", data: map[string]string{"hold": RestoreHold.String()}}
		seq, err := t.record(l)
		if err != nil {
			return err
		}
		var own []Person // the managers of all sites were told once for all of them
		for _, manager := range t.managersOf(id) {
			if !manager.covers("") {
				own = append(own, manager)
			}
		}
		return t.queue(seq, site, l, t.facts(site, l), recipients(site, own, t.now))
	})
}

// voidGrant ends the site's live grant. The site is not stored by it.
func (t *turn) voidGrant(site Site) (Site, error) {
	if site.LiveGrant == "" {
		return site, nil
	}
	grant, err := t.Grants().Get(site.LiveGrant)
	site.LiveGrant = ""
	if err != nil || grant.State != GrantActive {
		return site, ignoreNotFound(err)
	}
	from := grant.State
	grant.State, grant.Ended, grant.Reason, grant.Tokens = GrantRevoked, t.now, restoredReason, nil
	if grant, err = t.Grants().Put(grant); err != nil {
		return site, err
	}
	t.endGrant(grant, grant.endCause())
	_, err = t.record(line{
		event: EventLogRestored, site: site.ID, request: grant.Request, grant: grant.ID, from: string(from), to: string(grant.State),
	})
	return site, err
}

func (t *turn) voidRequest(id string) error {
	r, err := t.Requests().Get(id)
	if err != nil || !r.State.Open() {
		return ignoreNotFound(err)
	}
	from := r.State
	r.State, r.Ended, r.Code.Dead, r.Claim = RequestLapsed, t.now, true, nil
	if _, err := t.Requests().Put(r); err != nil {
		return err
	}
	_, err = t.record(line{event: EventLogRestored, site: r.Site, request: r.ID, from: string(from), to: string(r.State)})
	return err
}
