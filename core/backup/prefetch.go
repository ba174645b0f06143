package backup

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"breakglass/core/backup/pairsum"
)

// How much of a large file is read before the archive takes it.
const (
	chunksAhead = 3
	chunkSize   = 256 << 10
)

// prefetch reads a file on a goroutine of its own, so that it is read while what
// came before is on its way into the archive. It is for one goroutine at a time.
type prefetch struct{ empty chan *chunk }

// chunk is a stretch of a file.
type chunk struct {
	buffer [chunkSize]byte
	data   []byte
	sum    *pairsum.Sum // that of the file
	end    uint64       // how far the file goes with it
	err    error        // of the reading; io.EOF at the end
}

// newPrefetch returns a prefetch with buffers for all files of a run.
func newPrefetch() *prefetch {
	p := &prefetch{empty: make(chan *chunk, chunksAhead)}
	for range chunksAhead {
		p.empty <- &chunk{}
	}
	return p
}

// pass reads r to its end, hands what it reads on and gives it to be hashed. When it
// returns, r is not read any more.
func (p *prefetch) pass(r io.Reader, sum *pairsum.Sum, on func([]byte) error) error {
	filled, stop := make(chan *chunk, chunksAhead), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() { p.read(r, sum, filled, stop) })
	defer func() {
		close(stop)
		for c := range filled {
			p.empty <- c
		}
		reader.Wait()
	}()
	for c := range filled {
		data, failed := c.data, c.err
		err := on(data)
		p.empty <- c
		switch {
		case err != nil:
			return err
		case errors.Is(failed, io.EOF):
			return nil
		case failed != nil:
			return fmt.Errorf("read for archive: %w", failed)
		}
	}
	return nil
}

// read fills chunks until there is no more to read, or nobody to read for. A chunk
// is hashed by whoever hashes until its turn comes again.
func (p *prefetch) read(r io.Reader, sum *pairsum.Sum, filled chan<- *chunk, stop <-chan struct{}) {
	defer close(filled)
	for {
		select {
		case <-stop:
			return
		case c := <-p.empty:
			c.fill(r, sum)
			filled <- c
			if c.err != nil {
				return
			}
		}
	}
}

func (c *chunk) fill(r io.Reader, sum *pairsum.Sum) {
	if c.sum != nil {
		c.sum.Until(c.end)
	}
	c.data, c.sum, c.end = nil, sum, 0
	c.err = guard(func() error {
		n, err := io.ReadFull(r, c.buffer[:])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		c.data = c.buffer[:n]
		c.end = sum.Begin(c.data)
		return err
	})
}
