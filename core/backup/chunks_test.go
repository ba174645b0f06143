package backup

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// Chunks give back what was written, whatever the sizes, as often as one reads.
func TestChunks(t *testing.T) {
	var c chunks
	var want []byte
	for i, size := range []int{0, 1, memoryChunk - 1, memoryChunk, 1, 3*memoryChunk + 5, 0, 77} {
		piece := bytes.Repeat([]byte{byte(i)}, size)
		want = append(want, piece...)
		if n, err := c.Write(piece); n != size || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, size, err)
		}
	}
	for range 2 {
		if err := iotest.TestReader(c.reader(), want); err != nil {
			t.Error(err)
		}
	}
	if c.Len() != len(want) {
		t.Errorf("%d bytes, not %d", c.Len(), len(want))
	}
	c.free()
	if rest, err := io.ReadAll(c.reader()); err != nil || len(rest) > 0 || c.Len() != 0 {
		t.Errorf("after free: %d bytes, %v", len(rest), err)
	}
}
