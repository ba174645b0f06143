package php

import (
	"strconv"
	"strings"
)

// maxNesting bounds how deep arrays lie in each other.
const maxNesting = 32

// Reader goes through the tokens of a file and reads values. What it does not
// understand it passes as a whole, so that what follows is read all the same. It
// is for one goroutine.
type Reader struct {
	// File is what values say of where they stand.
	File string

	tokens []Token
	runs   []Runs
	at     int
	depth  int
}

// NewReader returns a reader at the start of a file's tokens.
func NewReader(file string, tokens []Token) *Reader { return &Reader{File: file, tokens: tokens} }

// More reports whether there are tokens left.
func (r *Reader) More() bool { return r.at < len(r.tokens) }

// Skip goes on by n tokens.
func (r *Reader) Skip(n int) { r.at = min(r.at+n, len(r.tokens)) }

// Peek returns the token that is n tokens ahead. Behind the last there are signs
// without a text.
func (r *Reader) Peek(n int) Token {
	if r.at+n >= len(r.tokens) {
		return Token{Kind: Sign}
	}
	return r.tokens[r.at+n]
}

// Sign reports whether the token that is n tokens ahead is this sign.
func (r *Reader) Sign(n int, text string) bool { return r.Peek(n).Is(Sign, text) }

// Runs says how often the token at hand runs.
func (r *Reader) Runs() Runs {
	if r.runs == nil {
		r.runs = branches(r.tokens)
	}
	if !r.More() {
		return Always
	}
	return r.runs[r.at]
}

// Ended reports whether an expression can end here.
func (r *Reader) Ended() bool {
	t := r.Peek(0)
	return t.Kind == Sign && (t.Text == ";" || t.Text == "," || t.Text == ")" || t.Text == "]" || t.Text == "=" && r.Sign(1, ">"))
}

// Value reads an expression and stops at the sign that ends it.
func (r *Reader) Value() Value {
	line := r.Peek(0).Line
	v := r.primary()
	v.File, v.Line = r.File, line
	if r.Ended() {
		return v
	}
	r.pass()
	return Value{Kind: Unknown, File: r.File, Line: line}
}

// pass goes behind what is left of an expression.
func (r *Reader) pass() {
	open := 0
	for ; r.More(); r.at++ {
		if open == 0 && r.Ended() {
			return
		}
		if t := r.Peek(0); t.Kind == Sign {
			switch t.Text {
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
func (r *Reader) primary() Value {
	unknown := Value{Kind: Unknown}
	for r.Sign(0, "(") && r.isCast() {
		r.at += 3
	}
	t := r.Peek(0)
	switch {
	case t.Kind == Literal:
		r.at++
		return Value{Kind: Scalar, Text: t.Text}
	case r.depth >= maxNesting:
		return unknown
	case r.Sign(0, "["):
		r.at++
		return r.array("]")
	case t.Is(Word, "array") && r.Sign(1, "("):
		r.at += 2
		return r.array(")")
	case t.Is(Word, "env") && r.Sign(1, "(") && r.Peek(2).Kind == Literal:
		return r.environment()
	case t.Kind == Word:
		return r.word(t.Text)
	}
	return unknown
}

func (r *Reader) isCast() bool {
	t := r.Peek(1)
	return r.Sign(2, ")") && (t.Is(Word, "string") || t.Is(Word, "int") || t.Is(Word, "bool"))
}

func (r *Reader) word(text string) Value {
	r.at++
	switch lower := strings.ToLower(text); {
	case lower == "null":
		return Value{Kind: Null}
	case lower == "true":
		return Value{Kind: Scalar, Text: "1"}
	case lower == "false":
		return Value{Kind: Scalar}
	case text == "0" || strings.Trim(text, "0123456789") == "" && text[0] != '0':
		return Value{Kind: Scalar, Text: text}
	}
	return Value{Kind: Unknown}
}

// environment reads env('NAME') and env('NAME', other).
func (r *Reader) environment() Value {
	v := Value{Kind: Env, Text: r.Peek(2).Text}
	r.at += 3
	if r.Sign(0, ",") && !r.Sign(1, ")") {
		r.at++
		r.depth++
		other := r.Value()
		r.depth--
		v.Other = &other
	}
	if r.Sign(0, ",") {
		r.at++
	}
	if !r.Sign(0, ")") {
		return Value{Kind: Unknown}
	}
	r.at++
	return v
}

// array reads what is between the brackets, and the closing one.
func (r *Reader) array(end string) Value {
	v := Value{Kind: Array}
	r.depth++
	defer func() { r.depth-- }()
	next := 0
	for r.More() {
		switch {
		case r.Sign(0, end):
			r.at++
			return v
		case r.Sign(0, ","):
			r.at++
			continue
		case r.Ended():
			return Value{Kind: Unknown} // brackets do not fit
		}
		before := r.at
		item := Item{Key: strconv.Itoa(next), Value: r.Value()}
		if r.Sign(0, "=") && r.Sign(1, ">") {
			key := item.Value
			r.at += 2
			item.Key, item.Value = key.Text, r.Value()
			if key.Kind != Scalar {
				v.Open = true
				continue
			}
		} else {
			next++
			v.Open = v.Open || item.Value.Kind == Unknown && before < len(r.tokens) && r.tokens[before].Is(Sign, ".") // ...$more
		}
		v.Items = append(v.Items, item)
		if r.at == before {
			return Value{Kind: Unknown}
		}
	}
	return Value{Kind: Unknown}
}
