package core

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Outcome is what became of one attempt to send a message.
type Outcome struct {
	State         MessageState // accepted, retry, failed or expired
	At            time.Time    // for retry: not before
	Result        string       // what the provider said, one safe line
	Misconfigured bool         // the provider refuses this console: nobody's number is at fault
}

// Pending returns the open rows of the outbox, the one due first before the
// others.
func (c *Console) Pending(ctx context.Context) ([]Message, error) {
	var open []Message
	err := c.view(ctx, "read outbox", func(tx Tx) error {
		open = nil
		return tx.Outbox().Each("", func(m Message) bool {
			m.Code = nil
			open = append(open, m)
			return true
		})
	})
	slices.SortStableFunc(open, func(a, b Message) int { return a.Due.Compare(b.Due) })
	return open, err
}

// BeginSend marks a message as being sent: the attempt is counted and durable
// before anything leaves. It returns the code that the row carries, if any.
// A row found in "sending" is what a crash left: it is sent once more. ErrState
// means that there is nothing to send, now or at all: a code that can no longer
// be entered is settled here, unsent.
func (c *Console) BeginSend(ctx context.Context, id string) (Message, Secret, error) {
	var begun Message
	var code Secret
	err := c.update(ctx, "begin to send", systemActor, func(t *turn) error {
		begun, code = Message{}, Secret{}
		m, err := t.Outbox().Get(id)
		if err != nil {
			return err
		}
		if !m.State.Open() || t.now.Before(m.Due) {
			return Refuse(ErrState, "Message %s is not due.", id)
		}
		if m.Event == EventCode {
			var stands bool
			if code, stands, err = t.codeStands(m); err != nil {
				return err
			}
			if !stands {
				m.State, m.Result = MessageExpired, resultDead
				return t.settle(m, Outcome{State: m.State, Result: m.Result})
			}
		}
		m.State, m.Attempts = MessageSending, m.Attempts+1
		begun, err = t.Outbox().Put(m)
		begun.Code = nil
		return err
	})
	if err == nil && begun.ID == "" {
		err = Refuse(ErrState, "The code of message %s can no longer be entered.", id)
	}
	if err != nil {
		return Message{}, Secret{}, err
	}
	return begun, code, nil
}

// resultDead is what the log says of a code that was not sent because its
// request had ended or another code had been sent since.
const resultDead = "the code could no longer be entered"

// codeStands opens the code of a message and reports whether it can still be
// entered.
func (t *turn) codeStands(m Message) (Secret, bool, error) {
	if m.Data[DataDrill] != "" {
		code, err := t.c.unseal(m.ID, m.Code)
		return code, t.now.Before(m.Expires), err
	}
	request, err := t.Requests().Get(m.Request)
	if err != nil {
		return Secret{}, false, ignoreNotFound(err)
	}
	if !request.State.Open() || !request.codeLive(t.now) {
		return Secret{}, false, nil
	}
	code, err := t.c.unseal(m.ID, m.Code)
	if err != nil {
		return Secret{}, false, err
	}
	plain, _ := readCrockford(code.Reveal(), codeLength)
	return code, hmac.Equal(request.Code.MAC, t.c.codeMAC(request.ID, request.Code.Salt, plain)), nil
}

// EndSend records what became of the attempt. A code that could not be sent
// goes to the other channel by itself, and a provider that refuses this console
// is told of. A message that is at its end already stays as it is.
func (c *Console) EndSend(ctx context.Context, id string, o Outcome) error {
	return c.update(ctx, "end sending", systemActor, func(t *turn) error {
		m, err := t.Outbox().Get(id)
		if errors.Is(err, ErrNotFound) {
			_, err = t.Sent().Get(id)
			return err
		}
		if err != nil {
			return err
		}
		m.State, m.Result = o.State, o.Result
		if o.Misconfigured {
			if m, err = t.tellRefused(m, o.Result); err != nil {
				return err
			}
		}
		if o.State == MessageRetry {
			m.Due = o.At
			_, err = t.Outbox().Put(m)
			return err
		}
		if m.Event == EventCode && o.State != MessageAccepted {
			if m, err = t.switchChannel(m); err != nil {
				return err
			}
		}
		return t.settle(m, o)
	})
}

