package backup

import "encoding/binary"

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
