package rewrite

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// needles is what the finder looks for: all that a literal which has to be
// changed, or counted, must hold in one of these ways. A host is the same bytes
// in all escapes of SQL, JSON and URLs; of a directory one name with the slash
// before it is.
func (w *Rewriter) needles() [][]byte {
	var all [][]byte
	add := func(n []byte) {
		if len(n) < 2 {
			return
		}
		for i, other := range all {
			switch {
			case bytes.Contains(n, other):
				return // found by the shorter one
			case bytes.Contains(other, n):
				all[i] = n
				return
			}
		}
		all = append(all, n)
	}
	both := func(text string) {
		add([]byte(text))
		add([]byte(hex.EncodeToString([]byte(text))))
		for _, n := range base64Needles(text) {
			add(n)
		}
	}
	for _, s := range w.sites {
		both(s.host)
	}
	for _, d := range w.dirs {
		name := d.old[d.anchor]
		both("/" + name)
		add([]byte("2f" + name)) // %2F, %252F
	}
	return all
}

// base64Needles are the signs that base64 has for text, whatever stands before
// it and behind it: one for each of the three ways in which text can lie in
// groups of three bytes.
func base64Needles(text string) [][]byte {
	var needles [][]byte
	for before := range 3 {
		padded := append(make([]byte, before), text...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		from := (before*8 + 5) / 6 // signs that hold bits of what stands before
		to := len(padded) * 8 / 6  // signs that hold bits of what stands behind
		if to-from >= 3 {
			needles = append(needles, []byte(encoded[from:to]))
		}
	}
	return needles
}
