package backup

import (
	"bytes"
	"strings"
)

// pgState is where in a dump of pg_dump the scanner is.
type pgState int

const (
	pgCode    pgState = iota
	pgString          // '…', where only a quote ends it
	pgEscaped         // E'…', where a backslash escapes
	pgName            // "…"
	pgLine            // a comment to the end of the line
	pgBlock           // a comment in /* */, which may hold others
	pgTag             // behind a $ that may open a $tag$
	pgDollar          // $tag$ … $tag$
	pgMeta            // a command of psql, to the end of the line
	pgCopyGap         // behind COPY … FROM stdin; to the end of the line
	pgCopy            // the rows of a COPY, a line each
)

// pgPhase is where in a statement the scanner is.
type pgPhase int

const (
	pgStart pgPhase = iota
	pgOther
	pgCreate      // CREATE, CREATE UNLOGGED
	pgCreateTable // CREATE TABLE, at the name
	pgCopyTable   // COPY, at the name
	pgCopyRest    // COPY name
)

// pgCompletedBy begins the line that pg_dump writes when it has reached its end.
const pgCompletedBy = "-- PostgreSQL database dump complete"

// pgScanner reads a plain dump of pg_dump as psql does, and knows where
// statements and rows end, how many rows each table has and whether the dump is
// whole. A table is named schema.table. It is for one goroutine.
type pgScanner struct {
	counted  map[string]int64
	all      int64
	at       string
	complete bool

	state   pgState
	phase   pgPhase
	escaped bool
	reopens bool // the text that ended last was an E'…': a quote goes on with it
	nested  int  // comments within each other
	last    byte
	fresh   bool   // the line has held nothing yet
	word    []byte // the word at hand
	words   [2]string
	name    []byte   // the "name" at hand
	closed  bool     // the last byte closed a "name"
	parts   []string // of the table's name
	dot     bool     // the last token was a dot
	tag     []byte
	matched int
	line    []byte // the start of a comment or row
	length  int    // of the row so far
}

func newPGScanner() *pgScanner { return &pgScanner{counted: map[string]int64{}, fresh: true} }

func (s *pgScanner) rows() map[string]int64 { return s.counted }
func (s *pgScanner) total() int64           { return s.all }
func (s *pgScanner) table() string          { return s.at }
func (s *pgScanner) whole() bool            { return s.complete }
func (s *pgScanner) lastWords() string      { return pgCompletedBy }
func (s *pgScanner) needs() DumpNeeds       { return DumpNeeds{} }

func (s *pgScanner) overlong() string {
	if len(s.at) <= maxTableName {
		return ""
	}
	return s.at[:maxTableName/4]
}

func (s *pgScanner) atRest() bool { return s.state == pgCode || s.state == pgLine || s.state == pgMeta }

// scan reads p up to the end of a statement, to the last row in p, or to the end
// of p. It returns how many bytes it read and whether a dump may be cut there.
func (s *pgScanner) scan(p []byte) (n int, ended bool) {
	for i := 0; i < len(p); {
		switch s.state {
		case pgCopy:
			n, ended := s.inRows(p[i:])
			i += n
			if ended {
				return i, true
			}
		case pgString, pgDollar, pgLine, pgMeta:
			i += s.skip(p[i:])
			if i < len(p) {
				s.step(p[i])
				i++
			}
		default:
			ended := s.step(p[i])
			i++
			if ended {
				return i, true
			}
		}
	}
	return len(p), false
}

// skip passes bytes that cannot end what the scanner is in.
func (s *pgScanner) skip(p []byte) int {
	end := byte('\n')
	switch {
	case s.state == pgString:
		end = '\''
	case s.state == pgDollar && s.matched > 0:
		return 0
	case s.state == pgDollar:
		end = '$'
	}
	n := bytes.IndexByte(p, end)
	if n < 0 {
		n = len(p)
	}
	if (s.state == pgLine || s.state == pgMeta) && len(s.line) < maxDumpName {
		s.line = append(s.line, p[:min(n, maxDumpName-len(s.line))]...)
	}
	return n
}

