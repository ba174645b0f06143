package rewrite

import "bytes"

// serializedKinds are the kinds of values of which the length of text counts.
const serializedKinds = "sSaOC"

// unit is a serialized value within a text.
type unit struct{ start, end int }

// units finds the serialized values in a text. Each that cannot be read costs
// some of what it may read in vain, so that no text takes forever.
type units struct {
	v      []byte
	at     int
	budget int
}

func newUnits(v []byte) *units { return &units{v: v, budget: 4<<10 + 8*len(v)} }

// next returns the next value that can be read.
func (u *units) next() (unit, bool) {
	for u.budget > 0 {
		start := u.head()
		if start < 0 {
			break
		}
		p := parser{b: u.v, dry: true}
		if end, ok := p.value(start, 0); ok {
			u.at = end
			return unit{start, end}, true
		}
		u.budget -= p.far - start
	}
	return unit{}, false
}

// head returns where the next value begins that looks serialized, and goes on
// behind that.
func (u *units) head() int {
	for from := u.at; ; {
		i := bytes.IndexByte(u.v[u.at:], ':')
		if i < 0 || u.at+i+1 >= len(u.v) {
			return -1
		}
		i += u.at
		u.at = i + 1
		if c := u.v[i+1]; c != '"' && c != '{' {
			continue
		}
		start := digitsBefore(u.v, i) - 2
		if start < from || start+2 == i || start > 0 && nameByte(u.v[start-1]) {
			continue
		}
		if looksSerialized(u.v[start:]) {
			return start
		}
	}
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

// escapedUnit reports whether v holds the head of a serialized value in JSON,
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
		if at < len(v) && v[at] == '"' && digits < i && digits >= 2 && v[digits-1] == ':' && isKind(v[digits-2]) {
			return true
		}
	}
}

func isKind(c byte) bool { return bytes.IndexByte([]byte(serializedKinds), c) >= 0 }

// encodedUnit reports whether v holds the head of a serialized value in
// URL-encoded text, s%3A5%3A%22, of any depth.
func encodedUnit(v []byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(v[at:], '%')
		if i < 0 {
			return false
		}
		i += at
		at = i + 1
		rest, ok := cutEncoded(v[i:], "3a")
		if !ok || i == 0 || !isKind(v[i-1]) {
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
