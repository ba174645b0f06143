package backup

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
)

// zstdBlock is how much a block of a tar.zst holds, and so its frames: larger
// ones are hardly smaller together, and this is what bounds memory.
const zstdBlock = maxPieces * zstdPiece

// What stands around pieces that are left as they are, by RFC 8878: the head of
// a frame (3.1.1.1), that of a block (3.1.1.2), the largest block there may be,
// and the frame's sum.
const (
	zstdLead  = 9
	zstdGap   = 3
	zstdPiece = 128 << 10
	zstdTrail = 4
)

// zstdRatio is how far bytes are packed at most. A reader can then take what
// unpacks to more for a trap, as with gzip, where no more can be.
const zstdRatio = 1000

// zstdCodec makes zstd frames. What does not compress is stored, as with gzip:
// the encoder would find that out too, but only after it has tried.
type zstdCodec struct {
	encoder *zstd.Encoder
	run     []byte // the pieces at hand, together
}

func newZstdCodec() (codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(zstdBlock), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("make zstd: %w", err)
	}
	return &zstdCodec{encoder: encoder}, nil
}

func (c *zstdCodec) layout() layout {
	return layout{pieces: maxPieces, size: zstdPiece, gap: zstdGap, lead: zstdLead, trail: zstdTrail}
}

func (c *zstdCodec) sums() bool { return false }

func (c *zstdCodec) head() []byte { return nil }

func (c *zstdCodec) tail(uint32, int64) []byte { return nil }

func (c *zstdCodec) pack(b *block) ([]byte, error) {
	if b.used() == 0 {
		return nil, nil
	}
	if b.look() {
		return storeFrame(b), nil
	}
	out := b.packed[:0]
	for i := 0; i < b.used(); {
		first, run := i, c.run[:0]
		for ; i < b.used() && b.stored[i] == b.stored[first]; i++ {
			run = append(run, b.piece(i)...)
		}
		c.run = run
		if b.stored[first] {
			out = appendStored(out, run)
		} else {
			out = c.encode(out, run)
		}
	}
	b.packed = out
	return out, nil
}

// encode appends a frame of what compresses.
func (c *zstdCodec) encode(out, run []byte) []byte {
	before := len(out)
	out = c.encoder.EncodeAll(run, out)
	if short := len(run)/zstdRatio - (len(out) - before); short > 0 {
		out = binary.LittleEndian.AppendUint32(out, skippableFrame)
		out = binary.LittleEndian.AppendUint32(out, uint32(short)) //nolint:gosec // less than a block
		out = append(out, make([]byte, short)...)
	}
	return out
}

// skippableFrame begins what every reader of zstd passes over.
const skippableFrame = 0x184D2A50

// storeFrame makes a frame around the pieces of a block where they lie.
func storeFrame(b *block) []byte {
	frameHead(b.buffer[:0], b.filled)
	sum := xxhash.New()
	for i := range b.used() {
		piece := b.piece(i)
		blockHead(b.buffer[:b.start(i)-zstdGap], len(piece), i == b.used()-1)
		sum.Write(piece) //nolint:errcheck,gosec // it never fails
	}
	return frameSum(b.buffer[:b.end()], sum.Sum64())
}

// appendStored appends a frame of what is left as it is.
func appendStored(out, run []byte) []byte {
	sum := xxhash.Sum64(run)
	out = frameHead(out, len(run))
	for len(run) > 0 {
		piece := run[:min(len(run), zstdPiece)]
		run = run[len(piece):]
		out = append(blockHead(out, len(piece), len(run) == 0), piece...)
	}
	return frameSum(out, sum)
}

// frameHead appends the head of a frame in one segment, its size in four bytes,
// with a sum.
func frameHead(out []byte, size int) []byte {
	out = append(out, 0x28, 0xb5, 0x2f, 0xfd, 0b10_1_0_0_1_00)
	return binary.LittleEndian.AppendUint32(out, uint32(size)) //nolint:gosec // less than a block
}

// blockHead appends the head of a block that is left as it is.
func blockHead(out []byte, size int, last bool) []byte {
	head := uint32(size) << 3 //nolint:gosec // less than a piece
	if last {
		head |= 1
	}
	return append(out, byte(head), byte(head>>8), byte(head>>16)) //nolint:gosec // three bytes of it
}

// frameSum appends what a frame's content is checked by.
func frameSum(out []byte, sum uint64) []byte {
	return binary.LittleEndian.AppendUint32(out, uint32(sum)) //nolint:gosec // the low half is the sum
}
