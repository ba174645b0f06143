package rewrite

import "encoding/base64"

// minBase64 is how many signs in a row are looked at as base64.
const minBase64 = 12

// base64At counts the run of base64 around i in v if it holds a match.
func (s *scan) base64At(v []byte, i int) {
	if s.probe || i < s.run {
		return
	}
	from, end := i, i
	for from > s.run && base64Byte(v[from-1]) {
		from--
	}
	for end < len(v) && base64Byte(v[end]) {
		end++
	}
	s.run = end
	if end-from >= minBase64 && s.base64Holds(v[from:end]) {
		s.counts.Base64++
	}
}

func base64Byte(c byte) bool {
	return c != '-' && nameByte(c) && c != '_' || c == '+' || c == '/'
}

// base64Holds reports whether run is base64 that holds a match, at any of the
// four places where a group may begin.
func (s *scan) base64Holds(run []byte) bool {
	for skip := range min(4, len(run)) {
		part := run[skip:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1] // one sign alone is no byte
		}
		decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(part)))
		n, _ := base64.RawStdEncoding.Decode(decoded, part) //nolint:errcheck // what can be decoded is looked at
		if s.holds(decoded[:n]) {
			return true
		}
	}
	return false
}
