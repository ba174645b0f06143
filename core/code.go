package core

import (
	"strings"
)

// crockford is Crockford's base-32 alphabet: no I, L, O or U, so that nothing
// is misread or becomes a word (https://www.crockford.com/base32.html).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// The lengths in characters, of 5 bits each.
const (
	codeLength       = 8  // 40 bits: 10 guesses a request win with 10^-11
	tokenLength      = 6  // behind the passphrase or key, 10 tries a grant
	idLength         = 8  // of requests, grants and jobs: not secret
	passphraseLength = 25 // 125 bits, above the 100 that access.md wants
	paperLength      = 28 // 140 bits, above the 128 that access.md wants
)

// text draws n characters.
func (t *turn) text(n int) (string, error) {
	random, err := t.draw(n)
	if err != nil {
		return "", err
	}
	out := make([]byte, n)
	for i, b := range random {
		out[i] = crockford[b&31]
	}
	return string(out), nil
}

// newID draws an identifier such as "G-7M2KQ4XA".
func (t *turn) newID(prefix string) (string, error) {
	text, err := t.text(idLength)
	return prefix + "-" + text, err
}

// inGroups puts a dash after every size characters: XXXX-XXXX.
func inGroups(text string, size int) string {
	var out strings.Builder
	for i, r := range text {
		if i > 0 && i%size == 0 {
			out.WriteByte('-')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// readCrockford reads what a person typed: lower case, dashes and spaces are
// fine, O is read as 0, I and L as 1. It reports false for anything else or
// another length.
func readCrockford(typed string, length int) (string, bool) {
	out := make([]byte, 0, length)
	for _, r := range typed {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A' // not strings.ToUpper, which makes ASCII of other letters too
		}
		switch r {
		case '-', ' ', '\t', '\r', '\n':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || !strings.ContainsRune(crockford, r) || len(out) == length {
			return "", false
		}
		out = append(out, byte(r))
	}
	return string(out), len(out) == length
}
