package rewrite

import (
	"bytes"
	"errors"
)

// postgresDump reads a dump as psql and the server do.
type postgresDump struct {
	*window
	state   lexState
	fresh   bool
	escapes bool   // the literal at hand is E'…'
	nested  int    // comments in comments
	tag     string // that ends the literal at hand, $tag$
	row     bool   // a row of a COPY begins here
	skip    bool   // the field at hand is too long
	err     error
}

func (d *postgresDump) run() error {
	return errors.Join(d.window.run(d.step), d.err)
}

// step reads one token, or what there is of it, and reports whether it came on.
func (d *postgresDump) step() bool {
	if d.err != nil {
		d.at = len(d.buf)
		return false
	}
	switch d.state {
	case inCopy:
		return d.inCopy()
	case inQuotes:
		return d.inQuotes()
	case inDollar:
		return d.inDollar()
	case inBlock:
		return d.inBlock()
	case inName:
		return d.until(`"`) // two of them in a name look like two names
	case inLine:
		return d.until("\n")
	}
	return d.inCode()
}

// until goes on behind mark, to code.
func (d *postgresDump) until(mark string) bool {
	if !d.pass(mark) {
		return false
	}
	d.state = inCode
	return true
}

// maxTag is how long a $tag$ may be.
const maxTag = 130

func (d *postgresDump) inCode() bool {
	if d.fresh {
		return d.head()
	}
	i := d.at
	for i < len(d.buf) && bytes.IndexByte([]byte(`'"$-/;`), d.buf[i]) < 0 {
		i++
	}
	d.at = i
	if i == len(d.buf) {
		return true
	}
	if !d.sees(i, maxTag) {
		return false
	}
	d.at++
	switch c := d.buf[i]; {
	case c == '\'':
		before := d.byteAt(i - 1)
		d.escapes = (before == 'E' || before == 'e') && !nameByte(d.byteAt(i-2))
		d.state, d.hold = inQuotes, i
	case c == '"':
		d.state = inName
	case c == '-' && d.byteAt(i+1) == '-':
		d.state = inLine
	case c == '/' && d.byteAt(i+1) == '*':
		d.state, d.nested, d.at = inBlock, 1, i+2
	case c == ';':
		d.fresh, d.table = true, ""
	case c == '$' && !nameByte(d.byteAt(i-1)):
		if d.tag = tagAt(d.buf[i:]); d.tag != "" {
			d.state, d.hold, d.at = inDollar, i+len(d.tag), i+len(d.tag)
		}
	}
	return true
}

// tagAt returns the $tag$ at the start of b, or "".
func tagAt(b []byte) string {
	for i := 1; i < min(len(b), maxTag); i++ {
		switch c := b[i]; {
		case c == '$':
			return string(b[:i+1])
		case c == '-', !nameByte(c) && c < 0x80, i == 1 && c >= '0' && c <= '9':
			return ""
		}
	}
	return ""
}

// head reads the head of a statement: a COPY that rows follow, an INSERT.
func (d *postgresDump) head() bool {
	for d.at < len(d.buf) && d.buf[d.at] <= ' ' {
		d.at++
	}
	if d.at == len(d.buf) {
		return true
	}
	if !d.sees(d.at, 2) {
		return false
	}
	switch c := d.buf[d.at]; {
	case c == '-' && d.byteAt(d.at+1) == '-', c == '\\': // a comment, a command of psql
		d.state = inLine
		return true
	case !wordStart(c):
		d.fresh = false
		return true
	}
	rest := d.buf[d.at:]
	line := bytes.IndexByte(rest, '\n')
	if line < 0 && !d.eof && len(rest) < d.w.room/4 {
		return false
	}
	d.fresh = false
	if line >= 0 && bytes.HasPrefix(rest, []byte("COPY ")) && bytes.HasSuffix(rest[:line], []byte(" FROM stdin;")) {
		d.table = postgresTable(rest[len("COPY "):line])
		d.state, d.row, d.fresh = inCopy, true, true
		d.at += line + 1
		return true
	}
	if into := []byte("INSERT INTO "); bytes.HasPrefix(rest, into) {
		d.table = postgresTable(rest[len(into):min(len(rest), len(into)+maxHead)])
	}
	return true
}

