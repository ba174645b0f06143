package restore

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"breakglass/core/backup/dumpscan"
	"breakglass/core/safetext"
)

// maxMended bounds a statement that is looked at whole, in bytes. Those that
// hold rows are not.
const maxMended = 16 << 20

// dumpMend makes a dump fit a server of MariaDB or MySQL, on its way: DEFINERs go,
// collations that it lacks become the nearest, modes that it does not know are
// left out, and for MySQL generated columns are left out of the rows. Rows of other
// tables pass untouched. It is for one goroutine.
type dumpMend struct {
	to    io.Writer
	known collations
	mysql bool // the server is MySQL

	cut     *dumpscan.MySQL
	pending []byte // the start of the statement at hand
	passing bool   // the rest of the statement goes through
	rows    *rowCutter
	columns map[string][]string // generated, by table

	definers int
	mapped   map[string]string
	modes    map[string]bool
	engines  int
	dropped  map[string]bool // tables with generated columns
	large    int
}

func (s *mysqlServer) mend(w io.Writer) mender {
	return &dumpMend{
		to: w, known: s.known, mysql: s.product == "MySQL", cut: dumpscan.NewMySQL(), columns: map[string][]string{},
		mapped: map[string]string{}, modes: map[string]bool{}, dropped: map[string]bool{},
	}
}

// Write implements io.Writer.
func (m *dumpMend) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n, ended := m.cut.Scan(p)
		m.cut.Forget()
		if err := m.take(p[:n], ended); err != nil {
			return 0, err
		}
		p = p[n:]
	}
	return written, nil
}

// take takes a piece of the statement at hand.
func (m *dumpMend) take(piece []byte, ended bool) error {
	if m.passing {
		if ended {
			m.passing = false
		}
		return m.pass(piece)
	}
	m.pending = append(m.pending, piece...)
	switch {
	case ended:
		if table, generated := m.insert(); generated != nil && !m.cut.InValues() {
			m.rows = newRowCutter(m.to, generated)
			m.dropped[table] = true
			return m.flush()
		}
		return m.statement()
	case m.cut.InValues():
		if table, generated := m.insert(); generated != nil {
			m.rows = newRowCutter(m.to, generated)
			m.dropped[table] = true
		}
		m.passing = true
		return m.flush()
	case len(m.pending) > maxMended:
		m.passing = true
		m.large++
		return m.flush()
	}
	return nil
}

// flush passes what is pending as it is.
func (m *dumpMend) flush() error {
	err := m.pass(m.pending)
	m.pending = m.pending[:0]
	if !m.passing {
		m.rows = nil
	}
	return err
}

func (m *dumpMend) pass(p []byte) error {
	if m.rows == nil {
		_, err := m.to.Write(p)
		return err
	}
	err := m.rows.write(p)
	if !m.passing {
		m.rows = nil
	}
	return err
}

// statement mends the whole statement that is pending.
func (m *dumpMend) statement() error {
	var out []byte
	if insertForm.Match(m.pending) { // rows, all in one piece
		out = m.pending
	} else {
		out = m.mend(m.pending)
	}
	_, err := m.to.Write(out)
	m.pending = m.pending[:0]
	return err
}

// Flush implements mender.
func (m *dumpMend) Flush() error {
	if len(m.pending) == 0 {
		return nil
	}
	return m.statement()
}

