package backup

import (
	"errors"
	"runtime"
	"sync"

	"breakglass/core/backup/pairsum"
)

// blocksAhead is how many blocks there are for each goroutine that packs: they
// bound the memory of a stream.
const blocksAhead = 5

// maxPackers is how many goroutines pack at most: each holds buffers, and four
// are faster than disks and networks are.
const maxPackers = 4

// packer packs a stream on all cores. What it takes passes through goroutines in
// order: some pack, one gives to be hashed, one waits for that, one sends. It is for
// one goroutine; Close must follow.
type packer struct {
	codec   codec // for the head, the layout and the tail
	current *block
	free    chan *block
	work    chan *block
	ordered chan *block
	all     sync.WaitGroup
	sums    *pairsum.Pool
	sum     *pairsum.Sum // of what is sent
	closed  bool
	failed  syncError
}

// newPacker starts a packer that hashes packed bytes and passes them to send, on a
// goroutine of its own. Its errors are its own business; it is called to the end of
// the stream whatever happens.
func newPacker(format Format, sums *pairsum.Pool, send func([]byte)) (*packer, error) {
	workers := min(max(2, runtime.GOMAXPROCS(0)), maxPackers)
	p := &packer{sums: sums, sum: sums.NewPatient()}
	codecs := make([]codec, workers)
	for i := range codecs {
		var err error
		if codecs[i], err = format.newCodec(); err != nil {
			return nil, err
		}
	}
	p.codec = codecs[0]
	blocks := workers * blocksAhead
	p.free, p.work, p.ordered = make(chan *block, blocks), make(chan *block, blocks), make(chan *block, blocks)
	for range blocks {
		p.free <- newBlock(p.codec.layout())
	}
	for _, c := range codecs {
		p.all.Go(func() { p.pack(c) })
	}
	sealed, hashed := make(chan *block, blocks), make(chan *block, blocks)
	p.all.Go(func() { p.seal(sealed) })
	p.all.Go(func() { p.hash(sealed, hashed) })
	p.all.Go(func() { p.send(hashed, send) })
	return p, nil
}

// pack packs blocks until there are no more.
func (p *packer) pack(c codec) {
	for b := range p.work {
		b.err = guard(func() (err error) {
			b.out, err = c.pack(b)
			return err
		})
		b.done <- struct{}{}
	}
}

// seal gives blocks to be hashed in their order, beside the files that are read.
func (p *packer) seal(sealed chan<- *block) {
	defer close(sealed)
	crc, size := uint32(0), int64(0)
	p.sum.Begin(p.codec.head())
	for b := range p.ordered {
		<-b.done
		if b.err != nil {
			p.failed.set(b.err)
			b.out = nil
		}
		if p.codec.sums() {
			crc = b.addCRC(crc)
		}
		size += int64(b.filled)
		if b.last && p.codec.sums() {
			b.out = append(append([]byte(nil), b.out...), p.codec.tail(crc, size)...)
		}
		b.until = p.sum.Begin(b.out)
		sealed <- b
	}
}

// hash passes blocks on once they are hashed.
func (p *packer) hash(sealed <-chan *block, hashed chan<- *block) {
	defer close(hashed)
	for b := range sealed {
		p.sum.Until(b.until)
		for _, r := range b.read {
			r.sum.Until(r.end)
		}
		b.read = b.read[:0]
		hashed <- b
	}
}

// send sends blocks in their order.
func (p *packer) send(hashed <-chan *block, send func([]byte)) {
	p.guarded(send, p.codec.head())
	for b := range hashed {
		p.guarded(send, b.out)
		b.filled, b.out, b.err = 0, nil, nil
		p.free <- b
	}
}

// Sum returns the SHA-256 of all that was sent, after Close.
func (p *packer) Sum() [pairsum.Size]byte { return p.sum.Sum() }

// guarded hands bytes on. The goroutines go on whatever happens there, so that
// nobody waits for them in vain.
func (p *packer) guarded(to func([]byte), data []byte) {
	if len(data) == 0 {
		return
	}
	if err := guard(func() error { to(data); return nil }); err != nil {
		p.failed.set(err)
	}
}

var errPackerClosed = errors.New("the archive was closed already")

// Write implements io.Writer.
func (p *packer) Write(data []byte) (int, error) {
	if p.closed {
		return 0, errPackerClosed
	}
	written := len(data)
	for len(data) > 0 {
		if p.current == nil {
			p.current = p.next()
		}
		data = data[p.current.fill(data):]
		if p.current.full() {
			p.hand()
		}
	}
	return written, p.failed.get()
}

// room is where the next bytes of the stream may be put before they are written,
// which then costs no copy.
func (p *packer) room() []byte {
	if p.current == nil {
		p.current = p.next()
	}
	return p.current.room()
}

// hold gives what lies in the room to be hashed, before it is written. Without a sum
// it does nothing.
func (p *packer) hold(sum *pairsum.Sum, data []byte) {
	if sum != nil {
		p.current.read = append(p.current.read, readInto{sum, sum.Begin(data)})
	}
}

// next returns a free block. Where there is none, those before it are in a hurry.
func (p *packer) next() *block {
	select {
	case b := <-p.free:
		return b
	default:
		defer p.sums.Hurry()()
		return <-p.free
	}
}

// hand gives the block at hand to those who pack.
func (p *packer) hand() {
	p.ordered <- p.current
	p.work <- p.current
	p.current = nil
}

// Close ends the stream and waits until all of it was sent. After the first
// time it does nothing.
func (p *packer) Close() error {
	if p.closed {
		return p.failed.get()
	}
	p.closed = true
	defer p.sums.Hurry()()
	if p.current == nil {
		p.current = <-p.free
	}
	p.current.last = true
	p.hand()
	close(p.work)
	close(p.ordered)
	p.all.Wait()
	return p.failed.get()
}
