package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// area is a bucket whose rows pass through the bucket "recent". Its number is
// written there, so that of a bucket never changes.
type area byte

const (
	areaSites area = iota
	areaPeople
	areaRequests
	areaGrants
	areaJobs
	areaArchives
	areaOutbox
	areaSent
	areaPushes
	areaLeaves
	areaHashes
	areaIndex
	areaPersonal
	areas
)

// String is the name of the area's bucket.
func (a area) String() string {
	return [areas]string{
		"sites", "people", "requests", "grants", "jobs", "archives", "outbox", "sent", "pushes", "leaves", "hashes", "index", "personal",
	}[a]
}

var bucketRecent = []byte("recent")

// The bucket "recent" is emptied into the others when it would hold more rows
// than maxRows, or more bytes than maxBytes, which also bound how long the one
// Update that does it takes. Both keep bbolt's list of free pages on one page.
const (
	maxRows  = 64
	maxBytes = 256 << 10
)

var errRow = errors.New("a row of recent changes cannot be read: the database is damaged")

// entry is the newest state of one key: its value, or that it is gone.
type entry struct {
	key   string
	value []byte
	gone  bool
}

func (e entry) bytes() int { return len(e.key) + len(e.value) }

// recent is what the bucket "recent" holds, in the state that one transaction
// of bbolt left: for each area the entries by key. It is never changed once
// others can see it.
type recent struct {
	tx    int // the ID of that transaction
	rows  int
	bytes int
	by    [areas][]entry
}

// find returns where the key is, or belongs, among sorted entries.
func find(entries []entry, key string) (int, bool) {
	return slices.BinarySearchFunc(entries, key, func(e entry, key string) int { return strings.Compare(e.key, key) })
}

// set puts an entry to its place; only behind the last one it leaves what others
// see as it is.
func (r *recent) set(a area, e entry) {
	n := len(r.by[a])
	if n == 0 || r.by[a][n-1].key < e.key {
		r.bytes += e.bytes()
		r.by[a] = append(r.by[a], e)
		return
	}
	i, found := find(r.by[a], e.key)
	if found {
		r.bytes += e.bytes() - r.by[a][i].bytes()
		r.by[a][i] = e
		return
	}
	r.bytes += e.bytes()
	r.by[a] = slices.Insert(r.by[a], i, e)
}

// readRecent reads the bucket as a transaction sees it. A file of a schema
// without the bucket has nothing recent.
func readRecent(b *bbolt.Tx, tx int) (*recent, error) {
	r := &recent{tx: tx}
	bucket := b.Bucket(bucketRecent)
	if bucket == nil {
		return r, nil
	}
	err := bucket.ForEach(func(_, row []byte) error {
		r.rows++
		return eachChange(bytes.Clone(row), r.set) // bbolt's own bytes end with its transaction
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// A row is what one Update changed: for each key the area, 1 where it is gone,
// the key, and the value, each of the two after its length.
func appendChange(row []byte, a area, e entry) []byte {
	gone := byte(0)
	if e.gone {
		gone = 1
	}
	row = append(row, byte(a), gone)
	row = append(binary.AppendUvarint(row, uint64(len(e.key))), e.key...)
	return append(binary.AppendUvarint(row, uint64(len(e.value))), e.value...)
}

// eachChange takes a row apart. Values stay parts of it.
func eachChange(row []byte, f func(area, entry)) error {
	for len(row) > 0 {
		if len(row) < 2 || row[0] >= byte(areas) || row[1] > 1 {
			return errRow
		}
		a, gone := area(row[0]), row[1] == 1
		key, rest, ok := cut(row[2:])
		if !ok {
			return errRow
		}
		value, rest, ok := cut(rest)
		if !ok {
			return errRow
		}
		f(a, entry{key: string(key), value: value, gone: gone})
		row = rest
	}
	return nil
}

// cut takes what follows its length off the front.
func cut(row []byte) (part, rest []byte, ok bool) {
	size, n := binary.Uvarint(row)
	if n <= 0 || size > uint64(len(row)-n) {
		return nil, nil, false
	}
	end := n + int(size) //nolint:gosec // at most len(row)
	return row[n:end:end], row[end:], true
}

// draft is what an Update makes of the recent changes.
type draft struct {
	recent
	own     [areas]bool // whose slice was copied
	changed []change
	written int  // bytes of what was changed
	folded  bool // the bucket "recent" was emptied
	erase   bool // it must be
}

type change struct {
	area area
	key  string
}

func newDraft(from *recent) *draft { return &draft{recent: *from} }

// put notes the new state of a key. The slices of the state before stay as they
// are: one that only grows is grown where nobody looks who has it in its former
// length, any other is copied first.
func (d *draft) put(a area, e entry) {
	grows := len(d.by[a]) == 0 || d.by[a][len(d.by[a])-1].key < e.key
	if !d.own[a] && !grows {
		d.by[a], d.own[a] = append(make([]entry, 0, len(d.by[a])+8), d.by[a]...), true
	}
	d.set(a, e)
	d.changed = append(d.changed, change{a, e.key})
	d.written += e.bytes()
}

// finish writes the changes to a transaction: as one row, or, when there are
// enough of them, all to where they belong.
func (d *draft) finish(b *bbolt.Tx) error {
	if d.erase {
		if err := noteScrub(b); err != nil {
			return err
		}
	}
	if d.folded || d.erase || (len(d.changed) > 0 && (d.rows >= maxRows || d.bytes > maxBytes)) {
		return d.fold(b)
	}
	if len(d.changed) == 0 {
		return nil
	}
	bucket := b.Bucket(bucketRecent)
	bucket.FillPercent = 1 // keys only ever grow
	if err := bucket.Put(number(int64(d.rows)), d.row()); err != nil {
		return fmt.Errorf("keep recent changes: %w", err)
	}
	d.rows++
	return nil
}

// row is the one of what was changed, each key once.
func (d *draft) row() []byte {
	slices.SortFunc(d.changed, func(x, y change) int {
		if x.area != y.area {
			return int(x.area) - int(y.area)
		}
		return strings.Compare(x.key, y.key)
	})
	row := make([]byte, 0, d.written+8*len(d.changed))
	for _, c := range slices.Compact(d.changed) {
		i, _ := find(d.by[c.area], c.key)
		row = appendChange(row, c.area, d.by[c.area][i])
	}
	return row
}

// fold moves all that is recent to where it belongs.
func (d *draft) fold(b *bbolt.Tx) error {
	for a := range areas {
		if err := d.foldArea(b, a); err != nil {
			return fmt.Errorf("fold recent changes into %s: %w", a, err)
		}
	}
	if d.rows > 0 {
		if err := b.DeleteBucket(bucketRecent); err != nil {
			return fmt.Errorf("fold recent changes: %w", err)
		}
		if _, err := b.CreateBucket(bucketRecent); err != nil {
			return fmt.Errorf("fold recent changes: %w", err)
		}
	}
	d.recent, d.own, d.changed, d.written, d.folded = recent{}, [areas]bool{}, nil, 0, true
	return nil
}

func (d *draft) foldArea(b *bbolt.Tx, a area) error {
	if len(d.by[a]) == 0 {
		return nil
	}
	bucket := b.Bucket([]byte(a.String()))
	if a == areaLeaves || a == areaHashes {
		bucket.FillPercent = 1 // keys only ever grow, so full pages are never split
	}
	for _, e := range d.by[a] {
		var err error
		if e.gone {
			err = bucket.Delete([]byte(e.key))
		} else {
			err = bucket.Put([]byte(e.key), e.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
