package backup

import (
	"bytes"
	"strings"
)

// dumpState is where in a dump the scanner is.
type dumpState int

const (
	dumpCode dumpState = iota
	dumpSingle
	dumpDouble
	dumpName        // `…`
	dumpLine        // a comment to the end of the line
	dumpBlock       // a comment in /* */
	dumpBlockOpen   // behind /*: one that starts with ! is code
	dumpBlockMaria  // behind /*M: the same for MariaDB alone
	dumpDelimiter   // behind DELIMITER, a command of the client
	maxDumpWord     = 64
	maxDumpName     = 512
	maxTableName    = 256 // bytes: the servers' own bound is 64 letters
	dumpCompletedBy = "-- Dump completed"
)

// dumpPhase is where in a statement the scanner is.
type dumpPhase int

const (
	phaseStart dumpPhase = iota
	phaseOther
	phaseInsert  // INSERT
	phaseInto    // INSERT INTO
	phaseColumns // INSERT INTO `name`
	phaseValues  // INSERT INTO `name` (…) VALUES
	phaseCreate  // CREATE
	phaseTable   // CREATE TABLE
)

// dumpScanner reads a dump of mariadb-dump or mysqldump as the client does,
// byte by byte, and knows where statements end, how many rows each table has
// and whether the dump is whole. It is for one goroutine.
type dumpScanner struct {
	// Rows counts the rows of the INSERTs of each table that the dump creates
	// or fills.
	Rows map[string]int64
	// Complete is true while the last line is the one that a dumper writes
	// when it has reached its end.
	Complete bool
	// Total counts the rows of all tables; Table is the one at hand.
	Total int64
	Table string
	// Collations and Charsets are those that the dump names, Longest is the
	// number of bytes of its longest statement so far.
	Collations, Charsets map[string]bool
	Longest              int64
	// Overlong is the start of a table's name that is longer than a name can be.
	Overlong string

	length    int64  // of the statement at hand
	behind    string // the word before, upper case
	state     dumpState
	phase     dumpPhase
	escaped   bool
	closed    bool // the last byte closed a `name`
	last      [2]byte
	word      []byte
	name      []byte
	line      []byte // the comment at hand
	delimiter []byte
	matched   int // bytes of the delimiter
	depth     int
}

func newDumpScanner() *dumpScanner {
	return &dumpScanner{Rows: map[string]int64{}, Collations: map[string]bool{}, Charsets: map[string]bool{}, delimiter: []byte{';'}}
}

// scan reads p up to the end of a statement or of p. It returns how many bytes
// it read and whether a statement ended there.
func (s *dumpScanner) scan(p []byte) (n int, ended bool) {
	n, ended = s.pass(p)
	s.length += int64(n)
	s.Longest = max(s.Longest, s.length)
	if ended {
		s.length = 0
	}
	return n, ended
}

func (s *dumpScanner) pass(p []byte) (n int, ended bool) {
	for i := 0; i < len(p); i++ {
		if skip := s.plain(p[i:]); skip > 0 {
			i += skip
			if i == len(p) {
				break
			}
		}
		if s.step(p[i]) {
			return i + 1, true
		}
	}
	return len(p), false
}

// dull are the bytes that mean nothing between the values of an INSERT.
var dull = func() (set [256]bool) {
	for c := range set {
		set[c] = wordByte(byte(c)) || c == ',' || c == '.'
	}
	return set
}()

// plain passes the bytes that need no look one by one, the inside of strings
// and plain values, and returns how many there were.
func (s *dumpScanner) plain(p []byte) int {
	if s.state == dumpCode && s.phase == phaseValues && !s.closed && s.delimiter[0] == ';' {
		n := 0
		for n < len(p) && dull[p[n]] {
			n++
		}
		if n > 0 {
			s.last, s.word, s.matched, s.Complete = [2]byte{p[n-1]}, s.word[:0], 0, false
		}
		return n
	}
	if s.state != dumpSingle || s.escaped {
		return 0
	}
	quote := bytes.IndexByte(p, '\'')
	if quote < 0 {
		quote = len(p)
	}
	if slash := bytes.IndexByte(p[:quote], '\\'); slash >= 0 {
		return slash
	}
	return quote
}

