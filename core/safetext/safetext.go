package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// The limits of a line. Bytes are limited as well as graphemes because one
// grapheme can be made of any number of runes.
const (
	MaxGraphemes = 200
	MaxBytes     = 2048

	// MaxNote is how many graphemes a Note has at most.
	MaxNote = 1000

	maxMarks = 4 // combining marks in a row; no living orthography needs more
	ellipsis = "…"
)

// Line returns s as one line that is safe to store and to show. The result is
// valid UTF-8 in NFC and holds no control, format (among them all bidi
// controls), private-use, unassigned or invisible runes. White space of any
// kind and length becomes one space, none stands at the ends. More than
// [MaxGraphemes] graphemes or [MaxBytes] bytes are cut and end in "…". A byte
// that is no UTF-8 becomes U+FFFD. Line(Line(s)) == Line(s).
func Line(s string) string { return line(s, MaxGraphemes, MaxBytes) }

// Note is Line for a few whole sentences of our own with values of others in them,
// such as a note of a backup: what to do stands at their end, so they are cut at
// [MaxNote] graphemes.
func Note(s string) string { return line(s, MaxNote, 2*MaxBytes) }

func line(s string, graphemes, bytes int) string {
	clean, cut := filter(s)
	clean = limitMarks(norm.NFC.String(clean))
	short := firstGraphemes(clean, graphemes, bytes)
	if !cut && len(short) == len(clean) {
		return clean
	}
	short = firstGraphemes(clean, graphemes-1, bytes-len(ellipsis))
	return strings.TrimRight(short, " ") + ellipsis
}

// filter drops what no line may hold and folds white space. It stops, and says
// so, once it has far more than a line can use.
func filter(s string) (clean string, cut bool) {
	var out strings.Builder
	space, marks := false, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			space, marks = out.Len() > 0, 0
			continue
		}
		if !visible(r) {
			continue
		}
		marks = countMarks(marks, r)
		if marks > maxMarks || (marks > 0 && out.Len() == 0) {
			continue // a pile of marks, or a mark that would sit on our own text
		}
		if out.Len() > 4*MaxBytes {
			return out.String(), true
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r)
	}
	return out.String(), false
}

// limitMarks drops the marks that normalising has put on top of maxMarks.
func limitMarks(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		if marks = countMarks(marks, r); marks > maxMarks {
			return -1
		}
		return r
	}, s)
}

// firstGraphemes returns the longest start of s within both limits. Where the
// limit of bytes falls into a grapheme it is cut between two runes.
func firstGraphemes(s string, graphemes, bytes int) string {
	if len(s) > bytes {
		end := bytes
		for !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end]
	}
	rest, state := s, -1
	for range graphemes {
		if rest == "" {
			break
		}
		_, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
	}
	return s[:len(s)-len(rest)]
}

// Path returns a file name or path as it can be shown, uncut. Bytes that are no
// UTF-8 and ASCII controls become \xNN; other runes that cannot be seen or that
// steer a terminal become \u{N}; all else, letters of any script and plain
// spaces, stays as it is and is not normalised. A backslash stays too, so that
// Path(Path(s)) == Path(s): the result is for people and cannot be turned back.
func Path(s string) string {
	if isPlain(s) {
		return s
	}
	var out strings.Builder
	marks := 0
	for i, r := range s {
		marks = countMarks(marks, r)
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&out, `\x%02x`, s[i])
		case r < utf8.RuneSelf && !unicode.IsPrint(r):
			fmt.Fprintf(&out, `\x%02x`, r)
		case r == ' ':
			out.WriteByte(' ')
		case !visible(r) || unicode.IsSpace(r) || marks > maxMarks || (marks > 0 && i == 0):
			fmt.Fprintf(&out, `\u{%x}`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// isPlain reports whether s is printable ASCII, as nearly all paths are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// countMarks returns how many combining marks stand in a row up to r.
func countMarks(before int, r rune) int {
	switch {
	case unicode.Is(unicode.M, r):
		return before + 1
	case !visible(r) && !unicode.IsSpace(r):
		return before // dropped: what follows joins what came before
	default:
		return 0
	}
}

// visible reports whether a rune may stand in safe text: one of Unicode's
// graphic categories (so no Cc, Cf, Co, Cs, Cn, Zl, Zp) that is not default
// ignorable, which is how Unicode calls graphic runes that show nothing.
func visible(r rune) bool {
	const brailleBlank = '\u2800' // a symbol by category, a blank to the eye
	return unicode.IsGraphic(r) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
