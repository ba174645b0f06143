package backup

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// What a zstd stream may ask for: the window of `zstd -19`, for those who packed
// an archive once more, and as many bytes as gzip could make of what was read.
// A frame of a few bytes can else last for hours.
const (
	maxWindow = 8 << 20
	maxRatio  = 1032
	maxStart  = 4 << 20 // before the ratio counts
)

var errBomb = fault("The archive unpacks to more than %d times its size, which none of breakglass does: it is a trap, or somebody packed it once more.", maxRatio)

// inflateZstd unpacks zstd, with bounded memory and in bounded time.
func inflateZstd(r io.Reader) (io.Reader, error) {
	in := &counted{r: r}
	decoder, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("unpack zstd: %w", err)
	}
	return &bounded{in: in, out: decoder}, nil
}

// counted counts what is read, and refuses what the decoder would pass over.
type counted struct {
	r      io.Reader
	read   int64
	frames zstdFrames
	fault  error // of the frames
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	if c.fault = c.frames.watch(p[:n]); c.fault != nil {
		return 0, c.fault
	}
	return n, err
}

// bounded ends with an error where out gives too much for what it took of in.
type bounded struct {
	in    *counted
	out   io.Reader
	given int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.out.Read(p)
	b.given += int64(n)
	if b.in.fault != nil { // the decoder makes an early end of it
		return 0, b.in.fault
	}
	if b.given > maxStart+maxRatio*b.in.read {
		return 0, errBomb
	}
	return n, err
}
