package coretest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"breakglass/core"
)

// The tables of a Ledger.
const (
	tableSites = iota
	tablePeople
	tableRequests
	tableGrants
	tableJobs
	tableArchives
	tableOutbox
	tableSent
	tablePushes
	tableCount
)

var (
	errOver     = errors.New("coretest: a transaction was used after its function had returned")
	errReadOnly = errors.New("coretest: a View may not write")
	errRange    = errors.New("coretest: Each is for View; an Update reads by key only")
)

// fakeTx is one run of one transaction.
type fakeTx struct {
	state    state
	writable bool
	over     bool
	cloned   [tableCount]bool
}

func (tx *fakeTx) end() { tx.over = true }

func (tx *fakeTx) writing() error {
	switch {
	case tx.over:
		return errOver
	case !tx.writable:
		return errReadOnly
	}
	return nil
}

func (tx *fakeTx) Sites() core.Table[core.Site]    { return fakeTable[core.Site]{tx, tableSites} }
func (tx *fakeTx) People() core.Table[core.Person] { return fakeTable[core.Person]{tx, tablePeople} }
func (tx *fakeTx) Requests() core.Table[core.Request] {
	return fakeTable[core.Request]{tx, tableRequests}
}
func (tx *fakeTx) Grants() core.Table[core.Grant] { return fakeTable[core.Grant]{tx, tableGrants} }
func (tx *fakeTx) Jobs() core.Table[core.Job]     { return fakeTable[core.Job]{tx, tableJobs} }
func (tx *fakeTx) Archives() core.Table[core.Archive] {
	return fakeTable[core.Archive]{tx, tableArchives}
}
func (tx *fakeTx) Outbox() core.Table[core.Message] { return fakeTable[core.Message]{tx, tableOutbox} }
func (tx *fakeTx) Sent() core.Table[core.Message]   { return fakeTable[core.Message]{tx, tableSent} }
func (tx *fakeTx) Pushes() core.Table[core.Push]    { return fakeTable[core.Push]{tx, tablePushes} }
func (tx *fakeTx) Log() core.LogTable               { return fakeLog{tx} }

// fakeTable is the records of one kind in one transaction.
type fakeTable[T core.Record] struct {
	tx    *fakeTx
	table int
}

func (t fakeTable[T]) rows() map[string][]byte { return t.tx.state.tables[t.table] }

// own returns the rows to write to, copied from the published ones at first.
func (t fakeTable[T]) own() map[string][]byte {
	if !t.tx.cloned[t.table] {
		rows := maps.Clone(t.rows())
		if rows == nil {
			rows = make(map[string][]byte)
		}
		t.tx.state.tables[t.table], t.tx.cloned[t.table] = rows, true
	}
	return t.rows()
}

func (t fakeTable[T]) Get(id string) (T, error) {
	var none T
	if t.tx.over {
		return none, errOver
	}
	data, ok := t.rows()[id]
	if !ok {
		return none, fmt.Errorf("%T %q: %w", none, id, core.ErrNotFound)
	}
	return decode[T](data)
}

func (t fakeTable[T]) Put(v T) (T, error) {
	var none T
	if err := t.tx.writing(); err != nil {
		return none, err
	}
	id, version := keys(&v)
	if *id == "" {
		return none, fmt.Errorf("%T without an ID: %w", v, core.ErrInvalid)
	}
	if stored, err := t.version(*id); err != nil {
		return none, err
	} else if stored != *version {
		return none, fmt.Errorf("%T %q: %w", v, *id, core.ErrConflict)
	}
	*version++
	data, err := json.Marshal(v)
	if err != nil {
		return none, fmt.Errorf("encode %T: %w", v, err)
	}
	t.own()[*id] = data
	return decode[T](data)
}

// version returns the stored version, 0 where there is no record.
func (t fakeTable[T]) version(id string) (uint64, error) {
	data, ok := t.rows()[id]
	if !ok {
		return 0, nil
	}
	v, err := decode[T](data)
	if err != nil {
		return 0, err
	}
	_, version := keys(&v)
	return *version, nil
}

func (t fakeTable[T]) Delete(id string, version uint64) error {
	if err := t.tx.writing(); err != nil {
		return err
	}
	v, err := t.Get(id)
	if err != nil {
		return err
	}
	if _, stored := keys(&v); *stored != version {
		return fmt.Errorf("%T %q: %w", v, id, core.ErrConflict)
	}
	delete(t.own(), id)
	return nil
}

func (t fakeTable[T]) Each(from string, f func(T) bool) error {
	if t.tx.over {
		return errOver
	}
	if t.tx.writable {
		return errRange
	}
	ids := slices.Sorted(maps.Keys(t.rows()))
	for _, id := range ids[sort.SearchStrings(ids, from):] {
		v, err := decode[T](t.rows()[id])
		if err != nil {
			return err
		}
		if !f(v) {
			return nil
		}
	}
	return nil
}
