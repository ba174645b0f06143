package dumpscan

// Reader reads a dump as the client of its server does. It is for one goroutine.
type Reader interface {
	// Scan reads p up to a place where the dump may be cut, or to the end of p.
	// It returns how many bytes it read and whether it stopped at such a place.
	Scan(p []byte) (n int, ended bool)
	// Rows counts the rows of each table that the dump creates or fills. The map
	// is the reader's own and goes on growing.
	Rows() map[string]int64
	// Total counts the rows of all tables; Table is the one at hand.
	Total() int64
	Table() string
	// Whole reports whether the line that a dumper writes at its end came last.
	Whole() bool
	// AtRest reports whether a line of our own could be added here.
	AtRest() bool
	// LastWords begin the line that a dumper writes at its end.
	LastWords() string
	// Needs are what a server must know to take the dump.
	Needs() Needs
	// Overlong is the start of a table's name that is longer than one can be; ""
	// where there was none.
	Overlong() string
}

// Needs are what a dump asks of a server: the collations and character sets that
// it names, sorted, and the length of its longest statement in bytes.
type Needs struct {
	Collations []string
	Charsets   []string
	Statement  int64
}

// The bounds of what is kept of a dump while it is read, in bytes.
const (
	maxWord      = 64
	maxName      = 512
	maxTableName = 256 // the servers' own bound is 64 letters
)

// wordByte reports whether c may stand in a word of SQL that needs no quotes: a
// letter, a digit, an underscore, or a byte beyond ASCII.
func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
