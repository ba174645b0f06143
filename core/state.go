package core

import (
	"context"
	"slices"
	"strings"
	"time"
)

// shownAfter is how long an owner still sees a request or grant that ended.
const shownAfter = 24 * time.Hour

// OwnerState returns all that an owner's screen shows. It is lifecycle, not a
// capability: it works before and after a grant, and holds no secret.
func (c *Console) OwnerState(ctx context.Context, a Actor) (OwnerState, error) {
	if err := ownerOnly(a); err != nil {
		return OwnerState{}, err
	}
	now := c.judge.now()
	var state OwnerState
	err := c.view(ctx, "owner's state", func(tx Tx) error {
		site, err := ownerOf(tx, a)
		if err != nil {
			return err
		}
		state = OwnerState{
			Site: site.ID, Title: orElse(site.Title, site.ID), Call: site.Call, Zone: site.Zone, Lang: site.Lang,
			Host: c.options.Host, Port: c.options.Port, Now: now, HasPaper: site.Paper.live(),
			Extension: c.engine.Extension(),
		}
		for _, contact := range site.usableContacts(now) {
			state.Contacts = append(state.Contacts, c.contactInfo(contact, now))
		}
		if speaking := slices.DeleteFunc(slices.Clone(state.Contacts), func(i ContactInfo) bool { return i.Mute }); len(speaking) > 0 {
			state.Contacts = speaking // a way that cannot work is no choice
		}
		if lock := site.Locks[a.Factor]; now.Before(lock.Until) {
			state.LockedUntil = lock.Until
		}
		if err := c.stateOfRequest(tx, site, a, &state); err != nil {
			return err
		}
		if err := c.stateOfGrant(tx, site, a, &state); err != nil {
			return err
		}
		state.Archives, err = c.archiveInfos(tx, site.ID)
		return err
	})
	return state, err
}

func (c *Console) stateOfRequest(tx Tx, site Site, a Actor, state *OwnerState) error {
	r, err := tx.Requests().Get(site.LastRequest[a.Factor])
	if err != nil {
		return ignoreNotFound(err)
	}
	if !r.State.Open() && state.Now.Sub(r.Ended) > shownAfter {
		return nil
	}
	info, err := c.requestInfo(tx, site, r, a, state.Now)
	state.Request = &info
	return err
}

func (c *Console) stateOfGrant(tx Tx, site Site, a Actor, state *OwnerState) error {
	grant, err := tx.Grants().Get(site.LastGrant)
	if err != nil {
		return ignoreNotFound(err)
	}
	if grant.State != GrantActive && state.Now.Sub(grant.Ended) > shownAfter {
		return nil
	}
	info := c.grantInfo(grant, a)
	state.Grant = &info
	if grant.Job == "" {
		return nil
	}
	job, err := tx.Jobs().Get(grant.Job)
	if err != nil {
		return ignoreNotFound(err)
	}
	shown := c.jobInfo(job)
	state.Job = &shown
	return nil
}

func (c *Console) requestInfo(tx Tx, site Site, r Request, a Actor, now time.Time) (RequestInfo, error) {
	info := RequestInfo{
		ID: r.ID, Site: r.Site, State: r.State, Created: r.Created, Lapses: r.Lapses,
		CodeExpires: r.Code.Expires, CodeLive: r.State.Open() && r.codeLive(now),
		TriesLeft: max(0, min(TriesPerCode-r.Code.Tries, TriesPerRequest-r.Tries)), SendsLeft: max(0, SendsPerRequest-r.Sends),
		Refused: r.Refused, Ready: r.Ready, CanVeto: r.State.Open() && site.canVeto(now), Paper: r.Paper, Joins: site.LiveGrant != "" && r.State.Open(),
	}
	info.Proven = c.proved(r, a)
	if contact, ok := site.contact(r.Contact); ok {
		info.SentTo = c.contactInfo(contact, now)
	}
	if r.Message == "" {
		return info, nil
	}
	m, err := tx.Outbox().Get(r.Message)
	if err != nil {
		m, err = tx.Sent().Get(r.Message)
	}
	if err != nil {
		return info, ignoreNotFound(err)
	}
	info.Message = MessageInfo{ID: m.ID, State: m.State, Kind: m.Kind, At: m.Ended, Result: m.Result}
	return info, nil
}

func (c *Console) grantInfo(g Grant, a Actor) GrantInfo {
	info := GrantInfo{
		ID: g.ID, Site: g.Site, Request: g.Request, State: g.State, Start: g.Start, Expires: g.Expires,
		Left: c.left(g), Ended: g.Ended, Reason: g.Reason, Job: g.Job,
	}
	if info.State == GrantActive && info.Left == 0 {
		info.State = GrantExpired // the ticker is about to say so
	}
	if a.Role == RoleOwner && info.State == GrantActive {
		info.Proven = c.provedGrant(g, a)
	}
	return info
}

func (c *Console) jobInfo(j Job) JobInfo {
	info := JobInfo{
		ID: j.ID, Site: j.Site, Grant: j.Grant, State: j.State, Archive: j.Archive, Created: j.Created, Ended: j.Ended,
		Verdict: j.Verdict, Notes: j.Notes, Problem: j.Problem, Said: j.Said, Incident: j.Incident, Full: j.Full,
		Size: j.Size, SHA256: j.SHA256, Percent: -1,
	}
	p, ok := c.hub.Get(j.ID)
	if !ok || !j.State.Open() {
		return info
	}
	if p.TotalKnown && p.BytesTotal > 0 {
		info.Percent = int(min(100, p.BytesDone*100/p.BytesTotal))
	}
	p.Current, p.Notes = "", nil // names of files are for whoever may watch
	info.Progress = &p
	return info
}

// archiveInfos lists the archives of a site that can still be read, newest
// first. Their IDs begin with the site's, so they lie side by side.
func (c *Console) archiveInfos(tx Tx, site string) ([]ArchiveInfo, error) {
	var infos []ArchiveInfo
	prefix := site + "-"
	err := tx.Archives().Each(prefix, func(archive Archive) bool {
		if !strings.HasPrefix(archive.ID, prefix) {
			return false
		}
		if archive.Site == site && archive.State != ArchiveRemoved {
			infos = append([]ArchiveInfo{c.archiveInfo(archive)}, infos...)
		}
		return true
	})
	return infos, err
}

func (c *Console) archiveInfo(a Archive) ArchiveInfo {
	ranges, rate := c.traffic.of(a.ID, c.clock.Now())
	for _, r := range a.Served {
		ranges = addRange(ranges, r)
	}
	return ArchiveInfo{
		Name: a.ID, Site: a.Site, State: a.State, Size: a.Size, SHA256: a.SHA256, Verdict: a.Verdict, Notes: a.Notes,
		Sealed: a.Sealed, Removes: a.Removes, Sent: covered(ranges), Rate: rate, Whole: a.Whole,
		Rehearsal: a.Rehearsal, Rehearsing: c.rehearsals.running.has(a.ID),
	}
}
