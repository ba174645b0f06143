package core_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core"
	"breakglass/core/audit"
)

func (w *world) log(a core.Actor, q core.LogQuery) core.LogPage {
	w.t.Helper()
	page, err := w.console.Log(w.t.Context(), a, q)
	w.check(err)
	return page
}

// Pages follow each other without a gap or a line twice, newest first.
func TestTheLogIsReadInPages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.access()
		for range 20 {
			w.check(w.console.LoggedIn(t.Context(), w.owner))
		}
		page := w.log(w.ada, core.LogQuery{Limit: 7})
		next := page.Size
		for {
			for _, l := range page.Lines {
				if next--; l.Seq != next {
					t.Fatalf("line %d follows %d", l.Seq, next+1)
				}
			}
			if !page.More {
				break
			}
			if page.Next != next {
				t.Fatalf("it goes on before %d, not before %d", page.Next, next)
			}
			page = w.log(w.ada, core.LogQuery{Limit: 7, Before: page.Next})
		}
		if next != 0 {
			t.Errorf("%d lines were never shown", next)
		}
		if n := len(w.log(w.ada, core.LogQuery{Limit: 100_000}).Lines); int64(n) != w.size() {
			t.Errorf("%d lines of %d", n, w.size())
		}
	})
}

func TestTheLogIsFiltered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		a := w.access()
		grant := w.state(a).Grant.ID
		for name, c := range map[string]struct {
			query core.LogQuery
			keep  func(core.LogLine) bool
		}{
			"site":   {core.LogQuery{Site: "other"}, func(l core.LogLine) bool { return l.Site == "other" }},
			"grant":  {core.LogQuery{Grant: grant}, func(l core.LogLine) bool { return l.Grant == grant }},
			"person": {core.LogQuery{Person: "eva"}, func(l core.LogLine) bool { return strings.Contains(l.Actor, "eva") }},
			"event":  {core.LogQuery{Event: core.EventGrantActivated}, func(l core.LogLine) bool { return l.Event == core.EventGrantActivated }},
			"events": {core.LogQuery{Event: "request"}, func(l core.LogLine) bool { return strings.HasPrefix(string(l.Event), "request.") }},
			"text":   {core.LogQuery{Text: "/SRV/Acme"}, func(l core.LogLine) bool { return l.Data["root"] == "/srv/acme" }},
			"reason": {core.LogQuery{Text: "does not answer"}, func(l core.LogLine) bool { return strings.Contains(l.Personal["reason"], "does not answer") }},
		} {
			c.query.Limit = 500
			page := w.log(w.ada, c.query)
			if len(page.Lines) == 0 {
				t.Errorf("%s: nothing", name)
			}
			for _, l := range page.Lines {
				if !c.keep(l) {
					t.Errorf("%s: %+v", name, l)
				}
			}
		}
	})
}

// Reading is logged, once a quarter of an hour for each reader, and a reading
// that cannot be logged does not happen.
func TestReadingTheLogIsLogged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.access()
		w.ledger.FailUpdates(core.ErrNoSpace)
		for range 2 {
			if _, err := w.console.Log(t.Context(), w.ada, core.LogQuery{}); !errors.Is(err, core.ErrNoSpace) {
				t.Errorf("it was read unlogged: %v", err)
			}
		}
		w.ledger.FailUpdates(nil)
		for range 3 {
			w.log(w.ada, core.LogQuery{})
			w.log(w.eva, core.LogQuery{})
			w.must(w.console.Grant(t.Context(), w.ada, w.anyGrant()))
			w.after(5 * time.Minute)
		}
		if n := w.count(core.EventLogRead); n != 2 {
			t.Errorf("%d lines", n)
		}
		w.log(w.ada, core.LogQuery{})
		if n := w.count(core.EventLogRead); n != 3 {
			t.Errorf("%d lines after a quarter of an hour", n)
		}
	})
}

// A grant's story is all that happened from the reason to the end.
func TestTheStoryOfAGrant(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.check(w.console.CloseAccess(t.Context(), w.access()))
		w.draft(w.byKey()) // another request between
		a := w.access()
		w.backUp(a)
		w.check(w.console.CloseAccess(t.Context(), a))
		story, err := w.console.Grant(t.Context(), w.ada, w.state(a).Grant.ID)
		w.check(err)
		var events []string
		for _, l := range story.Lines {
			events = append(events, string(l.Event))
		}
		want := "request.drafted request.code_sent message.accepted request.verified request.ready grant.activated backup.started backup.sealed grant.closed"
		if got := strings.Join(events, " "); got != want {
			t.Errorf("%s", got)
		}
		if story.Job == nil || story.Job.State != core.JobSealed {
			t.Errorf("%+v", story.Job)
		}
	})
}

