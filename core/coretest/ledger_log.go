package coretest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"breakglass/core"
)

// The part of core.Ledger's contract that is about the log.

func logAppends(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error {
		log := tx.Log()
		if err := log.Append([]byte("first"), [][32]byte{{1}}); err != nil {
			return err
		}
		if n, err := log.Size(); n != 1 || err != nil {
			t.Errorf("size %d, %v within the update", n, err)
		}
		if h, err := log.Hash(0); h != [32]byte{1} || err != nil {
			t.Errorf("hash %x, %v within the update", h, err)
		}
		return log.Append([]byte("second"), [][32]byte{{2}, {3}})
	})
	update(t, l, func(tx core.Tx) error { return tx.Log().Append([]byte{}, nil) })
	view(t, l, func(tx core.Tx) error {
		log := tx.Log()
		if n, err := log.Size(); n != 3 || err != nil {
			t.Errorf("size %d, %v; want 3", n, err)
		}
		for seq, text := range []string{"first", "second", ""} {
			if leaf, err := log.Leaf(int64(seq)); string(leaf) != text || err != nil {
				t.Errorf("leaf %d is %q, %v; want %q", seq, leaf, err, text)
			}
		}
		for index := range 3 {
			if h, err := log.Hash(int64(index)); h != [32]byte{byte(index + 1)} || err != nil {
				t.Errorf("hash %d is %x, %v", index, h, err)
			}
		}
		_, err := log.Leaf(3)
		want(t, err, core.ErrNotFound)
		_, err = log.Hash(3)
		want(t, err, core.ErrNotFound)
		return nil
	})
}

func logFailsWithItsUpdate(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error { return tx.Log().Append([]byte("kept"), [][32]byte{{1}}) })
	want(t, l.Update(t.Context(), func(tx core.Tx) error {
		err := errors.Join(tx.Log().Append([]byte("lost"), [][32]byte{{2}}), tx.Log().PutPersonal("acme", 1, []byte("lost")))
		if err != nil {
			return err
		}
		return errOwn
	}), errOwn)
	view(t, l, func(tx core.Tx) error {
		if n, err := tx.Log().Size(); n != 1 || err != nil {
			t.Errorf("size %d, %v; want 1", n, err)
		}
		_, err := tx.Log().Hash(1)
		want(t, err, core.ErrNotFound)
		_, err = tx.Log().Personal("acme", 1)
		want(t, err, core.ErrNotFound)
		return nil
	})
	update(t, l, func(tx core.Tx) error { return tx.Log().Append([]byte("next"), [][32]byte{{3}}) })
	view(t, l, func(tx core.Tx) error {
		leaf, err := tx.Log().Leaf(1)
		hash, err2 := tx.Log().Hash(1)
		if string(leaf) != "next" || hash != [32]byte{3} {
			t.Errorf("leaf %q, hash %x", leaf, hash)
		}
		return errors.Join(err, err2)
	})
}

