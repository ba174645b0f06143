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

// tx is a core.Tx over one transaction of bbolt and what is recent in it.
type tx struct {
	bolt   *bbolt.Tx
	recent *recent
	draft  *draft // of an Update; recent is part of it
	over   bool
}

func (t *tx) end() { t.over = true }

// reading returns the rows of an area.
func (t *tx) reading(a area) (rows, error) {
	if t.over {
		return rows{}, errOver
	}
	return rows{t, a}, nil
}

// writing returns the rows of an area to write to.
func (t *tx) writing(a area) (rows, error) {
	r, err := t.reading(a)
	if err == nil && t.draft == nil {
		return rows{}, errReadOnly
	}
	return r, err
}

// ranging returns the rows of an area to go through, which only a View may.
func (t *tx) ranging(a area) (rows, error) {
	r, err := t.reading(a)
	if err == nil && t.draft != nil {
		return rows{}, errRange
	}
	return r, err
}

func (t *tx) Sites() core.Table[core.Site]       { return table[core.Site]{t, areaSites} }
func (t *tx) People() core.Table[core.Person]    { return table[core.Person]{t, areaPeople} }
func (t *tx) Requests() core.Table[core.Request] { return table[core.Request]{t, areaRequests} }
func (t *tx) Grants() core.Table[core.Grant]     { return table[core.Grant]{t, areaGrants} }
func (t *tx) Jobs() core.Table[core.Job]         { return table[core.Job]{t, areaJobs} }
func (t *tx) Archives() core.Table[core.Archive] { return table[core.Archive]{t, areaArchives} }
func (t *tx) Outbox() core.Table[core.Message]   { return table[core.Message]{t, areaOutbox} }
func (t *tx) Sent() core.Table[core.Message]     { return table[core.Message]{t, areaSent} }
func (t *tx) Pushes() core.Table[core.Push]      { return table[core.Push]{t, areaPushes} }
func (t *tx) Log() core.LogTable                 { return log{t} }
