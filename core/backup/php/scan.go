package php

import (
	"bytes"
	"strings"
)

// Kind is what a token of PHP is.
type Kind int

// The kinds of tokens.
const (
	Word     Kind = iota // a name, a keyword, a number
	Variable             // $name
	Literal              // a string whose value is known
	Computed             // a string that holds variables, a heredoc, a command, a string that never ends
	Sign                 // one sign
)

// Token is one token of a PHP file, and where it stands.
type Token struct {
	Kind    Kind
	Text    string // of a literal: its value; of a variable: its name; of what is computed it says nothing
	At, End int    // the bytes that it takes up, with its quotes
	Line    int    // that it begins on, from 1
}

// Is compares a token, without regard to case as PHP does with words.
func (t Token) Is(k Kind, text string) bool { return t.Kind == k && strings.EqualFold(t.Text, text) }

// scanner cuts a PHP file into tokens.
type scanner struct {
	src    []byte
	at     int
	tokens []Token
}

// Scan returns the tokens of a file. What stands outside of <?php, comments and
// white space are left out; a closing tag is the semicolon that PHP takes it for.
// It never fails: what ends too early ends there, and behind __halt_compiler
// nothing is PHP any more.
func Scan(src []byte) []Token {
	s := &scanner{src: src}
	for s.enter() && s.code() {
	}
	line, at := 1, 0
	for i := range s.tokens {
		t := &s.tokens[i]
		line += bytes.Count(src[at:t.At], []byte("\n"))
		t.Line, at = line, t.At
	}
	return s.tokens
}

func (s *scanner) has(text string) bool { return bytes.HasPrefix(s.src[s.at:], []byte(text)) }

// skip goes behind the next mark, or to the end.
func (s *scanner) skip(mark string) bool {
	i := bytes.Index(s.src[s.at:], []byte(mark))
	if i < 0 {
		s.at = len(s.src)
		return false
	}
	s.at += i + len(mark)
	return true
}

// enter goes to the code behind the next opening tag.
func (s *scanner) enter() bool {
	for s.skip("<?") {
		switch rest := s.src[s.at:]; {
		case len(rest) >= 3 && strings.EqualFold(string(rest[:3]), "php"):
			s.at += 3
			return true
		case s.has("="):
			s.at++
			return true
		}
	}
	return false
}

// code reads tokens up to a closing tag; false says that there is no more.
func (s *scanner) code() bool {
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			s.at++
		case s.has("?>"):
			s.add(Sign, ";", 2) // it ends a statement, too
			return true
		case s.has("/*"):
			s.at += 2
			s.skip("*/")
		case s.has("//"), c == '#' && !s.has("#["):
			s.comment()
		case c == '\'':
			s.single()
		case c == '"':
			s.double('"', Literal)
		case c == '`':
			s.double('`', Computed)
		case s.has("<<<"):
			s.heredoc()
		case c == '$' && s.at+1 < len(s.src) && nameStart(s.src[s.at+1]):
			n := s.wordLen(s.at + 1)
			s.add(Variable, string(s.src[s.at+1:s.at+1+n]), n+1)
		case WordByte(c):
			n := s.wordLen(s.at)
			text := string(s.src[s.at : s.at+n])
			if strings.EqualFold(text, "__halt_compiler") {
				return false
			}
			s.add(Word, text, n)
		default:
			s.add(Sign, string(c), 1)
		}
	}
	return false
}

func (s *scanner) add(k Kind, text string, n int) {
	s.tokens = append(s.tokens, Token{Kind: k, Text: text, At: s.at, End: s.at + n})
	s.at += n
}

// comment passes a comment of one line, which a closing tag ends too.
func (s *scanner) comment() {
	for s.at < len(s.src) && s.src[s.at] != '\n' && s.src[s.at] != '\r' && !s.has("?>") {
		s.at++
	}
}

// WordByte reports whether c may stand in a name of PHP: a letter, a digit, an
// underscore, or a byte beyond ASCII.
func WordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// nameStart reports whether c may begin the name of a variable.
func nameStart(c byte) bool { return WordByte(c) && (c < '0' || c > '9') }

func (s *scanner) wordLen(from int) int {
	n := 0
	for from+n < len(s.src) && WordByte(s.src[from+n]) {
		n++
	}
	return n
}

// single reads a string in single quotes, which knows two escapes.
func (s *scanner) single() {
	var out []byte
	for i := s.at + 1; i < len(s.src); i++ {
		c := s.src[i]
		switch {
		case c == '\'':
			s.add(Literal, string(out), i+1-s.at)
			return
		case c == '\\' && i+1 < len(s.src) && (s.src[i+1] == '\\' || s.src[i+1] == '\''):
			i++
			c = s.src[i]
		}
		out = append(out, c)
	}
	s.add(Computed, "", len(s.src)-s.at) // it never ends: not PHP
}

// double reads a string in double quotes, or a command. One that holds a
// variable is computed.
func (s *scanner) double(quote byte, k Kind) {
	var out []byte
	for i := s.at + 1; i < len(s.src); {
		c := s.src[i]
		next := byte(0)
		if i+1 < len(s.src) {
			next = s.src[i+1]
		}
		switch {
		case c == quote:
			s.add(k, string(out), i+1-s.at)
			return
		case c == '\\':
			text, n := escape(s.src[i:])
			out = append(out, text...)
			i += n
			continue
		case c == '{' && next == '$', c == '$' && next == '{':
			k = Computed
			i = s.braces(i)
			continue
		case c == '$' && nameStart(next):
			k = Computed
		}
		out = append(out, c)
		i++
	}
	s.add(Computed, "", len(s.src)-s.at)
}

// braces returns where the code in braces ends that begins at i, in a string in
// double quotes. It may hold strings of its own.
func (s *scanner) braces(i int) int {
	depth := 0
	for ; i < len(s.src); i++ {
		switch c := s.src[i]; c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\'', '"':
			for i++; i < len(s.src) && s.src[i] != c; i++ {
				if s.src[i] == '\\' {
					i++
				}
			}
		}
	}
	return i
}

// heredoc passes a heredoc or a nowdoc: its value counts as computed.
func (s *scanner) heredoc() {
	at := s.at + 3
	for at < len(s.src) && bytes.IndexByte([]byte(" \t'\""), s.src[at]) >= 0 {
		at++
	}
	name := s.src[at : at+s.wordLen(at)]
	if len(name) == 0 {
		s.add(Sign, "<", 1)
		return
	}
	start := s.at
	for s.skip("\n") {
		line := bytes.TrimLeft(s.src[s.at:], " \t")
		if bytes.HasPrefix(line, name) && (len(line) == len(name) || !WordByte(line[len(name)])) {
			s.at = len(s.src) - len(line) + len(name)
			break
		}
	}
	end := s.at
	s.at = start
	s.add(Computed, "", end-start)
}
