package detect

import (
	"bytes"
	"strings"

	"breakglass/core/backup/php"
)

// envDialect is whose rules a .env file is read by.
type envDialect int

const (
	envLaravel envDialect = iota // vlucas/phpdotenv: only ${NAME} is put in
	envSymfony                   // $NAME, ${NAME} and $(command) are
)

// envValue is the value of one variable.
type envValue struct {
	text  string
	known bool
	file  string
	line  int
}

// environment is what .env files set. Of what is set twice the later counts, as
// it does for both readers.
type environment map[string]envValue

// get returns a variable as a value of PHP.
func (e environment) get(name string) php.Value {
	v, ok := e[name]
	switch {
	case !ok:
		return php.Value{}
	case !v.known:
		return php.Value{Kind: php.Unknown, File: v.file, Line: v.line}
	default:
		return php.Value{Kind: php.Scalar, Text: v.text, File: v.file, Line: v.line}
	}
}

// read adds what a .env file sets. What the two readers there are would read
// differently, or refuse, counts as computed: a bare # or quote or backslash, a
// variable that is not set above, a command.
func (e environment) read(file string, src []byte, dialect envDialect) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	s := &envScanner{src: src, line: 1, known: e, dialect: dialect}
	for s.at < len(s.src) {
		name, line := s.name()
		if name == "" {
			s.skipLine()
			continue
		}
		text, known := s.value()
		e[name] = envValue{text: text, known: known, file: file, line: line}
	}
}

// envScanner goes through a .env file.
type envScanner struct {
	src     []byte
	at      int
	line    int
	known   environment
	dialect envDialect
}

func (s *envScanner) next() byte {
	if s.at >= len(s.src) {
		return '\n'
	}
	return s.src[s.at]
}

func (s *envScanner) skipLine() {
	for s.next() != '\n' {
		s.at++
	}
	s.at++
	s.line++
}

func (s *envScanner) skipBlank() {
	for c := s.next(); c == ' ' || c == '\t'; c = s.next() {
		s.at++
	}
}

// name reads NAME= or export NAME= at the start of a line; "" is any other line.
func (s *envScanner) name() (name string, line int) {
	s.skipBlank()
	end := bytes.IndexByte(s.src[s.at:], '\n')
	if end < 0 {
		end = len(s.src) - s.at
	}
	before, _, ok := bytes.Cut(s.src[s.at:s.at+end], []byte("="))
	if !ok {
		return "", 0
	}
	s.at += len(before) + 1
	name = strings.TrimSpace(string(before))
	if rest, ok := strings.CutPrefix(name, "export "); ok {
		name = strings.TrimSpace(rest)
	}
	name = strings.Trim(name, `'"`)
	for i := range len(name) {
		if !php.WordByte(name[i]) && name[i] != '.' {
			return "", 0
		}
	}
	return name, s.line
}

// value reads what follows the =, to the end of its line.
func (s *envScanner) value() (text string, known bool) {
	s.skipBlank()
	switch s.next() {
	case '\'':
		text, known = s.single()
	case '"':
		text, known = s.double()
	default:
		return s.bare()
	}
	blank := s.at
	s.skipBlank()
	if c := s.next(); c != '\n' && (c != '#' || blank == s.at) {
		known = false // more follows the quote
	}
	s.skipLine()
	return text, known
}

// bare reads a value without quotes, to a comment behind a blank or the end.
func (s *envScanner) bare() (text string, known bool) {
	start := s.at
	for s.next() != '\n' {
		s.at++
	}
	text = string(s.src[start:s.at])
	s.skipLine()
	if strings.HasPrefix(text, "#") {
		return "", true
	}
	for _, mark := range []string{" #", "\t#"} {
		text, _, _ = strings.Cut(text, mark)
	}
	text = strings.TrimRight(text, " \t")
	if strings.ContainsAny(text, "#'\"\\` \t") {
		return "", false
	}
	return s.expand(text)
}

// single reads a text in single quotes, in which nothing is special.
func (s *envScanner) single() (text string, known bool) {
	s.at++
	end := bytes.IndexAny(s.src[s.at:], "'\n")
	if end < 0 || s.src[s.at+end] == '\n' {
		return "", false // a text of several lines is none that names a database
	}
	text = string(s.src[s.at : s.at+end])
	s.at += end + 1
	return text, true
}

// double reads a text in double quotes. Escapes that both readers know alike
// are read, others are not.
func (s *envScanner) double() (text string, known bool) {
	s.at++
	known = true
	var out []byte
	var parts strings.Builder // of what may hold variables
	flush := func() {
		expanded, ok := s.expand(string(out))
		known = known && ok
		parts.WriteString(expanded)
		out = out[:0]
	}
	for {
		switch c := s.next(); c {
		case '"':
			s.at++
			flush()
			return parts.String(), known
		case '\n':
			return "", false
		case '\\':
			after := byte('\n')
			if s.at+2 < len(s.src) {
				after = s.src[s.at+2]
			}
			s.at++
			escaped := s.next()
			if escaped != '"' && escaped != '$' && (escaped != '\\' || strings.IndexByte(`nr"\$`, after) >= 0) {
				known = false
			}
			if escaped == '\n' {
				return "", false
			}
			flush()
			parts.WriteByte(escaped)
			s.at++
		default:
			out = append(out, c)
			s.at++
		}
	}
}

// maxExpanded bounds a value that others are put into, in bytes: each may double
// the one before.
const maxExpanded = 4096

// expand puts in the variables that are set above.
func (s *envScanner) expand(text string) (string, bool) {
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 || at+1 == len(text) {
			out.WriteString(text)
			return out.String(), true
		}
		out.WriteString(text[:at])
		text = text[at:]
		name, rest, braced := strings.Cut(text[1:], "}")
		braced = braced && strings.HasPrefix(name, "{")
		switch {
		case braced:
			name = name[1:]
		case text[1] == '{' || text[1] == '(' && s.dialect == envSymfony:
			return "", false
		case s.dialect == envSymfony && php.WordByte(text[1]):
			end := 1
			for end < len(text) && php.WordByte(text[end]) {
				end++
			}
			name, rest = text[1:end], text[end:]
		default:
			out.WriteByte('$')
			text = text[1:]
			continue
		}
		v, ok := s.known[name]
		if !ok || !v.known || out.Len()+len(v.text) > maxExpanded {
			return "", false
		}
		out.WriteString(v.text)
		text = rest
	}
}
