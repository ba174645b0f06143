package rewrite

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonCodec reads the inside of a JSON string, and text through which PHP's
// addslashes went.
var jsonCodec = newCodec(`\`, jsonStep, func(text, replaced []byte) []byte {
	slash := slashEscaped(replaced)
	var out []byte
	for _, c := range text {
		switch {
		case c == '\\' || c == '"' || c == '/' && slash:
			out = append(out, '\\', c)
		case c < ' ':
			out = append(out, `\u00`...)
			out = append(out, lowerHex[c>>4], lowerHex[c&15])
		default:
			out = append(out, c)
		}
	}
	return out
})

// jsonStep reads one escape. What is none stands for itself.
func jsonStep(raw, out []byte) ([]byte, int) {
	if len(raw) < 2 {
		return append(out, raw...), len(raw)
	}
	switch c := raw[1]; c {
	case '"', '\\', '/', '\'':
		return append(out, c), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case '0':
		return append(out, 0), 2
	case 'u':
		return jsonRune(raw, out)
	}
	return append(out, '\\'), 1
}

// jsonRune reads \uXXXX, or two of them that are one sign.
func jsonRune(raw, out []byte) ([]byte, int) {
	first := hexUnit(raw)
	if first < 0 {
		return append(out, '\\'), 1
	}
	if utf16.IsSurrogate(first) {
		if second := hexUnit(raw[6:]); second >= 0 {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return utf8.AppendRune(out, r), 12
			}
		}
	}
	return utf8.AppendRune(out, first), 6
}

// hexUnit reads \uXXXX, or returns -1.
func hexUnit(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	high, low := hexByte(raw[2:]), hexByte(raw[4:])
	if high < 0 || low < 0 {
		return -1
	}
	return rune(high<<8 | low)
}

// slashEscaped reports whether raw has a slash that stands as \/.
func slashEscaped(raw []byte) bool {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] == '\\' {
			if raw[i+1] == '/' {
				return true
			}
			i++
		}
	}
	return false
}

// looksJSON reports whether v begins as JSON that may hold text does.
func looksJSON(v []byte) bool { return len(v) > 0 && bytes.IndexByte([]byte(`{["`), v[0]) >= 0 }

// json returns the edits of valid JSON, string by string.
func (s *scan) json(v []byte) []edit {
	var edits []edit
	for at := 0; ; {
		open := bytes.IndexByte(v[at:], '"')
		if open < 0 {
			return edits
		}
		from := at + open + 1
		end := from
		for end < len(v) && v[end] != '"' {
			if v[end] == '\\' {
				end++
			}
			end++
		}
		edits = append(edits, shift(s.jsonString(v[from:min(end, len(v))]), from)...)
		at = min(end+1, len(v))
	}
}

// jsonString returns the edits of the inside of a JSON string.
func (s *scan) jsonString(raw []byte) []edit {
	if !s.w.find.in(raw) {
		return nil
	}
	edits, ok := s.layer(raw, jsonCodec, inJSON)
	if !ok {
		s.leave(raw)
	}
	return edits
}
