package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one leaf is in the log that a checkpoint signs, without the
// rest of the log, and, where Since is set, that the log continues an older one.
type Proof struct {
	Seq        int64               `json:"seq"`
	Leaf       json.RawMessage     `json:"leaf"`
	Personal   map[string]Personal `json:"personal,omitempty"`
	Inclusion  []tlog.Hash         `json:"inclusion"` // RFC 6962, section 2.1.1
	Since      *Since              `json:"since,omitempty"`
	Checkpoint string              `json:"checkpoint"`
}

// Since is the proof that a log continues what it was.
type Since struct {
	Lines       int64       `json:"lines"`
	Root        tlog.Hash   `json:"root"`
	Consistency []tlog.Hash `json:"consistency"` // RFC 6962, section 2.1.2
}

// Prove makes the proof of leaf seq under the signed checkpoint, a log's own.
// An older tree with N 0 asks for no consistency, one with no hash for that
// with the log's own first N lines. It fails with ErrForked where the older
// tree is not what the log began with.
func Prove(log Log, seq int64, leaf []byte, personal map[string]Personal, signed string, older tlog.Tree) (Proof, error) {
	c, err := ParseSigned(signed)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Seq: seq, Leaf: leaf, Personal: personal, Checkpoint: signed}
	if proof.Inclusion, err = tlog.ProveRecord(c.Tree.N, seq, reader(log)); err != nil {
		return Proof{}, fmt.Errorf("prove line %d: %w", seq, err)
	}
	if older.N == 0 {
		return proof, nil
	}
	since := Since{Lines: older.N}
	if since.Root, err = TreeHash(log, older.N); err != nil {
		return Proof{}, err
	}
	if older.Hash != (tlog.Hash{}) && older.Hash != since.Root {
		return Proof{}, fmt.Errorf("%w: its first %d lines are others", ErrForked, older.N)
	}
	if since.Consistency, err = tlog.ProveTree(c.Tree.N, older.N, reader(log)); err != nil {
		return Proof{}, fmt.Errorf("prove consistency: %w", err)
	}
	proof.Since = &since
	return proof, nil
}

// Check verifies a proof against the key and, if one is given, a pinned
// checkpoint, which the proof must then be made since. It fails with a [Fault].
func (p Proof) Check(o VerifyOptions) (Leaf, error) {
	c, err := openOnly(p.Checkpoint, o.Verifier)
	if err != nil {
		return Leaf{}, fault(0, "the proof's checkpoint is not to be believed: %v", err)
	}
	if p.Seq < 0 || p.Seq >= c.Tree.N {
		return Leaf{}, fault(0, "the proof is of entry %d and the checkpoint signs %d entries", p.Seq, c.Tree.N)
	}
	if err := tlog.CheckRecord(p.Inclusion, c.Tree.N, c.Tree.Hash, p.Seq, tlog.RecordHash(p.Leaf)); err != nil {
		return Leaf{}, fault(0, "entry %d is not in the log that the checkpoint signs, or the proof was changed", p.Seq)
	}
	leaf, err := DecodeLeaf(p.Leaf)
	if err != nil || leaf.Seq != p.Seq {
		return Leaf{}, fault(0, "the entry does not say that it is number %d", p.Seq)
	}
	if _, err := provePersonal(0, leaf, p.Personal); err != nil {
		return Leaf{}, err
	}
	return leaf, p.checkSince(c.Tree, o)
}

func (p Proof) checkSince(now tlog.Tree, o VerifyOptions) error {
	if p.Since == nil {
		if o.Pinned != "" {
			return fault(0, "the proof does not say that the log continues the pinned checkpoint: ask for it with --since")
		}
		return nil
	}
	older := tlog.Tree{N: p.Since.Lines, Hash: p.Since.Root}
	if o.Pinned != "" {
		pinned, err := openOnly(o.Pinned, o.Verifier)
		if err != nil {
			return fault(0, "the pinned checkpoint is not to be believed: %v", err)
		}
		if pinned.Tree != older {
			return fault(0, "the proof is since another state of the log than the pinned checkpoint")
		}
	}
	if older.N < 1 || older.N > now.N {
		return fault(0, "the proof is since %d entries and the checkpoint signs %d", older.N, now.N)
	}
	if err := tlog.CheckTree(p.Since.Consistency, now.N, now.Hash, older.N, older.Hash); err != nil {
		return fault(0, "the log does not continue what it was at %d entries, or the proof was changed", older.N)
	}
	return nil
}

// Encode returns the proof as one line of JSON.
func (p Proof) Encode() ([]byte, error) { return encodeLine(p) }

// ParseProof reads what Encode wrote, in that one form.
func ParseProof(data []byte) (Proof, error) {
	var p Proof
	if err := json.Unmarshal(data, &p); err != nil || p.Checkpoint == "" {
		return Proof{}, errors.New("it is no proof of a line of the log")
	}
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
		return Proof{}, errors.New("the proof was not written by a console in this form, so it was changed")
	}
	return p, nil
}
