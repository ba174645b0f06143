package dumpscan

import "strings"

// inCode reads a byte outside of strings, comments and rows.
func (s *Postgres) inCode(c byte) (ended bool) {
	if s.closed {
		s.closed = false
		if c == '"' { // a doubled quote is one inside the name
			s.state = pgName
			if len(s.name) < maxName {
				s.name = append(s.name, '"')
			}
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
	if wordByte(c) || c == '$' && len(s.word) > 0 {
		s.complete, s.texted = false, false
		// psql before and since version 15 cut 1$a$ in two ways.
		s.commanded = s.commanded || c == '$' && s.word[0] >= '0' && s.word[0] <= '9'
		if len(s.word) < maxWord*2 {
			s.word = append(s.word, c)
		}
		return false
	}
	prefix := len(s.word) == 1 && (s.word[0] == 'E' || s.word[0] == 'e')
	if len(s.word) > 0 {
		s.worded()
	}
	s.odd(c)
	return s.token(c, fresh, prefix)
}

// odd looks for what psql takes in another way than this scanner, and pg_dump
// never writes: a text that goes on behind white space or a comment.
func (s *Postgres) odd(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n', '\f', '\v', '-':
	case '\'':
		s.commanded = s.commanded || s.texted && s.last != '\''
	case '(':
		s.parens, s.texted = s.parens+1, false
	case ')':
		s.parens, s.texted = max(0, s.parens-1), false
	default:
		s.texted = false
	}
}

// token reads a byte that is no part of a word.
func (s *Postgres) token(c byte, fresh, prefix bool) (ended bool) {
	switch {
	case c == '\\' && fresh:
		s.state, s.line = pgMeta, append(s.line[:0], c)
	case c == '\\': // psql takes one in the middle of a line too
		s.state, s.line, s.commanded = pgMeta, s.line[:0], true
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
func (s *Postgres) end() (ended bool) {
	s.settle()
	rows := s.phase == pgCopyRest && s.words == [2]string{"FROM", "STDIN"}
	s.phase, s.words = pgStart, [2]string{}
	if s.blocks == 0 && s.parens == 0 {
		s.body = 0
	}
	if rows {
		s.state = pgCopyGap
		// psql has not sent what is still open, so no rows would follow.
		s.commanded = s.commanded || s.blocks > 0 || s.parens > 0
	}
	return !rows
}

// maxNameParts are those of the longest name that a table has: database, schema, table.
const maxNameParts = 3

// identifier takes a name, quoted or not.
func (s *Postgres) identifier(name string) {
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
	s.dot = false
	if len(s.parts) < maxNameParts {
		s.parts = append(s.parts, BareName(name))
	}
}

// settle takes the name of a table that has ended.
func (s *Postgres) settle() {
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

// BareName is a name of PostgreSQL as a person writes it: in quotes only if it
// needs them. Tables are counted by such names.
func BareName(name string) string {
	for i := range len(name) {
		if c := name[i]; !wordByte(c) && c < 0x80 {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// worded takes a word that has ended.
func (s *Postgres) worded() {
	raw := string(s.word)
	s.word = s.word[:0]
	word := strings.ToUpper(raw)
	s.block(word)
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

// How far the body of a function has come: psql sends CREATE FUNCTION … BEGIN … END
// as one statement, whatever semicolons are in it.
const (
	bodyCreate   = 1 + iota // behind CREATE
	bodyFunction            // behind CREATE … FUNCTION or PROCEDURE
)

// block counts the blocks that are open in the body of a function.
func (s *Postgres) block(word string) {
	switch {
	case s.body == 0 && s.phase == pgStart && word == "CREATE":
		s.body = bodyCreate
	case s.body == bodyCreate && (word == "FUNCTION" || word == "PROCEDURE"):
		s.body = bodyFunction
	case s.body == bodyFunction && (word == "BEGIN" || word == "CASE" && s.blocks > 0):
		s.blocks++
	case s.blocks > 0 && s.parens == 0 && word == "END":
		s.blocks--
	}
}
