package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
)

// keyCap is the most that is read of a public key: an RSA key of 16384 bits
// with a long comment stays below 4 KiB.
const keyCap = 16 << 10

// endOfInput is what Ctrl+D sends where the client asked for a terminal.
const endOfInput = 0x04

// publicKey returns the one line of an authorized_keys file that was given as
// words, or that comes by standard input where the words are none or "-".
func (s *session) publicKey(ctx context.Context, given []string) (string, error) {
	line := strings.Join(given, " ")
	if line != "" && line != "-" {
		return line, nil
	}
	s.tell(s.text("key_wanted", nil))
	text, err := readCapped(ctx, s.In, keyCap)
	if err != nil {
		return "", err
	}
	if len(text) > keyCap {
		return "", s.misread("key_long", nil)
	}
	var lines []string
	for line := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	switch len(lines) {
	case 0:
		return "", s.misread("key_none", nil)
	case 1:
		return lines[0], nil
	default:
		return "", s.misread("key_many", nil)
	}
}

// readCapped reads to the end of the input, but one byte more than limit at
// most, and gives up when ctx ends: the reading goroutine then stays until the
// session's channel is closed, which the end of ctx brings about.
func readCapped(ctx context.Context, in io.Reader, limit int) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		var text []byte
		buf := make([]byte, 4<<10)
		for len(text) <= limit {
			n, err := in.Read(buf)
			text = append(text, buf[:n]...)
			if i := bytes.IndexByte(text, endOfInput); i >= 0 {
				text, err = text[:i], io.EOF
			}
			if err == io.EOF { //nolint:errorlint // io.Reader returns it bare
				break
			}
			if err != nil {
				done <- answer{nil, fmt.Errorf("read the input: %w", err)}
				return
			}
		}
		done <- answer{text[:min(len(text), limit+1)], nil}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
