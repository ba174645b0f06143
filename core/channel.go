package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"breakglass/core/audit"
)

// What is told of the channels themselves.
const (
	EventChannelTested  Event = "channel.tested"  // a manager had a test message sent to himself
	EventChannelRefused Event = "channel.refused" // a provider refuses this console: its key, its sender, its account
)

// The bounds of a test.
const (
	testsAtOnce  = 3 // within testPause, for one person
	testPause    = time.Minute
	testLife     = time.Minute            // then the message is of no use any more
	testPatience = 25 * time.Second       // that a person waits for the provider's answer
	testTick     = 200 * time.Millisecond // how often the answer is looked for
	maxTestScan  = 2000                   // lines of the log that are looked through for tests
)

// TestChannel sends a test message by the way out of that kind to the manager's
// own address, and to no other, and returns what the provider answered once it
// has, or how the message stands after 25 s. It goes through the outbox like
// every message, is a line of the log, and is refused after three a minute.
func (c *Console) TestChannel(ctx context.Context, a Actor, kind ContactKind) (MessageInfo, error) {
	var id string
	err := c.update(ctx, "test channel", a, func(t *turn) (err error) {
		id, err = t.testChannel(kind)
		return err
	})
	if err != nil {
		return MessageInfo{}, err
	}
	return c.answerTo(ctx, id)
}

// testChannel queues the message and returns its ID.
func (t *turn) testChannel(kind ContactKind) (string, error) {
	person, err := scopeOf(t.Tx, t.actor)
	if err != nil {
		return "", err
	}
	if person.Role != RoleManager {
		return "", Refuse(ErrDenied, "Only a manager can do that.")
	}
	address, err := t.ownAddress(person, kind)
	if err != nil {
		return "", err
	}
	lately, err := t.testsLately()
	if err != nil {
		return "", err
	}
	if lately >= testsAtOnce {
		return "", Refuse(ErrBusy, "You had %d test messages sent within a minute; wait a minute, then try again.", testsAtOnce)
	}
	l := line{
		event: EventChannelTested, data: map[string]string{"channel": string(kind), "person": person.ID},
		personal: map[string]map[string]string{personSubject(person.ID): {"address": address}},
	}
	seq, err := t.record(l)
	if err != nil {
		return "", err
	}
	t.after.mail = true
	id := fmt.Sprintf("M-%010d-test", seq)
	_, err = t.Outbox().Put(Message{
		ID: id, State: MessageQueued, Event: EventChannelTested, Kind: kind, Address: address, Lang: person.Lang,
		Leaf: seq, Data: t.facts(Site{}, l), Created: t.now, Due: t.now, Expires: t.now.Add(testLife),
	})
	return id, err
}

// ownAddress is where a test of that kind goes.
func (t *turn) ownAddress(person Person, kind ContactKind) (string, error) {
	address := ""
	switch kind {
	case ContactEmail:
		address = person.Email
	case ContactPhone:
		address = person.Phone
	case ContactWebhook:
		if !person.ofAllSites() {
			return "", Refuse(ErrDenied, "The webhook is told of all sites; only a manager of all of them can test it.")
		}
		if address = t.c.options.Webhook; address == "" {
			return "", Refuse(ErrNoContact, "No webhook is set up on this console; it is set in breakglass.yaml.")
		}
	default:
		return "", Refuse(ErrInvalid, "A channel is email, sms or webhook.")
	}
	if address == "" {
		return "", Refuse(ErrNoContact, "There is no address of your own for %s here, and a test goes to no other; it is given with `person add`.", kind)
	}
	return address, nil
}

// testsLately counts the actor's tests in the log's last minute. A log that was
// written too fast to look through counts as too many.
func (t *turn) testsLately() (int, error) {
	size, err := t.Log().Size()
	if err != nil {
		return 0, err
	}
	count := 0
	for seq := size - 1; seq >= 0; seq-- {
		if size-seq > maxTestScan {
			return testsAtOnce, nil
		}
		data, err := t.Log().Leaf(seq)
		if err != nil {
			return 0, err
		}
		leaf, err := audit.DecodeLeaf(data)
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", seq, err)
		}
		if t.now.Sub(leaf.Time) >= testPause {
			break
		}
		if leaf.Verb == string(EventChannelTested) && leaf.Actor == t.actor.ID() {
			count++
		}
	}
	return count, nil
}

// answerTo waits until a provider has answered once for a message.
func (c *Console) answerTo(ctx context.Context, id string) (MessageInfo, error) {
	var info MessageInfo
	_, began := c.clock.Boot()
	for {
		err := c.view(ctx, "read message", func(tx Tx) error {
			m, err := tx.Outbox().Get(id)
			if errors.Is(err, ErrNotFound) {
				m, err = tx.Sent().Get(id)
			}
			info = MessageInfo{ID: id, State: m.State, Kind: m.Kind, At: m.Ended, Result: m.Result}
			return err
		})
		_, since := c.clock.Boot()
		if err != nil || (info.State != MessageQueued && info.State != MessageSending) || since-began >= testPatience {
			return info, err
		}
		tick := make(chan struct{})
		stop := c.clock.AfterFunc(testTick, func() { close(tick) })
		select {
		case <-tick:
		case <-ctx.Done():
			stop()
			return info, fmt.Errorf("wait for the provider: %w", context.Cause(ctx))
		}
	}
}
