package backup

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// inflater unpacks a compressed stream.
type inflater func(io.Reader) (io.Reader, error)

// inflaters are the compressions that an archive may have, by their first bytes.
var inflaters = []struct {
	magic string
	open  inflater
}{
	{"\x1f\x8b", inflateGzip},
	{"\x28\xb5\x2f\xfd", inflateZstd},
}

// The read-ahead: unpacking runs beside what is done with the bytes.
const (
	aheadBuffers = 6
	aheadSize    = 256 << 10
)

// lookahead reads r on a goroutine of its own. Read is for one goroutine.
type lookahead struct {
	ctx   context.Context
	full  chan filled
	free  chan []byte
	stop  chan struct{}
	now   filled
	taken int
}

// filled is a piece of a stream, and how it ended.
type filled struct {
	data []byte
	err  error
}

// newLookahead starts reading what open makes of r. Stop must follow; it does not
// wait for a read of r that is under way, because that may be of a pipe that
// nobody writes to any more.
func newLookahead(ctx context.Context, r io.Reader, open inflater) *lookahead {
	a := &lookahead{ctx: ctx, full: make(chan filled, aheadBuffers), free: make(chan []byte, aheadBuffers), stop: make(chan struct{})}
	for range aheadBuffers {
		a.free <- make([]byte, aheadSize)
	}
	go a.run(r, open)
	return a
}

func (a *lookahead) run(r io.Reader, open inflater) {
	defer close(a.full)
	unpacked, err := open(r)
	for {
		var buffer []byte
		select {
		case buffer = <-a.free:
		case <-a.stop:
			return
		}
		piece := filled{err: err}
		if err == nil {
			var n int
			n, piece.err = readFull(unpacked, buffer[:aheadSize])
			piece.data = buffer[:n]
		}
		select {
		case a.full <- piece:
		case <-a.stop:
			return
		}
		if piece.err != nil {
			return
		}
	}
}

// readFull fills p as far as r goes. Unlike io.ReadFull it returns r's own error.
func readFull(r io.Reader, p []byte) (n int, err error) {
	err = guard(func() error {
		for n < len(p) {
			got, err := r.Read(p[n:])
			n += got
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Read implements io.Reader and ends with its context.
func (a *lookahead) Read(p []byte) (int, error) {
	for a.taken == len(a.now.data) {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.free <- a.now.data
		}
		a.now, a.taken = filled{}, 0
		select {
		case piece, ok := <-a.full:
			if !ok {
				return 0, io.ErrUnexpectedEOF
			}
			a.now = piece
		case <-a.ctx.Done():
			return 0, context.Cause(a.ctx)
		}
	}
	n := copy(p, a.now.data[a.taken:])
	a.taken += n
	return n, nil
}

// Stop ends the reading.
func (a *lookahead) Stop() { close(a.stop) }

// sourceReader tells errors of reading apart from faults of the archive, and
// ends with its context. Its figures are safe for concurrent use.
type sourceReader struct {
	ctx  context.Context
	r    io.Reader
	read atomic.Int64

	mu  sync.Mutex // held for a few instructions only
	err error
}

// Read implements io.Reader.
func (s *sourceReader) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.r.Read(p)
	s.read.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return n, err
}

// failed returns the error of the reader, if there was one.
func (s *sourceReader) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
