package store

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"breakglass/core"
	"breakglass/core/audit"

	"go.etcd.io/bbolt"
)

// A database of before the index gets one over the leaves that it holds.
func TestAnOlderDatabaseIsIndexed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breakglass.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate(db, path, migrations[:1]); err != nil {
		t.Fatal(err)
	}
	leaves := []audit.Leaf{{Verb: "a", Site: "acme"}, {Verb: "b"}, {Verb: "c", Site: "acme", Grant: "G-1"}}
	err = db.Update(func(b *bbolt.Tx) error {
		for seq, leaf := range leaves {
			leaf.Seq = int64(seq)
			data, err := leaf.Encode()
			if err == nil {
				err = b.Bucket([]byte("leaves")).Put(number(leaf.Seq), data)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{BallastSize: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for key, want := range map[string][]int64{"site/acme": {2, 0}, "grant/G-1": {2}, "site/acm": nil} {
		var got []int64
		err := s.View(context.Background(), func(tx core.Tx) error {
			return tx.Log().Find(key, 99, func(seq int64) bool { got = append(got, seq); return true })
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", key, got, err, want)
		}
	}
}
