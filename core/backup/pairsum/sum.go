package pairsum

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
)

// Size is how long a SHA-256 is, in bytes.
const Size = sha256.Size

const blockSize = sha256.BlockSize

// start is the initial hash value (FIPS 180-4, section 5.3.3).
var start = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// place is where a stream's bytes are.
type place int

const (
	idle    place = iota // there are none to be hashed
	waiting              // nobody works at them
	taken                // somebody does
)

// Sum is the SHA-256 of a stream. It is for one goroutine at a time, but for Until.
type Sum struct {
	pool    *Pool
	lone    hash.Hash // in place of all below
	patient bool      // hashes by itself only in a hurry
	size    uint64
	tail    [2 * blockSize]byte // the start of a block, size%blockSize bytes; at the end its padding
	state   [8]uint32           // for whoever has taken the stream

	// These are for whoever has the pool's lock.
	queue  [][]byte // whole blocks that are to be hashed
	queued int      // bytes of them
	hashed uint64   // bytes of whole blocks that are
	at     place
}

// New returns the sum of an empty stream.
func (p *Pool) New() *Sum {
	if p.lone {
		return &Sum{lone: sha256.New()}
	}
	return &Sum{pool: p, state: start}
}

// NewPatient is New for a stream whose sum nobody needs soon: Until leaves the work
// to others that hash, as long as nobody is in a hurry and no more than 512 KiB wait.
func (p *Pool) NewPatient() *Sum {
	s := p.New()
	s.patient = true
	return s
}

// Begin adds bytes without waiting until they are hashed, and returns how far the
// stream goes with them. They must stay as they are until Until that, Wait or Sum
// has returned.
func (s *Sum) Begin(p []byte) (end uint64) {
	if s.lone != nil {
		s.lone.Write(p)
		return 0
	}
	var block []byte
	if in := int(s.size % blockSize); in > 0 {
		n := copy(s.tail[in:blockSize], p)
		if in+n == blockSize {
			block = slices.Clone(s.tail[:blockSize])
		}
		s.size += uint64(n)
		p = p[n:]
	}
	s.size += uint64(len(p))
	blocks := len(p) - len(p)%blockSize
	copy(s.tail[:], p[blocks:])
	s.pool.offer(s, block, p[:blocks])
	return s.whole()
}

// whole is how many bytes of the stream are whole blocks.
func (s *Sum) whole() uint64 { return s.size - s.size%blockSize }

// Until returns when the stream is hashed up to what Begin returned. Others may
// call it meanwhile.
func (s *Sum) Until(end uint64) {
	if s.lone == nil {
		s.pool.wait(s, end, s.patient)
	}
}

// Wait returns when all bytes are hashed.
func (s *Sum) Wait() {
	if s.lone == nil {
		s.pool.wait(s, s.whole(), false)
	}
}

// Write implements io.Writer. It keeps nothing of p and never fails.
func (s *Sum) Write(p []byte) (int, error) {
	s.Begin(p)
	s.Wait()
	return len(p), nil
}

// Sum returns the SHA-256 of all that was added. The stream ends with it.
func (s *Sum) Sum() (sum [Size]byte) {
	if s.lone != nil {
		s.lone.Sum(sum[:0])
		return sum
	}
	padded := append(s.tail[:s.size%blockSize], 0x80) // FIPS 180-4, section 5.1.1
	for len(padded)%blockSize != blockSize-8 {
		padded = append(padded, 0)
	}
	padded = binary.BigEndian.AppendUint64(padded, s.size<<3)
	s.size = s.whole() + uint64(len(padded))
	s.pool.offer(s, padded)
	s.Wait()
	for i, word := range s.state {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}

// Hex is Sum in hexadecimal.
func (s *Sum) Hex() string {
	sum := s.Sum()
	return hex.EncodeToString(sum[:])
}

// lonely hashes blocks without a partner. The instructions are for two, and the
// second one costs nothing.
func (s *Sum) lonely(p []byte) {
	nobody := start
	pair(&s.state, p, &nobody, p)
}

// done takes off what is hashed of the piece at hand.
func (s *Sum) done(n int) {
	s.hashed += uint64(n)
	s.queued -= n
	if s.queue[0] = s.queue[0][n:]; len(s.queue[0]) == 0 {
		s.queue = slices.Delete(s.queue, 0, 1)
	}
}
