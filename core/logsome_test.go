package core_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
)

// Upward a query finds what it finds downward, page by page, and says where to
// go on, also once the log has grown.
func TestTheLogIsReadUpward(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		w.backUp(w.access())
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		grant := w.anyGrant()
		all := w.log(w.ada, core.LogQuery{Limit: 500})
		for _, q := range []core.LogQuery{
			{}, {Site: "acme"}, {Grant: grant}, {Request: all.Lines[0].Request}, {Event: "request"}, {Text: "/SRV/acme"}, {Site: "acme", Grant: grant, Event: "backup"},
		} {
			q.Limit = 500
			want := w.log(w.ada, q).Lines
			slices.Reverse(want)
			var got []core.LogLine
			for q.Upward, q.Limit = true, 2; ; {
				page := w.log(w.ada, q)
				got = append(got, page.Lines...)
				if q.Start = page.Next; !page.More {
					break
				}
			}
			if !slices.EqualFunc(got, want, func(a, b core.LogLine) bool { return a.Seq == b.Seq }) {
				t.Errorf("%+v: got %d lines, want %d", q, len(got), len(want))
			}
			if q.Start != w.size() {
				t.Errorf("it goes on at %d of %d", q.Start, w.size())
			}
		}
		end := w.size()
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		page := w.log(w.ada, core.LogQuery{Upward: true, Start: end})
		if len(page.Lines) != 1 || page.Lines[0].Seq != end || page.Next != end+1 {
			t.Errorf("%+v", page)
		}
	})
}

// Times bound a query, in both directions, and are found without reading the
// lines between.
func TestTheLogIsFilteredByTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		start := w.clock.Now()
		for range 10 {
			w.check(w.console.LoggedIn(t.Context(), w.owner))
			w.after(time.Hour)
		}
		for _, upward := range []bool{false, true} {
			q := core.LogQuery{Event: core.EventLogin, Upward: upward, From: start.Add(2 * time.Hour), To: start.Add(5 * time.Hour), Limit: 500}
			lines := w.log(w.ada, q).Lines
			if len(lines) != 3 {
				t.Errorf("%d lines", len(lines))
			}
			for _, l := range lines {
				if l.Time.Before(q.From) || !l.Time.Before(q.To) {
					t.Errorf("a line of %v", l.Time)
				}
			}
			q.From, q.To = start.Add(1000*time.Hour), time.Time{}
			if page := w.log(w.ada, q); len(page.Lines) != 0 || page.More {
				t.Errorf("%+v", page)
			}
		}
	})
}

// proofs reads a selection back.
func proofs(t *testing.T, w *world, out string) (leaves []audit.Leaf) {
	t.Helper()
	for line := range strings.Lines(out) {
		p, err := audit.ParseProof([]byte(line))
		w.check(err)
		leaf, err := p.Check(audit.VerifyOptions{Verifier: w.verifier})
		w.check(err)
		leaves = append(leaves, leaf)
	}
	return leaves
}

// A selection is exported with the proof of each line, and its own line is the
// last. What was looked for is not in the tree.
func TestASelectionIsExportedWithProofs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		w.backUp(w.access())
		q := core.LogQuery{Grant: w.anyGrant(), Text: "acme"}
		want := w.log(w.ada, core.LogQuery{Grant: q.Grant, Limit: 500}).Lines
		slices.Reverse(want)
		var out bytes.Buffer
		w.check(w.console.ExportSome(t.Context(), w.ada, core.LogJSONL, q, &out))
		leaves := proofs(t, w, out.String())
		own := leaves[len(leaves)-1]
		if own.Verb != string(core.EventLogExported) || own.Data["lines"] != "a selection" || strings.Contains(own.Result+own.Data["filter"], "acme") {
			t.Errorf("its own line is %+v", own)
		}
		if kept := w.log(w.ada, core.LogQuery{Event: core.EventLogExported}).Lines[0].Personal["filter"]; kept != "grant:"+q.Grant+" text:acme" {
			t.Errorf("beside the log lies %q", kept)
		}
		if len(leaves) != len(want)+1 {
			t.Fatalf("%d lines, want %d and its own", len(leaves), len(want))
		}
		for i, l := range want {
			if leaves[i].Seq != l.Seq {
				t.Errorf("line %d is %d, want %d", i, leaves[i].Seq, l.Seq)
			}
		}
		w.refused(core.ErrInvalid, w.console.ExportSome(t.Context(), w.ada, "xml", q, &out))
		w.refused(core.ErrDenied, w.console.ExportSome(t.Context(), w.owner, core.LogJSONL, q, &out))
		for _, format := range core.LogFormats()[1:] {
			out.Reset()
			w.check(w.console.ExportSome(t.Context(), w.ada, format, core.LogQuery{Event: "grant.activated"}, &out))
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if len(lines) != 3 || !strings.Contains(lines[0], "grant.activated") || !strings.Contains(lines[1], "log.exported") || !strings.Contains(lines[2], "log.checkpoint") {
				t.Errorf("%s: %s", format, out.String())
			}
		}
	})
}

// More than one transaction's lines, and lines that do not fit between them.
func TestALongSelection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		now := w.clock.Now()
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error {
			for i := range 1300 {
				verb := "login"
				if i%2 == 0 {
					verb = "odd.one"
				}
				if _, err := audit.Append(tx.Log(), audit.Leaf{Verb: verb, Actor: "owner:acme", Time: now}); err != nil {
					return err
				}
			}
			return nil
		}))
		w.check(w.console.LoggedIn(t.Context(), w.owner)) // makes them durable
		var out bytes.Buffer
		w.check(w.console.ExportSome(t.Context(), w.ada, core.LogJSONL, core.LogQuery{Event: "odd"}, &out))
		if n := len(proofs(t, w, out.String())); n != 651 {
			t.Errorf("%d lines", n)
		}
	})
}

// A story tells what became of the messages, by masked address.
func TestTheStoryTellsOfMessages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.deliver()
		story, err := w.console.Grant(t.Context(), w.ada, w.state(a).Grant.ID)
		w.check(err)
		codes := 0
		for i, m := range story.Messages {
			if i > 0 && m.Leaf < story.Messages[i-1].Leaf {
				t.Error("out of order")
			}
			if m.State != core.MessageAccepted || !strings.Contains(m.Masked, "•") || strings.Contains(m.Masked, "owner@") {
				t.Errorf("%+v", m)
			}
			if m.Code {
				codes++
			}
		}
		if codes != 1 || len(story.Messages) < 6 {
			t.Errorf("%d messages, %d with a code", len(story.Messages), codes)
		}
	})
}
