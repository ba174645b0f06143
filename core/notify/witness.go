package notify

import (
	"fmt"
	"strings"

	"breakglass/core/audit"
)

// witness is what a notice says of the log: so many lines, this root. Whoever
// keeps the notice can hold the log's keeper to it.
type witness struct {
	size   int64
	root   string // the first 8 hex digits
	signed string // the checkpoint as it was signed; "" where none could be had
}

// readWitness reads a signed checkpoint of our own.
func readWitness(signed string) (witness, error) {
	if signed == "" {
		return witness{}, nil
	}
	text, _, _ := strings.Cut(signed, "\n\n")
	checkpoint, err := audit.ParseCheckpoint(text + "\n")
	if err != nil {
		return witness{}, fmt.Errorf("read own checkpoint: %w", err)
	}
	return witness{size: checkpoint.Tree.N, root: fmt.Sprintf("%x", checkpoint.Tree.Hash[:4]), signed: strings.TrimSpace(signed)}, nil
}
