package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"

	"go.etcd.io/bbolt"
)

// tiny keeps tests from writing 16 MiB each.
var tiny = Options{BallastSize: 4 << 10}

func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, tiny)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openNew(t *testing.T) *Store {
	t.Helper()
	s := openAt(t, filepath.Join(t.TempDir(), "breakglass.db"))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A walk is one Update of random changes, the same on every ledger.
type walk struct {
	seed   uint64
	writes int
	fails  bool
}

var errWalk = errors.New("this update is to leave nothing")

func (w walk) run(tx core.Tx) error {
	r := rand.New(rand.NewPCG(w.seed, 1)) //nolint:gosec // a test wants the same numbers again
	for range w.writes {
		if err := w.change(tx, r); err != nil {
			return err
		}
	}
	if w.fails {
		return errWalk
	}
	return nil
}

func (w walk) change(tx core.Tx, r *rand.Rand) error {
	id, subject := fmt.Sprintf("id-%02d", r.IntN(40)), fmt.Sprintf("subject-%d", r.IntN(3))
	size, err := tx.Log().Size()
	if err != nil {
		return err
	}
	switch r.IntN(12) {
	case 0, 1, 2:
		return putAnyway(tx.Outbox(), core.Message{ID: id, Site: fmt.Sprint(r.IntN(1000))})
	case 3:
		m, err := tx.Outbox().Get(id)
		if errors.Is(err, core.ErrNotFound) {
			return nil
		}
		return errors.Join(err, tx.Outbox().Delete(id, m.Version))
	case 4, 5, 6, 7, 8:
		return errors.Join(
			tx.Log().Append(fmt.Appendf(nil, "leaf %d %s", size, strings.Repeat("x", r.IntN(600))), [][32]byte{{byte(size)}, {byte(r.IntN(256))}}),
			tx.Log().Index(size, "site/"+id[:4], "grant/"+id), tx.Log().PutPersonal(subject, size, []byte("of "+subject)))
	case 9:
		if r.IntN(8) == 0 {
			return tx.Log().Forget(subject)
		}
		return tx.Log().PutPersonal(subject, r.Int64N(size+1), []byte("again"))
	default:
		return tx.Log().Index(r.Int64N(size+1), "grant/"+id)
	}
}

// putAnyway puts a message over whatever is there.
func putAnyway(table core.Table[core.Message], m core.Message) error {
	now, err := table.Get(m.ID)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	m.Version = now.Version
	_, err = table.Put(m)
	return err
}

// all is what a ledger of walks holds, by every way to read it.
func all(tx core.Tx) (lines []string, err error) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	log := tx.Log()
	size, err := log.Size()
	for seq := range size + 1 {
		leaf, errLeaf := log.Leaf(seq)
		hash, errHash := log.Hash(2 * seq)
		say("%d: %s %v %x %v", seq, leaf, errLeaf == nil, hash[:2], errHash == nil)
		for n := range 3 {
			beside, errBeside := log.Personal(fmt.Sprintf("subject-%d", n), seq)
			say("%s %v", beside, errBeside == nil)
		}
	}
	for n := range 40 {
		id := fmt.Sprintf("id-%02d", n)
		m, errGet := tx.Outbox().Get(id)
		say("%s: %v %v", id, m, errGet == nil)
		err = errors.Join(err, tx.Outbox().Each(id, func(m core.Message) bool { say("%s %d", m.ID, m.Version); return len(lines)%7 != 0 }))
		for _, key := range []string{"grant/" + id, "site/" + id[:4]} {
			for from := int64(0); from <= size; from += 1 + size/5 {
				err = errors.Join(err, log.Find(key, from, func(seq int64) bool { say("down %d", seq); return len(lines)%11 != 0 }),
					log.FindUp(key, from, func(seq int64) bool { say("up %d", seq); return len(lines)%13 != 0 }))
			}
		}
	}
	return lines, err
}

func everything(t *testing.T, l core.Ledger) (lines []string) {
	t.Helper()
	if err := l.View(t.Context(), func(tx core.Tx) (err error) { lines, err = all(tx); return err }); err != nil {
		t.Fatal(err)
	}
	return lines
}

