package backup

import (
	"context"
	"io/fs"
	"sync"
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
	free  func()        // gives the buffer back; may be nil
}

// done gives back what the item holds. It may be read no more.
func (it *item) done() {
	if it.free != nil {
		it.free()
	}
	it.in.free()
}

// How many items are on their way, and who reads them.
const (
	itemsAhead = 64
	readers    = 4
)

// readTree walks a site and reads small files ahead. The items come in the
// walk's order. It ends with ctx; wait returns the walk's error after the
// channel was closed.
func readTree(ctx context.Context, s *site) (items <-chan *item, wait func() error) {
	ordered, toRead := make(chan *item, itemsAhead), make(chan *item)
	buffers := sync.Pool{New: func() any { b := make([]byte, smallFile); return &b }}
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			for it := range toRead {
				it.read(&buffers)
			}
		})
	}
	var failed error
	work.Go(func() {
		defer close(ordered)
		defer close(toRead)
		failed = guard(func() error {
			return walkFolders(ctx, s.root, func(relative string, in *folder, at string, info fs.FileInfo, err error) error {
				return s.hand(ctx, &item{path: relative, in: in, at: at, info: info, err: err}, ordered, toRead)
			})
		})
	})
	return ordered, func() error { work.Wait(); return failed }
}

// hand gives an item to the archive, and to the readers if it is small.
func (s *site) hand(ctx context.Context, it *item, ordered, toRead chan<- *item) error {
	if it.err == nil && it.info.IsDir() {
		it.leave = s.leftOut(it.path)
	}
	if it.err == nil && it.info.Mode().IsRegular() && it.info.Size() <= smallFile {
		it.ready = make(chan struct{})
	}
	it.in.keep()
	select {
	case ordered <- it:
	case <-ctx.Done():
		it.in.free()
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

func (it *item) read(buffers *sync.Pool) {
	defer close(it.ready)
	buffer, ok := buffers.Get().(*[]byte)
	if !ok {
		return
	}
	it.free = func() { buffers.Put(buffer) }
	err := guard(func() error {
		it.ahead = readAhead(it.in.root, it.at, *buffer)
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
