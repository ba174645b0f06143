package core

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// EventDrill is a manager's trial of a site's messages.
const EventDrill Event = "drill.started"

// DataDrill is the field of a message's data that marks it as a drill's.
const DataDrill = "drill"

// DrillPause is how long after a drill of a site the next may follow: a drill is
// real messages to real people.
const DrillPause = time.Hour

// DrillInfo is what a drill sends.
type DrillInfo struct {
	Codes   []string // masked, where a code goes
	Mute    []string // masked, where one should go and nothing can be sent
	Notices int      // how many others
}

// Drill sends what is sent when an owner asks for access: a notice to everyone
// who is told of the site's steps, and a code to each contact that takes codes.
// All of it is marked as a drill. It is messages and no more: there is no request
// behind it, the codes open nothing, and nothing that somebody in need does can
// turn out to have been a drill. What became of each message is in the log.
func (c *Console) Drill(ctx context.Context, a Actor, id string) (DrillInfo, error) {
	var info DrillInfo
	err := c.manage(ctx, a, "drill", id, func(t *turn, site Site) (err error) {
		if next := site.Drilled.Add(DrillPause); !site.Drilled.IsZero() && t.now.Before(next) {
			return &Refusal{Kind: ErrBusy, Until: next, Detail: fmt.Sprintf("A drill of %s went out within the hour; the next can follow at %s.",
				site.ID, next.In(site.Location()).Format("15:04 MST"))}
		}
		contacts := site.usableContacts(t.now)
		if len(contacts) == 0 {
			return Refuse(ErrNoContact, "No contact of %s takes codes now, so in an emergency none could be sent; add one with `contact add`.", site.ID)
		}
		if !slices.ContainsFunc(contacts, func(contact Contact) bool { return !t.c.contactInfo(contact, t.now).Mute }) {
			return Refuse(ErrNoContact, "Nothing can be sent to any contact of %s: no provider is set up for them on this console.", site.ID)
		}
		site.Drilled = t.now
		if site, err = t.Sites().Put(site); err != nil {
			return err
		}
		info, err = t.drill(site, contacts)
		return err
	})
	return info, err
}

func (t *turn) drill(site Site, contacts []Contact) (DrillInfo, error) {
	everyone := recipients(site, t.managersOf(site.ID), t.now)
	seq, err := t.record(line{event: EventDrill, site: site.ID, result: "ok", data: map[string]string{
		"codes": fmt.Sprint(len(contacts)), "notices": fmt.Sprint(len(everyone)),
	}})
	if err != nil {
		return DrillInfo{}, err
	}
	asked := line{event: EventRequestDrafted, site: site.ID}
	facts := t.facts(site, asked)
	facts[DataDrill] = "true"
	if err := t.queue(seq, site, asked, facts, everyone); err != nil {
		return DrillInfo{}, err
	}
	info := DrillInfo{Notices: len(everyone)}
	for _, contact := range contacts {
		if err := t.drillCode(seq, site, contact); err != nil {
			return info, err
		}
		if to := t.c.contactInfo(contact, t.now); to.Mute {
			info.Mute = append(info.Mute, to.Masked)
		} else {
			info.Codes = append(info.Codes, to.Masked)
		}
	}
	return info, nil
}

// drillCode queues a code that is kept nowhere but in its message.
func (t *turn) drillCode(seq int64, site Site, to Contact) error {
	code, err := t.text(codeLength)
	if err != nil {
		return err
	}
	nonce, err := t.draw(12)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("M-%010d-drill-%s", seq, to.ID)
	sealed, err := t.c.seal(id, nonce, inGroups(code, 4))
	if err != nil {
		return err
	}
	t.after.mail = true
	_, err = t.Outbox().Put(Message{
		ID: id, State: MessageQueued, Event: EventCode, Kind: to.Kind, Address: to.Address, Lang: site.Lang, Zone: site.Zone, Site: site.ID,
		Leaf: seq, Code: sealed, Created: t.now, Due: t.now, Expires: t.now.Add(CodeLife),
		Data: map[string]string{"host": t.c.options.Host, "title": site.Title, "call": site.Call, DataDrill: "true"},
	})
	return err
}
