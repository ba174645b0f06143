package rewrite

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// newFinder returns what finds all that a literal which has to be changed, or
// counted, must hold in one of these ways. A host is the same bytes in all
// escapes of SQL, JSON and URLs; of a directory one name with the slash before
// it is.
func (w *Rewriter) newFinder() *finder {
	var any, exact [][]byte
	seen := map[string]bool{}
	add := func(list *[][]byte, needle string) {
		if len(needle) >= 2 && !seen[needle] {
			seen[needle] = true
			*list = append(*list, []byte(needle))
		}
	}
	for _, s := range w.sites {
		add(&any, s.host)
		add(&any, hex.EncodeToString([]byte(s.host)))
		for _, n := range base64Needles(s.host) {
			add(&any, n)
		}
	}
	for _, d := range w.dirs {
		name := d.old[d.anchor]
		for _, mark := range []string{"/", "%2F", "%2f", "%252F", "%252f"} {
			add(&exact, mark+name)
		}
		add(&any, hex.EncodeToString([]byte("/"+name)))
		for _, n := range base64Needles("/" + strings.Join(d.old, "/")) {
			add(&any, n)
		}
	}
	return newFinder(any, exact)
}

// base64Needles are the signs that base64 has for text, whatever stands before
// it and behind it: one for each of the three ways in which text can lie in
// groups of three bytes.
func base64Needles(text string) []string {
	var needles []string
	for before := range 3 {
		padded := append(make([]byte, before), text...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		from := (before*8 + 5) / 6 // signs that hold bits of what stands before
		to := len(padded) * 8 / 6  // signs that hold bits of what stands behind
		if to-from >= 3 {
			needles = append(needles, encoded[from:to])
		}
	}
	return needles
}