// step reads one byte and reports whether it ends a statement.
func (s *dumpScanner) step(c byte) (ended bool) {
	switch s.state {
	case dumpSingle, dumpDouble:
		s.inString(c)
	case dumpName:
		s.inName(c)
	case dumpLine:
		s.inComment(c)
	case dumpBlock:
		if c == '/' && s.last[0] == '*' {
			s.state, c = dumpCode, ' '
		}
	case dumpBlockOpen:
		s.inOpening(c)
	case dumpBlockMaria:
		s.state = dumpBlock
		if c == '!' {
			s.state = dumpCode
		}
	case dumpDelimiter:
		s.inDelimiter(c)
	case dumpCode:
		ended = s.inCode(c)
	}
	s.last[1], s.last[0] = s.last[0], c
	return ended
}

func (s *dumpScanner) inString(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '\'' && s.state == dumpSingle, c == '"' && s.state == dumpDouble:
		s.state = dumpCode // a doubled quote opens it again at once
	}
}

func (s *dumpScanner) inName(c byte) {
	if c == '`' {
		s.state, s.closed = dumpCode, true
		return
	}
	if len(s.name) < maxDumpName {
		s.name = append(s.name, c)
	}
}

func (s *dumpScanner) inComment(c byte) {
	if c != '\n' {
		if len(s.line) < maxDumpName {
			s.line = append(s.line, c)
		}
		return
	}
	s.state = dumpCode
	s.Complete = bytes.HasPrefix(s.line, []byte(dumpCompletedBy))
}

func (s *dumpScanner) inOpening(c byte) {
	switch c {
	case '!':
		s.state = dumpCode
	case 'M':
		s.state = dumpBlockMaria
	default:
		s.state = dumpBlock
	}
}

func (s *dumpScanner) inDelimiter(c byte) {
	if c != '\n' {
		if len(s.line) < maxDumpName {
			s.line = append(s.line, c)
		}
		return
	}
	s.state, s.phase, s.matched = dumpCode, phaseStart, 0
	if delimiter := strings.TrimSpace(string(s.line)); delimiter != "" {
		s.delimiter = []byte(delimiter)
	}
}

// inCode reads a byte outside of strings and comments.
func (s *dumpScanner) inCode(c byte) (ended bool) {
	if s.closed {
		s.closed = false
		if c == '`' { // a doubled backtick is one inside the name
			s.state = dumpName
			if len(s.name) < maxDumpName {
				s.name = append(s.name, '`')
			}
			return false
		}
		s.named()
	}
	if wordByte(c) {
		if len(s.word) < maxDumpWord {
			s.word = append(s.word, c)
		}
		s.matched, s.Complete = 0, false
		return false
	}
	if len(s.word) > 0 {
		s.worded()
		if s.state == dumpDelimiter {
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
func (s *dumpScanner) opens(c byte) bool {
	switch {
	case c == '\'':
		s.state = dumpSingle
	case c == '"':
		s.state = dumpDouble
	case c == '`':
		s.state, s.name = dumpName, s.name[:0]
	case c == '#':
		s.state, s.line = dumpLine, append(s.line[:0], c)
	case c == '*' && s.last[0] == '/':
		s.state = dumpBlockOpen
	case (c == ' ' || c == '\t' || c == '\n' || c == '\r') && s.last == [2]byte{'-', '-'}:
		s.state, s.line = dumpLine, append(s.line[:0], '-', '-', c)
		if c == '\n' {
			s.state = dumpCode
		}
	case c == '(':
		if s.depth == 0 && s.phase == phaseValues {
			s.Rows[s.Table]++
			s.Total++
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
func (s *dumpScanner) ends(c byte) bool {
	if c != s.delimiter[s.matched] {
		s.matched = 0
	}
	if c == s.delimiter[s.matched] {
		s.matched++
	}
	if s.matched < len(s.delimiter) {
		return false
	}
	s.matched, s.depth, s.phase, s.Complete = 0, 0, phaseStart, false
	return true
}
