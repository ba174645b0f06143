package auditor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
	"breakglass/tui/auditor"
	"breakglass/tui/tuitest"
	"breakglass/tui/widget"
)

var ada = core.Actor{Role: core.RoleAuditor, Name: "ada", Factor: "SHA256:ada"}

// The log's key in these tests, and what verifies it. It protects nothing.
const (
	bookSigning = "PRIVATE+KEY+" + bookOrigin + "+8de6c53f+AanZIv2aVBPcgHjv7x2MoEOB2pYsWRUBJQ0tyZEsHSGZ"
	bookKey     = bookOrigin + "+8de6c53f+Ae2tkh8uJgw9FToDtujKQtOWKJkx1Qh+qGz1FuFa5lY+"
	bookOrigin  = "backup.example/breakglass"
)

// book is a console with a real tree over made up lines.
type book struct {
	t      *testing.T
	ledger *coretest.Ledger
	signer *audit.Signer
	lines  []core.LogLine
	log    tuitest.Log
	story  core.GrantStory
	key    string
	proofs []string           // what each was asked since, "" for nothing
	err    error              // of proofs
	forge  func(*audit.Proof) // changes what is answered
	push   core.PushInfo
}

// bookEvents are an emergency in twelve lines.
var bookEvents = []core.Event{
	core.EventBoot, core.EventLogin, core.EventRequestDrafted, core.EventRequestCodeSent, core.EventRequestVerified, core.EventGrantActivated,
	core.EventJobStarted, core.EventJobSealed, core.EventDownloadStarted, core.EventDownloadWhole, core.EventGrantClosed, core.EventLogRead,
}

// bookStart is the time of the first line; the next follow by the minute.
var bookStart = time.Date(2026, 11, 24, 14, 2, 7, 0, time.UTC)

func newBook(t *testing.T, events ...core.Event) *book {
	t.Helper()
	key, err := note.NewSigner(bookSigning)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{t: t, ledger: coretest.NewLedger(), signer: audit.NewSigner(bookOrigin, key), key: bookKey}
	b.log.Line = func(seq int64) core.LogLine { return b.lines[seq] }
	for i, event := range events {
		leaf := audit.Leaf{Actor: "owner:acme", Verb: string(event), Site: "acme", Time: bookStart.Add(time.Duration(i) * time.Minute)}
		if i > 1 && i < 11 {
			leaf.Request, leaf.From, leaf.To = "R-2M9X", "ready", "activated"
		}
		if i > 4 && i < 11 {
			leaf.Grant, leaf.Data = "G-7M2KQ4XA", map[string]string{"archive": "acme-20261124T140207Z.tar.gz", "size": "1400000000", "verdict": "COMPLETE"}
		}
		b.add(leaf, nil)
	}
	if len(events) == len(bookEvents) {
		b.tell()
	}
	return b
}

