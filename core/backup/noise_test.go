package backup

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// What does not pack is stored, also where the head of an entry lies in it; what
// packs is not, down to base64, which packs to three quarters.
func TestOnlyNoiseIsStored(t *testing.T) {
	for _, content := range []struct {
		name   string
		make   func(noise []byte) []byte
		stored bool
	}{
		{"a picture", func(p []byte) []byte { return p }, true},
		{"two pictures", func(p []byte) []byte { clear(p[20000:21536]); return p }, true}, // a PAX header has three blocks
		{"base64", func(p []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(p))[:storedPiece] }, false},
		{"hex", func(p []byte) []byte { return []byte(hex.EncodeToString(p))[:storedPiece] }, false},
		{"half a text", func(p []byte) []byte { hex.Encode(p[storedPiece/2:], p[:storedPiece/4]); return p }, false},
		{"small numbers", func(p []byte) []byte {
			for i := 1; i < len(p); i += 2 {
				p[i] = 0
			}
			return p
		}, false},
		{"a short tail", func(p []byte) []byte { return p[:1000] }, false},
	} {
		for seed := range byte(100) {
			if incompressible(content.make(noise(seed, storedPiece))) != content.stored {
				t.Fatalf("%s: stored is %v", content.name, !content.stored)
			}
		}
	}
}
