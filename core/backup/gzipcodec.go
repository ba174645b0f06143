package backup

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// storedPiece is the largest block that deflate can store as it is, and
// storedGap is what it puts before that.
const (
	storedPiece = 1<<16 - 1
	storedGap   = 5
)

// gzipCodec makes one gzip member. What does not compress is stored: deflate at
// its fastest still takes longer over a picture than SHA-256.
type gzipCodec struct {
	flate *flate.Writer
	zeros []byte // a piece of zeros, packed
}

func newGzipCodec() (codec, error) {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("make gzip: %w", err)
	}
	c := &gzipCodec{flate: w}
	var zeros appender
	if err := c.deflate(&zeros, make([]byte, storedPiece)); err != nil {
		return nil, err
	}
	c.zeros = zeros
	return c, nil
}

func (c *gzipCodec) layout() layout {
	return layout{pieces: maxPieces, size: storedPiece, gap: storedGap}
}

func (c *gzipCodec) sums() bool { return true }

// head says deflate, no name, no time, the fastest level, Unix.
func (c *gzipCodec) head() []byte { return []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3} }

// tail is an empty last block, the CRC and the size.
func (c *gzipCodec) tail(crc uint32, size int64) []byte {
	out := []byte{1, 0, 0, 0xff, 0xff}
	out = binary.LittleEndian.AppendUint32(out, crc)
	return binary.LittleEndian.AppendUint32(out, uint32(size)) //nolint:gosec // gzip wants it modulo 2³²
}

func (c *gzipCodec) pack(b *block) ([]byte, error) {
	if b.look() {
		for i := range b.used() {
			storedHeader(b.buffer[b.start(i)-storedGap:], len(b.piece(i)))
		}
		return b.buffer[:b.end()], nil
	}
	out := b.packed[:0]
	for i := 0; i < b.used(); {
		piece := b.piece(i)
		switch {
		case b.stored[i]:
			var header [storedGap]byte
			storedHeader(header[:], len(piece))
			out = append(append(out, header[:]...), piece...)
			i++
		case len(piece) == storedPiece && isZero(piece):
			out = append(out, c.zeros...)
			i++
		default:
			var run [][]byte
			for ; i < b.used() && !b.stored[i]; i++ {
				run = append(run, b.piece(i))
			}
			if err := c.deflate(&out, run...); err != nil {
				return nil, err
			}
		}
	}
	b.packed = out
	return out, nil
}

// deflate packs bytes and ends at a full byte, so that anything may follow.
func (c *gzipCodec) deflate(out *appender, run ...[]byte) error {
	c.flate.Reset(out)
	for _, piece := range run {
		if _, err := c.flate.Write(piece); err != nil {
			return fmt.Errorf("deflate: %w", err)
		}
	}
	if err := c.flate.Flush(); err != nil {
		return fmt.Errorf("deflate: %w", err)
	}
	return nil
}

// storedHeader writes the header of a stored block that is not the last one.
func storedHeader(to []byte, size int) {
	to[0] = 0
	binary.LittleEndian.PutUint16(to[1:], uint16(size))  //nolint:gosec // a piece is that small
	binary.LittleEndian.PutUint16(to[3:], ^uint16(size)) //nolint:gosec // as above
}

// addCRC goes on with the CRC of a stream by a block.
func (b *block) addCRC(crc uint32) uint32 {
	for i := range b.used() {
		crc = crc32.Update(crc, crc32.IEEETable, b.piece(i))
	}
	return crc
}
