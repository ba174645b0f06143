package php

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Quote writes text as a string of PHP in single quotes, which every version reads
// back as it is.
func Quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// simpleEscapes are those of one letter in double quotes.
const (
	escapeLetters = `ntrvef\$"`
	escapeBytes   = "\n\t\r\v\x1b\f\\$\""
)

// escape reads the escape at the start of src, which is a backslash, and returns
// what it stands for and how long it is.
func escape(src []byte) (text string, n int) {
	if len(src) < 2 {
		return `\`, 1
	}
	c := src[1]
	if i := strings.IndexByte(escapeLetters, c); i >= 0 {
		return escapeBytes[i : i+1], 2
	}
	switch {
	case c >= '0' && c <= '7':
		return digits(src, 1, 3, 8)
	case c == 'x' && len(src) > 2 && hexDigit(src[2]):
		return digits(src, 2, 2, 16)
	case c == 'u':
		end := strings.IndexByte(string(src[:min(len(src), 17)]), '}')
		if end > 3 && src[2] == '{' {
			if r, err := strconv.ParseUint(string(src[3:end]), 16, 32); err == nil && r <= utf8.MaxRune {
				return string(rune(r)), end + 1
			}
		}
	case c == '{':
		return `\{`, 2 // {$ begins no variable behind a backslash
	}
	return `\`, 1
}

// digits reads up to most digits of a base, from i on.
func digits(src []byte, i, most, base int) (text string, n int) {
	end := i
	for end < len(src) && end < i+most && hexDigit(src[end]) && (base == 16 || src[end] <= '7') {
		end++
	}
	b, err := strconv.ParseUint(string(src[i:end]), base, 16)
	if err != nil {
		return `\`, 1
	}
	return string([]byte{byte(b)}), end
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
