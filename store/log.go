package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"breakglass/core"
)

// log is a core.LogTable over four areas.
type log struct{ tx *tx }

// number is a key that sorts as the number does.
func number(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // callers pass no negative number
}

// next returns the number after the last key of rows with numbers. They are only
// ever appended to, so what is recent is behind all else.
func next(b rows) int64 {
	var last []byte
	if recent := b.recent(); len(recent) > 0 {
		last = []byte(recent[len(recent)-1].key)
	} else if last, _ = b.main().Cursor().Last(); last == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(last)) + 1 //nolint:gosec // written by number
}

// at returns a copy of the value at a number.
func (l log) at(a area, n int64) ([]byte, error) {
	b, err := l.tx.reading(a)
	if err != nil {
		return nil, err
	}
	if n >= 0 {
		if value, found := b.get(number(n)); found {
			return bytes.Clone(value), nil
		}
	}
	return nil, fmt.Errorf("%s %d: %w", a, n, core.ErrNotFound)
}

// Size implements core.LogTable.
func (l log) Size() (int64, error) {
	b, err := l.tx.reading(areaLeaves)
	if err != nil {
		return 0, err
	}
	return next(b), nil
}

// Leaf implements core.LogTable.
func (l log) Leaf(seq int64) ([]byte, error) { return l.at(areaLeaves, seq) }

// Hash implements core.LogTable.
func (l log) Hash(index int64) (hash [32]byte, err error) {
	value, err := l.at(areaHashes, index)
	if err == nil && copy(hash[:], value) != len(hash) {
		err = fmt.Errorf("%s %d has %d bytes: the database is damaged", areaHashes, index, len(value))
	}
	return hash, err
}

// Append implements core.LogTable.
func (l log) Append(leaf []byte, hashes [][32]byte) error {
	if err := l.push(areaLeaves, leaf); err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := l.push(areaHashes, hash[:]); err != nil {
			return err
		}
	}
	return nil
}

// push puts a value under the next number.
func (l log) push(a area, value []byte) error {
	b, err := l.tx.writing(a)
	if err != nil {
		return err
	}
	if err := b.put(number(next(b)), bytes.Clone(value)); err != nil {
		return fmt.Errorf("append to %s: %w", a, err)
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
	b, err := l.tx.writing(areaIndex)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !validNumbered(key, seq) {
			return fmt.Errorf("index leaf %d under %q: %w", seq, key, core.ErrInvalid)
		}
		if err := b.put(numbered(key, seq), nil); err != nil {
			return fmt.Errorf("index leaf %d: %w", seq, err)
		}
	}
	return nil
}

// Find implements core.LogTable.
func (l log) Find(key string, before int64, f func(seq int64) bool) error {
	b, err := l.tx.ranging(areaIndex)
	if err != nil || !validNumbered(key, before) {
		return err
	}
	b.down(numbered(key, before), under(key, f))
	return nil
}

// FindUp implements core.LogTable.
func (l log) FindUp(key string, from int64, f func(seq int64) bool) error {
	b, err := l.tx.ranging(areaIndex)
	if from = max(from, 0); err != nil || !validNumbered(key, from) {
		return err
	}
	b.up(numbered(key, from), under(key, f))
	return nil
}

// under gives f the numbers of rows, until one has another name.
func under(name string, f func(seq int64) bool) func(key, value []byte) bool {
	prefix := []byte(name + "\x00")
	return func(key, _ []byte) bool {
		return bytes.HasPrefix(key, prefix) && f(int64(binary.BigEndian.Uint64(key[len(prefix):]))) //nolint:gosec // written by number
	}
}

// PutPersonal implements core.LogTable.
func (l log) PutPersonal(subject string, seq int64, data []byte) error {
	b, err := l.tx.writing(areaPersonal)
	if err != nil {
		return err
	}
	if !validNumbered(subject, seq) {
		return fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrInvalid)
	}
	if err := b.put(numbered(subject, seq), bytes.Clone(data)); err != nil {
		return fmt.Errorf("personal data of %q: %w", subject, err)
	}
	return nil
}

// Personal implements core.LogTable.
func (l log) Personal(subject string, seq int64) ([]byte, error) {
	b, err := l.tx.reading(areaPersonal)
	if err != nil {
		return nil, err
	}
	if validNumbered(subject, seq) {
		if data, found := b.get(numbered(subject, seq)); found {
			return bytes.Clone(data), nil
		}
	}
	return nil, fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrNotFound)
}

// Forget implements core.LogTable. It leaves nothing in the bucket "recent",
// where older states of records may lie: theirs are erased with it.
func (l log) Forget(subject string) error {
	b, err := l.tx.writing(areaPersonal)
	if err != nil || !validNumbered(subject, 0) {
		return err
	}
	l.tx.draft.erase = true
	prefix := []byte(subject + "\x00")
	var found [][]byte // first all keys: a walk may skip one after a deletion
	b.up(prefix, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		found = append(found, bytes.Clone(key))
		return true
	})
	for _, key := range found {
		if err := b.delete(key); err != nil {
			return fmt.Errorf("forget %q: %w", subject, err)
		}
	}
	return nil
}
