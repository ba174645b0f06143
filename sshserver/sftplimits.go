package sshserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"sync"
)

// limitsName is the extension by which OpenSSH's clients, from 8.5 on, ask how
// much they may read at once; without an answer they ask for 32 KiB each time,
// and the questions cost both sides more than the file does. The format is in
// OpenSSH's PROTOCOL, section 4.8; the types of packets are in
// draft-ietf-secsh-filexfer-02, section 3.
const limitsName = "limits@openssh.com"

const (
	fxpInit          = 1
	fxpVersion       = 2
	fxpExtended      = 200
	fxpExtendedReply = 201
)

const (
	maxMessage = 256 << 10 // bytes of the longest message that the SFTP library reads

	// ahead is how many open handles are promised. OpenSSH's sftp takes it for
	// how many requests it may send ahead; the answers to eight leave room in its
	// window of 2 MiB. In a full one the sentence of why a download was ended
	// would wait behind all the data.
	ahead = 8
)

// limitsQuestion is the question as it is sent, but for the ID after its type.
var limitsQuestion = func() []byte {
	q := binary.BigEndian.AppendUint32(nil, uint32(1+4+4+len(limitsName)))
	q = append(q, fxpExtended, 0, 0, 0, 0)
	return appendString(q, limitsName)
}()

func appendString(to []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(s))), s...)
}

// limited is an SFTP connection whose client is told our limits, which the
// library cannot tell: it adds the extension to the library's first message,
// and answers the question where clients ask it, before all other requests. The
// library reads from one goroutine and writes from another.
type limited struct {
	io.ReadWriteCloser
	in   *bufio.Reader
	left int64 // bytes of a first message that the library still gets
	past bool  // other requests have begun

	mu        sync.Mutex // a write of ours may meet the library's
	announced bool
}

func newLimited(c io.ReadWriteCloser) *limited {
	return &limited{ReadWriteCloser: c, in: bufio.NewReader(c)}
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	for !l.past && l.left == 0 {
		if err := l.begin(); err != nil {
			return 0, err
		}
	}
	if !l.past && int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.in.Read(p)
	l.left -= int64(n)
	return n, err
}

// begin looks at the head of a message, and answers it if it is the question.
func (l *limited) begin() error {
	head, err := l.in.Peek(5)
	switch {
	case err != nil:
		l.past = true // the library is told when it reads
	case head[4] == fxpInit:
		l.left = 4 + int64(binary.BigEndian.Uint32(head))
	case !bytes.Equal(head, limitsQuestion[:5]):
		l.past = true
	default:
		message, err := l.in.Peek(len(limitsQuestion))
		if err != nil || !bytes.Equal(message[9:], limitsQuestion[9:]) {
			l.past = true
			return nil
		}
		if err := l.answer(message[5:9]); err != nil {
			return err
		}
		_, err = l.in.Discard(len(limitsQuestion))
		return err
	}
	return nil
}

// answer tells the limits: of a message, of a read, of a write and of the open
// handles.
func (l *limited) answer(id []byte) error {
	a := binary.BigEndian.AppendUint32(nil, 1+4+4*8)
	a = append(append(a, fxpExtendedReply), id...)
	for _, limit := range []uint64{maxMessage, maxRead, maxRead, ahead} {
		a = binary.BigEndian.AppendUint64(a, limit)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.ReadWriteCloser.Write(a)
	return err
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.announced || len(p) < 5 || p[4] != fxpVersion {
		return l.ReadWriteCloser.Write(p)
	}
	l.announced = true
	more := appendString(appendString(bytes.Clone(p), limitsName), "1")
	binary.BigEndian.PutUint32(more, uint32(len(more)-4))
	if _, err := l.ReadWriteCloser.Write(more); err != nil {
		return 0, err
	}
	return len(p), nil
}