// inRows reads rows of a COPY. The last row that is whole is a place to cut.
func (s *pgScanner) inRows(p []byte) (n int, cut bool) {
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 0 {
			s.keep(p[n:])
			break
		}
		s.keep(p[n : n+end])
		n += end + 1
		last := s.length == 2 && string(s.line) == `\.`
		s.line, s.length = s.line[:0], 0
		if last {
			s.state, s.phase, s.fresh = pgCode, pgStart, true
			return n, true
		}
		s.counted[s.at]++
		s.all++
	}
	if s.length > 0 && n > 0 {
		rest := len(p) - n
		s.line, s.length = s.line[:0], 0 // it is read again
		return len(p) - rest, true
	}
	return len(p), s.length == 0
}

// keep takes a piece of a row; two bytes tell whether it is the last line.
func (s *pgScanner) keep(piece []byte) {
	s.length += len(piece)
	if room := 3 - len(s.line); room > 0 {
		s.line = append(s.line, piece[:min(room, len(piece))]...)
	}
}

// step reads one byte and reports whether it ends a statement.
func (s *pgScanner) step(c byte) (ended bool) {
	switch s.state {
	case pgString:
		s.state, s.reopens = pgCode, false // a doubled quote opens it again at once
	case pgEscaped:
		s.inEscaped(c)
	case pgName:
		s.inName(c)
	case pgBlock:
		s.inBlock(c)
		return false
	case pgTag:
		return s.inTag(c)
	case pgDollar:
		s.inDollar(c)
	case pgLine:
		s.state, s.fresh = pgCode, true
		s.complete = s.complete || bytes.HasPrefix(s.line, []byte(pgCompletedBy))
	case pgMeta:
		s.state, s.fresh = pgCode, true
		if !bytes.HasPrefix(s.line, []byte(`\unrestrict `)) {
			s.complete = false
		}
	case pgCopyGap:
		if c == '\n' {
			s.state, s.line, s.length = pgCopy, s.line[:0], 0
		}
	case pgCode:
		ended = s.inCode(c)
	case pgCopy: // inRows reads it
	}
	s.last = c
	return ended
}

func (s *pgScanner) inEscaped(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '\'':
		s.state, s.reopens = pgCode, true
	}
}

func (s *pgScanner) inName(c byte) {
	if c == '"' {
		s.state, s.closed = pgCode, true
		return
	}
	if len(s.name) < maxDumpName {
		s.name = append(s.name, c)
	}
}

func (s *pgScanner) inBlock(c byte) {
	switch {
	case c == '/' && s.last == '*':
		if s.nested--; s.nested == 0 {
			s.state = pgCode
		}
		c = 0
	case c == '*' && s.last == '/':
		s.nested++
		c = 0
	}
	s.last = c
}

// inTag reads what may be the tag of a $tag$.
func (s *pgScanner) inTag(c byte) (ended bool) {
	switch {
	case c == '$':
		s.state, s.matched = pgDollar, 0
	case wordByte(c) && len(s.tag) < maxDumpName:
		s.tag = append(s.tag, c)
	default: // a parameter, $1
		s.state = pgCode
		return s.inCode(c)
	}
	return false
}

// inDollar looks for the closing $tag$.
func (s *pgScanner) inDollar(c byte) {
	switch {
	case s.matched > len(s.tag) && c == '$':
		s.state = pgCode
	case s.matched > 0 && s.matched <= len(s.tag) && c == s.tag[s.matched-1]:
		s.matched++
	case c == '$':
		s.matched = 1
	default:
		s.matched = 0
	}
}

