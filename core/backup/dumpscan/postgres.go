package dumpscan

import "bytes"

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

// pgLastWords begins the line that pg_dump writes when it has reached its end.
const pgLastWords = "-- PostgreSQL database dump complete"

// Postgres is the Reader of a plain dump of pg_dump. It reads it as psql does; a
// table is named schema.table. It is for one goroutine.
type Postgres struct {
	counted  map[string]int64
	all      int64
	at       string
	complete bool
	// commanded says that there was a command for psql that pg_dump never writes, or
	// what psql could take in another way than this scanner, to hide one.
	commanded bool

	state   pgState
	phase   pgPhase
	escaped bool
	reopens bool // the text that ended last was an E'…': a quote goes on with it
	texted  bool // a text ended, and only white space or a comment came since
	nested  int  // comments within each other
	parens  int  // open ones
	blocks  int  // open BEGINs and CASEs in the body of a function
	body    int  // how far that has come
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

var _ Reader = (*Postgres)(nil)

// NewPostgres returns a reader at the start of a dump of pg_dump.
func NewPostgres() *Postgres { return &Postgres{counted: map[string]int64{}, fresh: true} }

// Rows implements Reader.
func (s *Postgres) Rows() map[string]int64 { return s.counted }

// Total implements Reader.
func (s *Postgres) Total() int64 { return s.all }

// Table implements Reader.
func (s *Postgres) Table() string { return s.at }

// Whole implements Reader.
func (s *Postgres) Whole() bool { return s.complete }

// AtRest implements Reader.
func (s *Postgres) AtRest() bool { return s.state == pgCode || s.state == pgLine || s.state == pgMeta }

// LastWords implements Reader.
func (s *Postgres) LastWords() string { return pgLastWords }

// Needs implements Reader: a server takes the dump or it does not.
func (s *Postgres) Needs() Needs { return Needs{} }

// Overlong implements Reader.
func (s *Postgres) Overlong() string {
	if len(s.at) <= maxTableName {
		return ""
	}
	return s.at[:maxTableName/4]
}

// Scan implements Reader: it reads p up to the end of a statement, to the last row
// in p, or to the end of p.
func (s *Postgres) Scan(p []byte) (n int, ended bool) {
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
func (s *Postgres) skip(p []byte) int {
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
	if (s.state == pgLine || s.state == pgMeta) && len(s.line) < maxName {
		s.line = append(s.line, p[:min(n, maxName-len(s.line))]...)
	}
	return n
}

// step reads one byte and reports whether it ends a statement.
func (s *Postgres) step(c byte) (ended bool) {
	switch s.state {
	case pgString:
		s.state, s.reopens, s.texted = pgCode, false, true // a doubled quote opens it again at once
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
		s.complete = s.complete || bytes.HasPrefix(s.line, []byte(pgLastWords))
	case pgMeta:
		s.state, s.fresh = pgCode, true
		if !bytes.HasPrefix(s.line, []byte(`\unrestrict `)) {
			s.complete = false
		}
		s.commanded = s.commanded || !restricting.Match(s.line)
	case pgCopyGap:
		if c == '\n' {
			s.state, s.line, s.length = pgCopy, s.line[:0], 0
		} else if c != ' ' && c != '\t' && c != '\r' {
			s.commanded = true // psql reads it behind the rows
		}
	case pgCode:
		ended = s.inCode(c)
	case pgCopy: // inRows reads it
	}
	s.last = c
	return ended
}
