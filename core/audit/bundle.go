package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/mod/sumdb/note"
)

// BundleHead is the first line of a bundle: the proofs of all that was logged of
// one grant, one a line behind it, under one checkpoint.
type BundleHead struct {
	Grant  string `json:"grant"`
	LogKey string `json:"log_key"` // the verifier key that the log says it has
}

// Bundle is a bundle that was checked.
type Bundle struct {
	BundleHead
	Lines  int64  // of the log, at the checkpoint
	Leaves []Leaf // in order
}

// The bounds of a bundle.
const (
	MaxBundle = 4 << 20 // bytes
	MaxProofs = 2000
)

// EncodeBundle writes a bundle.
func EncodeBundle(head BundleHead, proofs []Proof) ([]byte, error) {
	out, err := encodeLine(head)
	if err != nil {
		return nil, err
	}
	for _, p := range proofs {
		line, err := p.Encode()
		if err != nil {
			return nil, err
		}
		out = append(out, line...)
	}
	return out, nil
}

// CheckBundle verifies what EncodeBundle wrote: every proof, in the log's order,
// under one checkpoint, and each leaf of the grant or of the request that led to
// it. Without a verifier the key that the bundle names is taken, which proves no
// more than that the bundle agrees with itself. It fails with a [Fault].
func CheckBundle(r io.Reader, o VerifyOptions) (Bundle, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var b Bundle
	line, err := readLine(in, 1)
	if err != nil {
		return b, err
	}
	if json.Unmarshal(line, &b.BundleHead) != nil || b.Grant == "" {
		return b, fault(1, "it is no head of a grant's proofs")
	}
	if again, err := encodeLine(b.BundleHead); err != nil || !bytes.Equal(again, line) {
		return b, fault(1, "the head was not written by a console in this form, so it was changed")
	}
	if o.Verifier == nil {
		if o.Verifier, err = note.NewVerifier(b.LogKey); err != nil {
			return b, fault(1, "the log's key cannot be read")
		}
	}
	return b, b.check(in, o)
}

func (b *Bundle) check(in *bufio.Reader, o VerifyOptions) error {
	checkpoint := ""
	for number := int64(2); ; number++ {
		line, err := readLine(in, number)
		if err != nil || line == nil {
			return errors.Join(err, b.ofOneGrant())
		}
		p, err := ParseProof(line)
		if err != nil {
			return fault(number, "%v", err)
		}
		if checkpoint == "" {
			checkpoint = p.Checkpoint
		}
		if p.Checkpoint != checkpoint || len(b.Leaves) == MaxProofs {
			return fault(number, "the proof is not under the checkpoint of those before it")
		}
		leaf, err := p.Check(o)
		var wrong *Fault
		if errors.As(err, &wrong) {
			return fault(number, "%s", wrong.Problem)
		}
		if err != nil {
			return err
		}
		if n := len(b.Leaves); n > 0 && leaf.Seq <= b.Leaves[n-1].Seq {
			return fault(number, "entry %d stands behind entry %d", leaf.Seq, b.Leaves[n-1].Seq)
		}
		if b.Lines == 0 {
			c, err := ParseSigned(checkpoint)
			if err != nil {
				return fault(number, "%v", err)
			}
			b.Lines = c.Tree.N
		}
		b.Leaves = append(b.Leaves, leaf)
	}
}

// ofOneGrant refuses leaves that are of nothing that the head names.
func (b *Bundle) ofOneGrant() error {
	requests := map[string]bool{}
	for _, leaf := range b.Leaves {
		if leaf.Grant == b.Grant && leaf.Request != "" {
			requests[leaf.Request] = true
		}
	}
	if len(b.Leaves) == 0 {
		return fault(0, "it holds no entry of the log")
	}
	for i, leaf := range b.Leaves {
		if leaf.Grant != b.Grant && (leaf.Grant != "" || !requests[leaf.Request]) {
			return fault(int64(i)+2, "entry %d is not of the grant %s", leaf.Seq, b.Grant)
		}
	}
	return nil
}
