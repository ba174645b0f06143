package store

import (
	"errors"
	"fmt"

	"breakglass/core"
)

// maxID is the longest ID in bytes; bbolt would take 32 KiB.
const maxID = 1024

// table is a core.Table over the rows of one area.
type table[T core.Record] struct {
	tx   *tx
	area area
}

// Get implements core.Table.
func (t table[T]) Get(id string) (T, error) {
	var none T
	b, err := t.tx.reading(t.area)
	if err != nil {
		return none, err
	}
	data, found := b.get([]byte(id))
	if !found {
		return none, t.fail(id, core.ErrNotFound)
	}
	v, err := decode[T](data)
	if err != nil {
		return none, t.fail(id, err)
	}
	return v, nil
}

// Put implements core.Table.
func (t table[T]) Put(v T) (T, error) {
	var none T
	b, err := t.tx.writing(t.area)
	if err != nil {
		return none, err
	}
	id, version := keys(&v)
	if *id == "" || len(*id) > maxID {
		return none, t.fail(*id, fmt.Errorf("an ID has 1 to %d bytes: %w", maxID, core.ErrInvalid))
	}
	stored, err := t.version(*id)
	if err != nil {
		return none, err
	}
	if stored != *version {
		return none, t.fail(*id, core.ErrConflict)
	}
	*version++
	kept, data, err := encode(v)
	if err == nil {
		err = b.put([]byte(*id), data)
	}
	if err != nil {
		return none, t.fail(*id, err)
	}
	return kept, nil
}

// version returns the stored version, 0 where there is no record.
func (t table[T]) version(id string) (uint64, error) {
	v, err := t.Get(id)
	if errors.Is(err, core.ErrNotFound) {
		return 0, nil
	}
	_, version := keys(&v)
	return *version, err
}

// Delete implements core.Table.
func (t table[T]) Delete(id string, version uint64) error {
	b, err := t.tx.writing(t.area)
	if err != nil {
		return err
	}
	v, err := t.Get(id)
	if err != nil {
		return err
	}
	if _, stored := keys(&v); *stored != version {
		return t.fail(id, core.ErrConflict)
	}
	if err := b.delete([]byte(id)); err != nil {
		return t.fail(id, err)
	}
	return nil
}

// Each implements core.Table.
func (t table[T]) Each(from string, f func(T) bool) error {
	b, err := t.tx.ranging(t.area)
	if err != nil {
		return err
	}
	b.up([]byte(from), func(id, data []byte) bool {
		var v T
		if v, err = decode[T](data); err != nil {
			err = t.fail(string(id), err)
			return false
		}
		return f(v)
	})
	return err
}

func (t table[T]) fail(id string, err error) error { return fmt.Errorf("%s %q: %w", t.area, id, err) }
