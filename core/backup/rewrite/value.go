package rewrite

import (
	"bytes"
	"encoding/json"
)

// maxNesting is how many layers of text within text are looked into.
const maxNesting = 48

// Value returns a value of a table with all replaced, and what became of it.
// The table is that of the value, or "" for none; it matters to WordPress
// networks and a PrestaShop's shops only. A value in which nothing is replaced is returned itself.
func (w *Rewriter) Value(table string, v []byte) ([]byte, Counts) {
	if !w.find.in(v) {
		return v, Counts{}
	}
	s := scan{w: w}
	edits := s.cell(table, v)
	if len(edits) == 0 {
		return v, s.counts
	}
	s.counts.Values++
	return apply(v, edits), s.counts
}

// scan is the work on one value.
type scan struct {
	w      *Rewriter
	counts Counts
	form   form
	depth  int
	probe  bool // the question is whether there is a match, and no more
	bare   bool // it may be a host by itself, whatever table it is of
	host   bool // it was the host of a site of a network, whose path follows
	run    int  // up to where base64 has been looked for in the text at hand
}

// form is what lies around the text at hand.
type form int

const (
	inPlain form = iota
	inJSON
	inPercent
)

// cell returns the edits of a whole value of a table.
func (s *scan) cell(table string, v []byte) []edit {
	if s.bare || isNetwork(table) {
		if t, ok := s.w.networkHost(v); ok {
			s.counts.Hosts++
			s.host = true
			return []edit{{0, len(v), []byte(t.to.host)}}
		}
	}
	return s.known(v)
}

// value returns the edits of a value, serialized or not.
func (s *scan) value(v []byte) []edit {
	if !s.w.find.in(v) {
		return nil
	}
	return s.known(v)
}

// known is value where it is known that there may be something to replace.
func (s *scan) known(v []byte) []edit {
	if s.depth >= maxNesting {
		s.leave(v)
		return nil
	}
	s.depth++
	defer func() { s.depth-- }()
	at := len(v) - len(bytes.TrimLeft(v, " \t\r\n\v\x00"))
	switch {
	case looksJSON(v[at:]) && escapedUnit(v) && json.Valid(v):
		return s.json(v)
	case !looksSerialized(v[at:]):
		return s.text(v)
	}
	end, ok := readable(v, at)
	if !ok {
		s.leave(v)
		return nil
	}
	return append(s.serialized(v, at), shift(s.text(v[end:]), end)...)
}

// leave counts a value that is not readable, if there is anything in it.
func (s *scan) leave(v []byte) {
	if s.holds(v) {
		s.counts.Unparsed++
	}
}

// holds reports whether there is a match in text.
func (s *scan) holds(text []byte) bool {
	probe := scan{w: s.w, probe: true}
	places := s.w.find.seek(text)
	_, ok := probe.search(&places, 0)
	return ok
}

// text returns the edits of a text, which may hold serialized values: session
// data does, and the bodies of objects that serialize themselves. They are
// rewritten as such, and what lies between them as text.
func (s *scan) text(v []byte) []edit {
	var edits []edit
	done := 0
	for units := newUnits(v); ; {
		u, ok := units.next()
		if !ok && units.budget <= 0 {
			s.leave(v[done:])
			return edits
		}
		if !ok {
			return append(edits, shift(s.gap(v[done:]), done)...)
		}
		edits = append(edits, shift(s.gap(v[done:u.start]), done)...)
		if s.w.find.in(v[u.start:u.end]) {
			edits = append(edits, s.serialized(v[:u.end], u.start)...)
		}
		done = u.end
	}
}

// gap returns the edits of text between serialized strings. Text that holds
// serialized strings in an escaped form is looked at without the escapes.
func (s *scan) gap(v []byte) []edit {
	places := s.w.find.seek(v)
	if places.from(0) == len(v) {
		return nil
	}
	if s.depth < maxNesting {
		switch {
		case escapedUnit(v):
			if edits, ok := s.layer(v, jsonCodec, inJSON); ok {
				return edits
			}
		case encodedUnit(v):
			if edits, ok := s.layer(v, percentCodec, inPercent); ok {
				return edits
			}
		}
	}
	var edits []edit
	s.run = 0
	for at := 0; ; {
		e, ok := s.search(&places, at)
		if !ok {
			return edits
		}
		edits = append(edits, e)
		at = e.end
	}
}

// layer returns the edits of text behind escapes; false says that they cannot
// be made there.
func (s *scan) layer(v []byte, c *codec, f form) ([]edit, bool) {
	decoded, ok := c.decode(v)
	if !ok {
		return nil, false
	}
	counts, outer := s.counts, s.form
	if s.form == inPlain {
		s.form = f
	}
	s.depth++
	edits, ok := c.lift(v, s.value(decoded))
	s.depth--
	s.form = outer
	if !ok {
		s.counts = counts
	}
	return edits, ok
}
