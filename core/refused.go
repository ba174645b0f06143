package core

import (
	"errors"
	"fmt"
	"maps"
)

// refusedMark is the field of a message's data that says that its refusal is
// told already.
const refusedMark = "refused"

// tellRefused records, once for each message, that a provider refuses this
// console, and tells the managers by the ways that are not refused: once a day
// for each way, however many messages wait. It returns m marked.
func (t *turn) tellRefused(m Message, result string) (Message, error) {
	// Nothing was tried where no channel is set up; and what tells of a refusal
	// is not told of in turn.
	if m.Attempts == 0 || m.Event == EventChannelRefused || m.Data[refusedMark] != "" {
		return m, nil
	}
	m.Data = maps.Clone(m.Data)
	set(&m.Data, refusedMark, "true")
	l := line{
		event: EventChannelRefused, site: m.Site, request: m.Request, grant: m.Grant, result: result,
		data: map[string]string{"channel": string(m.Kind), "message": m.ID, "of": string(m.Event)},
	}
	seq, err := t.record(l)
	if err != nil {
		return m, err
	}
	var others []recipient
	for _, r := range recipients(Site{}, t.managersOf(m.Site), t.now) {
		if r.kind != m.Kind {
			others = append(others, r)
		}
	}
	if hook := t.c.options.Webhook; hook != "" && m.Kind != ContactWebhook {
		others = append(others, recipient{ContactWebhook, hook, ""})
	}
	return m, t.queueDaily(seq, m, l, others)
}

// queueDaily queues a refusal's notices, unless that was done today.
func (t *turn) queueDaily(seq int64, m Message, l line, to []recipient) error {
	day := fmt.Sprintf("M-refused-%s-%s", m.Kind, t.now.UTC().Format("20060102"))
	for i, r := range to {
		id := fmt.Sprintf("%s-%03d", day, i)
		there, err := t.known(id)
		if err != nil || there {
			return err
		}
		_, err = t.Outbox().Put(Message{
			ID: id, State: MessageQueued, Event: l.event, Kind: r.kind, Address: r.address, Lang: r.lang, Site: m.Site,
			Leaf: seq, Data: t.facts(Site{}, l), Created: t.now, Due: t.now, Expires: t.now.Add(NoticeLife),
		})
		if err != nil {
			return err
		}
		t.after.mail = true
	}
	return nil
}

// known reports whether there is or was a message of that ID.
func (t *turn) known(id string) (bool, error) {
	_, err := t.Outbox().Get(id)
	if errors.Is(err, ErrNotFound) {
		_, err = t.Sent().Get(id)
	}
	return err == nil, ignoreNotFound(err)
}
