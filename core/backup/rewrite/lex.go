package rewrite

import (
	"bytes"
	"encoding/binary"
)

// lexState is what the place at hand in a dump is in.
type lexState int

const (
	inCode      lexState = iota
	inQuotes             // '…' or "…"
	inName               // `…`, or "…" in PostgreSQL
	inLine               // a comment to the end of the line
	inBlock              // a comment in /* */
	inHex                // 0x…
	inHexQuotes          // X'…'
	inDollar             // $tag$…$tag$
	inCopy               // the rows of a COPY
)

// pass goes on behind mark, or as far as mark cannot begin.
func (w *window) pass(mark string) bool {
	if i := bytes.Index(w.buf[w.at:], []byte(mark)); i >= 0 {
		w.at += i + len(mark)
		return true
	}
	from := w.at
	w.at = len(w.buf)
	if !w.eof {
		w.at = max(from, w.at-len(mark)+1)
	}
	return false
}

// closing returns where the literal in quotes ends; false says that its end is
// not in sight, and how far it has been read.
func (w *window) closing(quote byte, backslashes bool) (end int, closed bool) {
	b := w.buf
	for i := w.at; i < len(b); {
		i = plainRun(b, i, quote, '\\')
		if i == len(b) {
			break
		}
		c := b[i]
		switch {
		case c == quote:
			if !w.sees(i, 2) {
				return i, false
			}
			if w.byteAt(i+1) != quote {
				return i + 1, true
			}
			i += 2
		case c == '\\' && backslashes:
			if i+1 == len(b) && !w.eof {
				return i, false
			}
			i += 2
		default:
			i++
		}
	}
	return len(b), false
}

// plainRun returns where the first of two bytes stands in b from i on, or
// len(b). It looks at eight bytes at a time.
func plainRun(b []byte, i int, one, two byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	first, second := ones*uint64(one), ones*uint64(two)
	for ; i+8 <= len(b); i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		p, q := word^first, word^second
		if ((p-ones)&^p|(q-ones)&^q)&tops != 0 {
			break
		}
	}
	for i < len(b) && b[i] != one && b[i] != two {
		i++
	}
	return i
}