// Notes implements mender.
func (m *dumpMend) Notes() (notes []string) {
	if m.definers > 0 {
		notes = append(notes, fmt.Sprintf("%d views, triggers, routines or events belong to the user that loaded them now: the names of their old owners were left out.", m.definers))
	}
	names := make([]string, 0, len(m.mapped))
	for from, to := range m.mapped {
		names = append(names, safetext.Line(from)+" became "+to)
	}
	slices.Sort(names)
	if len(names) > 0 {
		notes = append(notes, "Collations that the server does not know: "+strings.Join(names, ", ")+".")
	}
	if len(m.modes) > 0 {
		notes = append(notes, "SQL modes that the server does not know were left out: "+strings.Join(sorted(m.modes), ", ")+".")
	}
	if m.engines > 0 {
		notes = append(notes, fmt.Sprintf("%d tables of a storage engine that the server lacks became InnoDB.", m.engines))
	}
	if len(m.dropped) > 0 {
		notes = append(notes, "Generated columns are calculated anew in: "+strings.Join(sorted(m.dropped), ", ")+".")
	}
	if m.large > 0 {
		notes = append(notes, fmt.Sprintf("%d statements were too long to be looked at and went through as they were.", m.large))
	}
	return notes
}

func sorted(set map[string]bool) (names []string) {
	for name := range set {
		names = append(names, safetext.Line(name))
	}
	slices.Sort(names)
	return names
}

// mend returns a statement as the server can take it.
func (m *dumpMend) mend(statement []byte) []byte {
	if m.mysql {
		m.learn(statement)
	}
	w := &wordWalk{text: statement}
	var out bytes.Buffer
	done := 0
	replace := func(from, to int, with string) {
		out.Write(statement[done:from])
		out.WriteString(with)
		done = to
	}
	for w.next() {
		word := strings.ToLower(string(w.word()))
		switch {
		case w.kind == sandboxMark:
			replace(w.start, w.end, "")
		case w.kind == quoted && w.behind == "sql_mode":
			if kept, cut := m.modesKept(string(w.word())); cut {
				replace(w.start, w.end, kept)
			}
		case w.kind != plainWord:
		case word == "definer":
			if end := definerEnd(statement, w.end); end > 0 {
				m.definers++
				replace(w.start, end, "")
				w.end = end
			}
		case w.behind == "collate" || w.behind == "collation_connection" || w.behind == "collation_database":
			if to, ok := m.known.collation(word); ok && to != word {
				if to != renamed(word) {
					m.mapped[word] = to
				}
				replace(w.start, w.end, to)
			}
		case w.behind == "charset" || w.behind == "character set" || w.behind == "names" || w.behind == "character_set_client" || w.behind == "character_set_results":
			if to, ok := m.known.charset(word); ok && to != word {
				replace(w.start, w.end, to)
			}
		case m.mysql && w.behind == "engine" && word == "aria":
			m.engines++
			replace(w.start, w.end, "InnoDB")
		case m.mysql && m.engines > 0 && (word == "page_checksum" || word == "transactional"):
			if end := optionEnd(statement, w.end); end > 0 {
				replace(w.start, end, "")
				w.end = end
			}
		}
	}
	if done == 0 {
		return statement
	}
	out.Write(statement[done:])
	return out.Bytes()
}

// modesGone are SQL modes that only the other flavour knows.
var modesGone = map[bool][]string{
	true: { // MySQL 8 does not know
		"NO_AUTO_CREATE_USER", "POSTGRESQL", "ORACLE", "MSSQL", "DB2", "MAXDB", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS", "NO_FIELD_OPTIONS", "MYSQL323", "MYSQL40",
		"IGNORE_BAD_TABLE_OPTIONS", "SIMULTANEOUS_ASSIGNMENT", "EMPTY_STRING_IS_NULL", "TIME_ROUND_FRACTIONAL",
	},
	false: {"TIME_TRUNCATE_FRACTIONAL"}, // MariaDB does not know
}

// modesKept leaves modes out of a quoted list.
func (m *dumpMend) modesKept(text string) (kept string, cut bool) {
	var list []string
	for mode := range strings.SplitSeq(strings.Trim(text, "'\""), ",") {
		if slices.Contains(modesGone[m.mysql], strings.ToUpper(mode)) {
			m.modes[mode], cut = true, true
			continue
		}
		list = append(list, mode)
	}
	return "'" + strings.Join(list, ",") + "'", cut
}
