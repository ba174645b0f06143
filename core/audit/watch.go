package audit

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Watch follows a log as somebody does who keeps what was seen of it: each proof
// must be signed by the one key, and its log must continue the checkpoint that
// was seen last. It is for one goroutine at a time.
type Watch struct {
	key      string
	verifier note.Verifier
	signed   string
	seen     Checkpoint
}

// Proved is what a proof that a Watch accepted says.
type Proved struct {
	Leaf       Leaf
	Hash       tlog.Hash   // of the leaf
	Path       []tlog.Hash // from the leaf to the root
	Checkpoint Checkpoint
}

// Hex is the leaf's hash in hexadecimal.
func (p Proved) Hex() string { return hex.EncodeToString(p.Hash[:]) }

// Digests is the path in hexadecimal.
func (p Proved) Digests() []string {
	digests := make([]string, len(p.Path))
	for i, hash := range p.Path {
		digests[i] = hex.EncodeToString(hash[:])
	}
	return digests
}

// NewWatch returns a watch that has seen nothing yet, for the log's verifier key.
func NewWatch(key string) (*Watch, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("read the log's key: %w", err)
	}
	return &Watch{key: key, verifier: verifier}, nil
}

// Key is the verifier key.
func (w *Watch) Key() string { return w.key }

// Since is what the next proof is asked for with: the signed checkpoint seen
// last, "" for none.
func (w *Watch) Since() string { return w.signed }

// Seen is the checkpoint seen last; its tree is empty before the first.
func (w *Watch) Seen() Checkpoint { return w.seen }

// See checks a proof that was asked for with Since, and takes its checkpoint as
// the one seen last. It fails with a [Fault] and then stays as it was.
func (w *Watch) See(p Proof) (Proved, error) {
	leaf, err := p.Check(VerifyOptions{Verifier: w.verifier, Pinned: w.signed})
	if err != nil {
		return Proved{}, err
	}
	c, err := openOnly(p.Checkpoint, w.verifier)
	if err != nil {
		return Proved{}, fault(0, "the proof's checkpoint is not to be believed: %v", err)
	}
	w.seen, w.signed = c, p.Checkpoint
	return Proved{Leaf: leaf, Hash: tlog.RecordHash(p.Leaf), Path: p.Inclusion, Checkpoint: c}, nil
}
