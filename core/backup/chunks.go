package backup

import (
	"io"
	"sync"
)

// memoryChunk is how much memory a spool takes at a time.
const memoryChunk = 256 << 10

// freeChunks are used again: one part of a dump follows the other.
var freeChunks = sync.Pool{New: func() any { return new([memoryChunk]byte) }}

// chunks are bytes in memory, in pieces: to grow copies nothing, where one long
// slice would for a moment take three times its size. The zero value is empty. It
// is for one goroutine at a time.
type chunks struct {
	all  []*[memoryChunk]byte
	size int
}

// Len returns how many bytes there are.
func (c *chunks) Len() int { return c.size }

// Write implements io.Writer.
func (c *chunks) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		at := c.size % memoryChunk
		if at == 0 {
			chunk, ok := freeChunks.Get().(*[memoryChunk]byte)
			if !ok {
				chunk = new([memoryChunk]byte)
			}
			c.all = append(c.all, chunk)
		}
		n := copy(c.all[len(c.all)-1][at:], p)
		c.size += n
		p = p[n:]
	}
	return written, nil
}

// reader reads all from the start, as often as one likes, until free.
func (c *chunks) reader() io.Reader { return &chunkReader{of: c} }

// free gives the memory back.
func (c *chunks) free() {
	for _, chunk := range c.all {
		freeChunks.Put(chunk)
	}
	*c = chunks{}
}

type chunkReader struct {
	of *chunks
	at int
}

// Read implements io.Reader.
func (r *chunkReader) Read(p []byte) (int, error) {
	if r.at >= r.of.size {
		return 0, io.EOF
	}
	in := r.at % memoryChunk
	end := min(memoryChunk, in+r.of.size-r.at)
	n := copy(p, r.of.all[r.at/memoryChunk][in:end])
	r.at += n
	return n, nil
}
