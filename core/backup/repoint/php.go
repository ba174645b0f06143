package repoint

import (
	"strings"
)

// The sentences about what is left to a person.
const (
	whyComputed = "The site computes this when it runs; change it by hand."
	whyAddress  = "An old address or path stands here among what the site computes; change it by hand."
	whyOther    = "This is a further database of the site, which was not restored; look at it by hand."
	whyPut      = "The file does not set this in a place where it can be added safely; write it there by hand."
)

// php plans the changes of a PHP file.
func (p *plan) php(w wishes, hosts []host) {
	p.read = readPHP
	tokens := scan(p.src)
	names := map[int]string{} // of settings, by where their value stands
	taken := map[int]bool{}
	for _, s := range settings(tokens) {
		if s.known {
			names[s.value.at] = s.name
		}
		wish, ok := w[s.name]
		p.seen[s.name] = true
		switch {
		case further(s.name):
			p.byHand(s.line, s.name, whyOther)
		case !ok:
		case !s.known:
			p.byHand(s.line, s.name, whyComputed)
		default:
			taken[s.value.at] = true
			p.grant(s, wish)
		}
	}
	p.add(w, tokens)
	for _, t := range tokens {
		switch {
		case taken[t.at]:
		case t.kind == literal:
			if text, ok := p.moved(names[t.at], t.text, hosts); ok {
				p.done(t.at, t.end, quotePHP(text), names[t.at])
			}
		case t.kind == computed:
			if _, ok := p.moved("", string(p.src[t.at:t.end]), hosts); ok {
				p.byHand(t.line, "", whyAddress)
			}
		}
	}
}

// further reports whether a setting names a database beside the site's own.
func further(name string) bool {
	for prefix, own := range map[string]string{"databases.": "databases.default.default.database", "return.db.connection.": "return.db.connection.default.dbname"} {
		suffix := own[strings.LastIndexByte(own, '.'):]
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) && name != own {
			return true
		}
	}
	return false
}

// grant plans the change of a setting.
func (p *plan) grant(s setting, w wish) {
	text := quotePHP(w.value)
	number := s.value.kind == word && s.value.text[0] >= '0' && s.value.text[0] <= '9'
	switch {
	case w.null:
		text = "NULL"
		if strings.EqualFold(s.value.text, text) && s.value.kind == word {
			return
		}
	case number && strings.Trim(w.value, "0123456789") == "" && w.value != "":
		text = w.value
	}
	p.want[s.name] = w.value
	if s.value.kind == literal && s.value.text == w.value && !w.null {
		return
	}
	p.done(s.value.at, s.value.end, text, s.name)
}

// add puts in what is missing, behind another item of the same array.
func (p *plan) add(w wishes, tokens []token) {
	all := settings(tokens)
	for name, wish := range w {
		if wish.after == "" || p.seen[name] {
			continue
		}
		put := false
		for _, s := range all {
			if s.name != wish.after || !s.known || !inArray(tokens, s.value) {
				continue
			}
			key := name[strings.LastIndexByte(name, '.')+1:]
			p.done(s.value.end, s.value.end, ", "+quotePHP(key)+" => "+quotePHP(wish.value), name)
			p.want[name] = wish.value
			put = true
		}
		if !put && p.seen[wish.after] {
			p.byHand(0, name, whyPut)
		}
	}
}

// inArray reports whether a value is an item of an array that another one may
// follow.
func inArray(tokens []token, value token) bool {
	for i, t := range tokens {
		if t.at == value.at && i > 1 && i+1 < len(tokens) {
			next := tokens[i+1]
			return tokens[i-1].is(sign, ">") && (next.is(sign, ",") || next.is(sign, ")") || next.is(sign, "]"))
		}
	}
	return false
}

// readPHP returns the values that a file sets, NULL as nothing.
func readPHP(src []byte) map[string][]string {
	values := map[string][]string{}
	for _, s := range settings(scan(src)) {
		text := s.value.text
		if s.value.is(word, "null") {
			text = ""
		}
		if s.known {
			values[s.name] = append(values[s.name], text)
		}
	}
	return values
}