// settle moves a message at its end from the outbox, its code wiped, and logs
// what became of codes and of all that failed.
func (t *turn) settle(m Message, o Outcome) error {
	if err := t.Outbox().Delete(m.ID, m.Version); err != nil {
		return err
	}
	m.Code, m.Ended, m.Version = nil, t.now, 0
	if _, err := t.Sent().Put(m); err != nil {
		return err
	}
	drill := m.Data[DataDrill] != "" // of which all that becomes of it is of interest
	if m.State == MessageAccepted && m.Event != EventCode && !drill {
		return nil
	}
	event := EventMessageFailed
	if m.State == MessageAccepted {
		event = EventMessageAccepted
	}
	data := map[string]string{"message": m.ID, "of": string(m.Event), "channel": string(m.Kind), "attempts": fmt.Sprint(m.Attempts)}
	if o.Misconfigured {
		data["misconfigured"] = "true"
	}
	if drill {
		data[DataDrill] = "true"
	}
	// A manager's address goes with the manager, when that one is forgotten.
	subject := siteSubject(m.Site)
	for _, manager := range t.managers {
		if m.Address == manager.Email || m.Address == manager.Phone {
			data["person"], subject = manager.ID, personSubject(manager.ID)
			break
		}
	}
	_, err := t.record(line{
		event: event, site: m.Site, request: m.Request, grant: m.Grant, to: string(m.State), result: o.Result, data: data,
		personal: map[string]map[string]string{subject: {"address": m.Address}},
	})
	return err
}

// SwitchChannel queues a code that was not accepted in time to the other
// channel too: the same code, so whichever arrives first serves. Without
// another channel it does nothing.
func (c *Console) SwitchChannel(ctx context.Context, id string) error {
	return c.update(ctx, "switch channel", systemActor, func(t *turn) error {
		m, err := t.Outbox().Get(id)
		if err != nil {
			return ignoreNotFound(err)
		}
		if m.Event != EventCode || m.Switched {
			return nil
		}
		if m, err = t.switchChannel(m); err != nil {
			return err
		}
		_, err = t.Outbox().Put(m)
		return err
	})
}

// switchChannel queues the code of m to the next contact that takes codes and
// returns m marked.
func (t *turn) switchChannel(m Message) (Message, error) {
	if m.Switched || len(m.Fallback) == 0 {
		return m, nil
	}
	m.Switched = true
	site, err := t.Sites().Get(m.Site)
	if err != nil {
		return m, ignoreNotFound(err)
	}
	code, stands, err := t.codeStands(m)
	if err != nil || !stands {
		return m, err
	}
	request, err := t.Requests().Get(m.Request)
	if err != nil {
		return m, err
	}
	for i, id := range m.Fallback {
		if next, ok := site.contact(id); ok && next.usable(t.now) {
			request.Contact = next.ID
			return m, t.queueCode(site, request, next, m.Fallback[i+1:], code.Reveal(), string(m.Kind))
		}
	}
	return m, nil
}

// queueCode logs that a code goes out, queues the message with it, and tells
// everyone that it was sent. The request is stored with it.
func (t *turn) queueCode(site Site, r Request, to Contact, fallback []string, code, instead string) error {
	from := r.State
	if r.State == RequestDrafted {
		r.State = RequestCodeSent
	}
	data := map[string]string{"channel": string(to.Kind), "send": fmt.Sprint(r.Sends)}
	if instead != "" {
		data["instead_of"] = instead
	}
	seq, err := t.tell(site, line{
		event: EventRequestCodeSent, site: site.ID, request: r.ID, grant: r.Grant,
		from: string(from), to: string(r.State), data: data,
		personal: map[string]map[string]string{siteSubject(site.ID): {"address": to.Address}},
	}, map[string]string{"contact": Mask(to.Kind, to.Address)})
	if err != nil {
		return err
	}
	id := fmt.Sprintf("M-%010d-code", seq)
	nonce, err := t.draw(12)
	if err != nil {
		return err
	}
	sealed, err := t.c.seal(id, nonce, code)
	if err != nil {
		return err
	}
	r.Message = id
	if _, err := t.Requests().Put(r); err != nil {
		return err
	}
	t.after.mail = true
	_, err = t.Outbox().Put(Message{
		ID: id, State: MessageQueued, Event: EventCode, Kind: to.Kind, Address: to.Address, Lang: site.Lang, Zone: site.Zone,
		Site: site.ID, Request: r.ID, Grant: r.Grant, Leaf: seq, Code: sealed, Fallback: fallback,
		Data:    map[string]string{"host": t.c.options.Host, "title": site.Title, "expires": r.Code.Expires.Format(time.RFC3339)},
		Created: t.now, Due: t.now, Expires: r.Code.Expires,
	})
	return err
}
