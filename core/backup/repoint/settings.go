package repoint

import (
	"strings"

	"breakglass/core/backup/php"
)

// setting is a place where a PHP file sets something.
type setting struct {
	name  string    // DB_NAME, table_prefix, databases.default.default.host
	value php.Token // the one token of its value
	known bool      // it is that one token; else it is computed
	line  int
}

// reader finds the settings in the tokens of a file.
type reader struct {
	*php.Reader
	found []setting
}

// settings returns what a file sets: constants, variables, parts of arrays, and
// what it returns.
func settings(tokens []php.Token) []setting {
	r := &reader{Reader: php.NewReader("", tokens)}
	for r.More() {
		t := r.Peek(0)
		switch {
		case t.Is(php.Word, "define") && r.Sign(1, "(") && r.Peek(2).Kind == php.Literal && r.Sign(3, ","):
			name := r.Peek(2).Text
			r.Skip(4)
			r.value(name)
		case t.Is(php.Word, "const") && r.Sign(2, "="):
			name := r.Peek(1).Text
			r.Skip(3)
			r.value(name)
		case t.Is(php.Word, "return"):
			r.Skip(1)
			r.value("return")
		case t.Kind == php.Variable:
			r.assignment()
		default:
			r.Skip(1)
		}
	}
	return r.found
}

// assignment reads $name['key'] = value.
func (r *reader) assignment() {
	name := r.Peek(0).Text
	r.Skip(1)
	for r.Sign(0, "[") && r.Sign(2, "]") && r.key(1) {
		name += "." + r.Peek(1).Text
		r.Skip(3)
	}
	if !r.Sign(0, "=") {
		built := (r.Sign(0, ".") || r.Sign(0, "+")) && r.Sign(1, "=") || r.Sign(0, "?") && r.Sign(1, "?") && r.Sign(2, "=")
		if built {
			r.found = append(r.found, setting{name: name, line: r.Peek(0).Line})
		}
		return
	}
	if r.Sign(1, "=") || r.Sign(1, ">") {
		return // it is compared, or a key
	}
	r.Skip(1)
	r.value(name)
}

// key reports whether the token at n may be the key of an array.
func (r *reader) key(n int) bool {
	t := r.Peek(n)
	return t.Kind == php.Literal || t.Kind == php.Word && t.Text[0] >= '0' && t.Text[0] <= '9'
}

// value reads the value of a name, with all that is in it.
func (r *reader) value(name string) {
	switch {
	case r.Sign(0, "["):
		r.Skip(1)
		r.items(name, "]")
		return
	case r.Peek(0).Is(php.Word, "array") && r.Sign(1, "("):
		r.Skip(2)
		r.items(name, ")")
		return
	}
	s := setting{name: name, value: r.Peek(0), line: r.Peek(0).Line}
	s.known = r.expression() == 1 && (s.value.Kind == php.Literal || s.value.Kind == php.Word && plainWord(s.value.Text))
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
	for r.More() && !r.Sign(0, end) {
		switch {
		case r.key(0) && r.Sign(1, "=") && r.Sign(2, ">"):
			key := r.Peek(0).Text
			r.Skip(3)
			r.value(name + "." + key)
		default:
			passed := r.expression()
			if r.Sign(0, "=") && r.Sign(1, ">") {
				r.Skip(2) // a key that is computed
				r.value(name + ".?")
			} else if passed == 0 && !r.Sign(0, ",") && !r.Sign(0, end) {
				return // not an array as PHP has them
			}
		}
		if r.Sign(0, ",") {
			r.Skip(1)
		}
	}
	r.Skip(1)
}

// expression passes all that belongs to a value: up to a comma, a semicolon, =>
// or a closing bracket of what is around it. It returns of how many tokens.
func (r *reader) expression() (passed int) {
	for depth := 0; r.More(); passed++ {
		t := r.Peek(0)
		if t.Kind == php.Sign {
			switch t.Text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				if depth == 0 {
					return passed
				}
				depth--
			case ",":
				if depth == 0 {
					return passed
				}
			case ";":
				return passed
			case "=":
				if depth == 0 && r.Sign(1, ">") {
					return passed
				}
			}
		}
		r.Skip(1)
	}
	return passed
}
