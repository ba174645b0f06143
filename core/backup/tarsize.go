package backup

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// octalSize is the largest size that a tar header has digits for, in bytes.
const octalSize = 1<<33 - 1

// tarHeaders is where a tar.Writer writes to. A size that is too large for a tar
// header stands in a PAX record, and the writer leaves zero in the header itself;
// a tar that does not read such records, like busybox's, would take the whole
// rest of the archive for damaged. So the header says the size as well, in binary
// as GNU tar does.
type tarHeaders struct {
	io.Writer
	held *bytes.Buffer // takes the header in place of Writer; nil between two
}

// Write implements io.Writer.
func (t *tarHeaders) Write(p []byte) (int, error) {
	if t.held != nil {
		return t.held.Write(p)
	}
	return t.Writer.Write(p)
}

// write writes a header of w, which writes to t.
func (t *tarHeaders) write(w *tar.Writer, h *tar.Header) error {
	if h.Size <= octalSize {
		return w.WriteHeader(h)
	}
	t.held = &bytes.Buffer{}
	err := w.WriteHeader(h)
	header := t.held.Bytes()
	t.held = nil
	if err != nil {
		return err
	}
	setSize(header[len(header)-tarBlock:], h.Size)
	_, err = t.Write(header)
	return err
}

// Where a tar header has what is changed (POSIX.1-1988, ustar).
const (
	tarBlock              = 512
	sizeAt, sizeEnd       = 124, 136
	checksumAt, checkedAt = 148, 156
)

// setSize writes a size into a header block: a field whose first bit is set is a
// number in binary.
func setSize(block []byte, size int64) {
	field := block[sizeAt:sizeEnd]
	clear(field)
	field[0] = 0x80
	binary.BigEndian.PutUint64(field[len(field)-8:], uint64(size)) //nolint:gosec // a size is not negative
	copy(block[checksumAt:checkedAt], "        ")
	sum := 0
	for _, c := range block {
		sum += int(c)
	}
	copy(block[checksumAt:checkedAt], fmt.Sprintf("%06o\x00 ", sum))
}
