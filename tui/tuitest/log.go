package tuitest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"breakglass/core"
)

// Log answers queries as core's Console does, over lines that are made when they
// are asked for: a log of millions costs nothing. Line makes the line of a
// number; times must not run back. Queries may come at once; the fields are for a
// test to read and set while none is under way.
type Log struct {
	mu      sync.Mutex
	Size    int64
	Line    func(seq int64) core.LogLine
	Scan    int             // lines that one query reads at most; 0: as core
	Queries []core.LogQuery // all that was asked
	Err     error           // what it fails with
	Slow    chan struct{}   // when set, an answer waits for it
}

// Asked is all that was asked so far; it may be called while more is.
func (l *Log) Asked() []core.LogQuery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.Queries)
}

// Page answers a query.
func (l *Log) Page(ctx context.Context, q core.LogQuery) (core.LogPage, error) {
	l.mu.Lock()
	l.Queries = append(l.Queries, q)
	page := l.page(q)
	l.mu.Unlock()
	if slow := l.Slow; slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
		}
	}
	if l.Err != nil {
		return core.LogPage{}, l.Err
	}
	return page, nil
}

func (l *Log) page(q core.LogQuery) core.LogPage {
	low, high := int64(0), l.Size
	if !q.From.IsZero() {
		low = l.first(func(at core.LogLine) bool { return !at.Time.Before(q.From) })
	}
	if !q.To.IsZero() {
		high = l.first(func(at core.LogLine) bool { return !at.Time.Before(q.To) })
	}
	page := core.LogPage{Size: l.Size}
	limit, scan := cmp.Or(q.Limit, 50), cmp.Or(l.Scan, 20_000)
	if q.Upward {
		page.Next = l.Size
		for seq := max(low, q.Start); seq < high; seq++ {
			if scan--; len(page.Lines) == limit || scan < 0 {
				page.More, page.Next = true, seq
				break
			}
			if line := l.Line(seq); takes(line, q) {
				page.Lines = append(page.Lines, line)
			}
		}
		return page
	}
	if q.Before > 0 {
		high = min(high, q.Before)
	}
	for seq := high - 1; seq >= low; seq-- {
		if scan--; len(page.Lines) == limit || scan < 0 {
			page.More, page.Next = true, seq+1
			break
		}
		if line := l.Line(seq); takes(line, q) {
			page.Lines = append(page.Lines, line)
		}
	}
	return page
}

// first is the first line of which is holds, as of all after it.
func (l *Log) first(is func(core.LogLine) bool) int64 {
	return int64(sort.Search(int(l.Size), func(i int) bool { return is(l.Line(int64(i))) }))
}

func takes(line core.LogLine, q core.LogQuery) bool {
	switch {
	case q.Site != "" && line.Site != q.Site,
		q.Request != "" && line.Request != q.Request,
		q.Grant != "" && line.Grant != q.Grant,
		q.Person != "" && !strings.Contains(line.Actor, q.Person),
		q.Event != "" && line.Event != q.Event && !strings.HasPrefix(string(line.Event), string(q.Event)+"."):
		return false
	}
	if q.Text == "" {
		return true
	}
	text := fmt.Sprintln(line.Actor, line.Event, line.Site, line.Request, line.Grant, line.From, line.To, line.Result, line.Data, line.Personal)
	return strings.Contains(strings.ToLower(text), strings.ToLower(q.Text))
}
