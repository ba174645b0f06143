package backup

// codec packs blocks of a stream, each on its own, so that several can be packed
// at once. All but the methods pack are the same for each codec of a stream.
type codec interface {
	layout() layout
	// pack returns a block as it stands in the stream: part of b.buffer, or of
	// b.packed.
	pack(b *block) ([]byte, error)
	// head and tail are what a stream begins and ends with.
	head() []byte
	tail(crc uint32, size int64) []byte
	// sums says that the tail needs the CRC.
	sums() bool
}

// layout is how a block lies in memory: pieces of so many bytes, each behind a
// gap, with room before all and behind all. In these a codec writes what goes
// around bytes that it leaves as they are.
type layout struct{ pieces, size, gap, lead, trail int }

// maxPieces is how many pieces a block has at most.
const maxPieces = 4

// appender collects bytes.
type appender []byte

// Write implements io.Writer.
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
