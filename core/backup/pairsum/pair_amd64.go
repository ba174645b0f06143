package pairsum

// paired says that the processor has SHA-NI, and SSSE3 and SSE4.1 with it.
var paired = hasSHA()

// hasSHA asks the processor: CPUID leaf 7, EBX bit 29; leaf 1, ECX bits 9 and 19.
func hasSHA() bool

// pair goes on with two sums by the whole blocks in p and in q, which must be of
// one length.
func pair(a *[8]uint32, p []byte, b *[8]uint32, q []byte) {
	if len(p) != len(q) {
		panic("pairsum: pieces of two lengths")
	}
	blocks(a, p, b, q)
}

//go:noescape
func blocks(a *[8]uint32, p []byte, b *[8]uint32, q []byte)
