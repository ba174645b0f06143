package core_test

import (
	"slices"
	"testing"

	"breakglass/core"
	"breakglass/core/audit"
)

// A search that stops says where, and going on from there finds all that fits,
// once, also where whole pages hold nothing.
func TestASearchGoesOnWhereItStopped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.access()
		now := w.clock.Now()
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error {
			for range 20_100 { // more than one query reads
				if _, err := audit.Append(tx.Log(), audit.Leaf{Verb: "login", Actor: "owner:acme", Time: now}); err != nil {
					return err
				}
			}
			return nil
		}))
		first := w.log(w.ada, core.LogQuery{Text: "/srv/acme"})
		if len(first.Lines) != 0 || !first.More || first.Next <= 0 {
			t.Fatalf("%d lines, more %v, next %d", len(first.Lines), first.More, first.Next)
		}
		if second := w.log(w.ada, core.LogQuery{Text: "/srv/acme", Before: first.Next}); len(second.Lines) == 0 || second.More || second.Next != 0 {
			t.Errorf("%d lines, more %v, next %d", len(second.Lines), second.More, second.Next)
		}
		if page := w.log(w.ada, core.LogQuery{Limit: 1}); page.Next != page.Lines[0].Seq {
			t.Errorf("line %d, next %d", page.Lines[0].Seq, page.Next)
		}
	})
}

// What the index finds is what reading every line finds.
func TestTheIndexMissesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		w.backUp(w.access())
		all := w.log(w.ada, core.LogQuery{Limit: 500})
		for name, c := range map[string]struct {
			query core.LogQuery
			keep  func(core.LogLine) bool
		}{
			"site":  {core.LogQuery{Site: "acme"}, func(l core.LogLine) bool { return l.Site == "acme" }},
			"grant": {core.LogQuery{Grant: w.anyGrant()}, func(l core.LogLine) bool { return l.Grant == w.anyGrant() }},
			"both":  {core.LogQuery{Grant: w.anyGrant(), Site: "other"}, func(core.LogLine) bool { return false }},
			"none":  {core.LogQuery{Site: "acm"}, func(core.LogLine) bool { return false }},
		} {
			var want, got []int64
			for _, l := range all.Lines {
				if c.keep(l) {
					want = append(want, l.Seq)
				}
			}
			for c.query.Limit = 3; ; {
				page := w.log(w.ada, c.query)
				for _, l := range page.Lines {
					got = append(got, l.Seq)
				}
				if !page.More {
					break
				}
				c.query.Before = page.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}
