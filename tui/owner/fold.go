package owner

import (
	"strings"

	"github.com/rivo/uniseg"
)

// goesOn ends each row of a folded line but the last. A POSIX shell joins rows
// that end so (XCU 2.2.1), so that a folded command can even be pasted there.
const goesOn = `\`

// fold breaks a command into rows of at most width columns. No row begins or
// ends with a space, so that a person who reads it out or types it need not see
// one; rows rather end behind the parts of an address than within a word.
func fold(text string, width int) (rows []string) {
	for uniseg.StringWidth(text) > width {
		at := foldAt(text, width-len(goesOn))
		if at <= 0 {
			break
		}
		rows = append(rows, text[:at]+goesOn)
		text = text[at:]
	}
	return append(rows, text)
}

// foldAt is where a row of at most room columns ends best; 0: nowhere.
func foldAt(text string, room int) int {
	best, anywhere, used := 0, 0, 0
	for at, g := 0, uniseg.NewGraphemes(text); g.Next(); {
		used += g.Width()
		at += len(g.Str())
		if used > room || at == len(text) {
			break
		}
		if g.Str() == " " || text[at] == ' ' {
			continue
		}
		anywhere = at
		if strings.Contains("@:+/", g.Str()) {
			best = at
		}
	}
	if best > 0 {
		return best
	}
	return anywhere
}
