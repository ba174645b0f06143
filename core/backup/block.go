package backup

import "breakglass/core/backup/pairsum"

// block is a stretch of a stream on its way through a packer.
type block struct {
	layout
	buffer []byte
	filled int             // bytes of the stream in it
	last   bool            // the stream ends with it
	stored [maxPieces]bool // pieces that are not worth packing
	packed appender        // room for what packing makes
	out    []byte          // what goes out
	err    error
	until  uint64        // how far the stream that goes out goes with it
	read   []readInto    // what was read into it
	done   chan struct{} // takes a token when out is there
}

func newBlock(l layout) *block {
	return &block{layout: l, buffer: make([]byte, l.lead+l.pieces*(l.size+l.gap)+l.trail), done: make(chan struct{}, 1)}
}

// used is how many pieces have something in them.
func (b *block) used() int { return (b.filled + b.size - 1) / b.size }

// start is where the i-th piece starts in the buffer.
func (b *block) start(i int) int { return b.lead + i*(b.size+b.gap) + b.gap }

// piece returns what is in the i-th piece.
func (b *block) piece(i int) []byte {
	at := b.start(i)
	return b.buffer[at : at+min(b.size, b.filled-i*b.size)]
}

// end is where the last piece ends in the buffer.
func (b *block) end() int { return b.lead + b.filled + b.used()*b.gap }

// readInto is a file of which a part was read into a block: the block must stay as it
// is until the file is hashed so far.
type readInto struct {
	sum *pairsum.Sum
	end uint64
}

// room is where the next bytes go in a block that is not full, as far as the piece at
// hand goes.
func (b *block) room() []byte {
	in := b.filled % b.size
	at := b.start(b.filled/b.size) + in
	return b.buffer[at : at+b.size-in]
}

// fill takes what there is room for. What lies there already is not copied.
func (b *block) fill(p []byte) (n int) {
	for len(p) > 0 && !b.full() {
		room := b.room()
		took := min(len(room), len(p))
		if &room[0] != &p[0] {
			copy(room, p)
		}
		b.filled += took
		n += took
		p = p[took:]
	}
	return n
}

func (b *block) full() bool { return b.filled == b.pieces*b.size }

// look finds out which pieces are worth packing, and reports whether none is.
func (b *block) look() (none bool) {
	none = true
	for i := range b.used() {
		b.stored[i] = incompressible(b.piece(i))
		none = none && b.stored[i]
	}
	return none
}