// postgresTable returns the name at the start of b, up to what follows it.
func postgresTable(b []byte) string {
	quoted := false
	for i, c := range b {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && (c == ' ' || c == '(') {
			return string(b[:i])
		}
	}
	return ""
}

// inCopy reads a field of a row, or a row in which there is nothing to replace.
func (d *postgresDump) inCopy() bool {
	if d.row {
		if !d.sees(d.at, 4) {
			return false
		}
		if rest := d.buf[d.at:]; bytes.HasPrefix(rest, []byte("\\.\n")) || bytes.HasPrefix(rest, []byte("\\.\r\n")) || d.eof && string(rest) == `\.` {
			d.state, d.table, d.at = inCode, "", d.at+2
			return true
		}
		d.row = false
		if end := bytes.IndexByte(d.buf[d.at:], '\n'); end >= 0 && !d.mayHold(d.at, d.at+end) {
			d.at += end + 1
			d.row = true
			return true
		}
	}
	if d.hold < 0 && !d.skip {
		d.hold = d.at
	}
	return d.field()
}

// field reads a field to its end.
func (d *postgresDump) field() bool {
	i := d.at
	for i < len(d.buf) && d.buf[i] != '\t' && d.buf[i] != '\n' {
		i++
	}
	d.at = i
	if i == len(d.buf) && !d.eof {
		d.skip = d.tooLong(i) || d.skip
		return false
	}
	if !d.skip && !d.tooLong(i) {
		d.err = d.value(d.hold, i, copyCodec)
	}
	d.hold, d.skip = -1, false
	d.row = d.byteAt(i) == '\n'
	if i < len(d.buf) {
		d.at++
	}
	return true
}

// value rewrites the value between from and end, a bytea within its digits.
func (d *postgresDump) value(from, end int, c *codec) error {
	raw := d.buf[from:end]
	for _, mark := range []string{`\\x`, `\x`} {
		digits, ok := bytes.CutPrefix(raw, []byte(mark))
		if ok && len(digits) > 0 && len(digits)%2 == 0 && hexCodec.plain(digits) == 0 && isHex(digits) {
			return d.literal(from+len(mark), end, hexCodec)
		}
	}
	return d.literal(from, end, c)
}

func isHex(b []byte) bool {
	for _, c := range b {
		if unhex(c) < 0 {
			return false
		}
	}
	return true
}

// inQuotes reads '…' or E'…'.
func (d *postgresDump) inQuotes() bool {
	end, closed := d.closing('\'', d.escapes)
	d.at = end
	if !closed {
		d.tooLong(end)
		return false
	}
	d.state = inCode
	if d.tooLong(end) || d.hold < 0 {
		return true
	}
	c := singleDoubledCodec
	if d.escapes {
		c = escapeCodec
	}
	d.err = d.value(d.hold+1, end-1, c)
	d.hold = -1
	return true
}

// inDollar reads $tag$…$tag$, which knows no escapes.
func (d *postgresDump) inDollar() bool {
	if !d.pass(d.tag) {
		d.tooLong(d.at)
		return false
	}
	d.state = inCode
	end := d.at - len(d.tag)
	if !d.tooLong(end) && d.hold >= 0 {
		d.err = d.literal(d.hold, end, nil)
	}
	d.hold = -1
	return true
}

// inBlock reads a comment, in which others may lie.
func (d *postgresDump) inBlock() bool {
	for d.nested > 0 {
		i := bytes.IndexAny(d.buf[d.at:], "*/")
		if i < 0 {
			d.at = len(d.buf)
			return false
		}
		d.at += i
		if !d.sees(d.at, 2) {
			return false
		}
		switch string(d.buf[d.at:min(len(d.buf), d.at+2)]) {
		case "/*":
			d.nested++
			d.at += 2
		case "*/":
			d.nested--
			d.at += 2
		default:
			d.at++
		}
	}
	d.state = inCode
	return true
}
