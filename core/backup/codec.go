package backup

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// codec packs blocks of a stream, each on its own, so that several can be packed
// at once. All but the methods pack are the same for each codec of a stream.
type codec interface {
	// layout is how a block lies in memory: pieces of so many bytes, each after a
	// gap of so many, in which the codec can write what goes before bytes that it
	// leaves as they are.
	layout() (pieces, size, gap int)
	// pack returns a block as it stands in the stream: part of b.buffer, or of
	// b.packed.
	pack(b *block) ([]byte, error)
	// head and tail are what a stream begins and ends with.
	head() []byte
	tail(crc uint32, size int64) []byte
	// sums says that the tail needs the CRC.
	sums() bool
}

// storedPiece is the largest block that deflate can store as it is, and
// storedGap is what it puts before that.
const (
	storedPiece  = 1<<16 - 1
	storedGap    = 5
	storedPieces = 4
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

func (c *gzipCodec) layout() (pieces, size, gap int) { return storedPieces, storedPiece, storedGap }

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
	all := true
	for i := range b.pieces() {
		b.stored[i] = incompressible(b.piece(i))
		all = all && b.stored[i]
	}
	if all {
		for i := range b.pieces() {
			storedHeader(b.buffer[i*(storedGap+storedPiece):], len(b.piece(i)))
		}
		return b.buffer[:b.end()], nil
	}
	out := b.packed[:0]
	for i := 0; i < b.pieces(); {
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
			for ; i < b.pieces() && !b.stored[i]; i++ {
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

// How much of a piece is looked at: stretches spread over it, in bytes.
const (
	stretches = 16
	stretch   = 256
)

// noiseSum is up to which sum of squares the counts of a stretch's bytes are those
// of noise, which has about 511. Programs, texts and base64 have 1,200 and more.
const noiseSum = 800

// noisy is how many stretches of noise make a piece that is stored. One small
// picture after another is noise with the heads of their entries between: a
// sixth of a piece that would pack is not worth packing all of it.
const noisy = stretches * 5 / 6

// incompressible reports whether packing is not worth the time: the bytes are
// spread evenly. What repeats itself and is even all the same is stored too.
func incompressible(p []byte) bool {
	if len(p) < 2*stretches*stretch {
		return false
	}
	even := 0
	for i := range stretches {
		at := i * (len(p) - stretch) / (stretches - 1)
		var counts [256]uint16
		for _, c := range p[at : at+stretch] {
			counts[c]++
		}
		sum := uint32(0)
		for _, n := range counts {
			sum += uint32(n) * uint32(n)
		}
		if sum <= noiseSum {
			even++
		}
		if even+stretches-1-i < noisy {
			return false
		}
	}
	return true
}

// isZero reports whether p holds nothing but zeros, as holes in files do.
func isZero(p []byte) bool {
	for len(p) >= 8 {
		if binary.LittleEndian.Uint64(p) != 0 {
			return false
		}
		p = p[8:]
	}
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// appender collects bytes.
type appender []byte

// Write implements io.Writer.
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// zstdBlock is how much each frame of a tar.zst holds: larger ones are hardly
// smaller together, and this is what bounds memory.
const zstdBlock = 512 << 10

// zstdRatio is how far a block is packed at most. A reader can then take what
// unpacks to more for a trap, as with gzip, where no more can be.
const zstdRatio = 1000

// zstdCodec makes a zstd frame of each block.
type zstdCodec struct{ encoder *zstd.Encoder }

func newZstdCodec() (codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(zstdBlock), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("make zstd: %w", err)
	}
	return &zstdCodec{encoder}, nil
}

func (c *zstdCodec) layout() (pieces, size, gap int) { return 1, zstdBlock, 0 }

func (c *zstdCodec) sums() bool { return false }

func (c *zstdCodec) head() []byte { return nil }

func (c *zstdCodec) tail(uint32, int64) []byte { return nil }

func (c *zstdCodec) pack(b *block) ([]byte, error) {
	b.packed = c.encoder.EncodeAll(b.piece(0), b.packed[:0])
	if short := b.filled/zstdRatio - len(b.packed); short > 0 {
		b.packed = binary.LittleEndian.AppendUint32(b.packed, skippableFrame)
		b.packed = binary.LittleEndian.AppendUint32(b.packed, uint32(short)) //nolint:gosec // less than a block
		b.packed = append(b.packed, make([]byte, short)...)
	}
	return b.packed, nil
}

// skippableFrame begins what every reader of zstd passes over.
const skippableFrame = 0x184D2A50

// addCRC goes on with the CRC of a stream by a block.
func (b *block) addCRC(crc uint32) uint32 {
	for i := range b.pieces() {
		crc = crc32.Update(crc, crc32.IEEETable, b.piece(i))
	}
	return crc
}
