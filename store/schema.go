package store

import (
	"encoding/binary"
	"fmt"

	"breakglass/core"
	"breakglass/core/audit"

	"go.etcd.io/bbolt"
)

var (
	bucketMeta = []byte("meta")
	keySchema  = []byte("schema")
)

// migrations[n] brings a file from schema n to n+1; a new file is of schema 0.
// An entry that was once released is never changed: files made by it exist. From
// schema 4 on rows may lie in the bucket "recent": a step that reads or changes
// others folds it first.
var migrations = []func(*bbolt.Tx) error{
	0: createBuckets,
	1: indexLeaves,
	2: createPushes,
	3: createRecent,
}

// createBuckets makes the buckets of schema 1.
func createBuckets(tx *bbolt.Tx) error {
	for _, name := range []string{
		"sites", "people", "requests", "grants", "jobs", "archives", "outbox", "sent", "leaves", "hashes", "personal",
	} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	return nil
}

// indexLeaves makes the index of schema 2, over the leaves that are there.
func indexLeaves(tx *bbolt.Tx) error {
	index, err := tx.CreateBucket([]byte("index"))
	if err != nil {
		return fmt.Errorf("create bucket index: %w", err)
	}
	return tx.Bucket([]byte("leaves")).ForEach(func(seq, data []byte) error {
		leaf, err := audit.DecodeLeaf(data)
		if err != nil {
			return fmt.Errorf("leaf %x: %w", seq, err)
		}
		for _, key := range leaf.Keys() {
			if err := index.Put(append([]byte(key+"\x00"), seq...), nil); err != nil {
				return fmt.Errorf("index leaf %x: %w", seq, err)
			}
		}
		return nil
	})
}

// createPushes makes the bucket of schema 3: how far the log was pushed.
func createPushes(tx *bbolt.Tx) error {
	if _, err := tx.CreateBucket([]byte("pushes")); err != nil {
		return fmt.Errorf("create bucket pushes: %w", err)
	}
	return nil
}

// createRecent makes the bucket of schema 4, for changes on their way to the
// other buckets. In a file of before, free pages hold what was forgotten: nothing
// was written over then.
func createRecent(tx *bbolt.Tx) error {
	if _, err := tx.CreateBucket(bucketRecent); err != nil {
		return fmt.Errorf("create bucket recent: %w", err)
	}
	if tx.Bucket(bucketMeta) == nil { // a new file
		return nil
	}
	return noteScrub(tx)
}

// migrate brings the file to the schema that steps end with, all in one
// transaction. It refuses a file that is newer, or not of breakglass.
func migrate(db *bbolt.DB, path string, steps []func(*bbolt.Tx) error) error {
	newest := uint64(len(steps))
	var from uint64
	if err := db.View(func(tx *bbolt.Tx) (err error) {
		from, err = schemaOf(tx, path)
		return err
	}); err != nil {
		return err
	}
	switch {
	case from > newest:
		return core.Refuse(core.ErrInvalid,
			"The database %s was written by a newer breakglass (schema %d, this one knows %d): install the newer version again.", path, from, newest)
	case from == newest:
		return nil
	}
	err := db.Update(func(tx *bbolt.Tx) error {
		for n := from; n < newest; n++ {
			if err := steps[n](tx); err != nil {
				return fmt.Errorf("to schema %d: %w", n+1, err)
			}
		}
		meta, err := tx.CreateBucketIfNotExists(bucketMeta)
		if err != nil {
			return err
		}
		return meta.Put(keySchema, binary.BigEndian.AppendUint64(nil, newest))
	})
	if err != nil {
		return fmt.Errorf("migrate database %s: %w", path, err)
	}
	return nil
}

// schemaOf returns the schema of a file, 0 for an empty one.
func schemaOf(tx *bbolt.Tx, path string) (uint64, error) {
	if meta := tx.Bucket(bucketMeta); meta != nil {
		if value := meta.Get(keySchema); len(value) == 8 {
			return binary.BigEndian.Uint64(value), nil
		}
	}
	if first, _ := tx.Cursor().First(); first != nil {
		return 0, core.Refuse(core.ErrInvalid, "The file %s is a database of another program: give the path of one of breakglass, or of a new file.", path)
	}
	return 0, nil
}
