package rewrite

// finder looks for many needles in one pass, as Wu and Manber do: it looks at
// two bytes at a time, and where no needle has those at that place it skips as
// far as the shortest needle is long. Case is ignored, so what it finds is a
// place to look at more closely.
type finder struct {
	min     int // length of the shortest needle, 0 when there is none
	longest int
	shift   [hashes]uint8
	buckets [hashes][][]byte // needles by the last block of their first min bytes
}

const hashes = 1 << 13

// block is the hash of two bytes, the same for small and capital letters.
func block(a, b byte) uint { return (uint(a|0x20)<<5 ^ uint(b|0x20)) % hashes }

// newFinder returns a finder for needles of at least two bytes.
func newFinder(needles [][]byte) *finder {
	f := &finder{}
	for _, n := range needles {
		if f.min == 0 || len(n) < f.min {
			f.min = min(len(n), 250)
		}
		f.longest = max(f.longest, len(n))
	}
	if f.min == 0 {
		return f
	}
	for i := range f.shift {
		f.shift[i] = uint8(f.min - 1)
	}
	for _, n := range needles {
		for i := 1; i < f.min; i++ {
			h := block(n[i-1], n[i])
			f.shift[h] = min(f.shift[h], uint8(f.min-1-i))
		}
		h := block(n[f.min-2], n[f.min-1])
		f.buckets[h] = append(f.buckets[h], n)
	}
	return f
}

// index returns where the first needle starts that lies in b at from or later,
// or -1.
func (f *finder) index(b []byte, from int) int {
	if f.min == 0 {
		return -1
	}
	for i := from + f.min - 1; i < len(b); {
		h := block(b[i-1], b[i])
		if s := f.shift[h]; s > 0 {
			i += int(s)
			continue
		}
		start := i - f.min + 1
		for _, n := range f.buckets[h] {
			if len(b)-start >= len(n) && equalFold(b[start:start+len(n)], n) {
				return start
			}
		}
		i++
	}
	return -1
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
