package php

// Returned reads the one value that a file returns, as configuration files do.
// What does not return one is Unknown. file is what the values say of where they
// stand.
func Returned(file string, src []byte) Value {
	r := NewReader(file, Scan(src))
	found := Value{Kind: Unknown, File: file, Line: 1}
	for count := 0; r.More(); {
		if !r.Peek(0).Is(Word, "return") {
			r.at++
			continue
		}
		r.at++
		v := r.Value()
		if count++; count > 1 {
			return Value{Kind: Unknown, File: file, Line: v.Line}
		}
		found = v
	}
	return found
}

// Assigned reads what a file assigns to variables, or to constants with define,
// wherever in it, by name without the $. What is set to different values is a
// Conflict. file is what the values say of where they stand.
func Assigned(file string, src []byte) map[string]Value {
	r := NewReader(file, Scan(src))
	values := map[string]Value{}
	for r.More() {
		name := r.Peek(0).Text
		switch {
		case r.Peek(0).Kind == Variable && r.Sign(1, "=") && !r.Sign(2, "=") && !r.Sign(2, ">"):
			r.at += 2
		case r.Peek(0).Is(Word, "define") && r.Sign(1, "(") && r.Peek(2).Kind == Literal && r.Sign(3, ","):
			name = r.Peek(2).Text
			r.at += 4
		default:
			r.at++
			continue
		}
		v := r.Value()
		if before, ok := values[name]; ok && (before.Kind != Scalar || v.Kind != Scalar || before.Text != v.Text) {
			v = Value{Kind: Conflict, File: file, Line: before.Line, Where: v.Line}
		}
		values[name] = v
	}
	return values
}
