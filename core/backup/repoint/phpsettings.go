package repoint

import "strings"

// setting is a place where a PHP file sets something.
type setting struct {
	name  string // DB_NAME, table_prefix, databases.default.default.host
	value token  // the one token of its value
	known bool   // it is that one token; else it is computed
	line  int
}

// reader finds the settings in the tokens of a file.
type reader struct {
	tokens []token
	at     int
	found  []setting
}

// settings returns what a file sets: constants, variables, parts of arrays, and
// what it returns.
func settings(tokens []token) []setting {
	r := &reader{tokens: tokens}
	for r.at < len(r.tokens) {
		t := r.peek(0)
		switch {
		case t.is(word, "define") && r.sign(1, "(") && r.peek(2).kind == literal && r.sign(3, ","):
			name := r.peek(2).text
			r.at += 4
			r.value(name)
		case t.is(word, "const") && r.sign(2, "="):
			name := r.peek(1).text
			r.at += 3
			r.value(name)
		case t.is(word, "return"):
			r.at++
			r.value("return")
		case t.kind == variable:
			r.assignment()
		default:
			r.at++
		}
	}
	return r.found
}

func (r *reader) peek(n int) token {
	if r.at+n >= len(r.tokens) {
		return token{kind: sign}
	}
	return r.tokens[r.at+n]
}

func (r *reader) sign(n int, text string) bool {
	return r.at+n < len(r.tokens) && r.peek(n).is(sign, text)
}

// assignment reads $name['key'] = value.
func (r *reader) assignment() {
	name := r.peek(0).text
	r.at++
	for r.sign(0, "[") && r.sign(2, "]") && r.key(1) {
		name += "." + r.peek(1).text
		r.at += 3
	}
	if !r.sign(0, "=") {
		built := (r.sign(0, ".") || r.sign(0, "+")) && r.sign(1, "=") || r.sign(0, "?") && r.sign(1, "?") && r.sign(2, "=")
		if built {
			r.found = append(r.found, setting{name: name, line: r.peek(0).line})
		}
		return
	}
	if r.sign(1, "=") || r.sign(1, ">") {
		return // it is compared, or a key
	}
	r.at++
	r.value(name)
}

// key reports whether the token at n may be the key of an array.
func (r *reader) key(n int) bool {
	t := r.peek(n)
	return t.kind == literal || t.kind == word && t.text[0] >= '0' && t.text[0] <= '9'
}

// value reads the value of a name, with all that is in it.
func (r *reader) value(name string) {
	switch {
	case r.sign(0, "["):
		r.at++
		r.items(name, "]")
		return
	case r.peek(0).is(word, "array") && r.sign(1, "("):
		r.at += 2
		r.items(name, ")")
		return
	}
	s := setting{name: name, value: r.peek(0), line: r.peek(0).line}
	start := r.at
	r.expression()
	s.known = r.at == start+1 && (s.value.kind == literal || s.value.kind == word && plainWord(s.value.text))
	r.found = append(r.found, s)
}

// plainWord reports whether a word is a value in itself.
func plainWord(text string) bool {
	switch strings.ToLower(text) {
	case "null", "true", "false":
		return true
	}
	return text[0] >= '0' && text[0] <= '9'
}

// items reads the items of an array up to its end.
func (r *reader) items(name, end string) {
	for r.at < len(r.tokens) && !r.sign(0, end) {
		switch {
		case r.key(0) && r.sign(1, "=") && r.sign(2, ">"):
			key := r.peek(0).text
			r.at += 3
			r.value(name + "." + key)
		default:
			start := r.at
			r.expression()
			if r.sign(0, "=") && r.sign(1, ">") {
				r.at += 2 // a key that is computed
				r.value(name + ".?")
			} else if start == r.at && !r.sign(0, ",") && !r.sign(0, end) {
				return // not an array as PHP has them
			}
		}
		if r.sign(0, ",") {
			r.at++
		}
	}
	r.at++
}

// expression passes all that belongs to a value: up to a comma, a semicolon, =>
// or a closing bracket of what is around it.
func (r *reader) expression() {
	for depth := 0; r.at < len(r.tokens); r.at++ {
		t := r.peek(0)
		if t.kind != sign {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth == 0 {
				return
			}
			depth--
		case ",":
			if depth == 0 {
				return
			}
		case ";":
			return
		case "=":
			if depth == 0 && r.sign(1, ">") {
				return
			}
		}
	}
}
