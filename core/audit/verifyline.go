package audit

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// maxLine is the longest line of an export, in bytes: far above what a leaf
	// with its personal data can have.
	maxLine = 1 << 20
	// batchLines and batchBytes bound what is checked at once.
	batchLines = 256
	batchBytes = 256 << 10
	// saltSize is the length of a salt in bytes.
	saltSize = 16
)

// batch is some lines of an export that are checked beside others.
type batch struct {
	first   int64 // the number of its first line
	lines   [][]byte
	last    bool  // nothing follows
	err     error // what stands behind its lines
	done    chan struct{}
	checked []checkedLine // once it is done
}

// checkedLine is a line that is right in itself: its place in the log is yet to
// be looked at.
type checkedLine struct {
	leaf           Leaf // without its maps
	hash           tlog.Hash
	proved, erased int64  // fields of personal data
	end            string // the signed checkpoint, where it is the last line
	problem        error
}

// readBatch reads some lines and begins to check them.
func readBatch(in *bufio.Reader, first int64) *batch {
	b := &batch{first: first, done: make(chan struct{})}
	for size := 0; len(b.lines) < batchLines && size < batchBytes && b.err == nil; {
		number := first + int64(len(b.lines))
		line, err := readLine(in, number)
		switch {
		case err != nil:
			b.err = err
		case line == nil:
			b.err = fault(number, "the log ends without a signed checkpoint: its end was cut off")
		default:
			b.lines = append(b.lines, line)
			size += len(line)
		}
		if bytes.HasPrefix(line, endStart) {
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				b.lines = b.lines[:len(b.lines)-1]
				b.err = fault(number+1, "something stands behind the signed checkpoint")
			}
			b.last = true
			break
		}
	}
	b.last = b.last || b.err != nil
	go func() {
		defer close(b.done)
		b.checked = make([]checkedLine, len(b.lines))
		m := new(maps)
		for i, line := range b.lines {
			b.checked[i] = checkLine(first+int64(i), line, m)
			m.takeBack()
		}
	}()
	return b
}

// readLine returns a copy of a line with its line feed, nil at the end.
func readLine(in *bufio.Reader, number int64) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fault(number, "it is longer than any line of a log")
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return nil, fault(number, "it is cut off")
		default:
			return nil, fmt.Errorf("read log: %w", err)
		}
	}
}

// How the parts of a line begin, in the one form that [ExportLine] and
// [ExportEnd] give them.
var (
	leafStart     = []byte(`{"leaf":`)
	hashStart     = []byte(`,"hash":"`)
	personalStart = []byte(`,"personal":`)
	lineEnd       = []byte("}\n")
	endStart      = []byte(`{"checkpoint":`)
)

// checkLine checks all of a line that can be without the others.
func checkLine(number int64, data []byte, m *maps) (l checkedLine) {
	if bytes.HasPrefix(data, endStart) {
		var e exportEnd
		if err := json.Unmarshal(data, &e); err != nil || e.Checkpoint == "" {
			return checkedLine{problem: fault(number, "the checkpoint cannot be read")}
		}
		if again, err := encodeLine(e); err != nil || !bytes.Equal(again, data) {
			return checkedLine{problem: fault(number, "the checkpoint was not written by a console in this form, so it was changed")}
		}
		l.end = e.Checkpoint
		return l
	}
	leaf, hash, beside, ok := parts(data)
	if !ok {
		return checkedLine{problem: fault(number, "it is no line of an exported log, or it was changed")}
	}
	l.hash = tlog.RecordHash(leaf)
	var text [44]byte
	if base64.StdEncoding.Encode(text[:], l.hash[:]); string(text[:]) != string(hash) {
		return checkedLine{problem: fault(number, "the entry was changed: it does not have the hash that stands beside it")}
	}
	if l.leaf, ok = quickLeaf(string(leaf), m); !ok {
		var err error
		if l.leaf, err = DecodeLeaf(leaf); err != nil {
			return checkedLine{problem: fault(number, "the entry cannot be read")}
		}
	}
	l.erased = int64(len(l.leaf.Personal))
	if beside != nil {
		l.proved, l.problem = checkPersonal(number, l.leaf, beside, m)
	}
	l.erased -= l.proved
	l.leaf.Data, l.leaf.Personal = nil, nil // they are for the next line
	return l
}

// parts cuts a line where the leaf ends, the hash and the personal data, nil
// where there is none. All that stands between them must be as it is written.
func parts(data []byte) (leaf, hash, beside []byte, ok bool) {
	rest, ok := bytes.CutPrefix(data, leafStart)
	if !ok {
		return nil, nil, nil, false
	}
	end := objectEnd(rest)
	if end < 0 {
		return nil, nil, nil, false
	}
	leaf, rest = rest[:end], rest[end:]
	if rest, ok = bytes.CutPrefix(rest, hashStart); !ok {
		return nil, nil, nil, false
	}
	if hash, rest, ok = bytes.Cut(rest, []byte(`"`)); !ok {
		return nil, nil, nil, false
	}
	if bytes.Equal(rest, lineEnd) {
		return leaf, hash, nil, true
	}
	if rest, ok = bytes.CutPrefix(rest, personalStart); !ok {
		return nil, nil, nil, false
	}
	beside, ok = bytes.CutSuffix(rest, lineEnd)
	return leaf, hash, beside, ok && len(beside) > 0
}

// objectEnd returns where the JSON object that data begins with ends, -1 where
// it does not. It does not look for more than that.
func objectEnd(data []byte) int {
	depth, text := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// checkPersonal checks what lies beside a leaf, in its one form: no more than
// the leaf commits to, and each field as it does. What is missing was erased.
func checkPersonal(number int64, leaf Leaf, data []byte, m *maps) (proved int64, problem error) {
	if beside, ok := quickPersonal(string(data), m); ok {
		return provePersonal(number, leaf, beside)
	}
	var beside map[string]Personal
	if err := json.Unmarshal(data, &beside); err != nil || len(beside) == 0 {
		return 0, fault(number, "the personal data beside the entry cannot be read")
	}
	if again, err := encodeLine(beside); err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), data) {
		return 0, fault(number, "the personal data beside the entry was not written by a console in this form, so it was changed")
	}
	return provePersonal(number, leaf, beside)
}

func provePersonal(number int64, leaf Leaf, beside map[string]Personal) (proved int64, problem error) {
	var seen map[string]bool
	if len(beside) > 1 { // else its names are each there once already
		seen = make(map[string]bool, len(leaf.Personal))
	}
	for subject, p := range beside {
		if (subject != leaf.Actor && !slices.Contains(Subjects(leaf), subject)) || len(p.Salt) != saltSize || len(p.Fields) == 0 {
			return 0, fault(number, "the personal data beside the entry is not of anybody in it")
		}
		mac := hmac.New(sha256.New, p.Salt)
		for name, value := range p.Fields {
			name = asUTF8(name)
			if commitment := commit(mac, name, asUTF8(value)); seen[name] || leaf.Personal[name] != string(commitment[:]) {
				return 0, fault(number, "the personal data beside the entry is not what the entry commits to")
			}
			if seen != nil {
				seen[name] = true
			}
			proved++
		}
	}
	return proved, nil
}
