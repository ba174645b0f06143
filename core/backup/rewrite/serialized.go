package rewrite

import (
	"bytes"
	"strconv"
)

// maxNest is how deep arrays and objects may lie in each other: PHP's own limit.
const maxNest = 4096

// looksSerialized reports whether v begins as a serialized value that may hold
// text does.
func looksSerialized(v []byte) bool {
	if len(v) < 5 || v[1] != ':' || bytes.IndexByte([]byte("sSaOCE"), v[0]) < 0 {
		return false
	}
	rest := bytes.TrimLeft(v[2:], "0123456789")
	if len(rest) < 2 || len(rest) == len(v)-2 || rest[0] != ':' {
		return false
	}
	return rest[1] == '"' || rest[1] == '{' && v[0] == 'a'
}

// parser reads one serialized value as PHP's unserialize does and collects the
// edits of it. It is run dry first, which looks into no string and says whether
// the value can be read at all.
type parser struct {
	scan  *scan
	b     []byte
	edits []edit
	dry   bool
	far   int // how far it came
}

// readable reports whether the value at i can be read, and where it ends.
func readable(v []byte, i int) (end int, ok bool) {
	p := parser{b: v, dry: true}
	return p.value(i, 0)
}

// serialized returns the edits of the readable value at i.
func (s *scan) serialized(v []byte, i int) []edit {
	before := s.counts
	p := parser{scan: s, b: v}
	if _, ok := p.value(i, 0); !ok {
		s.counts = before
		s.leave(v[i:])
		return nil
	}
	return p.edits
}

// value reads the value at i and returns where it ends.
func (p *parser) value(i, nest int) (end int, ok bool) {
	p.far = max(p.far, i)
	if i+2 > len(p.b) || nest > maxNest {
		return 0, false
	}
	switch p.b[i] {
	case 'N':
		return i + 2, p.b[i+1] == ';'
	case 'i', 'R', 'r', 'b':
		return p.scalar(i, "+-0123456789")
	case 'd':
		return p.scalar(i, "+-.0123456789eEINFA")
	case 's':
		return p.str(i)
	case 'S':
		return p.escaped(i)
	case 'a':
		return p.array(i, nest)
	case 'O':
		return p.object(i, nest)
	case 'C':
		return p.custom(i)
	case 'E':
		_, end, ok = p.quoted(i)
		return end + 1, ok && p.at(end, ';')
	}
	return 0, false
}

// at reports whether c stands at i.
func (p *parser) at(i int, c byte) bool { return i < len(p.b) && p.b[i] == c }

// scalar reads t:…; of which the middle is of some signs.
func (p *parser) scalar(i int, signs string) (end int, ok bool) {
	if !p.at(i+1, ':') {
		return 0, false
	}
	end = i + 2
	for end < len(p.b) && bytes.IndexByte([]byte(signs), p.b[end]) >= 0 {
		end++
	}
	return end + 1, end > i+2 && p.at(end, ';')
}

// count reads the number in t:12: and returns where it begins and ends.
func (p *parser) count(i int) (n, from, end int, ok bool) {
	if !p.at(i+1, ':') {
		return 0, 0, 0, false
	}
	from = i + 2
	for end = from; end < len(p.b) && p.b[end] >= '0' && p.b[end] <= '9'; end++ {
	}
	n, ok = number(p.b[from:min(end, len(p.b))])
	return n, from, end, ok && p.at(end, ':')
}

// quoted reads t:5:"hello" and returns what is in the quotes and where the
// second one ends.
func (p *parser) quoted(i int) (text [2]int, end int, ok bool) {
	n, _, end, ok := p.count(i)
	from := end + 2
	if !ok || !p.at(end+1, '"') || n > len(p.b)-from || !p.at(from+n, '"') {
		return text, 0, false
	}
	return [2]int{from, from + n}, from + n + 1, true
}

// inner returns the edits of the text of a string.
func (p *parser) inner(text []byte) []edit {
	if p.dry {
		return nil
	}
	return p.scan.value(text)
}

// relength makes the edit of a length that was n.
func (p *parser) relength(from, end, n int, inner []edit) {
	p.edits = append(p.edits, edit{from, end, strconv.AppendInt(nil, int64(n+growth(inner)), 10)})
}

// str reads s:5:"hello";
func (p *parser) str(i int) (end int, ok bool) {
	text, end, ok := p.quoted(i)
	if !ok || !p.at(end, ';') {
		return 0, false
	}
	if inner := p.inner(p.b[text[0]:text[1]]); len(inner) > 0 {
		p.relength(i+2, text[0]-2, text[1]-text[0], inner)
		p.edits = append(p.edits, shift(inner, text[0])...)
	}
	return end + 1, true
}

// escaped reads S:5:"h\65llo"; of which the length counts bytes without escapes.
func (p *parser) escaped(i int) (end int, ok bool) {
	n, from, digitsEnd, ok := p.count(i)
	start := digitsEnd + 2
	if !ok || !p.at(digitsEnd+1, '"') || n > len(p.b)-start {
		return 0, false
	}
	walk := walker{codec: phpCodec, raw: p.b[start:]}
	length, ok := walk.to(n)
	end = start + length
	if !ok || !p.at(end, '"') || !p.at(end+1, ';') {
		return 0, false
	}
	raw := p.b[start:end]
	decoded, ok := phpCodec.decode(raw)
	if !ok {
		return 0, false
	}
	if inner := p.inner(decoded); len(inner) > 0 {
		lifted, ok := phpCodec.lift(raw, inner)
		if !ok {
			return 0, false
		}
		p.relength(from, digitsEnd, n, inner)
		p.edits = append(p.edits, shift(lifted, start)...)
	}
	return end + 2, true
}

// array reads a:2:{…}
func (p *parser) array(i, nest int) (end int, ok bool) {
	n, _, end, ok := p.count(i)
	if !ok {
		return 0, false
	}
	return p.members(end+1, n, nest)
}

// object reads O:5:"Class":2:{…}
func (p *parser) object(i, nest int) (end int, ok bool) {
	_, end, ok = p.quoted(i)
	if !ok {
		return 0, false
	}
	n, _, end, ok := p.count(end - 1)
	if !ok {
		return 0, false
	}
	return p.members(end+1, n, nest)
}

// custom reads C:5:"Class":4:{data}, where data is the class's own business.
func (p *parser) custom(i int) (end int, ok bool) {
	_, end, ok = p.quoted(i)
	if !ok {
		return 0, false
	}
	n, from, digitsEnd, ok := p.count(end - 1)
	start := digitsEnd + 2
	if !ok || !p.at(digitsEnd+1, '{') || n > len(p.b)-start || !p.at(start+n, '}') {
		return 0, false
	}
	if inner := p.inner(p.b[start : start+n]); len(inner) > 0 {
		p.relength(from, digitsEnd, n, inner)
		p.edits = append(p.edits, shift(inner, start)...)
	}
	return start + n + 1, true
}

// members reads {…} with n keys and values.
func (p *parser) members(i, n, nest int) (end int, ok bool) {
	if !p.at(i, '{') || n > len(p.b)-i {
		return 0, false
	}
	i++
	k := keys{parser: p}
	for range n {
		if i, ok = k.read(i); !ok {
			return 0, false
		}
		if i, ok = p.value(i, nest+1); !ok {
			return 0, false
		}
	}
	k.settle()
	return i + 1, p.at(i, '}')
}
