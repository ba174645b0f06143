package backup

import "slices"

// How often a token of a file runs.
type phpRuns int

const (
	phpAlways    phpRuns = iota
	phpIfFile            // only if a file is there
	phpSometimes         // only if the running site finds so
)

// branches says of each token of a file whether it always runs. A block is one
// that depends on something; so is a statement behind if (…), and what follows
// && or ||.
func branches(tokens []phpToken) []phpRuns {
	b := &brancher{tokens: tokens, runs: make([]phpRuns, len(tokens))}
	for b.at < len(tokens) {
		b.step()
	}
	return b.runs
}

// brancher goes through the tokens of a file once.
type brancher struct {
	tokens []phpToken
	runs   []phpRuns
	at     int
	blocks []phpRuns // that are open
	once   phpRuns   // of the statement at hand
	round  int       // open ( and [
}

func (b *brancher) now() phpRuns {
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
	phpControl = []string{"if", "elseif", "else", "for", "foreach", "while", "switch", "do", "try", "catch", "finally", "function", "class", "match"}
	phpEnds    = []string{"endif", "endfor", "endforeach", "endwhile", "endswitch"}
)

func (b *brancher) step() {
	t := b.tokens[b.at]
	switch {
	case t.kind == phpWord && slices.ContainsFunc(phpControl, func(w string) bool { return t.is(phpWord, w) }):
		b.control()
		return
	case t.kind == phpWord && slices.ContainsFunc(phpEnds, func(w string) bool { return t.is(phpWord, w) }):
		b.close()
	case t.kind != phpSign:
	case t.text == "{":
		b.blocks = append(b.blocks, max(b.once, phpSometimes))
		b.once = phpAlways
	case t.text == "}":
		b.close()
		b.once = phpAlways
	case t.text == "(" || t.text == "[":
		b.round++
	case t.text == ")" || t.text == "]":
		b.round = max(0, b.round-1)
	case t.text == ";" && b.round == 0:
		b.mark(1)
		b.once = phpAlways
		return
	case t.text == "&" || t.text == "|" || t.text == "?":
		b.once = phpSometimes
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
	depends := phpSometimes
	start := b.at
	for b.at < len(b.tokens) && !b.tokens[b.at].is(phpSign, "(") && !b.tokens[b.at].is(phpSign, "{") && !b.tokens[b.at].is(phpSign, ":") && !b.tokens[b.at].is(phpSign, ";") {
		if word.is(phpWord, "else") || word.is(phpWord, "do") || word.is(phpWord, "try") || word.is(phpWord, "finally") {
			break
		}
		b.mark(1)
	}
	if b.at < len(b.tokens) && b.tokens[b.at].is(phpSign, "(") {
		b.mark(b.group())
		if word.is(phpWord, "if") && asksForFile(b.tokens[start:b.at]) {
			depends = phpIfFile
		}
	}
	switch {
	case b.at >= len(b.tokens):
	case b.tokens[b.at].is(phpSign, "{"):
		b.blocks = append(b.blocks, max(b.once, depends))
		b.once = phpAlways
		b.mark(1)
	case b.tokens[b.at].is(phpSign, ":"):
		if word.is(phpWord, "else") || word.is(phpWord, "elseif") {
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
		if t.is(phpSign, "(") {
			open++
		}
		if t.is(phpSign, ")") {
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return len(b.tokens) - b.at
}

// asksForFile reports whether a condition asks for nothing but whether a file is
// there.
func asksForFile(condition []phpToken) bool {
	asks := false
	for _, t := range condition {
		switch {
		case t.is(phpWord, "file_exists"), t.is(phpWord, "is_readable"), t.is(phpWord, "is_file"):
			asks = true
		case t.kind == phpWord && slices.ContainsFunc(phpPlaces, func(w string) bool { return t.is(phpWord, w) }):
		case t.kind == phpWord, t.is(phpSign, "!"), t.is(phpSign, "|"), t.is(phpSign, "="):
			return false
		}
	}
	return asks
}

// phpPlaces are words that stand for a directory.
var phpPlaces = []string{"__DIR__", "__FILE__", "DRUPAL_ROOT", "dirname", "conf_path"}
