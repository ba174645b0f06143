package rewrite

import (
	"bytes"
	"errors"
)

// mysqlDump reads a dump as the client and the server do.
type mysqlDump struct {
	*window
	state    lexState
	quote    byte
	fresh    bool // a statement begins here
	verbatim bool // NO_BACKSLASH_ESCAPES is on
	err      error
}

// maxHead is how long the head of a statement may be that names its table.
const maxHead = 512

func (d *mysqlDump) run() error {
	return errors.Join(d.window.run(d.step), d.err)
}

// step reads one token, or what there is of it, and reports whether it came on.
func (d *mysqlDump) step() bool {
	if d.err != nil {
		d.at = len(d.buf)
		return false
	}
	switch d.state {
	case inQuotes:
		return d.inQuotes()
	case inName:
		return d.until("`") // two of them in a name look like two names
	case inLine:
		return d.until("\n")
	case inBlock:
		return d.until("*/")
	case inHex, inHexQuotes:
		return d.inHex()
	}
	return d.inCode()
}

// dullCode are the bytes that begin nothing between literals.
var dullCode = func() (set [256]bool) {
	for c := range set {
		set[c] = bytes.IndexByte([]byte("'\"`-#/;0xX"), byte(c)) < 0
	}
	return set
}()

func (d *mysqlDump) inCode() bool {
	if d.fresh && !d.head() {
		return false
	}
	i := d.at
	for i < len(d.buf) && dullCode[d.buf[i]] {
		i++
	}
	d.at = i
	if i == len(d.buf) {
		return true
	}
	if !d.sees(i, 4) {
		return false
	}
	d.at++
	switch c := d.buf[i]; {
	case c == '\'' || c == '"':
		d.state, d.quote, d.hold = inQuotes, c, i
	case c == '`':
		d.state = inName
	case c == '#', c == '-' && d.byteAt(i+1) == '-' && d.byteAt(i+2) <= ' ':
		d.state = inLine
	case c == '/' && d.byteAt(i+1) == '*':
		d.comment(i)
	case c == ';':
		d.fresh, d.table = true, ""
		if d.verbatim && bytes.Contains(d.buf[max(0, i-history):i], []byte("= @saved_sql_mode")) {
			d.verbatim = false
		}
	case nameByte(d.byteAt(i - 1)):
	case c == '0' && d.byteAt(i+1) == 'x':
		d.state, d.hold, d.at = inHex, i, i+2
	case (c == 'x' || c == 'X') && d.byteAt(i+1) == '\'':
		d.state, d.hold, d.at = inHexQuotes, i, i+2
	}
	return true
}

// comment reads what stands behind /* at i; /*! and /*M! begin code.
func (d *mysqlDump) comment(i int) {
	switch {
	case d.byteAt(i+2) == '!':
		d.at = i + 3
	case d.byteAt(i+2) == 'M' && d.byteAt(i+3) == '!':
		d.at = i + 4
	default:
		d.at, d.state = i+2, inBlock
		return
	}
	d.fresh = false
}

// head reads the head of a statement, which names the table of its rows.
func (d *mysqlDump) head() bool {
	for d.at < len(d.buf) && d.buf[d.at] <= ' ' {
		d.at++
	}
	if d.at == len(d.buf) || !wordStart(d.buf[d.at]) {
		return d.at < len(d.buf)
	}
	if !d.sees(d.at, maxHead) {
		return false
	}
	d.fresh = false
	d.table = insertTable(d.buf[d.at:min(len(d.buf), d.at+maxHead)])
	return true
}

func wordStart(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// insertTable returns the table of an INSERT or REPLACE, or "".
func insertTable(head []byte) string {
	before, after, ok := bytes.Cut(head, []byte("`"))
	words := bytes.Fields(bytes.ToUpper(before))
	if !ok || len(words) < 2 || len(words) > 4 || string(words[len(words)-1]) != "INTO" {
		return ""
	}
	if first := string(words[0]); first != "INSERT" && first != "REPLACE" {
		return ""
	}
	var name []byte
	for i := 0; i < len(after); i++ {
		if after[i] == '`' {
			if i+1 == len(after) || after[i+1] != '`' {
				break
			}
			i++
		}
		name = append(name, after[i])
	}
	return string(name)
}

// until goes on behind mark, to code.
func (d *mysqlDump) until(mark string) bool {
	if !d.pass(mark) {
		return false
	}
	d.state = inCode
	return true
}

// inQuotes reads a literal in quotes.
func (d *mysqlDump) inQuotes() bool {
	end, closed := d.closing(d.quote, !d.verbatim)
	d.at = end
	if !closed {
		d.tooLong(end)
		return false
	}
	d.state = inCode
	if d.tooLong(end) || d.hold < 0 {
		return true
	}
	from := d.hold + 1
	d.mode(from, end-1)
	d.err = d.literal(from, end-1, d.codec())
	d.hold = -1
	return true
}

// codec is how the literal at hand is escaped.
func (d *mysqlDump) codec() *codec {
	switch {
	case d.verbatim && d.quote == '"':
		return doubleDoubledCodec
	case d.verbatim:
		return singleDoubledCodec
	case d.quote == '"':
		return doubleCodec
	}
	return singleCodec
}

// mode notices a SET sql_mode = '…', which says what backslashes mean.
func (d *mysqlDump) mode(from, end int) {
	before := bytes.TrimRight(d.buf[max(0, from-1-history):from-1], " ")
	name, ok := bytes.CutSuffix(before, []byte("="))
	if !ok {
		return
	}
	if name = bytes.TrimRight(name, " "); len(name) >= 8 && equalFold(name[len(name)-8:], []byte("sql_mode")) {
		d.verbatim = bytes.Contains(d.buf[from:end], []byte("NO_BACKSLASH_ESCAPES"))
	}
}

// inHex reads 0x… or X'…'.
func (d *mysqlDump) inHex() bool {
	i := d.at
	for i < len(d.buf) && unhex(d.buf[i]) >= 0 {
		i++
	}
	d.at = i
	if i == len(d.buf) && !d.eof {
		d.tooLong(i)
		return false
	}
	if !d.tooLong(i) && d.hold >= 0 && (i-d.hold)%2 == 0 {
		d.err = d.literal(d.hold+2, i, hexCodec)
	}
	if d.state == inHexQuotes && d.byteAt(i) == '\'' {
		d.at++
	}
	d.state, d.hold = inCode, -1
	return true
}
