package store

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// rows are those of one area: its bucket, with what is recent laid over it.
// Keys and values that it gives are not to be kept or changed.
type rows struct {
	tx   *tx
	area area
}

func (r rows) main() *bbolt.Bucket { return r.tx.bolt.Bucket([]byte(r.area.String())) }

func (r rows) recent() []entry { return r.tx.recent.by[r.area] }

// get returns the value of a key, and whether there is one.
func (r rows) get(key []byte) ([]byte, bool) {
	entries := r.recent()
	if i, found := find(entries, string(key)); found {
		return entries[i].value, !entries[i].gone
	}
	value := r.main().Get(key)
	return value, value != nil
}

// put keeps the value itself; the caller gives it away.
func (r rows) put(key, value []byte) error {
	return r.set(entry{key: string(key), value: value})
}

func (r rows) delete(key []byte) error {
	return r.set(entry{key: string(key), gone: true})
}

// set notes a change. An Update of very many writes them to where they belong
// as it goes, since a long row of them would win nothing.
func (r rows) set(e entry) error {
	d := r.tx.draft
	d.put(r.area, e)
	if d.bytes > 2*maxBytes || len(d.changed) > maxRows*maxRows {
		return d.fold(r.tx.bolt)
	}
	return nil
}

// up calls f for each row from a key on, in order, until f returns false.
func (r rows) up(from []byte, f func(key, value []byte) bool) {
	i, _ := find(r.recent(), string(from))
	cursor := r.main().Cursor()
	key, value := cursor.Seek(from)
	r.walk(place{cursor, key, value, i}, 1, f)
}

// down calls f for each row below a key, greatest first, until f returns false.
func (r rows) down(before []byte, f func(key, value []byte) bool) {
	i, _ := find(r.recent(), string(before))
	cursor := r.main().Cursor()
	step := cursor.Prev
	if key, _ := cursor.Seek(before); key == nil {
		step = cursor.Last
	}
	key, value := step()
	r.walk(place{cursor, key, value, i - 1}, -1, f)
}

// place is where a walk stands: at a key of the bucket, nil beyond its end, and
// at a recent entry.
type place struct {
	cursor     *bbolt.Cursor
	key, value []byte
	entry      int
}

// move goes to the next key of the bucket, or to the one before.
func (p *place) move(by int) {
	if by > 0 {
		p.key, p.value = p.cursor.Next()
	} else {
		p.key, p.value = p.cursor.Prev()
	}
}

// walk merges the two, upward (1) or downward (-1). Where both have a key, the
// recent entry is the one that counts.
func (r rows) walk(p place, by int, f func(key, value []byte) bool) {
	entries := r.recent()
	for {
		more := p.entry >= 0 && p.entry < len(entries)
		if p.key == nil && !more {
			return
		}
		order := -1 // what is recent comes first
		switch {
		case !more:
			order = 1
		case p.key != nil:
			order = by * bytes.Compare([]byte(entries[p.entry].key), p.key)
		}
		key, value, gone := p.key, p.value, false
		if order <= 0 {
			e := entries[p.entry]
			key, value, gone = []byte(e.key), e.value, e.gone
			p.entry += by
		}
		if order >= 0 {
			p.move(by)
		}
		if !gone && !f(key, value) {
			return
		}
	}
}
