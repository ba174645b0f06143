package backup

import (
	"errors"
	"io"
	"sync"
)

// How much of a large file is read before the archive takes it.
const (
	chunksAhead = 3
	chunkSize   = 256 << 10
)

// prefetch reads a file on a goroutine of its own, so that it is read and hashed
// while what came before is on its way into the archive. It is for one goroutine
// at a time.
type prefetch struct {
	filled  chan chunk
	empty   chan []byte
	current []byte // what was not taken yet of the chunk at hand
	whole   []byte // that chunk
	stop    chan struct{}
	reader  sync.WaitGroup
	err     error
}

type chunk struct {
	data []byte
	err  error
}

// newPrefetch returns a prefetch with buffers for all files of a run.
func newPrefetch() *prefetch {
	p := &prefetch{empty: make(chan []byte, chunksAhead)}
	for range chunksAhead {
		p.empty <- make([]byte, chunkSize)
	}
	return p
}

// start begins to read r to its end. End must follow; until then r belongs to
// the prefetch.
func (p *prefetch) start(r io.Reader) {
	p.filled, p.stop, p.err = make(chan chunk, chunksAhead), make(chan struct{}), nil
	p.reader.Go(func() {
		defer close(p.filled)
		for {
			select {
			case <-p.stop:
				return
			case buffer := <-p.empty:
				c := chunk{data: buffer[:0]}
				if err := guard(func() (err error) {
					n, err := io.ReadFull(r, buffer[:chunkSize])
					c.data = buffer[:n]
					return err
				}); err != nil {
					c.err = err
				}
				p.filled <- c
				if c.err != nil {
					return
				}
			}
		}
	})
}

// Read implements io.Reader.
func (p *prefetch) Read(to []byte) (int, error) {
	for len(p.current) == 0 {
		if p.whole != nil {
			p.empty <- p.whole[:chunkSize]
			p.whole = nil
		}
		if p.err != nil {
			return 0, p.err
		}
		c := <-p.filled
		p.current, p.whole, p.err = c.data, c.data, c.err
		if errors.Is(p.err, io.ErrUnexpectedEOF) {
			p.err = io.EOF
		}
	}
	n := copy(to, p.current)
	p.current = p.current[n:]
	return n, nil
}

// end stops the reading and waits until it has.
func (p *prefetch) end() {
	close(p.stop)
	for c := range p.filled {
		p.empty <- c.data[:chunkSize]
	}
	p.reader.Wait()
	if p.whole != nil {
		p.empty <- p.whole[:chunkSize]
	}
	p.current, p.whole = nil, nil
}
