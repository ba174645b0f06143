package backup

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

var errGzipHeader = fault("The archive holds a header of gzip with something in it that every reader passes over and no manifest covers; it was tampered with.")

// gzipMembers unpacks gzip, member by member (RFC 1952, 2.2), and refuses what a reader
// passes over in their headers. The first may have the name of a file: gzip writes that
// where somebody packed an archive once more.
type gzipMembers struct {
	in     *bufio.Reader
	member *gzip.Reader
}

// inflateGzip unpacks gzip.
func inflateGzip(r io.Reader) (io.Reader, error) {
	in, ok := r.(*bufio.Reader)
	if !ok {
		in = bufio.NewReader(r)
	}
	member, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpack gzip: %w", err)
	}
	if len(member.Extra) > 0 || member.Comment != "" {
		return nil, errGzipHeader
	}
	member.Multistream(false)
	return &gzipMembers{in: in, member: member}, nil
}

// Read implements io.Reader.
func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if n > 0 && errors.Is(err, io.EOF) {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := g.member.Reset(g.in); err != nil {
			return 0, err
		}
		if len(g.member.Extra) > 0 || g.member.Comment != "" || g.member.Name != "" {
			return 0, errGzipHeader
		}
		g.member.Multistream(false)
	}
}
