package store

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"breakglass/core"

	"go.etcd.io/bbolt"
)

func openBolt(t *testing.T) (*bbolt.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "breakglass.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, path
}

func step(name string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte(name)); return err }
}

func buckets(t *testing.T, db *bbolt.DB) (names []string) {
	t.Helper()
	if err := db.View(func(tx *bbolt.Tx) error {
		names = nil
		return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error { names = append(names, string(name)); return nil })
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// Each step runs once, in order, from wherever the file is.
func TestMigrate(t *testing.T) {
	db, path := openBolt(t)
	first := []func(*bbolt.Tx) error{step("one")}
	both := []func(*bbolt.Tx) error{step("one"), step("two")}
	for _, c := range []struct {
		steps []func(*bbolt.Tx) error
		want  string
	}{{first, "meta one"}, {first, "meta one"}, {both, "meta one two"}, {both, "meta one two"}} {
		if err := migrate(db, path, c.steps); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(buckets(t, db), " "); got != c.want {
			t.Errorf("buckets %s, want %s", got, c.want)
		}
	}
	err := migrate(db, path, first) // an older program meets the newer file
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "newer breakglass") {
		t.Errorf("a newer schema: %v", err)
	}
}

func TestMigrationThatFailsChangesNothing(t *testing.T) {
	db, path := openBolt(t)
	bad := errors.New("broken step")
	err := migrate(db, path, []func(*bbolt.Tx) error{step("one"), func(*bbolt.Tx) error { return bad }})
	if !errors.Is(err, bad) || len(buckets(t, db)) != 0 {
		t.Errorf("%v, left %v", err, buckets(t, db))
	}
}

func TestDatabaseOfAnotherProgramIsRefused(t *testing.T) {
	db, path := openBolt(t)
	if err := db.Update(step("photos")); err != nil {
		t.Fatal(err)
	}
	if err := migrate(db, path, migrations); !errors.Is(err, core.ErrInvalid) || len(buckets(t, db)) != 1 {
		t.Errorf("%v, now holds %v", err, buckets(t, db))
	}
}

// Every kind of record has keys, none has room for a secret, and each is kept as
// encoding/json would give it back.
func TestEveryKindOfRecord(t *testing.T) {
	checkKind[core.Site](t)
	checkKind[core.Person](t)
	checkKind[core.Request](t)
	checkKind[core.Grant](t)
	checkKind[core.Job](t)
	checkKind[core.Archive](t)
	checkKind[core.Message](t)
	checkKind[core.Push](t)
}

func checkKind[T core.Record](t *testing.T) {
	t.Helper()
	var v T
	id, version := keys(&v)
	*id, *version = "x", 7
	r := reflect.ValueOf(v)
	if r.FieldByName("ID").String() != "x" || r.FieldByName("Version").Uint() != 7 {
		t.Errorf("%T has no keys", v)
	}
	checkSettled[T](t)
	if holdsSecret(r.Type()) {
		t.Errorf("%T could store a core.Secret", v)
	}
}

// holdsSecret looks through a type, which may lie within itself.
func holdsSecret(typ reflect.Type, within ...reflect.Type) bool {
	switch {
	case typ == reflect.TypeFor[core.Secret]():
		return true
	case typ == typeTime, slices.Contains(within, typ):
		return false
	}
	within = append(slices.Clone(within), typ)
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			if holdsSecret(typ.Field(i).Type, within...) {
				return true
			}
		}
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
		return holdsSecret(typ.Elem(), within...)
	}
	return false
}
