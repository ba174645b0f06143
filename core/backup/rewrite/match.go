package rewrite

import (
	"bytes"
	"net/url"
)

// search returns the first match in the text of places that begins at from or
// later, and counts it.
func (s *scan) search(places *seeker, from int) (edit, bool) {
	text := places.b
	for i := from; ; i++ {
		if i = places.from(i); i == len(text) {
			return edit{}, false
		}
		if e, ok := s.siteAt(text, from, i); ok {
			return e, true
		}
		if e, ok := s.dirAt(text, from, i); ok {
			return e, true
		}
		s.base64At(text, i)
	}
}

// slash is how slashes are written at some place in a text.
type slash []byte

// slashBefore returns the slash that ends before i, with all that escapes it.
func slashBefore(text []byte, i int) slash {
	if i > 0 && text[i-1] == '/' {
		from := i - 1
		for from > 0 && text[from-1] == '\\' {
			from--
		}
		return text[from:i]
	}
	from := i - 2
	if from < 1 || !equalFold(text[from:i], []byte("2f")) {
		return nil
	}
	for from >= 2 && string(text[from-2:from]) == "25" {
		from -= 2
	}
	if from < 1 || text[from-1] != '%' {
		return nil
	}
	return text[from-1 : i]
}

// encoded reports whether it is a %2F of any depth.
func (s slash) encoded() bool { return s[0] == '%' }

var plainColon = []byte(":")

// colon returns how a colon is written where slashes are written like this.
func (s slash) colon() []byte {
	if !s.encoded() {
		return plainColon
	}
	digits := "3A"
	if s[len(s)-1] == 'f' {
		digits = "3a"
	}
	return append(bytes.Clone(s[:len(s)-2]), digits...)
}

// colonBefore returns the colon that ends before i.
func (s slash) colonBefore(text []byte, i int) []byte {
	for _, c := range [2][]byte{s.colon(), plainColon} {
		if i >= len(c) && equalFold(text[i-len(c):i], c) {
			return text[i-len(c) : i]
		}
	}
	return nil
}

// join appends names to out, a slash before each.
func (s slash) join(out []byte, names []string) []byte {
	for _, name := range names {
		out = append(out, s...)
		if s.encoded() {
			name = url.PathEscape(name)
		}
		out = append(out, name...)
	}
	return out
}

// follow returns where names end that stand in text at i, a slash before each,
// or -1.
func (s slash) follow(text []byte, i int, names []string) int {
	for _, name := range names {
		if !bytes.HasPrefix(text[i:], s) || !bytes.HasPrefix(text[i+len(s):], []byte(name)) {
			return -1
		}
		i += len(s) + len(name)
	}
	return i
}

// continues reports whether the last name of a path goes on at i.
func (s slash) continues(text []byte, i int) bool {
	return nameGoesOn(text, i) || i < len(text) && (text[i] == '~' || text[i] == '+' || text[i] == '%' && !s.encoded())
}

// nameGoesOn reports whether a name goes on at i. A dot that ends a sentence is
// not of the name.
func nameGoesOn(text []byte, i int) bool {
	if i < len(text) && text[i] == '.' {
		i++
		return letterAt(text, i) && text[i] != '-' && text[i] != '_'
	}
	return letterAt(text, i)
}

// letterAt reports whether what stands at i may be of a name. A letter beyond
// ASCII may, also where it is written \u00e9.
func letterAt(text []byte, i int) bool {
	if i >= len(text) {
		return false
	}
	if text[i] == '\\' {
		for i+1 < len(text) && text[i+1] == '\\' {
			i++
		}
		return hexUnit(text[i:]) >= 0x80
	}
	return nameByte(text[i]) || text[i] >= 0x80
}

