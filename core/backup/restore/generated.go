package restore

import (
	"bytes"
	"io"
	"regexp"
	"slices"
)

// insertForm is the start of the statements that hold rows, as dumpers write it.
var insertForm = regexp.MustCompile("^\\s*INSERT (?:IGNORE )?INTO (`(?:[^`]|``)+`) \\(((?:`(?:[^`]|``)+`(?:, ?)?)+)\\) VALUES")

var (
	createForm    = regexp.MustCompile("^(?s:.*?)\\bCREATE TABLE (`(?:[^`]|``)+`) \\(\n")
	generatedForm = regexp.MustCompile("(?m)^  (`(?:[^`]|``)+`) .*\\bGENERATED ALWAYS AS \\(")
	columnForm    = regexp.MustCompile("`(?:[^`]|``)+`")
)

// learn keeps which columns of a table are generated. A column stands on a line
// of its own; a comment that tells of GENERATED ALWAYS AS would have to be taken
// for one, so what is in quotes is taken out first.
func (m *dumpMend) learn(statement []byte) {
	if !bytes.Contains(statement, []byte(" GENERATED ALWAYS AS (")) {
		return
	}
	create := createForm.FindSubmatch(statement)
	if create == nil {
		return
	}
	var bare []byte
	w := &wordWalk{text: statement}
	done := 0
	for w.next() {
		if w.kind == quoted {
			bare = append(bare, statement[done:w.start]...)
			done = w.end
		}
	}
	bare = append(bare, statement[done:]...)
	var names []string
	for _, column := range generatedForm.FindAllSubmatch(bare, -1) {
		names = append(names, string(column[1]))
	}
	m.columns[string(create[1])] = names
}

// insert reads the INSERT that is pending: its table, and for each column
// whether it is generated; nil when none is.
func (m *dumpMend) insert() (table string, generated []bool) {
	if len(m.columns) == 0 {
		return "", nil
	}
	form := insertForm.FindSubmatch(m.pending)
	if form == nil || len(m.columns[string(form[1])]) == 0 {
		return "", nil
	}
	names := m.columns[string(form[1])]
	any := false
	for _, column := range columnForm.FindAll(form[2], -1) {
		is := slices.Contains(names, string(column))
		generated = append(generated, is)
		any = any || is
	}
	if !any {
		return "", nil
	}
	return string(form[1]), generated
}

// rowCutter leaves columns out of the rows of one INSERT, and out of its list of
// columns, which is the first in parentheses.
type rowCutter struct {
	to    io.Writer
	leave []bool

	depth   int
	column  int
	kept    int // columns written of the row at hand
	quote   byte
	escaped bool
	out     []byte
}

func newRowCutter(w io.Writer, leave []bool) *rowCutter { return &rowCutter{to: w, leave: leave} }

func (r *rowCutter) write(p []byte) error {
	r.out = r.out[:0]
	for _, c := range p {
		r.step(c)
	}
	_, err := r.to.Write(r.out)
	return err
}

// left reports whether the column at hand is left out.
func (r *rowCutter) left() bool {
	return r.depth > 0 && r.column < len(r.leave) && r.leave[r.column]
}

func (r *rowCutter) step(c byte) {
	switch {
	case r.quote != 0:
		r.inQuotes(c)
	case c == '\'' || c == '"' || c == '`':
		r.quote = c
	case c == '(':
		if r.depth++; r.depth == 1 {
			r.column, r.kept = 0, 0
			r.out = append(r.out, c)
			return
		}
	case c == ')':
		if r.depth--; r.depth == 0 {
			r.out = append(r.out, c)
			return
		}
	case c == ',' && r.depth == 1:
		if r.column++; !r.left() && r.kept > 0 {
			r.out = append(r.out, c)
		}
		return
	}
	if r.left() {
		return
	}
	if r.depth == 1 {
		r.kept = r.column + 1
	}
	r.out = append(r.out, c)
}

func (r *rowCutter) inQuotes(c byte) {
	switch {
	case r.escaped:
		r.escaped = false
	case c == '\\' && r.quote != '`':
		r.escaped = true
	case c == r.quote:
		r.quote = 0 // a doubled one opens it again at once
	}
}