// An export is verified with nothing but x/mod: each leaf's hash, the root of
// them all, the signature, and what lies beside the leaves.
func TestAnExportVerifies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.backUp(w.access())
		for range 600 { // more than one batch
			w.check(w.console.LoggedIn(t.Context(), w.owner))
		}
		var out bytes.Buffer
		w.check(w.console.ExportLog(t.Context(), w.ada, core.LogJSONL, &out))
		leaves, checkpoint := w.verifyExport(&out)
		if checkpoint.Tree.N != int64(len(leaves)) || leaves[len(leaves)-1].Verb != string(core.EventLogExported) {
			t.Errorf("%d leaves, checkpoint of %d", len(leaves), checkpoint.Tree.N)
		}
		again, err := w.console.Checkpoint(t.Context())
		w.check(err)
		same, err := audit.OpenCheckpoint([]byte(again), "backup.example/log", w.verifier)
		if w.check(err); same != checkpoint {
			t.Errorf("%+v, then %+v", checkpoint, same)
		}
	})
}

// verifyExport checks an export and returns its leaves.
func (w *world) verifyExport(export *bytes.Buffer) ([]audit.Leaf, audit.Checkpoint) {
	w.t.Helper()
	var leaves []audit.Leaf
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	scanner := bufio.NewScanner(export)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l struct {
			Leaf       json.RawMessage
			Personal   map[string]audit.Personal
			Checkpoint string
		}
		w.check(json.Unmarshal(scanner.Bytes(), &l))
		if l.Checkpoint != "" {
			opened, err := audit.OpenCheckpoint([]byte(l.Checkpoint), "backup.example/log", w.verifier)
			w.check(err)
			root, err := tlog.TreeHash(int64(len(leaves)), reader)
			if w.check(err); root != opened.Tree.Hash {
				w.t.Error("the root is another")
			}
			return leaves, opened
		}
		more, err := tlog.StoredHashes(int64(len(leaves)), l.Leaf, reader)
		w.check(err)
		hashes = append(hashes, more...)
		leaf, err := audit.DecodeLeaf(l.Leaf)
		w.check(err)
		w.proved(leaf, l.Personal)
		leaves = append(leaves, leaf)
	}
	w.t.Fatal("the export has no checkpoint")
	panic("unreachable")
}

// proved fails the test unless what lies beside a leaf is what it commits to.
func (w *world) proved(leaf audit.Leaf, beside map[string]audit.Personal) {
	w.t.Helper()
	found := 0
	for _, personal := range beside {
		for name, commitment := range personal.Commitments() {
			if found++; leaf.Personal[name] != commitment {
				w.t.Errorf("line %d: %s is not what the leaf commits to", leaf.Seq, name)
			}
		}
	}
	if found != len(leaf.Personal) {
		w.t.Errorf("line %d commits to %d things, %d lie beside it", leaf.Seq, len(leaf.Personal), found)
	}
}

// Nothing personal stands in a leaf, so that it can be erased and the tree stays.
func TestPersonalDataLiesBesideTheTree(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.check(w.console.RevokeGrant(t.Context(), w.eva, w.state(a).Grant.ID, "a stranger called"))
		w.console.LoginFailed("203.0.113.0/24")
		text := ""
		for _, l := range w.lines(0) {
			text += fmt.Sprintf("%+v\n", l)
		}
		for _, personal := range []string{"owner@", "+3161", "198.51.100.9", "192.0.2.7", "does not answer", "stranger called", "203.0.113", "SHA256:", "agency.example"} {
			if strings.Contains(text, personal) {
				t.Errorf("%q stands in the log", personal)
			}
		}
		if page := w.log(w.ada, core.LogQuery{Event: core.EventGrantRevoked}); page.Lines[0].Personal["reason"] != "a stranger called" {
			t.Errorf("%+v", page.Lines[0])
		}
		before, err := w.console.Checkpoint(t.Context())
		w.check(err)
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error { return tx.Log().Forget("site:acme") }))
		if page := w.log(w.ada, core.LogQuery{Event: core.EventGrantRevoked}); page.Lines[0].Personal["reason"] != "" {
			t.Errorf("it was not erased: %+v", page.Lines[0])
		}
		after, err := w.console.Checkpoint(t.Context())
		if w.check(err); before != after {
			t.Error("erasing changed the tree")
		}
	})
}

// A log that was cut back is not signed again.
func TestARestoredLogIsNotSigned(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.access()
		w.must(w.console.Checkpoint(t.Context()))
		elder := newWorld(t) // with fewer lines
		w.options.Ledger = elder.ledger
		w.open()
		_, err := w.console.Checkpoint(t.Context())
		if !errors.Is(err, audit.ErrForked) {
			t.Errorf("got %v", err)
		}
		if err := w.console.ExportLog(t.Context(), elder.ada, core.LogJSONL, &bytes.Buffer{}); !errors.Is(err, audit.ErrForked) {
			t.Errorf("export: %v", err)
		}
	})
}
