package core

import "unicode"

// reasonLetters is how many letters or digits a reason has at least: "SOS" is
// one, "?" and "..." are none. More is not asked for, as who asks may be in
// distress.
const reasonLetters = 3

// SaysWhy reports whether an owner's reason says something to those who read it:
// it has three letters or digits, or a sign of a script in which one is a word
// or a syllable.
func SaysWhy(reason string) bool {
	letters := 0
	for _, r := range reason {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana):
			return true
		case unicode.IsLetter(r), unicode.IsDigit(r):
			letters++
		}
	}
	return letters >= reasonLetters
}
