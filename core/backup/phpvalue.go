package backup

import (
	"slices"
	"strings"
)

// phpValueKind is what is known of a value of PHP.
type phpValueKind int

const (
	phpNothing  phpValueKind = iota // there is none
	phpUnknown                      // only the running site could tell
	phpConflict                     // it is set to different values, depending on what the running site finds
	phpScalar                       // a string, a number, a boolean
	phpNull
	phpArray
	phpEnv // env('NAME', other): a variable of the environment
)

// phpValue is what an expression of PHP stands for, as far as that can be told
// without running it.
type phpValue struct {
	kind  phpValueKind
	text  string    // of a scalar; of phpEnv: the variable's name
	items []phpItem // of an array, in order; a later one of the same key counts
	open  bool      // of an array: it holds something whose key is not known
	other *phpValue // of phpEnv: what stands in for it
	file  string
	line  int
	where int // of phpConflict: the other line
}

// phpItem is an element of an array.
type phpItem struct {
	key   string
	value phpValue
}

// at goes down into arrays.
func (v phpValue) at(keys ...string) phpValue {
	for _, key := range keys {
		if v.kind != phpArray {
			if v.kind == phpScalar || v.kind == phpNull {
				return phpValue{}
			}
			return v
		}
		i := v.index(key)
		switch {
		case i >= 0:
			v = v.items[i].value
		case v.open:
			return phpValue{kind: phpUnknown, file: v.file, line: v.line}
		default:
			return phpValue{}
		}
	}
	return v
}

func (v phpValue) index(key string) int {
	for i := len(v.items) - 1; i >= 0; i-- {
		if v.items[i].key == key {
			return i
		}
	}
	return -1
}

// keys returns the keys of an array, each once, in order.
func (v phpValue) keys() (keys []string) {
	for _, item := range v.items {
		if !slices.Contains(keys, item.key) {
			keys = append(keys, item.key)
		}
	}
	return keys
}

// maxNesting bounds how deep arrays lie in each other.
const maxNesting = 32

// phpReader reads values from tokens. What it does not understand it passes as a
// whole, so that what follows is read all the same.
type phpReader struct {
	file   string
	tokens []phpToken
	at     int
	depth  int
}

func (r *phpReader) peek(offset int) phpToken {
	if r.at+offset >= len(r.tokens) {
		return phpToken{kind: phpSign}
	}
	return r.tokens[r.at+offset]
}

func (r *phpReader) sign(offset int, text string) bool { return r.peek(offset).is(phpSign, text) }

// ended reports whether an expression can end here.
func (r *phpReader) ended() bool {
	t := r.peek(0)
	return t.kind == phpSign && (t.text == ";" || t.text == "," || t.text == ")" || t.text == "]" || t.text == "=" && r.sign(1, ">"))
}

// value reads an expression and stops at the sign that ends it.
func (r *phpReader) value() phpValue {
	line := r.peek(0).line
	v := r.primary()
	v.file, v.line = r.file, line
	if r.ended() {
		return v
	}
	r.skip()
	return phpValue{kind: phpUnknown, file: r.file, line: line}
}

// skip passes what is left of an expression.
func (r *phpReader) skip() {
	open := 0
	for ; r.at < len(r.tokens); r.at++ {
		if open == 0 && r.ended() {
			return
		}
		if t := r.tokens[r.at]; t.kind == phpSign {
			switch t.text {
			case "(", "[", "{":
				open++
			case ")", "]", "}":
				open--
			}
			if open < 0 {
				return
			}
		}
	}
}

// primary reads a value that stands for itself.
func (r *phpReader) primary() phpValue {
	unknown := phpValue{kind: phpUnknown}
	for r.sign(0, "(") && r.isCast() {
		r.at += 3
	}
	t := r.peek(0)
	switch {
	case t.kind == phpString:
		r.at++
		return phpValue{kind: phpScalar, text: t.text}
	case r.depth >= maxNesting:
		return unknown
	case r.sign(0, "["):
		r.at++
		return r.array("]")
	case t.is(phpWord, "array") && r.sign(1, "("):
		r.at += 2
		return r.array(")")
	case t.is(phpWord, "env") && r.sign(1, "(") && r.peek(2).kind == phpString:
		return r.environment()
	case t.kind == phpWord:
		return r.word(t.text)
	}
	return unknown
}

