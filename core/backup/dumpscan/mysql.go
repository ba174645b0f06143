package dumpscan

import (
	"bytes"
	"maps"
	"slices"
)

// myState is where in a dump of MariaDB or MySQL the scanner is.
type myState int

const (
	myCode       myState = iota
	mySingle             // '…'
	myDouble             // "…"
	myName               // `…`
	myLine               // a comment to the end of the line
	myBlock              // a comment in /* */
	myBlockOpen          // behind /*: one that starts with ! is code
	myBlockMaria         // behind /*M: the same for MariaDB alone
	myDelimiter          // behind DELIMITER, a command of the client
)

// myPhase is where in a statement the scanner is.
type myPhase int

const (
	myStart myPhase = iota
	myOther
	myInsert  // INSERT
	myInto    // INSERT INTO
	myColumns // INSERT INTO `name`
	myValues  // INSERT INTO `name` (…) VALUES
	myCreate  // CREATE
	myTable   // CREATE TABLE
)

// myLastWords begin the line that mariadb-dump and mysqldump write when they have
// reached their end.
const myLastWords = "-- Dump completed"

// MySQL is the Reader of a dump of mariadb-dump or mysqldump. It reads it as the
// client does, byte by byte. It is for one goroutine.
type MySQL struct {
	counted              map[string]int64
	complete             bool
	all                  int64
	at                   string
	collations, charsets map[string]bool
	longest              int64  // of the longest statement so far, in bytes
	tooLong              string // the start of a table's name that is longer than a name can be

	length    int64  // of the statement at hand
	behind    string // the word before, upper case
	state     myState
	phase     myPhase
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

var _ Reader = (*MySQL)(nil)

// NewMySQL returns a reader at the start of a dump of MariaDB or MySQL.
func NewMySQL() *MySQL {
	return &MySQL{counted: map[string]int64{}, collations: map[string]bool{}, charsets: map[string]bool{}, delimiter: []byte{';'}}
}

// Rows implements Reader.
func (s *MySQL) Rows() map[string]int64 { return s.counted }

// Total implements Reader.
func (s *MySQL) Total() int64 { return s.all }

// Table implements Reader.
func (s *MySQL) Table() string { return s.at }

// Whole implements Reader.
func (s *MySQL) Whole() bool { return s.complete }

// AtRest implements Reader.
func (s *MySQL) AtRest() bool { return s.state == myCode || s.state == myLine }

// LastWords implements Reader.
func (s *MySQL) LastWords() string { return myLastWords }

// Overlong implements Reader.
func (s *MySQL) Overlong() string { return s.tooLong }

// Needs implements Reader.
func (s *MySQL) Needs() Needs {
	return Needs{Collations: slices.Sorted(maps.Keys(s.collations)), Charsets: slices.Sorted(maps.Keys(s.charsets)), Statement: s.longest}
}

// InValues reports whether the reader is between the values of an INSERT.
func (s *MySQL) InValues() bool { return s.phase == myValues }

// Forget drops the rows that were counted of each table, for who does not ask.
func (s *MySQL) Forget() { clear(s.counted) }

// Scan implements Reader: it reads p up to the end of a statement or of p.
func (s *MySQL) Scan(p []byte) (n int, ended bool) {
	n, ended = s.pass(p)
	s.length += int64(n)
	s.longest = max(s.longest, s.length)
	if ended {
		s.length = 0
	}
	return n, ended
}

func (s *MySQL) pass(p []byte) (n int, ended bool) {
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
func (s *MySQL) plain(p []byte) int {
	if s.state == myCode && s.phase == myValues && !s.closed && s.delimiter[0] == ';' {
		n := 0
		for n < len(p) && dull[p[n]] {
			n++
		}
		if n > 0 {
			s.last, s.word, s.matched, s.complete = [2]byte{p[n-1]}, s.word[:0], 0, false
		}
		return n
	}
	if s.state != mySingle || s.escaped {
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
func (s *MySQL) step(c byte) (ended bool) {
	switch s.state {
	case mySingle, myDouble:
		s.inString(c)
	case myName:
		s.inName(c)
	case myLine:
		s.inComment(c)
	case myBlock:
		if c == '/' && s.last[0] == '*' {
			s.state, c = myCode, ' '
		}
	case myBlockOpen:
		s.inOpening(c)
	case myBlockMaria:
		s.state = myBlock
		if c == '!' {
			s.state = myCode
		}
	case myDelimiter:
		s.inDelimiter(c)
	case myCode:
		ended = s.inCode(c)
	}
	s.last[1], s.last[0] = s.last[0], c
	return ended
}