// inCode reads a byte outside of strings, comments and rows.
func (s *pgScanner) inCode(c byte) (ended bool) {
	if s.closed {
		s.closed = false
		if c == '"' { // a doubled quote is one inside the name
			s.name, s.state = append(s.name, '"'), pgName
			return false
		}
		s.identifier(string(s.name))
	}
	fresh := s.fresh
	if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
		s.fresh = false
	} else if c == '\n' {
		s.fresh = true
	}
	if wordByte(c) || c >= 0x80 {
		s.complete = false
		if len(s.word) < maxDumpWord*2 {
			s.word = append(s.word, c)
		}
		return false
	}
	prefix := len(s.word) == 1 && (s.word[0] == 'E' || s.word[0] == 'e')
	if len(s.word) > 0 && c != '$' {
		s.worded()
	}
	return s.token(c, fresh, prefix)
}

// token reads a byte that is no part of a word.
func (s *pgScanner) token(c byte, fresh, prefix bool) (ended bool) {
	switch {
	case c == '\\' && fresh:
		s.state, s.line = pgMeta, append(s.line[:0], c)
	case c == '-' && s.last == '-':
		s.state, s.line = pgLine, append(s.line[:0], "--"...)
	case c == '*' && s.last == '/':
		s.state, s.nested = pgBlock, 1
	case c == '\'' && (prefix || s.reopens && s.last == '\''):
		s.state, s.escaped, s.complete = pgEscaped, false, false
	case c == '\'':
		s.state, s.complete = pgString, false
	case c == '"':
		s.state, s.name, s.complete = pgName, s.name[:0], false
	case c == '$' && len(s.word) == 0:
		s.state, s.tag, s.complete = pgTag, s.tag[:0], false
	case c == '.':
		s.dot = true
	case c == '(':
		s.settle()
	case c == ';':
		s.complete = false
		return s.end()
	}
	return false
}

// end ends a statement. That of a COPY is followed by rows, and may not be cut
// off from them.
func (s *pgScanner) end() (ended bool) {
	s.settle()
	rows := s.phase == pgCopyRest && s.words == [2]string{"FROM", "STDIN"}
	s.phase, s.words = pgStart, [2]string{}
	if rows {
		s.state = pgCopyGap
	}
	return !rows
}

// identifier takes a name, quoted or not.
func (s *pgScanner) identifier(name string) {
	if s.phase != pgCreateTable && s.phase != pgCopyTable {
		if s.phase == pgStart {
			s.phase = pgOther
		}
		return
	}
	if len(s.parts) > 0 && !s.dot {
		s.settle()
		return
	}
	s.parts, s.dot = append(s.parts, bareName(name)), false
}

// settle takes the name of a table that has ended.
func (s *pgScanner) settle() {
	if len(s.parts) == 0 {
		return
	}
	table := strings.Join(s.parts, ".")
	s.parts, s.dot = nil, false
	if _, ok := s.counted[table]; !ok {
		s.counted[table] = 0
	}
	s.at = table
	if s.phase == pgCopyTable {
		s.phase = pgCopyRest
		return
	}
	s.phase = pgOther
}

// bareName is a name as a person writes it: in quotes only if it needs them.
func bareName(name string) string {
	for i := range len(name) {
		if c := name[i]; !wordByte(c) && c < 0x80 {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// worded takes a word that has ended.
func (s *pgScanner) worded() {
	raw := string(s.word)
	s.word = s.word[:0]
	word := strings.ToUpper(raw)
	switch s.phase {
	case pgStart:
		s.phase = pgOther
		switch word {
		case "COPY":
			s.phase = pgCopyTable
		case "CREATE":
			s.phase = pgCreate
		}
	case pgCreate:
		switch word {
		case "TABLE":
			s.phase = pgCreateTable
		case "UNLOGGED":
		default:
			s.phase = pgOther
		}
	case pgCreateTable, pgCopyTable:
		s.identifier(strings.ToLower(raw))
	}
	if s.phase == pgCopyRest {
		s.words[0], s.words[1] = s.words[1], word
	}
}
