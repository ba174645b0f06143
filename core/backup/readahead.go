package backup

import (
	"context"
	"io/fs"
	"sync"

	"breakglass/core/backup/pairsum"
)

// item is one thing that the walk found, in order.
type item struct {
	path  string
	in    *folder // where it is, kept for this item
	at    string  // the path below that
	info  fs.FileInfo
	err   error  // it could not be looked at, or listed
	leave string // why its contents are left out: the ID of a text
	ahead ahead
	ready chan struct{} // closed once ahead is there; nil: nothing is read ahead
	sum   *pairsum.Sum  // for what it holds, if it is small
	room  []byte        // what it is read into, if it is small
	back  chan<- []byte // where that goes back to
	held  bool          // the line of the manifest gives it back
}

// done gives back what the item holds. It may be read no more.
func (it *item) done() {
	if it.ahead.sum != nil {
		it.ahead.sum.Wait() // somebody may be at it
	}
	if it.back != nil {
		it.back <- it.room
	}
	it.in.free()
}

// How many items are on their way, and who reads them.
const (
	itemsAhead = 64
	readers    = 4
)

// rooms are the buffers that small files are read into. Most files of a site are
// far smaller than the largest small one, so there are many of little room and a
// few of more. They are made once: what the collector frees it has to find first.
type rooms struct {
	little, more chan []byte
	sums         *pairsum.Pool
}

// How much room there is, in bytes, and how often.
const (
	littleRoom  = 16 << 10
	littleRooms = itemsAhead
	moreRooms   = 12
)

func newRooms(sums *pairsum.Pool) *rooms {
	r := &rooms{sums: sums, little: make(chan []byte, littleRooms), more: make(chan []byte, moreRooms)}
	for range littleRooms {
		r.little <- make([]byte, littleRoom)
	}
	for range moreRooms {
		r.more <- make([]byte, smallFile)
	}
	return r
}

// give gives an item room, and a sum. The walk calls it, in order, so that an item never
// waits for one behind it.
func (r *rooms) give(ctx context.Context, it *item) error {
	from := r.more
	if it.info.Size() <= littleRoom {
		from = r.little
	}
	select {
	case it.room = <-from:
		it.back, it.sum = from, r.sums.New()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// readTree walks a site and reads small files ahead. The items come in the
// walk's order. It ends with ctx; wait returns the walk's error after the
// channel was closed.
func readTree(ctx context.Context, s *site, sums *pairsum.Pool) (items <-chan *item, wait func() error) {
	ordered, toRead := make(chan *item, itemsAhead), make(chan *item)
	rooms := newRooms(sums)
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			for it := range toRead {
				it.read()
			}
		})
	}
	var failed error
	work.Go(func() {
		defer close(ordered)
		defer close(toRead)
		failed = guard(func() error {
			return walkFolders(ctx, s.root, func(relative string, in *folder, at string, info fs.FileInfo, err error) error {
				return s.hand(ctx, &item{path: relative, in: in, at: at, info: info, err: err}, rooms, ordered, toRead)
			})
		})
	})
	return ordered, func() error { work.Wait(); return failed }
}

// hand gives an item to the archive, and to the readers if it is small.
func (s *site) hand(ctx context.Context, it *item, rooms *rooms, ordered, toRead chan<- *item) error {
	if it.err == nil && it.info.IsDir() {
		it.leave = s.leftOut(it.path)
	}
	if it.err == nil && it.info.Mode().IsRegular() && it.info.Size() <= smallFile {
		if err := rooms.give(ctx, it); err != nil {
			return err
		}
		it.ready = make(chan struct{})
	}
	it.in.keep()
	select {
	case ordered <- it:
	case <-ctx.Done():
		it.done()
		return context.Cause(ctx)
	}
	if it.ready != nil {
		toRead <- it // readers never wait for anything
	}
	if it.leave != "" {
		return errSkip
	}
	return nil
}

func (it *item) read() {
	defer close(it.ready)
	err := guard(func() error {
		it.ahead = readAhead(it.in.root, it.at, it.room, it.sum)
		return nil
	})
	if err != nil {
		it.ahead = ahead{err: err}
	}
}

// drain takes what is left, so that nobody waits for a reader that is gone.
func drain(items <-chan *item) {
	for it := range items {
		if it.ready != nil {
			<-it.ready
		}
		it.done()
	}
}
