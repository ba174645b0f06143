package backup

import "encoding/binary"

// How much of a piece is looked at: stretches spread over it, in bytes.
const (
	stretches = 16
	stretch   = 128
)

// noisePairs is up to how many pairs of equal bytes a stretch is noise, which has
// 32 of its 8,128 pairs, and with seven times its deviation 72. Base64 has 127,
// programs and texts have more.
const noisePairs = 72

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
		var counts [256]uint8
		pairs := 0
		for _, c := range p[at : at+stretch] {
			pairs += int(counts[c])
			counts[c]++
		}
		if pairs <= noisePairs {
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