// siteAt returns the match of the site whose host stands in text at i.
func (s *scan) siteAt(text []byte, from, i int) (edit, bool) {
	for n := range s.w.sites {
		site := &s.w.sites[n]
		end := i + len(site.host)
		if end > len(text) || !equalFold(text[i:end], []byte(site.host)) {
			continue
		}
		start := i
		if start >= 4 && equalFold(text[start-4:start], []byte("www.")) {
			start -= 4
		}
		mark := slashBefore(text, start)
		if mark == nil || !bytes.HasSuffix(text[:start-len(mark)], mark) {
			return edit{}, false // whichever site it is, it is no URL
		}
		start -= 2 * len(mark)
		if end = site.end(text, end, mark); end < 0 || start < from {
			continue
		}
		return s.replaceSite(text, from, start, end, mark, site.to), true
	}
	return edit{}, false
}

// end returns where the site's URL ends, whose host ends in text at i, or -1.
func (t *site) end(text []byte, i int, mark slash) int {
	port, end := portAt(text, i, mark)
	switch {
	case t.port != "" && port != t.port, t.port == "" && port != "" && port != "80" && port != "443":
		return -1
	case port == "" && (nameGoesOn(text, i) || i < len(text) && text[i] == '@'):
		return -1
	}
	end = mark.follow(text, end, t.path)
	if end < 0 || len(t.path) > 0 && mark.continues(text, end) {
		return -1
	}
	return end
}

// portAt reads the port behind a host that ends in text at i.
func portAt(text []byte, i int, mark slash) (port string, end int) {
	for _, colon := range [2][]byte{mark.colon(), plainColon} {
		at := i + len(colon)
		if at >= len(text) || !equalFold(text[i:at], colon) {
			continue
		}
		end = at
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		if end > at {
			return string(text[at:end]), end
		}
	}
	return "", i
}

// replaceSite makes the edit for a URL of which the slashes before the host
// start at start, and counts it.
func (s *scan) replaceSite(text []byte, from, start, end int, mark slash, to target) edit {
	var out []byte
	colon := mark.colonBefore(text, start)
	scheme := start - len(colon)
	for _, name := range []string{"https", "http"} {
		if at := scheme - len(name); colon != nil && at >= from && equalFold(text[at:scheme], []byte(name)) {
			out = append(append(out, to.scheme...), colon...)
			start = at
			break
		}
	}
	switch {
	case out == nil:
		s.counts.Relative++
	case mark.encoded() || s.form == inPercent:
		s.counts.Encoded++
	case len(mark) > 1 || s.form == inJSON:
		s.counts.Escaped++
	default:
		s.counts.Plain++
	}
	out = append(append(out, mark...), mark...)
	if mark.encoded() {
		out = append(out, bytes.ReplaceAll([]byte(to.host), []byte(":"), mark.colon())...)
	} else {
		out = append(out, to.host...)
	}
	return edit{start, end, mark.join(out, to.path)}
}

// dirAt returns the match of the directory of which the longest name stands in
// text at i, behind a slash, and counts it.
func (s *scan) dirAt(text []byte, from, i int) (edit, bool) {
	for n := range s.w.dirs {
		d := &s.w.dirs[n]
		name := i + 1
		for text[i] == '%' && name < len(text) && name < i+5 && lower(text[name-1]) != 'f' {
			name++
		}
		mark := slashBefore(text, name)
		if mark == nil {
			return edit{}, false
		}
		start := name - len(mark)
		for _, before := range d.old[:d.anchor] {
			start -= len(mark) + len(before)
		}
		if start < from || midName(text, start) {
			continue
		}
		end := mark.follow(text, start, d.old)
		if end < 0 || mark.continues(text, end) {
			continue
		}
		s.counts.Paths++
		return edit{start, end, mark.join(nil, d.new)}, true
	}
	return edit{}, false
}

// midName reports whether the byte before i is of a name, so that a slash at i
// does not begin a path. The letter of an escape like \n is of none, nor are the
// digits of one like %20.
func midName(text []byte, i int) bool {
	if i == 0 {
		return false
	}
	c := text[i-1]
	switch {
	case i >= 2 && text[i-2] == '\\' && bytes.IndexByte([]byte("nrtbf0"), c) >= 0:
		return false
	case i >= 3 && text[i-3] == '%' && hexByte(text[i-2:i]) >= 0:
		return false
	}
	return nameByte(c) || c >= 0x80 || c == '.' || c == '~'
}
