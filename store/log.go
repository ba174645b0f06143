package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"breakglass/core"

	"go.etcd.io/bbolt"
)

// The buckets of the log.
const (
	bucketLeaves   = "leaves"
	bucketHashes   = "hashes"
	bucketPersonal = "personal"
	bucketIndex    = "index"
)

// log is a core.LogTable over four buckets.
type log struct{ tx *tx }

// number is a key that sorts as the number does.
func number(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // callers pass no negative number
}

// next returns the number after the last key of a bucket of numbers.
func next(b *bbolt.Bucket) int64 {
	last, _ := b.Cursor().Last()
	if last == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(last)) + 1 //nolint:gosec // written by number
}

// at returns a copy of the value at a number.
func (l log) at(bucket string, n int64) ([]byte, error) {
	b, err := l.tx.reading(bucket)
	if err != nil {
		return nil, err
	}
	if n >= 0 {
		if value := b.Get(number(n)); value != nil {
			return bytes.Clone(value), nil
		}
	}
	return nil, fmt.Errorf("%s %d: %w", bucket, n, core.ErrNotFound)
}

// Size implements core.LogTable.
func (l log) Size() (int64, error) {
	b, err := l.tx.reading(bucketLeaves)
	if err != nil {
		return 0, err
	}
	return next(b), nil
}

// Leaf implements core.LogTable.
func (l log) Leaf(seq int64) ([]byte, error) { return l.at(bucketLeaves, seq) }

// Hash implements core.LogTable.
func (l log) Hash(index int64) (hash [32]byte, err error) {
	value, err := l.at(bucketHashes, index)
	if err == nil && copy(hash[:], value) != len(hash) {
		err = fmt.Errorf("%s %d has %d bytes: the database is damaged", bucketHashes, index, len(value))
	}
	return hash, err
}

// Append implements core.LogTable.
func (l log) Append(leaf []byte, hashes [][32]byte) error {
	if err := l.push(bucketLeaves, leaf); err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := l.push(bucketHashes, hash[:]); err != nil {
			return err
		}
	}
	return nil
}

// push puts a value under the next number.
func (l log) push(bucket string, value []byte) error {
	b, err := l.tx.writing(bucket)
	if err != nil {
		return err
	}
	b.FillPercent = 1 // keys only ever grow, so full pages are never split
	if err := b.Put(number(next(b)), append([]byte{}, value...)); err != nil {
		return fmt.Errorf("append to %s: %w", bucket, err)
	}
	return nil
}

// numbered is a key made of a name and a number. It begins no other name's,
// because no name has a zero byte.
func numbered(name string, seq int64) []byte {
	return append([]byte(name+"\x00"), number(seq)...)
}

func validNumbered(name string, seq int64) bool {
	return name != "" && len(name) <= maxID && !strings.Contains(name, "\x00") && seq >= 0
}

// Index implements core.LogTable.
func (l log) Index(seq int64, keys ...string) error {
	b, err := l.tx.writing(bucketIndex)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !validNumbered(key, seq) {
			return fmt.Errorf("index leaf %d under %q: %w", seq, key, core.ErrInvalid)
		}
		if err := b.Put(numbered(key, seq), nil); err != nil {
			return fmt.Errorf("index leaf %d: %w", seq, err)
		}
	}
	return nil
}

// Find implements core.LogTable.
func (l log) Find(key string, before int64, f func(seq int64) bool) error {
	b, err := l.tx.reading(bucketIndex)
	if err != nil {
		return err
	}
	if l.tx.bolt.Writable() {
		return errRange
	}
	if !validNumbered(key, before) {
		return nil
	}
	prefix := []byte(key + "\x00")
	cursor := b.Cursor()
	at, _ := cursor.Seek(numbered(key, before))
	if at == nil {
		at, _ = cursor.Last()
	} else {
		at, _ = cursor.Prev()
	}
	for ; bytes.HasPrefix(at, prefix); at, _ = cursor.Prev() {
		if !f(int64(binary.BigEndian.Uint64(at[len(prefix):]))) { //nolint:gosec // written by number
			return nil
		}
	}
	return nil
}

// FindUp implements core.LogTable.
func (l log) FindUp(key string, from int64, f func(seq int64) bool) error {
	b, err := l.tx.reading(bucketIndex)
	if err != nil {
		return err
	}
	if l.tx.bolt.Writable() {
		return errRange
	}
	if from = max(from, 0); !validNumbered(key, from) {
		return nil
	}
	prefix := []byte(key + "\x00")
	cursor := b.Cursor()
	for at, _ := cursor.Seek(numbered(key, from)); bytes.HasPrefix(at, prefix); at, _ = cursor.Next() {
		if !f(int64(binary.BigEndian.Uint64(at[len(prefix):]))) { //nolint:gosec // written by number
			return nil
		}
	}
	return nil
}

// PutPersonal implements core.LogTable.
func (l log) PutPersonal(subject string, seq int64, data []byte) error {
	b, err := l.tx.writing(bucketPersonal)
	if err != nil {
		return err
	}
	if !validNumbered(subject, seq) {
		return fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrInvalid)
	}
	if err := b.Put(numbered(subject, seq), append([]byte{}, data...)); err != nil {
		return fmt.Errorf("personal data of %q: %w", subject, err)
	}
	return nil
}

// Personal implements core.LogTable.
func (l log) Personal(subject string, seq int64) ([]byte, error) {
	b, err := l.tx.reading(bucketPersonal)
	if err != nil {
		return nil, err
	}
	if validNumbered(subject, seq) {
		if data := b.Get(numbered(subject, seq)); data != nil {
			return bytes.Clone(data), nil
		}
	}
	return nil, fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrNotFound)
}

// Forget implements core.LogTable.
func (l log) Forget(subject string) error {
	b, err := l.tx.writing(bucketPersonal)
	if err != nil || !validNumbered(subject, 0) {
		return err
	}
	prefix := []byte(subject + "\x00")
	var found [][]byte // first all keys: a cursor may skip one after a deletion
	cursor := b.Cursor()
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		found = append(found, bytes.Clone(key))
	}
	for _, key := range found {
		if err := b.Delete(key); err != nil {
			return fmt.Errorf("forget %q: %w", subject, err)
		}
	}
	return nil
}
