package coretest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"breakglass/core"
)

// TestLedger is the contract of core.Ledger. open returns an empty ledger and
// cleans it up by itself.
func TestLedger(t *testing.T, open func(t *testing.T) core.Ledger) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, l core.Ledger)
	}{
		{"a record comes back as it was put", recordComesBack},
		{"every kind of record has its own table", tablesAreSeparate},
		{"what is not there is not found", absentIsNotFound},
		{"put is a compare-and-set", putComparesAndSets},
		{"delete is a compare-and-set", deleteComparesAndSets},
		{"an ID is needed", idIsNeeded},
		{"an update that fails leaves nothing", failedUpdateLeavesNothing},
		{"an update that panics leaves nothing", panickingUpdateLeavesNothing},
		{"an update sees its own writes", updateSeesItsWrites},
		{"a view sees one state", viewSeesOneState},
		{"a view does not write", viewDoesNotWrite},
		{"ranges are for views", rangesAreForViews},
		{"each goes in order", eachGoesInOrder},
		{"a transaction ends with its function", txEndsWithItsFunction},
		{"no increment is lost", noIncrementIsLost},
		{"a cancelled context does nothing", cancelledContextDoesNothing},
		{"the log is appended to", logAppends},
		{"the log fails with its update", logFailsWithItsUpdate},
		{"the log keeps many leaves in order", logKeepsOrder},
		{"leaves are found by their keys", leavesAreFound},
		{"personal data can be forgotten", personalIsForgotten},
		{"subjects are not mixed up", subjectsAreSeparate},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// update and view run a transaction that must succeed.
func update(t *testing.T, l core.Ledger, f func(core.Tx) error) {
	t.Helper()
	if err := l.Update(t.Context(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t *testing.T, l core.Ledger, f func(core.Tx) error) {
	t.Helper()
	if err := l.View(t.Context(), f); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func put(t *testing.T, l core.Ledger, s core.Site) (out core.Site) {
	t.Helper()
	update(t, l, func(tx core.Tx) (err error) {
		out, err = tx.Sites().Put(s)
		return err
	})
	return out
}

func get(t *testing.T, l core.Ledger, id string) (out core.Site, err error) {
	t.Helper()
	err = l.View(t.Context(), func(tx core.Tx) (err error) {
		out, err = tx.Sites().Get(id)
		return err
	})
	return out, err
}

func want(t *testing.T, got, sentinel error) {
	t.Helper()
	if !errors.Is(got, sentinel) {
		t.Fatalf("got error %v, want one that is %q", got, sentinel)
	}
}

// fullSite has every kind of field that a record can have.
func fullSite() core.Site {
	at := time.Date(2026, 11, 23, 23, 1, 42, 123456789, time.UTC)
	return core.Site{
		ID: "acme", Title: "Acme “shop” <&> \u00e9", Root: "/var/www/acme", Life: 4 * time.Hour, Created: at,
		PassphraseMAC: []byte{0, 1, 254, 255},
		OwnerKeys:     []core.Key{{Name: "laptop", Fingerprint: "SHA256:x", Added: at}},
		Paper:         core.Paper{MAC: []byte{1}, Issued: at},
		Contacts:      []core.Contact{{ID: "1", Kind: core.ContactEmail, Address: "j@example.nl", From: at, Watch: true}},
		Locks:         map[string]core.Lock{"passphrase": {Count: 2, Until: at}},
		Vetoes:        []time.Time{at, at.Add(time.Nanosecond)},
	}
}

func recordComesBack(t *testing.T, l core.Ledger) {
	in := fullSite()
	out := put(t, l, in)
	got, err := get(t, l, "acme")
	if err != nil {
		t.Fatal(err)
	}
	in.Version = 1
	if !reflect.DeepEqual(out, in) {
		t.Errorf("Put returned %+v, want %+v", out, in)
	}
	if !reflect.DeepEqual(got, in) {
		t.Errorf("Get returned %+v, want %+v", got, in)
	}
	got.Contacts[0].Address, got.PassphraseMAC[0] = "changed", 9
	if again, err := get(t, l, "acme"); err != nil || !reflect.DeepEqual(again, in) {
		t.Errorf("changing what Get returned changed the ledger: %+v, %v", again, err)
	}
}

func tablesAreSeparate(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error {
		_, e1 := tx.Sites().Put(core.Site{ID: "x", Title: "site"})
		_, e2 := tx.People().Put(core.Person{ID: "x", Email: "person"})
		_, e3 := tx.Requests().Put(core.Request{ID: "x", Site: "request"})
		_, e4 := tx.Grants().Put(core.Grant{ID: "x", Site: "grant"})
		_, e5 := tx.Jobs().Put(core.Job{ID: "x", Site: "job"})
		_, e6 := tx.Archives().Put(core.Archive{ID: "x", Site: "archive"})
		_, e7 := tx.Outbox().Put(core.Message{ID: "x", Site: "outbox"})
		_, e8 := tx.Sent().Put(core.Message{ID: "x", Site: "sent"})
		return errors.Join(e1, e2, e3, e4, e5, e6, e7, e8)
	})
	view(t, l, func(tx core.Tx) error {
		site, e1 := tx.Sites().Get("x")
		person, e2 := tx.People().Get("x")
		request, e3 := tx.Requests().Get("x")
		grant, e4 := tx.Grants().Get("x")
		job, e5 := tx.Jobs().Get("x")
		archive, e6 := tx.Archives().Get("x")
		outbox, e7 := tx.Outbox().Get("x")
		sent, e8 := tx.Sent().Get("x")
		got := []string{site.Title, person.Email, request.Site, grant.Site, job.Site, archive.Site, outbox.Site, sent.Site}
		if all := []string{"site", "person", "request", "grant", "job", "archive", "outbox", "sent"}; !slices.Equal(got, all) {
			t.Errorf("got %v, want %v", got, all)
		}
		return errors.Join(e1, e2, e3, e4, e5, e6, e7, e8)
	})
}

func absentIsNotFound(t *testing.T, l core.Ledger) {
	view(t, l, func(tx core.Tx) error {
		_, err := tx.Sites().Get("acme")
		want(t, err, core.ErrNotFound)
		_, err = tx.Outbox().Get("")
		want(t, err, core.ErrNotFound)
		if err := tx.Jobs().Each("", func(core.Job) bool { t.Error("a job in an empty table"); return true }); err != nil {
			t.Error(err)
		}
		_, err = tx.Log().Leaf(0)
		want(t, err, core.ErrNotFound)
		_, err = tx.Log().Leaf(-1)
		want(t, err, core.ErrNotFound)
		_, err = tx.Log().Hash(0)
		want(t, err, core.ErrNotFound)
		_, err = tx.Log().Personal("acme", 0)
		want(t, err, core.ErrNotFound)
		if n, err := tx.Log().Size(); n != 0 || err != nil {
			t.Errorf("size of an empty log: %d, %v", n, err)
		}
		return nil
	})
}

func putComparesAndSets(t *testing.T, l core.Ledger) {
	attempt := func(version uint64) error {
		return l.Update(t.Context(), func(tx core.Tx) error {
			_, err := tx.Sites().Put(core.Site{ID: "acme", Version: version})
			return err
		})
	}
	want(t, attempt(1), core.ErrConflict) // there is none yet
	want(t, attempt(0), nil)
	want(t, attempt(0), core.ErrConflict)
	want(t, attempt(2), core.ErrConflict)
	want(t, attempt(1), nil)
	want(t, attempt(1), core.ErrConflict)
	if s, err := get(t, l, "acme"); err != nil || s.Version != 2 {
		t.Errorf("version %d, %v; want 2", s.Version, err)
	}
}

func deleteComparesAndSets(t *testing.T, l core.Ledger) {
	attempt := func(version uint64) error {
		return l.Update(t.Context(), func(tx core.Tx) error { return tx.Sites().Delete("acme", version) })
	}
	want(t, attempt(0), core.ErrNotFound)
	s := put(t, l, core.Site{ID: "acme"})
	want(t, attempt(s.Version+1), core.ErrConflict)
	want(t, attempt(0), core.ErrConflict)
	if _, err := get(t, l, "acme"); err != nil {
		t.Fatalf("a refused delete deleted: %v", err)
	}
	want(t, attempt(s.Version), nil)
	_, err := get(t, l, "acme")
	want(t, err, core.ErrNotFound)
	if again := put(t, l, core.Site{ID: "acme"}); again.Version != 1 {
		t.Errorf("a new record has version %d", again.Version)
	}
}

func idIsNeeded(t *testing.T, l core.Ledger) {
	want(t, l.Update(t.Context(), func(tx core.Tx) error {
		_, err := tx.Sites().Put(core.Site{Title: "no ID"})
		return err
	}), core.ErrInvalid)
}

func eachGoesInOrder(t *testing.T, l core.Ledger) {
	ids := []string{"a", "a-b", "ab", "b", "z", "é"} // the order of their bytes
	update(t, l, func(tx core.Tx) error {
		for _, i := range []int{3, 0, 5, 2, 4, 1} {
			if _, err := tx.Sites().Put(core.Site{ID: ids[i]}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []struct {
		from  string
		limit int
		want  []string
	}{
		{"", 99, ids},
		{"a-b", 99, ids[1:]},
		{"aa", 99, ids[2:]},
		{"", 2, ids[:2]},
		{"zz", 1, ids[5:]},
		{"\xff", 99, nil},
	} {
		var got []string
		view(t, l, func(tx core.Tx) error {
			got = nil
			return tx.Sites().Each(c.from, func(s core.Site) bool {
				got = append(got, s.ID)
				return len(got) < c.limit
			})
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("from %q, %d at most: got %v, want %v", c.from, c.limit, got, c.want)
		}
	}
}

func noIncrementIsLost(t *testing.T, l core.Ledger) {
	const workers = 200
	put(t, l, core.Site{ID: "acme"})
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			if err := increment(t.Context(), l, "acme"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s, err := get(t, l, "acme"); err != nil || s.Locks["x"].Count != workers || s.Version != workers+1 {
		t.Errorf("count %d, version %d, %v; want %d increments", s.Locks["x"].Count, s.Version, err, workers)
	}
}

// increment reads in one transaction and writes in another, as a use case
// does that draws time or random bytes in between, and begins anew whenever
// somebody else was faster.
func increment(ctx context.Context, l core.Ledger, id string) error {
	for {
		var s core.Site
		err := l.View(ctx, func(tx core.Tx) (err error) {
			s, err = tx.Sites().Get(id)
			return err
		})
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		s.Locks = map[string]core.Lock{"x": {Count: s.Locks["x"].Count + 1}}
		err = l.Update(ctx, func(tx core.Tx) error {
			_, err := tx.Sites().Put(s)
			return err
		})
		if !errors.Is(err, core.ErrConflict) {
			return err
		}
	}
}