func logKeepsOrder(t *testing.T, l core.Ledger) {
	const leaves = 600 // more than one byte counts
	update(t, l, func(tx core.Tx) error {
		for i := range leaves {
			if err := tx.Log().Append(fmt.Appendf(nil, "leaf %d", i), [][32]byte{{byte(i), byte(i >> 8)}}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, l, func(tx core.Tx) error {
		for i := range leaves {
			leaf, err := tx.Log().Leaf(int64(i))
			hash, err2 := tx.Log().Hash(int64(i))
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if string(leaf) != fmt.Sprintf("leaf %d", i) || hash != [32]byte{byte(i), byte(i >> 8)} {
				t.Fatalf("leaf %d is %q, its hash %x", i, leaf, hash)
			}
		}
		return nil
	})
}

// found lists what a View finds under a key, at most limit of it.
func found(t *testing.T, l core.Ledger, key string, before int64, limit int) (all []int64) {
	t.Helper()
	view(t, l, func(tx core.Tx) error {
		all = nil
		return tx.Log().Find(key, before, func(seq int64) bool {
			all = append(all, seq)
			return len(all) < limit
		})
	})
	return all
}

// foundUp lists what a View finds under a key from a number on.
func foundUp(t *testing.T, l core.Ledger, key string, from int64, limit int) (all []int64) {
	t.Helper()
	view(t, l, func(tx core.Tx) error {
		all = nil
		return tx.Log().FindUp(key, from, func(seq int64) bool {
			all = append(all, seq)
			return len(all) < limit
		})
	})
	return all
}

func leavesAreFound(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error {
		return errors.Join(
			tx.Log().Index(0, "site/a", "grant/1"), tx.Log().Index(1, "site/ab"), tx.Log().Index(2),
			tx.Log().Index(3, "site/a", "site/a"), tx.Log().Index(300, "site/a"), tx.Log().Index(70_000, "site/a"))
	})
	want(t, l.Update(t.Context(), func(tx core.Tx) error {
		if err := tx.Log().Index(4, "site/a"); err != nil {
			return err
		}
		return errOwn
	}), errOwn)
	for _, c := range []struct {
		key    string
		before int64
		limit  int
		want   []int64
	}{
		{"site/a", 1 << 40, 99, []int64{70_000, 300, 3, 0}},
		{"site/a", 70_000, 99, []int64{300, 3, 0}},
		{"site/a", 301, 2, []int64{300, 3}},
		{"site/a", 0, 99, nil},
		{"site/ab", 99, 99, []int64{1}},
		{"site/", 99, 99, nil},
		{"site/b", 99, 99, nil},
		{"", 99, 99, nil},
		{"grant/1", 99, 99, []int64{0}},
	} {
		if got := found(t, l, c.key, c.before, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%q below %d, %d at most: got %v, want %v", c.key, c.before, c.limit, got, c.want)
		}
	}
	for _, c := range []struct {
		key   string
		from  int64
		limit int
		want  []int64
	}{
		{"site/a", 0, 99, []int64{0, 3, 300, 70_000}},
		{"site/a", -7, 2, []int64{0, 3}},
		{"site/a", 4, 99, []int64{300, 70_000}},
		{"site/a", 300, 1, []int64{300}},
		{"site/a", 70_001, 99, nil},
		{"site/", 0, 99, nil},
		{"", 0, 99, nil},
		{"grant/1", 0, 99, []int64{0}},
	} {
		if got := foundUp(t, l, c.key, c.from, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%q from %d, %d at most: got %v, want %v", c.key, c.from, c.limit, got, c.want)
		}
	}
	want(t, l.Update(t.Context(), func(tx core.Tx) error { return tx.Log().Index(1, "") }), core.ErrInvalid)
	if err := l.Update(t.Context(), func(tx core.Tx) error {
		return tx.Log().FindUp("site/a", 0, func(int64) bool { return true })
	}); err == nil {
		t.Error("an Update searched the index upward")
	}
	if err := l.Update(t.Context(), func(tx core.Tx) error {
		return tx.Log().Find("site/a", 9, func(int64) bool { return true })
	}); err == nil {
		t.Error("an Update searched the index")
	}
	if err := l.View(t.Context(), func(tx core.Tx) error { return tx.Log().Index(5, "site/a") }); err == nil {
		t.Error("a View wrote the index")
	}
}

func personalIsForgotten(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error {
		return errors.Join(
			tx.Log().PutPersonal("acme", 0, []byte("zero")),
			tx.Log().PutPersonal("acme", 300, []byte("three hundred")),
			tx.Log().PutPersonal("acme", 0, []byte("zero again")),
			tx.Log().PutPersonal("other", 0, []byte("stays")))
	})
	view(t, l, func(tx core.Tx) error {
		zero, err := tx.Log().Personal("acme", 0)
		more, err2 := tx.Log().Personal("acme", 300)
		if string(zero) != "zero again" || string(more) != "three hundred" {
			t.Errorf("got %q and %q", zero, more)
		}
		return errors.Join(err, err2)
	})
	update(t, l, func(tx core.Tx) error { return tx.Log().Forget("acme") })
	update(t, l, func(tx core.Tx) error { return tx.Log().Forget("nobody") }) // is no error
	view(t, l, func(tx core.Tx) error {
		for _, seq := range []int64{0, 300} {
			_, err := tx.Log().Personal("acme", seq)
			want(t, err, core.ErrNotFound)
		}
		stays, err := tx.Log().Personal("other", 0)
		if !bytes.Equal(stays, []byte("stays")) {
			t.Errorf("got %q", stays)
		}
		return err
	})
}

// A subject that begins as another ends, or holds the bytes that a store may
// use between subject and number, is another subject all the same.
func subjectsAreSeparate(t *testing.T, l core.Ledger) {
	subjects := []string{"a", "ab", "a\x00", "a\x00\x00\x00\x00\x00\x00\x00\x00\x01", "a\x00b", "a/1"}
	accepted := []string{}
	for _, subject := range subjects {
		err := l.Update(t.Context(), func(tx core.Tx) error { return tx.Log().PutPersonal(subject, 1, []byte(subject)) })
		switch {
		case err == nil:
			accepted = append(accepted, subject)
		case !errors.Is(err, core.ErrInvalid):
			t.Errorf("%q: %v", subject, err)
		}
	}
	for _, plain := range []string{"a", "ab", "a/1"} {
		update(t, l, func(tx core.Tx) error { return tx.Log().PutPersonal(plain, 1, []byte(plain)) })
	}
	update(t, l, func(tx core.Tx) error { return tx.Log().Forget("a") })
	view(t, l, func(tx core.Tx) error {
		for _, subject := range accepted {
			data, err := tx.Log().Personal(subject, 1)
			if subject == "a" {
				want(t, err, core.ErrNotFound)
			} else if err != nil || string(data) != subject {
				t.Errorf("%q: %q, %v", subject, data, err)
			}
		}
		return nil
	})
}
