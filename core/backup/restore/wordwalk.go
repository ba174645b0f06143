package restore

import (
	"bytes"
	"regexp"
	"strings"
)

// wordKind is what a wordWalk has found.
type wordKind int

const (
	plainWord   wordKind = iota // a word or number, outside of quotes and comments
	quoted                      // '…' or "…"
	named                       // `…`
	sandboxMark                 // MariaDB's first line, which older clients choke on
)

// wordWalk goes through a statement word by word. Comments are passed over, but
// what is in /*! */ and /*M! */ is code.
type wordWalk struct {
	text       []byte
	start, end int
	kind       wordKind
	behind     string // the word before, lower case
	before     string // the word that will be behind
}

// sandboxLine is how MariaDB's dumps begin.
var sandboxLine = []byte(`/*M!999999\-`)

// word is what was found.
func (w *wordWalk) word() []byte { return w.text[w.start:w.end] }

// next finds the next word.
func (w *wordWalk) next() bool {
	w.behind = w.before
	for i := w.end; i < len(w.text); {
		c, rest := w.text[i], w.text[i:]
		switch {
		case c == '\'' || c == '"' || c == '`':
			w.start, w.end, w.kind = i, i+quoteEnd(rest), quoted
			if c == '`' {
				w.kind = named
			}
			w.before = ""
			return true
		case c == '#', bytes.HasPrefix(rest, []byte("-- ")), bytes.HasPrefix(rest, []byte("--\n")):
			i += lineEnd(rest)
		case bytes.HasPrefix(rest, sandboxLine):
			w.start, w.end, w.kind = i, i+lineEnd(rest), sandboxMark
			return true
		case bytes.HasPrefix(rest, []byte("/*!")):
			i += 3
		case bytes.HasPrefix(rest, []byte("/*M!")):
			i += 4
		case bytes.HasPrefix(rest, []byte("/*")):
			i += commentEnd(rest)
		case letter(c):
			j := i
			for j < len(w.text) && letter(w.text[j]) {
				j++
			}
			w.start, w.end, w.kind = i, j, plainWord
			w.remember(strings.ToLower(string(w.text[i:j])))
			return true
		default:
			i++
		}
	}
	return false
}

// remember keeps a word for the next one. Versions behind /*! are none.
func (w *wordWalk) remember(word string) {
	switch {
	case strings.Trim(word, "0123456789") == "":
	case word == "set" && w.behind == "character":
		w.before = "character set"
	default:
		w.before = word
	}
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// quoteEnd is the length of a quoted text at the start of p.
func quoteEnd(p []byte) int {
	for i := 1; i < len(p); i++ {
		switch {
		case p[i] == '\\' && p[0] != '`':
			i++
		case p[i] == p[0] && i+1 < len(p) && p[i+1] == p[0]:
			i++
		case p[i] == p[0]:
			return i + 1
		}
	}
	return len(p)
}

func lineEnd(p []byte) int {
	if n := bytes.IndexByte(p, '\n'); n >= 0 {
		return n + 1
	}
	return len(p)
}

func commentEnd(p []byte) int {
	if n := bytes.Index(p[2:], []byte("*/")); n >= 0 {
		return n + 4
	}
	return len(p)
}

// definerForm is what stands behind DEFINER: an account, or the present user.
var definerForm = regexp.MustCompile("^\\s*=\\s*(?:(?:`(?:[^`]|``)*`|'(?:[^'\\\\]|''|\\\\.)*'|\"(?:[^\"\\\\]|\"\"|\\\\.)*\"|[0-9A-Za-z_$.-]+)(?:\\s*@\\s*(?:`(?:[^`]|``)*`|'(?:[^'\\\\]|''|\\\\.)*'|\"(?:[^\"\\\\]|\"\"|\\\\.)*\"|[0-9A-Za-z_$.%-]+))?)(?:\\s*\\(\\s*\\))?")

// definerEnd returns where DEFINER = … ends; 0: it is another DEFINER.
func definerEnd(text []byte, at int) int {
	m := definerForm.FindIndex(text[at:])
	if m == nil {
		return 0
	}
	return at + m[1]
}

// optionForm is what stands behind a table's option.
var optionForm = regexp.MustCompile(`^\s*=?\s*[0-9]+`)

func optionEnd(text []byte, at int) int {
	m := optionForm.FindIndex(text[at:])
	if m == nil {
		return 0
	}
	return at + m[1]
}
