package core_test

import (
	"context"
	"errors"

	"breakglass/core"
	"breakglass/core/coretest"
)

// errBroken is what a brittle ledger fails with.
var errBroken = errors.New("the disk broke here")

// brittle is the fake ledger whose n-th write of each transaction can be made
// to fail, and that can be interrupted just before a transaction. It is set up
// while nothing else runs.
type brittle struct {
	*coretest.Ledger
	failAt int    // 0: never
	before func() // called once, before the next Update
}

func (b *brittle) Update(ctx context.Context, f func(core.Tx) error) error {
	if before := b.before; before != nil {
		b.before = nil
		before()
	}
	if b.failAt == 0 {
		return b.Ledger.Update(ctx, f)
	}
	return b.Ledger.Update(ctx, func(tx core.Tx) error { return f(&brittleTx{tx, b.failAt}) })
}

type brittleTx struct {
	core.Tx
	left int
}

func (tx *brittleTx) write() error {
	if tx.left--; tx.left == 0 {
		return errBroken
	}
	return nil
}

func (tx *brittleTx) Sites() core.Table[core.Site] {
	return brittleTable[core.Site]{tx.Tx.Sites(), tx}
}

func (tx *brittleTx) People() core.Table[core.Person] {
	return brittleTable[core.Person]{tx.Tx.People(), tx}
}

func (tx *brittleTx) Requests() core.Table[core.Request] {
	return brittleTable[core.Request]{tx.Tx.Requests(), tx}
}

func (tx *brittleTx) Grants() core.Table[core.Grant] {
	return brittleTable[core.Grant]{tx.Tx.Grants(), tx}
}

func (tx *brittleTx) Jobs() core.Table[core.Job] {
	return brittleTable[core.Job]{tx.Tx.Jobs(), tx}
}

func (tx *brittleTx) Archives() core.Table[core.Archive] {
	return brittleTable[core.Archive]{tx.Tx.Archives(), tx}
}

func (tx *brittleTx) Outbox() core.Table[core.Message] {
	return brittleTable[core.Message]{tx.Tx.Outbox(), tx}
}

func (tx *brittleTx) Sent() core.Table[core.Message] {
	return brittleTable[core.Message]{tx.Tx.Sent(), tx}
}

func (tx *brittleTx) Log() core.LogTable { return brittleLog{tx.Tx.Log(), tx} }

type brittleTable[T any] struct {
	core.Table[T]
	tx *brittleTx
}

func (t brittleTable[T]) Put(v T) (T, error) {
	if err := t.tx.write(); err != nil {
		return v, err
	}
	return t.Table.Put(v)
}

func (t brittleTable[T]) Delete(id string, version uint64) error {
	if err := t.tx.write(); err != nil {
		return err
	}
	return t.Table.Delete(id, version)
}

type brittleLog struct {
	core.LogTable
	tx *brittleTx
}

func (l brittleLog) Append(leaf []byte, hashes [][32]byte) error {
	if err := l.tx.write(); err != nil {
		return err
	}
	return l.LogTable.Append(leaf, hashes)
}

func (l brittleLog) PutPersonal(subject string, seq int64, data []byte) error {
	if err := l.tx.write(); err != nil {
		return err
	}
	return l.LogTable.PutPersonal(subject, seq, data)
}
