package repoint

import (
	"slices"
	"strings"

	"breakglass/core/backup/php"
)

// The sentences about what is left to a person.
const (
	whyComputed = "The site computes this when it runs; change it by hand."
	whyAddress  = "An old address or path stands here among what the site computes; change it by hand."
	whyOther    = "This database of the site was not restored; look at it by hand."
	whyParts    = "The file does not say all of this database's host, user and password; look at the rest by hand."
	whyPut      = "The file does not set this in a place where it can be added safely; write it there by hand."
)

// php plans the changes of a PHP file.
func (p *plan) php(w wishes, hosts []host) {
	p.read = readPHP
	tokens := php.Scan(p.src)
	names := map[int]string{} // of settings, by where their value stands
	taken := map[int]bool{}
	for _, s := range settings(tokens) {
		if s.known {
			names[s.value.At] = s.name
		}
		wish, ok := w[s.name]
		p.seen[s.name] = true
		switch {
		case !ok && !s.known && p.unmoved(s):
			p.byHand(s.line, s.name, whyComputed)
		case !ok && (further(s.name) || p.unmoved(s)):
			p.byHand(s.line, s.name, whyOther)
		case !ok:
		case !s.known:
			p.byHand(s.line, s.name, whyComputed)
		default:
			taken[s.value.At] = true
			p.grant(s, wish)
		}
	}
	p.add(w, tokens)
	for _, t := range tokens {
		switch {
		case taken[t.At]:
		case t.Kind == php.Literal:
			if text, ok := p.moved(names[t.At], t.Text, hosts); ok {
				p.done(t.At, t.End, php.Quote(text), names[t.At])
			}
		case t.Kind == php.Computed:
			if _, ok := p.moved("", string(p.src[t.At:t.End]), hosts); ok {
				p.byHand(t.Line, "", whyAddress)
			}
		}
	}
}

// ownDatabase are the settings that name a program's own database.
var ownDatabase = []string{
	"DB_NAME", "db", "databases.default.default.database", "return.db.connection.default.dbname", "return.DB.Connections.Default.dbname",
	"return.parameters.database_name", "_DB_NAME_", "wgDBname",
}

// unmoved reports whether a setting names the program's own database, though that
// is to be changed and went nowhere.
func (p *plan) unmoved(s setting) bool { return p.strict && slices.Contains(ownDatabase, s.name) }

// further reports whether a setting names a database beside the site's own.
func further(name string) bool {
	for prefix, own := range map[string]string{
		"databases.": "databases.default.default.database", "return.db.connection.": "return.db.connection.default.dbname",
		"return.DB.Connections.": "return.DB.Connections.Default.dbname",
	} {
		suffix := own[strings.LastIndexByte(own, '.'):]
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) && name != own {
			return true
		}
	}
	return false
}

// grant plans the change of a setting.
func (p *plan) grant(s setting, w wish) {
	text := php.Quote(w.value)
	number := s.value.Kind == php.Word && s.value.Text[0] >= '0' && s.value.Text[0] <= '9'
	switch {
	case w.null:
		text = "NULL"
		if strings.EqualFold(s.value.Text, text) && s.value.Kind == php.Word {
			return
		}
	case number && strings.Trim(w.value, "0123456789") == "" && w.value != "":
		text = w.value
	}
	p.want[s.name] = w.value
	if s.value.Kind == php.Literal && s.value.Text == w.value && !w.null {
		return
	}
	p.done(s.value.At, s.value.End, text, s.name)
}

// add puts in what is missing, behind another item of the same array.
func (p *plan) add(w wishes, tokens []php.Token) {
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
			p.done(s.value.End, s.value.End, ", "+php.Quote(key)+" => "+php.Quote(wish.value), name)
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
func inArray(tokens []php.Token, value php.Token) bool {
	for i, t := range tokens {
		if t.At == value.At && i > 1 && i+1 < len(tokens) {
			next := tokens[i+1]
			return tokens[i-1].Is(php.Sign, ">") && (next.Is(php.Sign, ",") || next.Is(php.Sign, ")") || next.Is(php.Sign, "]"))
		}
	}
	return false
}

// readPHP returns the values that a file sets, NULL as nothing.
func readPHP(src []byte) map[string][]string {
	values := map[string][]string{}
	for _, s := range settings(php.Scan(src)) {
		text := s.value.Text
		if s.value.Is(php.Word, "null") {
			text = ""
		}
		if s.known {
			values[s.name] = append(values[s.name], text)
		}
	}
	return values
}
