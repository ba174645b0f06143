package rewrite

import "bytes"

// codec is one way of escaping bytes. Bytes that are not special stand for
// themselves.
type codec struct {
	special [256]bool
	marks   []byte // the same, where they are one or two; else nil
	// step reads one escape at the start of raw, which is special, appends what
	// it stands for to out and returns how long it is; 0 says that it is none.
	step func(raw, out []byte) (decoded []byte, width int)
	// encode writes text in the place of replaced, in its manner.
	encode func(text, replaced []byte) []byte
}

// newCodec returns a codec whose special bytes are those of special.
func newCodec(special string, step func(raw, out []byte) ([]byte, int), encode func(text, replaced []byte) []byte) *codec {
	c := &codec{step: step, encode: encode}
	for i := range len(special) {
		c.special[special[i]] = true
	}
	if len(special) <= 2 {
		c.marks = []byte{special[0], special[len(special)-1]}
	}
	return c
}

// decode returns what raw stands for; false says that it is not of this codec.
func (c *codec) decode(raw []byte) ([]byte, bool) {
	return c.decodeTo(make([]byte, 0, len(raw)), raw)
}

// decodeTo is decode that appends to out.
func (c *codec) decodeTo(out, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); {
		plain := c.plain(raw[i:])
		out = append(out, raw[i:i+plain]...)
		if i += plain; i == len(raw) {
			break
		}
		next, width := c.step(raw[i:], out)
		if width == 0 {
			return nil, false
		}
		out = next
		i += width
	}
	return out, true
}

// plain returns how many bytes at the start of raw stand for themselves.
func (c *codec) plain(raw []byte) int {
	if c.marks != nil {
		return plainRun(raw, 0, c.marks[0], c.marks[1])
	}
	for i, b := range raw {
		if c.special[b] {
			return i
		}
	}
	return len(raw)
}

// lift carries edits of decoded bytes to the raw ones; false says that an edit
// begins or ends in the middle of an escape.
func (c *codec) lift(raw []byte, edits []edit) ([]edit, bool) {
	walk := walker{codec: c, raw: raw}
	lifted := make([]edit, 0, len(edits))
	for _, e := range edits {
		at, ok := walk.to(e.at)
		if !ok {
			return nil, false
		}
		end, ok := walk.to(e.end)
		if !ok {
			return nil, false
		}
		lifted = append(lifted, edit{at, end, c.encode(e.text, raw[at:end])})
	}
	return lifted, true
}

// walker goes through raw bytes and knows how many decoded ones lie behind it.
type walker struct {
	codec       *codec
	raw         []byte
	at, decoded int
	scratch     []byte
}

// to goes on to where the decoded byte n comes from.
func (w *walker) to(n int) (raw int, ok bool) {
	for w.decoded < n && w.at < len(w.raw) {
		limit := min(len(w.raw), w.at+n-w.decoded)
		if plain := w.codec.plain(w.raw[w.at:limit]); plain > 0 {
			w.at += plain
			w.decoded += plain
			continue
		}
		out, width := w.codec.step(w.raw[w.at:], w.scratch[:0])
		if width == 0 {
			return 0, false
		}
		w.scratch = out
		w.at += width
		w.decoded += len(out)
	}
	return w.at, w.decoded == n
}

// unhex returns the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// hexByte reads two hexadecimal digits, or returns -1.
func hexByte(b []byte) int {
	if len(b) < 2 || unhex(b[0]) < 0 || unhex(b[1]) < 0 {
		return -1
	}
	return unhex(b[0])<<4 | unhex(b[1])
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

// digitsOf returns the digits that replaced uses: capitals unless a small letter
// is among its hexadecimal digits.
func digitsOf(replaced []byte) string {
	if bytes.ContainsAny(replaced, "abcdef") {
		return lowerHex
	}
	return upperHex
}

// hexCodec reads bytes as pairs of hexadecimal digits.
var hexCodec = newCodec(lowerHex+upperHex, func(raw, out []byte) ([]byte, int) {
	b := hexByte(raw)
	if b < 0 {
		return nil, 0
	}
	return append(out, byte(b)), 2
}, func(text, replaced []byte) []byte {
	digits := digitsOf(replaced)
	out := make([]byte, 0, 2*len(text))
	for _, c := range text {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return out
})

// percentCodec reads URL-encoded text. A plus sign stays one: it is as long as
// the space that it stands for.
var percentCodec = newCodec("%", func(raw, out []byte) ([]byte, int) {
	b := hexByte(raw[1:])
	if b < 0 {
		return append(out, '%'), 1
	}
	return append(out, byte(b)), 3
}, func(text, replaced []byte) []byte {
	if !bytes.ContainsRune(replaced, '%') {
		return text
	}
	digits := upperHex
	for i := range replaced {
		if replaced[i] == '%' && i+3 <= len(replaced) && bytes.ContainsAny(replaced[i+1:i+3], "abcdef") {
			digits = lowerHex
		}
	}
	var out []byte
	for _, c := range text {
		if nameByte(c) || c == '.' || c == '~' {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
})

// phpCodec reads the S: strings of PHP, in which \xx is a byte.
var phpCodec = newCodec(`\`, func(raw, out []byte) ([]byte, int) {
	b := hexByte(raw[1:])
	if b < 0 {
		return nil, 0
	}
	return append(out, byte(b)), 3
}, func(text, _ []byte) []byte {
	var out []byte
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '\\' {
			out = append(out, '\\', lowerHex[c>>4], lowerHex[c&15])
		} else {
			out = append(out, c)
		}
	}
	return out
})
