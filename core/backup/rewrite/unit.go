package rewrite

import (
	"bytes"
	"strconv"
)

// unit is one serialized string, s:5:"hello";
type unit struct {
	start, end        int
	digits, digitsEnd int
	text, textEnd     int
	length            int
}

// edits returns those of the unit, with its length, for those of its text.
func (u unit) edits(inner []edit) []edit {
	if len(inner) == 0 {
		return nil
	}
	edits := []edit{{u.digits, u.digitsEnd, strconv.AppendInt(nil, int64(u.length+growth(inner)), 10)}}
	return append(edits, shift(inner, u.text)...)
}

// nextUnit returns the first serialized string in v at from or later.
func nextUnit(v []byte, from int) (unit, bool) {
	for at := from; ; {
		i := bytes.Index(v[at:], []byte(`:"`))
		if i < 0 {
			return unit{}, false
		}
		at += i + 2
		if u, ok := unitAt(v, from, at); ok {
			return u, true
		}
	}
}

// unitAt reads the serialized string whose text starts at text.
func unitAt(v []byte, from, text int) (unit, bool) {
	u := unit{digitsEnd: text - 2, text: text}
	if u.digits = digitsBefore(v, u.digitsEnd); u.digits == u.digitsEnd {
		return unit{}, false
	}
	u.start = u.digits - 2
	if u.start < from || v[u.start] != 's' || v[u.start+1] != ':' || u.start > 0 && nameByte(v[u.start-1]) {
		return unit{}, false
	}
	n, ok := number(v[u.digits:u.digitsEnd])
	if !ok || n > len(v)-text-2 {
		return unit{}, false
	}
	u.length, u.textEnd, u.end = n, text+n, text+n+2
	return u, string(v[u.textEnd:u.end]) == `";`
}

// digitsBefore returns where the digits begin that end at i.
func digitsBefore(v []byte, i int) int {
	for i > 0 && v[i-1] >= '0' && v[i-1] <= '9' {
		i--
	}
	return i
}

// number reads decimal digits.
func number(digits []byte) (int, bool) {
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// escapedUnit reports whether v holds the head of a serialized string in JSON,
// s:5:\", behind any number of backslashes.
func escapedUnit(v []byte) bool {
	for at := 0; ; {
		i := bytes.Index(v[at:], []byte(`:\`))
		if i < 0 {
			return false
		}
		i += at
		at = i + 2
		for at < len(v) && v[at] == '\\' {
			at++
		}
		digits := digitsBefore(v, i)
		if at < len(v) && v[at] == '"' && digits < i && bytes.HasSuffix(v[:digits], []byte("s:")) {
			return true
		}
	}
}

// encodedUnit reports whether v holds the head of a serialized string in
// URL-encoded text, s%3A5%3A%22, of any depth.
func encodedUnit(v []byte) bool {
	for at := 0; ; {
		i := bytes.Index(v[at:], []byte("s%"))
		if i < 0 {
			return false
		}
		at += i + 2
		rest, ok := cutEncoded(v[at-1:], "3a")
		if !ok {
			continue
		}
		digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
		if rest, ok = cutEncoded(rest[digits:], "3a"); !ok || digits == 0 {
			continue
		}
		if _, ok = cutEncoded(rest, "22"); ok {
			return true
		}
	}
}

// cutEncoded cuts %XX off the start of v, of any depth.
func cutEncoded(v []byte, digits string) ([]byte, bool) {
	if len(v) == 0 || v[0] != '%' {
		return nil, false
	}
	v = v[1:]
	for bytes.HasPrefix(v, []byte("25")) {
		v = v[2:]
	}
	if len(v) < 2 || !equalFold(v[:2], []byte(digits)) {
		return nil, false
	}
	return v[2:], true
}
