package core

import (
	"fmt"
	"time"

	"breakglass/core/audit"
)

// bounds returns which lines of a log of size lines a query may mean at all:
// those numbered low or more, below high.
func (q LogQuery) bounds(log LogTable, size int64) (low, high int64, err error) {
	high = size
	if !q.From.IsZero() {
		if low, err = lineAt(log, size, q.From); err != nil {
			return 0, 0, err
		}
	}
	if !q.To.IsZero() {
		if high, err = lineAt(log, size, q.To); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case q.Upward:
		low = max(low, q.Start)
	case q.Before > 0:
		high = min(high, q.Before)
	}
	return low, high, nil
}

// lineAt returns the number of the first line that is not older than a time, or
// size where all are. It halves the log: the times of its lines never run back.
func lineAt(log LogTable, size int64, at time.Time) (int64, error) {
	low, high := int64(0), size
	for low < high {
		middle := low + (high-low)/2
		data, err := log.Leaf(middle)
		if err != nil {
			return 0, err
		}
		leaf, err := audit.DecodeLeaf(data)
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", middle, err)
		}
		if leaf.Time.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// key is what the index knows of a query, "" where it must look at every line.
func (q LogQuery) key() string {
	switch {
	case q.Grant != "":
		return audit.KeyGrant + q.Grant
	case q.Request != "":
		return audit.KeyRequest + q.Request
	case q.Site != "":
		return audit.KeySite + q.Site
	default:
		return ""
	}
}

// candidates gives the numbers from low to below high that a query may mean, in
// its order: by index where it names a grant, a request or a site, else all.
func (q LogQuery) candidates(log LogTable, low, high int64, f func(seq int64) bool) error {
	key := q.key()
	switch {
	case key != "" && q.Upward:
		return log.FindUp(key, low, func(seq int64) bool { return seq < high && f(seq) })
	case key != "":
		return log.Find(key, high, func(seq int64) bool { return seq >= low && f(seq) })
	case q.Upward:
		for seq := low; seq < high && f(seq); seq++ {
		}
	default:
		for seq := high - 1; seq >= low && f(seq); seq-- {
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
	seqs, err := numbersUnder(tx.Log(), size, keys...)
	if err != nil {
		return nil, err
	}
	var lines []LogLine
	for _, seq := range seqs {
		l, err := readLine(tx, seq)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}
