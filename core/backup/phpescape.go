package backup

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// simpleEscapes are PHP's escapes of one letter in double quotes.
var simpleEscapes = map[byte]byte{
	'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'e': 0x1b, 'f': '\f', '\\': '\\', '$': '$', '"': '"',
}

// escape reads an escape of a string in double quotes and adds what it stands
// for. An escape that PHP does not know stays as it is.
func (s *phpScanner) escape(out []byte) []byte {
	s.advance(1)
	if s.at >= len(s.src) {
		return append(out, '\\')
	}
	c := s.src[s.at]
	if plain, ok := simpleEscapes[c]; ok {
		s.advance(1)
		return append(out, plain)
	}
	switch {
	case c >= '0' && c <= '7':
		return append(out, byte(s.digits(3, 8))) //nolint:gosec // PHP keeps the low byte too
	case c == 'x' && s.at+1 < len(s.src) && digit(s.src[s.at+1]) < 16:
		s.advance(1)
		return append(out, byte(s.digits(2, 16))) //nolint:gosec // two digits
	case c == '{': // both stay, and {$ begins no variable
		s.advance(1)
		return append(out, '\\', '{')
	case c == 'u':
		if r, n, ok := s.codePoint(); ok {
			s.advance(n)
			return utf8.AppendRune(out, r)
		}
	}
	return append(out, '\\') // what follows is read as plain text
}

// codePoint reads u{HEX} without moving on.
func (s *phpScanner) codePoint() (r rune, length int, ok bool) {
	if !s.has("u{") {
		return 0, 0, false
	}
	end := bytes.IndexByte(s.src[s.at:min(len(s.src), s.at+16)], '}')
	if end < 0 {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(string(s.src[s.at+2:s.at+end]), 16, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, 0, false
	}
	return rune(n), end + 1, true
}

// digits reads up to most digits of a base.
func (s *phpScanner) digits(most, base int) int {
	n := 0
	for i := 0; i < most && s.at < len(s.src) && digit(s.src[s.at]) < base; i++ {
		n = n*base + digit(s.src[s.at])
		s.advance(1)
	}
	return n
}

// digit is the value of a digit of any base up to 16, else 16.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	default:
		return 16
	}
}

// heredoc passes a heredoc or nowdoc. Its value is not needed: it counts as
// computed.
func (s *phpScanner) heredoc(line int) phpToken {
	token := phpToken{phpComputed, "", line}
	s.advance(3)
	for s.at < len(s.src) && (s.src[s.at] == ' ' || s.src[s.at] == '\t') {
		s.advance(1)
	}
	if s.at < len(s.src) && (s.src[s.at] == '\'' || s.src[s.at] == '"') {
		s.advance(1)
	}
	name := s.word()
	if name == "" {
		return phpToken{phpSign, "<", line}
	}
	for s.at < len(s.src) {
		s.skipTo("\n")
		for s.at < len(s.src) && (s.src[s.at] == ' ' || s.src[s.at] == '\t') {
			s.advance(1)
		}
		if s.has(name) && (s.at+len(name) >= len(s.src) || !wordByte(s.src[s.at+len(name)])) {
			s.advance(len(name))
			return token
		}
	}
	return token
}
