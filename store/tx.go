package store

import (
	"errors"

	"breakglass/core"

	"go.etcd.io/bbolt"
)

// These say that the code above the ledger breaks the rules of core.Ledger.
var (
	errOver     = errors.New("store: a transaction was used after its function had returned")
	errReadOnly = errors.New("store: a View may not write")
	errRange    = errors.New("store: Each is for View; an Update reads by key only")
)

// tx is a core.Tx over one transaction of bbolt.
type tx struct {
	bolt *bbolt.Tx
	over bool
}

func (t *tx) end() { t.over = true }

// reading returns a bucket to read from.
func (t *tx) reading(bucket string) (*bbolt.Bucket, error) {
	if t.over {
		return nil, errOver
	}
	return t.bolt.Bucket([]byte(bucket)), nil
}

// writing returns a bucket to write to.
func (t *tx) writing(bucket string) (*bbolt.Bucket, error) {
	b, err := t.reading(bucket)
	if err == nil && !t.bolt.Writable() {
		return nil, errReadOnly
	}
	return b, err
}

func (t *tx) Sites() core.Table[core.Site]       { return table[core.Site]{t, "sites"} }
func (t *tx) People() core.Table[core.Person]    { return table[core.Person]{t, "people"} }
func (t *tx) Requests() core.Table[core.Request] { return table[core.Request]{t, "requests"} }
func (t *tx) Grants() core.Table[core.Grant]     { return table[core.Grant]{t, "grants"} }
func (t *tx) Jobs() core.Table[core.Job]         { return table[core.Job]{t, "jobs"} }
func (t *tx) Archives() core.Table[core.Archive] { return table[core.Archive]{t, "archives"} }
func (t *tx) Outbox() core.Table[core.Message]   { return table[core.Message]{t, "outbox"} }
func (t *tx) Sent() core.Table[core.Message]     { return table[core.Message]{t, "sent"} }
func (t *tx) Pushes() core.Table[core.Push]      { return table[core.Push]{t, "pushes"} }
func (t *tx) Log() core.LogTable                 { return log{t} }
