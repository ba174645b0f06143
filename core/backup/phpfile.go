package backup

import (
	"bytes"
	"strings"
)

// phpKind is what a token of PHP is.
type phpKind int

const (
	phpWord     phpKind = iota // a name, a keyword, a number
	phpVariable                // $name
	phpString                  // a literal whose value is known
	phpComputed                // a string that holds variables, a heredoc
	phpSign                    // one sign
)

// phpToken is one token of a PHP file.
type phpToken struct {
	kind phpKind
	text string // of a string: its value
	line int
}

// phpScanner splits a PHP file into tokens without running it. Text outside of
// <?php, comments and white space are left out. It never fails: what ends too
// early ends there.
type phpScanner struct {
	src  []byte
	at   int
	line int
	code bool
}

// phpTokens returns the tokens of a file.
func phpTokens(src []byte) []phpToken {
	s := &phpScanner{src: src, line: 1}
	var tokens []phpToken
	for {
		token, ok := s.next()
		if !ok {
			return tokens
		}
		if token.kind == phpWord && strings.EqualFold(token.text, "__halt_compiler") {
			return tokens
		}
		tokens = append(tokens, token)
	}
}

// advance moves on by n bytes and counts lines.
func (s *phpScanner) advance(n int) {
	n = min(n, len(s.src)-s.at)
	s.line += bytes.Count(s.src[s.at:s.at+n], []byte{'\n'})
	s.at += n
}

func (s *phpScanner) has(prefix string) bool {
	return bytes.HasPrefix(s.src[s.at:], []byte(prefix))
}

func (s *phpScanner) hasFold(prefix string) bool {
	return len(s.src)-s.at >= len(prefix) && strings.EqualFold(string(s.src[s.at:s.at+len(prefix)]), prefix)
}

// skipTo moves behind the next mark, or to the end.
func (s *phpScanner) skipTo(mark string) {
	i := bytes.Index(s.src[s.at:], []byte(mark))
	if i < 0 {
		s.advance(len(s.src))
		return
	}
	s.advance(i + len(mark))
}

// enter goes to the code after the next opening tag.
func (s *phpScanner) enter() bool {
	for {
		s.skipTo("<?")
		if s.at >= len(s.src) {
			return false
		}
		switch {
		case s.hasFold("php"):
			s.advance(3)
		case s.has("="):
			s.advance(1)
		default:
			continue
		}
		s.code = true
		return true
	}
}

func (s *phpScanner) next() (phpToken, bool) {
	if !s.code && !s.enter() {
		return phpToken{}, false
	}
	s.skipBlank()
	if !s.code {
		// A closing tag ends a statement as a semicolon does.
		return phpToken{phpSign, ";", s.line}, true
	}
	if s.at >= len(s.src) {
		return phpToken{}, false
	}
	return s.token(), true
}

// skipBlank passes white space, comments and a closing tag.
func (s *phpScanner) skipBlank() {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			s.advance(1)
		case s.has("?>"):
			s.advance(2)
			s.code = false
			return
		case s.has("/*"):
			s.advance(2)
			s.skipTo("*/")
		case s.has("//"), c == '#' && !s.has("#["):
			s.skipLine()
		default:
			return
		}
	}
}

// skipLine passes a comment of one line, which a closing tag ends too.
func (s *phpScanner) skipLine() {
	rest := s.src[s.at:]
	end := len(rest)
	for _, mark := range []string{"\n", "\r", "?>"} {
		if i := bytes.Index(rest, []byte(mark)); i >= 0 {
			end = min(end, i)
		}
	}
	s.advance(end)
}

func (s *phpScanner) token() phpToken {
	line := s.line
	switch c := s.src[s.at]; {
	case c == '\'':
		return phpToken{phpString, s.single(), line}
	case c == '"':
		return s.double('"', line)
	case c == '`':
		token := s.double('`', line)
		token.kind = phpComputed // it would run a command
		return token
	case s.has("<<<"):
		return s.heredoc(line)
	case c == '$' && s.at+1 < len(s.src) && wordByte(s.src[s.at+1]):
		s.advance(1)
		return phpToken{phpVariable, s.word(), line}
	case wordByte(c):
		return phpToken{phpWord, s.word(), line}
	default:
		s.advance(1)
		return phpToken{phpSign, string(c), line}
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (s *phpScanner) word() string {
	start := s.at
	for s.at < len(s.src) && wordByte(s.src[s.at]) {
		s.at++
	}
	return string(s.src[start:s.at])
}

// single reads a string in single quotes, which knows two escapes.
func (s *phpScanner) single() string {
	s.advance(1)
	var out []byte
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == '\'':
			s.advance(1)
			return string(out)
		case c == '\\' && s.at+1 < len(s.src) && (s.src[s.at+1] == '\\' || s.src[s.at+1] == '\''):
			s.advance(1)
			c = s.src[s.at]
		}
		out = append(out, c)
		s.advance(1)
	}
	return string(out)
}

// double reads a string in double quotes. One that holds a variable is
// computed.
func (s *phpScanner) double(quote byte, line int) phpToken {
	s.advance(1)
	token := phpToken{phpString, "", line}
	var out []byte
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == quote:
			s.advance(1)
			token.text = string(out)
			return token
		case c == '\\':
			out = s.escape(out)
			continue
		case c == '$' && s.at+1 < len(s.src) && (wordByte(s.src[s.at+1]) || s.src[s.at+1] == '{'),
			c == '{' && s.at+1 < len(s.src) && s.src[s.at+1] == '$':
			token.kind = phpComputed
		}
		out = append(out, c)
		s.advance(1)
	}
	token.kind, token.text = phpComputed, string(out) // it never ends: not PHP
	return token
}
