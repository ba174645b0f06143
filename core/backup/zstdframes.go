package backup

import (
	"bytes"
	"encoding/binary"
)

// zstdFrames watches a stream of zstd go by, frame by frame (RFC 8878, 3.1), and
// refuses what a reader passes over: a skippable frame can carry anything, wherever
// it stands, and no manifest would have a line for it. Those that breakglass writes
// itself (zstdCodec.encode) hold zeros. What is no zstd is left to the decoder to
// refuse. Its zero value stands before the first frame; it is for one goroutine.
type zstdFrames struct {
	at     framePart
	head   []byte // what has come of the part at hand
	skip   int64  // bytes that pass until the next part
	hollow bool   // they must be zeros
	sum    int64  // bytes behind the last block of the frame at hand
}

// framePart is a part of a frame whose bytes say something.
type framePart int

const (
	frameMagic framePart = iota
	frameDescriptor
	frameBlock
	frameSkipped // the size of a skippable frame
	frameLost    // this is no zstd
)

// partSizes are how many bytes the parts have.
var partSizes = [...]int{frameMagic: 4, frameDescriptor: 1, frameBlock: 3, frameSkipped: 4}

const zstdMagic = 0xFD2FB528

var errSkippable = fault("The archive holds a frame that every reader passes over, with something in it that no manifest covers; it was tampered with.")

// watch takes the next bytes of the stream.
func (f *zstdFrames) watch(p []byte) error {
	for len(p) > 0 && f.at != frameLost {
		if f.skip > 0 {
			n := min(f.skip, int64(len(p)))
			if f.hollow && len(bytes.TrimLeft(p[:n], "\x00")) > 0 {
				return errSkippable
			}
			f.skip, p = f.skip-n, p[n:]
			continue
		}
		n := min(partSizes[f.at]-len(f.head), len(p))
		f.head, p = append(f.head, p[:n]...), p[n:]
		if len(f.head) < partSizes[f.at] {
			return nil
		}
		if err := f.part(); err != nil {
			return err
		}
		f.head = f.head[:0]
	}
	return nil
}

// part reads the part that is there in full.
func (f *zstdFrames) part() error {
	switch f.at {
	case frameMagic:
		magic := binary.LittleEndian.Uint32(f.head)
		switch {
		case magic == zstdMagic:
			f.at = frameDescriptor
		case magic == skippableFrame:
			f.at = frameSkipped
		case magic&^0xf == skippableFrame: // its last four bits are anybody's
			return errSkippable
		default:
			f.at = frameLost
		}
	case frameSkipped:
		f.at, f.skip, f.hollow = frameMagic, int64(binary.LittleEndian.Uint32(f.head)), true
	case frameDescriptor:
		f.at, f.skip, f.hollow, f.sum = frameBlock, headerRest(f.head[0]), false, int64(f.head[0]>>2&1)*zstdTrail
	case frameBlock:
		f.block(uint32(f.head[0]) | uint32(f.head[1])<<8 | uint32(f.head[2])<<16)
	}
	return nil
}

// headerRest is how many bytes of a frame's header follow its descriptor: the window,
// the dictionary and the size of the content.
func headerRest(descriptor byte) int64 {
	single := descriptor >> 5 & 1
	rest := int64(1-single) + [...]int64{0, 1, 2, 4}[descriptor&3]
	if size := descriptor >> 6; size > 0 {
		return rest + 1<<size
	}
	return rest + int64(single)
}

// block reads the head of a block.
func (f *zstdFrames) block(head uint32) {
	const repeated, reserved = 1, 3
	f.skip = int64(head >> 3)
	switch head >> 1 & 3 {
	case repeated:
		f.skip = 1
	case reserved:
		f.at = frameLost
		return
	}
	if head&1 == 1 { // the last one
		f.at, f.skip = frameMagic, f.skip+f.sum
	}
}
