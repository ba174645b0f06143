package php

import "slices"

// Runs says how often a token of a file runs.
type Runs int

// How often a token runs, in the order in which less is known of it.
const (
	Always    Runs = iota
	IfFile         // only if a file is there
	Sometimes      // only if the running site finds so
)

// branches says of each token of a file whether it always runs. A block is one
// that depends on something; so is a statement behind if (…), and what follows
// && or ||.
func branches(tokens []Token) []Runs {
	b := &brancher{tokens: tokens, runs: make([]Runs, len(tokens))}
	for b.at < len(tokens) {
		b.step()
	}
	return b.runs
}

// brancher goes through the tokens of a file once.
type brancher struct {
	tokens []Token
	runs   []Runs
	at     int
	blocks []Runs // that are open
	once   Runs   // of the statement at hand
	round  int    // open ( and [
}

func (b *brancher) now() Runs {
	now := b.once
	for _, block := range b.blocks {
		now = max(now, block)
	}
	return now
}

func (b *brancher) mark(n int) {
	for range n {
		if b.at < len(b.tokens) {
			b.runs[b.at] = b.now()
			b.at++
		}
	}
}

var (
	control = []string{"if", "elseif", "else", "for", "foreach", "while", "switch", "do", "try", "catch", "finally", "function", "class", "match"}
	ends    = []string{"endif", "endfor", "endforeach", "endwhile", "endswitch"}
)

func (b *brancher) step() {
	t := b.tokens[b.at]
	switch {
	case t.Kind == Word && slices.ContainsFunc(control, func(w string) bool { return t.Is(Word, w) }):
		b.control()
		return
	case t.Kind == Word && slices.ContainsFunc(ends, func(w string) bool { return t.Is(Word, w) }):
		b.close()
	case t.Kind != Sign:
	case t.Text == "{":
		b.blocks = append(b.blocks, max(b.once, Sometimes))
		b.once = Always
	case t.Text == "}":
		b.close()
		b.once = Always
	case t.Text == "(" || t.Text == "[":
		b.round++
	case t.Text == ")" || t.Text == "]":
		b.round = max(0, b.round-1)
	case t.Text == ";" && b.round == 0:
		b.mark(1)
		b.once = Always
		return
	case t.Text == "&" || t.Text == "|" || t.Text == "?":
		b.once = Sometimes
	}
	b.mark(1)
}

func (b *brancher) close() {
	if len(b.blocks) > 0 {
		b.blocks = b.blocks[:len(b.blocks)-1]
	}
}

// control passes the head of an if and its kin and opens what depends on it.
func (b *brancher) control() {
	word := b.tokens[b.at]
	b.mark(1)
	depends := Sometimes
	start := b.at
	for b.at < len(b.tokens) && !b.tokens[b.at].Is(Sign, "(") && !b.tokens[b.at].Is(Sign, "{") && !b.tokens[b.at].Is(Sign, ":") && !b.tokens[b.at].Is(Sign, ";") {
		if word.Is(Word, "else") || word.Is(Word, "do") || word.Is(Word, "try") || word.Is(Word, "finally") {
			break
		}
		b.mark(1)
	}
	if b.at < len(b.tokens) && b.tokens[b.at].Is(Sign, "(") {
		b.mark(b.group())
		if word.Is(Word, "if") && asksForFile(b.tokens[start:b.at]) {
			depends = IfFile
		}
	}
	switch {
	case b.at >= len(b.tokens):
	case b.tokens[b.at].Is(Sign, "{"):
		b.blocks = append(b.blocks, max(b.once, depends))
		b.once = Always
		b.mark(1)
	case b.tokens[b.at].Is(Sign, ":"):
		if word.Is(Word, "else") || word.Is(Word, "elseif") {
			b.close()
		}
		b.blocks = append(b.blocks, max(b.once, depends))
		b.mark(1)
	default:
		b.once = max(b.once, depends)
	}
}

// group is how many tokens there are up to the bracket that fits this one.
func (b *brancher) group() int {
	open := 0
	for i, t := range b.tokens[b.at:] {
		if t.Is(Sign, "(") {
			open++
		}
		if t.Is(Sign, ")") {
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return len(b.tokens) - b.at
}

// asksForFile reports whether a condition asks for nothing but whether a file is
// there.
func asksForFile(condition []Token) bool {
	asks := false
	for _, t := range condition {
		switch {
		case t.Is(Word, "file_exists"), t.Is(Word, "is_readable"), t.Is(Word, "is_file"):
			asks = true
		case t.Kind == Word && slices.ContainsFunc(places, func(w string) bool { return t.Is(Word, w) }):
		case t.Kind == Word, t.Is(Sign, "!"), t.Is(Sign, "|"), t.Is(Sign, "="):
			return false
		}
	}
	return asks
}

// places are words that stand for a directory.
var places = []string{"__DIR__", "__FILE__", "DRUPAL_ROOT", "dirname", "conf_path"}