// Whatever is changed and in which steps, the store holds what the ledger in
// memory holds, wherever its rows lie, and the same after it is opened anew.
func TestHoldsWhatTheLedgerInMemoryHolds(t *testing.T) {
	for seed := range uint64(4) {
		path := filepath.Join(t.TempDir(), "breakglass.db")
		s, want := openAt(t, path), coretest.NewLedger()
		r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test wants the same numbers again
		for n := range 220 {
			w := walk{seed: r.Uint64(), writes: 1 + r.IntN(4), fails: r.IntN(9) == 0}
			if r.IntN(60) == 0 {
				w.writes = 400
			}
			err, wantErr := s.Update(t.Context(), w.run), want.Update(t.Context(), w.run)
			if !errors.Is(err, wantErr) {
				t.Fatalf("seed %d, update %d: %v, want %v", seed, n, err, wantErr)
			}
			if n%37 == 0 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = openAt(t, path)
			}
			if n%9 == 0 && !slices.Equal(everything(t, s), everything(t, want)) {
				t.Fatalf("seed %d: after update %d the store holds something else", seed, n)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A View that is open while rows pass through the bucket "recent" and out of it
// sees the state that it began with.
func TestAnOpenViewSeesItsOwnState(t *testing.T) {
	s := openNew(t)
	if err := s.Update(t.Context(), walk{seed: 1, writes: 9}.run); err != nil {
		t.Fatal(err)
	}
	err := s.View(t.Context(), func(tx core.Tx) error {
		before, err := all(tx)
		if err != nil {
			return err
		}
		for n := range 3 * maxRows {
			if err := s.Update(t.Context(), walk{seed: uint64(n), writes: 2}.run); err != nil {
				return err
			}
			if n%40 != 0 {
				continue
			}
			after, err := all(tx)
			if err != nil || !slices.Equal(before, after) {
				t.Errorf("after %d updates the view sees another state, %v", n+1, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A View may begin before the Update that it sees has kept what is recent in
// memory, or after the next one has: it reads its own.
func TestWhatIsRecentIsOfOneState(t *testing.T) {
	s := openNew(t)
	for n := range uint64(3) {
		if err := s.Update(t.Context(), walk{seed: n, writes: 5}.run); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	before := s.recent.Load()
	if err := s.Update(t.Context(), walk{seed: 9, writes: 5}.run); err != nil {
		t.Fatal(err)
	}
	r, err := s.recentAt(b, b.ID())
	if err := errors.Join(err, b.Rollback()); err != nil {
		t.Fatal(err)
	}
	if r.rows != 3 || !reflect.DeepEqual(texts(r), texts(before)) || reflect.DeepEqual(texts(r), texts(s.recent.Load())) {
		t.Errorf("an older state has %d rows:\n%v", r.rows, texts(r))
	}
}

// state returns what a file has recent, and checks that what is kept of it in
// memory is the same.
func (s *Store) state(t *testing.T) (r *recent) {
	t.Helper()
	err := s.db.View(func(b *bbolt.Tx) (err error) {
		r, err = readRecent(b, b.ID())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := s.recent.Load()
	if kept.tx != r.tx || kept.rows != r.rows || kept.bytes != r.bytes || !reflect.DeepEqual(texts(kept), texts(r)) {
		t.Errorf("in memory:\n%v\nin the file:\n%v", texts(kept), texts(r))
	}
	return r
}

func texts(r *recent) (lines []string) {
	for a := range areas {
		for _, e := range r.by[a] {
			lines = append(lines, fmt.Sprintf("%s %x %s %v", a, e.key, e.value, e.gone))
		}
	}
	return lines
}

// However many updates there are, few of them wait to be moved.
func TestWhatIsRecentStaysSmall(t *testing.T) {
	s := openNew(t)
	moved := 0
	for n := range 3*maxRows + 9 {
		if err := s.Update(t.Context(), walk{seed: uint64(n), writes: 1 + n%3}.run); err != nil {
			t.Fatal(err)
		}
		switch r := s.state(t); {
		case r.rows > maxRows || r.bytes > maxBytes:
			t.Fatalf("%d rows of %d bytes after %d updates", r.rows, r.bytes, n+1)
		case r.rows == 0:
			moved++
		}
	}
	if moved < 3 {
		t.Errorf("moved %d times", moved)
	}
	huge := core.Message{ID: "huge", Data: map[string]string{"text": strings.Repeat("x", maxBytes)}}
	if err := s.Update(t.Context(), func(tx core.Tx) error { return putAnyway(tx.Outbox(), huge) }); err != nil || s.state(t).rows != 0 {
		t.Errorf("a huge record stays among the recent ones, %v", err)
	}
}

// reachable returns every key and value that the file still leads to.
func reachable(t *testing.T, s *Store) (found []byte) {
	t.Helper()
	if err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
			return bucket.ForEach(func(k, v []byte) error { found = slices.Concat(found, k, v); return nil })
		})
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// After Forget nothing in the file leads to what was personal: neither to what
// lay beside the log, nor to the state that a record had before it was wiped.
func TestForgetReachesWhatIsRecent(t *testing.T) {
	for name, between := range map[string]int{"while it is recent": 0, "after it was moved": maxRows + 1} {
		t.Run(name, func(t *testing.T) {
			s := openNew(t)
			do := func(f func(core.Tx) error) {
				t.Helper()
				if err := s.Update(context.Background(), f); err != nil {
					t.Fatal(err)
				}
			}
			do(func(tx core.Tx) error {
				return errors.Join(tx.Log().PutPersonal("person/eva", 0, []byte("eva@example.nl")), putAnyway(tx.Sent(), core.Message{ID: "M-1", Address: "eva@example.nl"}))
			})
			for range between {
				do(func(tx core.Tx) error { return putAnyway(tx.Outbox(), core.Message{ID: "other"}) })
			}
			if !bytes.Contains(reachable(t, s), []byte("eva@example.nl")) {
				t.Fatal("it was not even kept")
			}
			do(func(tx core.Tx) error { return putAnyway(tx.Sent(), core.Message{ID: "M-1"}) })
			do(func(tx core.Tx) error { return tx.Log().Forget("person/eva") })
			for _, personal := range []string{"eva@example.nl", "person/eva"} {
				if bytes.Contains(reachable(t, s), []byte(personal)) {
					t.Errorf("%s is still there", personal)
				}
			}
		})
	}
}

// A row that cannot be read is an error of every transaction, not lost data.
func TestADamagedRowIsSaid(t *testing.T) {
	s := openNew(t)
	if err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketRecent).Put(number(0), []byte{99, 0, 0, 0}) }); err != nil {
		t.Fatal(err)
	}
	nothing := func(core.Tx) error { return nil }
	for what, err := range map[string]error{"view": s.View(t.Context(), nothing), "update": s.Update(t.Context(), nothing)} {
		if !errors.Is(err, errRow) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Any bytes are refused or give back what they say, and never panic.
func FuzzRow(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendChange(appendChange(nil, areaSites, entry{key: "acme", value: []byte("{}")}), areaIndex, entry{key: "x", gone: true}))
	f.Add([]byte{byte(areas), 0, 0, 0})
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, row []byte) {
		type parsed struct {
			area area
			entry
		}
		var first, second []parsed
		if eachChange(row, func(a area, e entry) { first = append(first, parsed{a, e}) }) != nil {
			return
		}
		var again []byte
		for _, p := range first {
			again = appendChange(again, p.area, p.entry)
		}
		err := eachChange(again, func(a area, e entry) { second = append(second, parsed{a, e}) })
		if err != nil || len(first) != len(second) {
			t.Fatalf("%x became %x: %v", row, again, err)
		}
		for i := range first {
			if x, y := first[i], second[i]; x.area != y.area || x.key != y.key || x.gone != y.gone || !bytes.Equal(x.value, y.value) {
				t.Fatalf("%+v became %+v", x, y)
			}
		}
	})
}