func (r *phpReader) isCast() bool {
	t := r.peek(1)
	return r.sign(2, ")") && (t.is(phpWord, "string") || t.is(phpWord, "int") || t.is(phpWord, "bool"))
}

func (r *phpReader) word(text string) phpValue {
	r.at++
	switch lower := strings.ToLower(text); {
	case lower == "null":
		return phpValue{kind: phpNull}
	case lower == "true":
		return phpValue{kind: phpScalar, text: "1"}
	case lower == "false":
		return phpValue{kind: phpScalar}
	case text == "0" || strings.Trim(text, "0123456789") == "" && text[0] != '0':
		return phpValue{kind: phpScalar, text: text}
	}
	return phpValue{kind: phpUnknown}
}

// environment reads env('NAME') and env('NAME', other).
func (r *phpReader) environment() phpValue {
	v := phpValue{kind: phpEnv, text: r.peek(2).text}
	r.at += 3
	if r.sign(0, ",") && !r.sign(1, ")") {
		r.at++
		r.depth++
		other := r.value()
		r.depth--
		v.other = &other
	}
	if r.sign(0, ",") {
		r.at++
	}
	if !r.sign(0, ")") {
		return phpValue{kind: phpUnknown}
	}
	r.at++
	return v
}

// array reads what is between the brackets, and the closing one.
func (r *phpReader) array(end string) phpValue {
	v := phpValue{kind: phpArray}
	r.depth++
	defer func() { r.depth-- }()
	next := 0
	for r.at < len(r.tokens) {
		switch {
		case r.sign(0, end):
			r.at++
			return v
		case r.sign(0, ","):
			r.at++
			continue
		case r.ended():
			return phpValue{kind: phpUnknown} // brackets do not fit
		}
		before := r.at
		item := phpItem{key: decimal(next), value: r.value()}
		if r.sign(0, "=") && r.sign(1, ">") {
			key := item.value
			r.at += 2
			item.key, item.value = key.text, r.value()
			if key.kind != phpScalar {
				v.open = true
				continue
			}
		} else {
			next++
			v.open = v.open || item.value.kind == phpUnknown && before < len(r.tokens) && r.tokens[before].is(phpSign, ".") // ...$more
		}
		v.items = append(v.items, item)
		if r.at == before {
			return phpValue{kind: phpUnknown}
		}
	}
	return phpValue{kind: phpUnknown}
}

// returned reads the one value that a file returns, as configuration files do.
// What does not return one is unknown.
func returned(file string, src []byte) phpValue {
	r := &phpReader{file: file, tokens: phpTokens(src)}
	found := phpValue{kind: phpUnknown, file: file, line: 1}
	for count := 0; r.at < len(r.tokens); {
		if !r.peek(0).is(phpWord, "return") {
			r.at++
			continue
		}
		r.at++
		v := r.value()
		if count++; count > 1 {
			return phpValue{kind: phpUnknown, file: file, line: v.line}
		}
		found = v
	}
	return found
}

// assigned reads what a file assigns to variables, or to constants with define,
// wherever in it. What is set to different values is a conflict.
func assigned(file string, src []byte) map[string]phpValue {
	r := &phpReader{file: file, tokens: phpTokens(src)}
	values := map[string]phpValue{}
	for r.at < len(r.tokens) {
		name := r.peek(0).text
		switch {
		case r.peek(0).kind == phpVariable && r.sign(1, "=") && !r.sign(2, "=") && !r.sign(2, ">"):
			r.at += 2
		case r.peek(0).is(phpWord, "define") && r.sign(1, "(") && r.peek(2).kind == phpString && r.sign(3, ","):
			name = r.peek(2).text
			r.at += 4
		default:
			r.at++
			continue
		}
		v := r.value()
		if before, ok := values[name]; ok && (before.kind != phpScalar || v.kind != phpScalar || before.text != v.text) {
			v = phpValue{kind: phpConflict, file: file, line: before.line, where: v.line}
		}
		values[name] = v
	}
	return values
}
