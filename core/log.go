package core

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"breakglass/core/audit"

	"golang.org/x/mod/sumdb/tlog"
)

// The sizes of a page of the log.
const (
	defaultLogPage = 50
	maxLogPage     = 500
	// maxLogScan bounds the lines that one query reads; the page then says that
	// there is more.
	maxLogScan = 20_000
)

// Log returns lines of the log, newest first, to a manager (of the sites that
// the person looks after) or an auditor. Reading is a line of the log itself,
// once a quarter of an hour for each reader.
func (c *Console) Log(ctx context.Context, a Actor, q LogQuery) (LogPage, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLogPage
	}
	q.Limit = min(q.Limit, maxLogPage)
	if err := c.logReading(ctx, a); err != nil {
		return LogPage{}, err
	}
	var page LogPage
	err := c.view(ctx, "read log", func(tx Tx) error {
		page = LogPage{}
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		if page.Size, err = tx.Log().Size(); err != nil {
			return err
		}
		return page.fill(tx, scope, q)
	})
	return page, err
}

// fill takes the lines of the query from a log of p.Size lines.
func (p *LogPage) fill(tx Tx, scope Person, q LogQuery) error {
	low, high, err := q.bounds(tx.Log(), p.Size)
	if err != nil {
		return err
	}
	if q.Upward {
		p.Next = p.Size
	}
	read := 0
	var failed error
	err = q.candidates(tx.Log(), low, high, func(seq int64) bool {
		if len(p.Lines) == q.Limit || read == maxLogScan {
			if p.More, p.Next = true, seq+1; q.Upward {
				p.Next = seq
			}
			return false
		}
		read++
		l, ok, err := q.read(tx, scope, seq)
		if failed = err; ok {
			p.Lines = append(p.Lines, l)
		}
		return err == nil
	})
	return errors.Join(err, failed)
}

// mayRead reports whether a line is within what a person looks after.
func (p Person) mayRead(l LogLine) bool {
	return p.Role == RoleAuditor || len(p.Sites) == 0 || (l.Site != "" && p.covers(l.Site))
}

// read reads a line if it is what the query looks for. What lies beside a line
// is read last: a search passes over many lines by their leaves alone.
func (q LogQuery) read(tx Tx, scope Person, seq int64) (l LogLine, ok bool, err error) {
	leaf, l, err := readLeaf(tx, seq)
	if err != nil || !scope.mayRead(l) || !q.fits(l) {
		return l, false, err
	}
	err = l.readBeside(tx, leaf)
	return l, err == nil && q.finds(l), err
}

// readLine reads a leaf and the personal data beside it.
func readLine(tx Tx, seq int64) (LogLine, error) {
	leaf, l, err := readLeaf(tx, seq)
	if err == nil {
		err = l.readBeside(tx, leaf)
	}
	return l, err
}

// readLeaf reads a leaf, and the line that it makes without what lies beside it.
func readLeaf(tx Tx, seq int64) (audit.Leaf, LogLine, error) {
	data, err := tx.Log().Leaf(seq)
	if err != nil {
		return audit.Leaf{}, LogLine{}, err
	}
	leaf, err := audit.DecodeLeaf(data)
	if err != nil {
		return leaf, LogLine{}, fmt.Errorf("line %d: %w", seq, err)
	}
	hash := tlog.RecordHash(data)
	return leaf, LogLine{
		Seq: seq, Time: leaf.Time, Actor: leaf.Actor, Event: Event(leaf.Verb), Site: leaf.Site, Request: leaf.Request,
		Grant: leaf.Grant, From: leaf.From, To: leaf.To, Result: leaf.Result, Data: leaf.Data, Hash: hex.EncodeToString(hash[:]),
	}, nil
}

// readBeside reads the personal data that is still there.
func (l *LogLine) readBeside(tx Tx, leaf audit.Leaf) error {
	if len(leaf.Personal) == 0 {
		return nil
	}
	for _, subject := range audit.Subjects(leaf) {
		beside, err := readPersonal(tx.Log(), subject, l.Seq)
		if err != nil {
			return err
		}
		if len(beside.Fields) > 0 && l.Personal == nil {
			l.Personal = make(map[string]string)
		}
		maps.Copy(l.Personal, beside.Fields)
	}
	return nil
}

// loginsSubject is under whom the addresses of failed logins lie.
const loginsSubject = audit.SubjectLogins

func personSubject(id string) string { return "person:" + id }

func readPersonal(log LogTable, subject string, seq int64) (audit.Personal, error) {
	data, err := log.Personal(subject, seq)
	if err != nil {
		return audit.Personal{}, ignoreNotFound(err)
	}
	return audit.DecodePersonal(data)
}

// fits reports whether a line is what the query names, its text aside.
func (q LogQuery) fits(l LogLine) bool {
	switch {
	case q.Site != "" && l.Site != q.Site,
		q.Request != "" && l.Request != q.Request,
		q.Grant != "" && l.Grant != q.Grant,
		q.Person != "" && !strings.Contains(l.Actor, q.Person),
		q.Event != "" && l.Event != q.Event && !strings.HasPrefix(string(l.Event), string(q.Event)+"."):
		return false
	}
	return true
}

// finds reports whether a line holds the text that the query looks for.
func (q LogQuery) finds(l LogLine) bool {
	return q.Text == "" || strings.Contains(strings.ToLower(l.text()), strings.ToLower(q.Text))
}

// text is all of a line that can be searched.
func (l LogLine) text() string {
	parts := []string{l.Actor, string(l.Event), l.Site, l.Request, l.Grant, l.From, l.To, l.Result}
	for _, fields := range []map[string]string{l.Data, l.Personal} {
		for _, name := range sortedKeys(fields) {
			parts = append(parts, name, fields[name])
		}
	}
	return strings.Join(parts, " ")
}

// readings remembers who read the log lately, so that a screen that refreshes
// does not fill the log with its own reading. It is safe for concurrent use.
type readings struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const readingPause = 15 * time.Minute

// logReading logs that somebody reads the log, unless that was just logged.
func (c *Console) logReading(ctx context.Context, a Actor) error {
	if a.Role == RoleRoot || a.Role == RoleSystem {
		return nil
	}
	now := c.judge.now()
	c.readers.mu.Lock()
	last, again := c.readers.last[a.ID()]
	c.readers.mu.Unlock()
	if again && now.Sub(last) < readingPause {
		return nil
	}
	err := c.update(ctx, "log reading", a, func(t *turn) error {
		if _, err := scopeOf(t.Tx, a); err != nil {
			return err
		}
		_, err := t.record(line{event: EventLogRead, result: "ok"})
		return err
	})
	if err != nil {
		return err // a reading that could not be logged must not count as logged
	}
	c.readers.mu.Lock()
	defer c.readers.mu.Unlock()
	set(&c.readers.last, a.ID(), now)
	return nil
}
