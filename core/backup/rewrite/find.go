package rewrite

import (
	"bytes"
	"encoding/binary"
)

// finder looks for needles. The long ones it looks for in one pass, as Wu and
// Manber do: it looks at two bytes at a time, and where no needle has those at
// that place it skips as far as the shortest needle is long. Case is ignored in
// those, so what is found is a place to look at more closely. A few short ones,
// which would spoil that, have a pass each.
type finder struct {
	min     int // length of the shortest long needle, 0 when there is none
	shift   [1 << 16]uint8
	bucket  [1 << 16]uint8 // of buckets, by the last two of the first min bytes
	buckets [][][]byte     // long needles
	short   [][]byte
}

const (
	// longNeedle is from when on a needle is long, unless it knows no case.
	longNeedle = 8
	// maxShort is how many short needles may have a pass of their own.
	maxShort = 10
	// maxShift is the most that is skipped.
	maxShift = 250
)

// newFinder returns a finder for needles of at least two bytes. Those of exact
// are found in the case in which they stand only.
func newFinder(needles, exact [][]byte) *finder {
	f := &finder{buckets: make([][][]byte, 1)}
	for _, n := range exact {
		if len(n) < longNeedle && len(f.short) < maxShort {
			f.short = append(f.short, n)
		} else {
			needles = append(needles, n)
		}
	}
	for _, n := range needles {
		if f.min == 0 || len(n) < f.min {
			f.min = min(len(n), maxShift)
		}
	}
	if f.min == 0 {
		return f
	}
	for i := range f.shift {
		f.shift[i] = uint8(f.min - 1)
	}
	for _, n := range needles {
		for i := 1; i < f.min; i++ {
			for _, pair := range pairs(n[i-1], n[i]) {
				f.shift[pair] = min(f.shift[pair], uint8(f.min-1-i))
			}
		}
		for _, pair := range pairs(n[f.min-2], n[f.min-1]) {
			f.put(pair, n)
		}
	}
	return f
}

// put puts a needle into the bucket of a pair. Where there are too many buckets
// the last one takes more than its own, which is no harm.
func (f *finder) put(pair uint16, needle []byte) {
	if f.bucket[pair] == 0 {
		if len(f.buckets) <= 255 {
			f.buckets = append(f.buckets, nil)
		}
		f.bucket[pair] = uint8(len(f.buckets) - 1)
	}
	b := f.bucket[pair]
	f.buckets[b] = append(f.buckets[b], needle)
}

// pairs are two bytes as they lie in memory, in all cases.
func pairs(a, b byte) []uint16 {
	var all []uint16
	for _, a := range cases(a) {
		for _, b := range cases(b) {
			all = append(all, uint16(a)|uint16(b)<<8)
		}
	}
	return all
}

func cases(c byte) []byte {
	c = lower(c)
	if c >= 'a' && c <= 'z' {
		return []byte{c, c - 'a' + 'A'}
	}
	return []byte{c}
}

// long returns where the first long needle starts that lies in b at from or
// later, or len(b).
func (f *finder) long(b []byte, from int) int {
	if f.min == 0 {
		return len(b)
	}
	for i := from + f.min - 2; i+2 <= len(b); {
		pair := binary.LittleEndian.Uint16(b[i:])
		if s := f.shift[pair]; s > 0 {
			i += int(s)
			continue
		}
		start := i - f.min + 2
		for _, n := range f.buckets[f.bucket[pair]] {
			if len(b)-start >= len(n) && equalFold(b[start:start+len(n)], n) {
				return start
			}
		}
		i++
	}
	return len(b)
}

// in reports whether there is any needle in b.
func (f *finder) in(b []byte) bool {
	if f.long(b, 0) < len(b) {
		return true
	}
	for _, n := range f.short {
		if bytes.Contains(b, n) {
			return true
		}
	}
	return false
}

// seeker goes through the places in b where a needle starts, front to back.
type seeker struct {
	f    *finder
	b    []byte
	next [1 + maxShort]int // of the long needles, of each short one; 0: not known
}

func (f *finder) seek(b []byte) seeker { return seeker{f: f, b: b} }

// from returns the first place at i or later, or len(b).
func (s *seeker) from(i int) int {
	if s.next[0] < i || i == 0 {
		s.next[0] = s.f.long(s.b, i)
	}
	first := s.next[0]
	for n, needle := range s.f.short {
		n++
		if s.next[n] < i || i == 0 {
			s.next[n] = len(s.b)
			if at := bytes.Index(s.b[i:], needle); at >= 0 {
				s.next[n] = i + at
			}
		}
		first = min(first, s.next[n])
	}
	return first
}

// equalFold compares bytes of the same number, without regard to the case of
// ASCII letters.
func equalFold(a, b []byte) bool {
	for i, c := range a {
		if c != b[i] && lower(c) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
