package repoint

// Literal is a string of a PHP file, for tests.
type Literal struct {
	At, End int
	Text    string
}

// Literals returns the strings of a PHP file of which the value is known.
func Literals(src []byte) (found []Literal) {
	for _, t := range scan(src) {
		if t.kind == literal {
			found = append(found, Literal{t.at, t.end, t.text})
		}
	}
	return found
}
