package core

import (
	"slices"

	"breakglass/core/audit"
)

// candidates gives the numbers of the lines below before that a query may mean,
// newest first: by index where it names a grant or a site, else all of them.
func (q LogQuery) candidates(log LogTable, before int64, f func(seq int64) bool) error {
	switch {
	case q.Grant != "":
		return log.Find(audit.KeyGrant+q.Grant, before, f)
	case q.Site != "":
		return log.Find(audit.KeySite+q.Site, before, f)
	}
	for seq := before - 1; seq >= 0; seq-- {
		if !f(seq) {
			return nil
		}
	}
	return nil
}

// linesUnder reads the lines noted under any of the keys, once each, oldest
// first.
func linesUnder(tx Tx, keys ...string) ([]LogLine, error) {
	size, err := tx.Log().Size()
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for _, key := range keys {
		err := tx.Log().Find(key, size, func(seq int64) bool {
			seqs = append(seqs, seq)
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(seqs)
	var lines []LogLine
	for _, seq := range slices.Compact(seqs) {
		l, err := readLine(tx, seq)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}
