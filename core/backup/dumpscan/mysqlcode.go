package dumpscan

import (
	"bytes"
	"strings"
)

func (s *MySQL) inString(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '\'' && s.state == mySingle, c == '"' && s.state == myDouble:
		s.state = myCode // a doubled quote opens it again at once
	}
}

func (s *MySQL) inName(c byte) {
	if c == '`' {
		s.state, s.closed = myCode, true
		return
	}
	if len(s.name) < maxName {
		s.name = append(s.name, c)
	}
}

func (s *MySQL) inComment(c byte) {
	if c != '\n' {
		if len(s.line) < maxName {
			s.line = append(s.line, c)
		}
		return
	}
	s.state = myCode
	s.complete = bytes.HasPrefix(s.line, []byte(myLastWords))
}

func (s *MySQL) inOpening(c byte) {
	switch c {
	case '!':
		s.state = myCode
	case 'M':
		s.state = myBlockMaria
	default:
		s.state = myBlock
	}
}

func (s *MySQL) inDelimiter(c byte) {
	if c != '\n' {
		if len(s.line) < maxName {
			s.line = append(s.line, c)
		}
		return
	}
	s.state, s.phase, s.matched = myCode, myStart, 0
	if delimiter := strings.TrimSpace(string(s.line)); delimiter != "" {
		s.delimiter = []byte(delimiter)
	}
}

// inCode reads a byte outside of strings and comments.
func (s *MySQL) inCode(c byte) (ended bool) {
	if s.closed {
		s.closed = false
		if c == '`' { // a doubled backtick is one inside the name
			s.state = myName
			if len(s.name) < maxName {
				s.name = append(s.name, '`')
			}
			return false
		}
		s.named()
	}
	if wordByte(c) {
		if len(s.word) < maxWord {
			s.word = append(s.word, c)
		}
		s.matched, s.complete = 0, false
		return false
	}
	if len(s.word) > 0 {
		s.worded()
		if s.state == myDelimiter {
			return false
		}
	}
	if s.opens(c) {
		s.matched = 0
		return false
	}
	return s.ends(c)
}

// opens handles the bytes that begin something else than code.
func (s *MySQL) opens(c byte) bool {
	switch {
	case c == '\'':
		s.state = mySingle
	case c == '"':
		s.state = myDouble
	case c == '`':
		s.state, s.name = myName, s.name[:0]
	case c == '#':
		s.state, s.line = myLine, append(s.line[:0], c)
	case c == '*' && s.last[0] == '/':
		s.state = myBlockOpen
	case (c == ' ' || c == '\t' || c == '\n' || c == '\r') && s.last == [2]byte{'-', '-'}:
		s.state, s.line = myLine, append(s.line[:0], '-', '-', c)
		if c == '\n' {
			s.state = myCode
		}
	case c == '(':
		if s.depth == 0 && s.phase == myValues {
			s.counted[s.at]++
			s.all++
		}
		s.depth++
	case c == ')':
		s.depth = max(0, s.depth-1)
	default:
		return false
	}
	return true
}

// ends reports whether c completes the delimiter.
func (s *MySQL) ends(c byte) bool {
	if c != s.delimiter[s.matched] {
		s.matched = 0
	}
	if c == s.delimiter[s.matched] {
		s.matched++
	}
	if s.matched < len(s.delimiter) {
		return false
	}
	s.matched, s.depth, s.phase, s.complete = 0, 0, myStart, false
	return true
}