// add appends a line with something personal beside it.
func (b *book) add(leaf audit.Leaf, personal map[string]string) {
	b.t.Helper()
	err := b.ledger.Update(b.t.Context(), func(tx core.Tx) error {
		seq, err := audit.Append(tx.Log(), leaf)
		if err != nil {
			return err
		}
		data, err := tx.Log().Leaf(seq)
		hash := tlog.RecordHash(data)
		b.lines = append(b.lines[:seq:seq], core.LogLine{
			Seq: seq, Time: leaf.Time, Actor: leaf.Actor, Event: core.Event(leaf.Verb), Site: leaf.Site, Request: leaf.Request, Grant: leaf.Grant,
			From: leaf.From, To: leaf.To, Result: leaf.Result, Data: leaf.Data, Personal: personal, Hash: fmt.Sprintf("%x", hash[:]),
		})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.log.Size = int64(len(b.lines))
}

// more appends lines of a site.
func (b *book) more(n int, site string) {
	b.t.Helper()
	for range n {
		b.add(audit.Leaf{Actor: "owner:" + site, Verb: "login", Site: site, Time: bookStart.Add(time.Hour)}, nil)
	}
}

// tell makes the story of the grant of the lines.
func (b *book) tell() {
	b.story = core.GrantStory{
		Grant: core.GrantInfo{
			ID: "G-7M2KQ4XA", Site: "acme", Request: "R-2M9X", State: core.GrantClosed,
			Start: bookStart.Add(5 * time.Minute), Expires: bookStart.Add(4 * time.Hour), Ended: bookStart.Add(10 * time.Minute),
		},
		Job:   &core.JobInfo{State: core.JobSealed, Verdict: core.VerdictComplete},
		Lines: b.lines[2:11],
		Messages: []core.StoryMessage{
			{MessageInfo: core.MessageInfo{ID: "M-1", Kind: core.ContactEmail, State: core.MessageAccepted, At: bookStart.Add(3 * time.Minute)}, Leaf: 3, Masked: "j•••••@a•••••.example"},
			{MessageInfo: core.MessageInfo{ID: "M-2", Kind: core.ContactPhone, State: core.MessageFailed, Result: "400 Bad Request: no such number"}, Leaf: 3, Masked: "+31•••••78"},
		},
	}
	b.lines[2].Personal = map[string]string{"reason": "The shop is down and Eva does not answer the phone or any mail"}
	b.lines[3].Data = map[string]string{"channel": "email"}
	b.lines[3].Personal = map[string]string{"address": "jo@acme.example"}
}

// Log implements auditor.Console.
func (b *book) Log(ctx context.Context, _ core.Actor, q core.LogQuery) (core.LogPage, error) {
	return b.log.Page(ctx, q)
}

// Story implements auditor.Console.
func (b *book) Story(_ context.Context, _ core.Actor, id string) (core.GrantStory, error) {
	if id != b.story.Grant.ID && id != b.story.Grant.Request {
		return core.GrantStory{}, core.Refuse(core.ErrNotFound, "There is no grant and no request %s.", id)
	}
	return b.story, nil
}

// LogKey implements auditor.Console.
func (b *book) LogKey() string { return b.key }

// LogPush implements auditor.Console.
func (b *book) LogPush(context.Context, core.Actor) (core.PushInfo, error) { return b.push, nil }

// ProveLog implements auditor.Console.
func (b *book) ProveLog(ctx context.Context, _ core.Actor, seq int64, since string) (proof audit.Proof, err error) {
	b.proofs = append(b.proofs, since)
	if b.err != nil {
		return proof, b.err
	}
	err = b.ledger.View(ctx, func(tx core.Tx) error {
		size, err := tx.Log().Size()
		if err != nil {
			return err
		}
		leaf, err := tx.Log().Leaf(seq)
		if err != nil {
			return err
		}
		signed, err := b.signer.Sign(tx.Log())
		if err != nil {
			return err
		}
		var older tlog.Tree
		if since != "" {
			c, err := audit.ParseSigned(since)
			if err != nil {
				return err
			}
			if older = c.Tree; older.N > size {
				return &core.Refusal{Kind: core.ErrInvalid, Cause: audit.ErrForked, Detail: "That checkpoint is of more lines."} // as core does
			}
		}
		proof, err = audit.Prove(tx.Log(), seq, leaf, nil, signed, older)
		return err
	})
	if b.forge != nil {
		b.forge(&proof)
	}
	return proof, err
}

// opening makes the screen of an actor over a console.
func opening(c auditor.Console, actor core.Actor) tuitest.Make {
	return func(t widget.Terminal, theme widget.Theme) widget.Screen {
		return auditor.New(t, theme, actor, c, coretest.NewClock(), widget.Surroundings{Host: "backup.example", Port: 2222})
	}
}

// on runs f with a settled screen over a console.
func on(t *testing.T, c auditor.Console, l tuitest.Look, f func(*tuitest.Show)) {
	t.Helper()
	tuitest.On(t, l, opening(c, ada), f)
}
