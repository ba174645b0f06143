package audit_test

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core/audit"
)

// newKey makes a signer's two keys as text.
func newKey(t *testing.T, name string) (private, public string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// raw is a list of hashes as the other library takes them.
func raw(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

// A verifier of other hands, that of Certificate Transparency's logs, agrees with
// each proof that we make, on trees of any size, and with none that was changed.
func TestAnotherVerifierAgrees(t *testing.T) {
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0)) //nolint:gosec // a test's choice of trees
	signer, _ := newSigner(t, origin)
	for range 60 {
		size := 1 + random.Int64N(700)
		m := logOf(t, fmt.Sprint("step", random.Uint64()), int(size))
		signed := sign(t, signer.Fresh(), m)
		c, err := audit.ParseSigned(signed)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			seq, older := random.Int64N(size), 1+random.Int64N(size)
			p, err := audit.Prove(m, seq, m.leaves[seq], nil, signed, tlog.Tree{N: older})
			if err != nil {
				t.Fatal(err)
			}
			agree(t, p, c.Tree)
		}
	}
}

// agree asks the other verifier about a proof, and about lies made of it.
func agree(t *testing.T, p audit.Proof, tree tlog.Tree) {
	t.Helper()
	hasher := rfc6962.DefaultHasher
	leaf, size, seq := hasher.HashLeaf(p.Leaf), uint64(tree.N), uint64(p.Seq) //nolint:gosec // sizes of a test
	since := uint64(p.Since.Lines)                                            //nolint:gosec // sizes of a test
	if err := proof.VerifyInclusion(hasher, seq, size, leaf, raw(p.Inclusion), tree.Hash[:]); err != nil {
		t.Errorf("entry %d of %d: %v", seq, size, err)
	}
	if err := proof.VerifyConsistency(hasher, since, size, raw(p.Since.Consistency), p.Since.Root[:], tree.Hash[:]); err != nil {
		t.Errorf("%d after %d: %v", size, since, err)
	}
	changed := hasher.HashLeaf(append([]byte("x"), p.Leaf...))
	if err := proof.VerifyInclusion(hasher, seq, size, changed, raw(p.Inclusion), tree.Hash[:]); err == nil {
		t.Errorf("entry %d of %d can be another", seq, size)
	}
	root := p.Since.Root
	root[0] ^= 1
	if err := proof.VerifyConsistency(hasher, since, size, raw(p.Since.Consistency), root[:], tree.Hash[:]); err == nil {
		t.Errorf("%d after %d can be after another", size, since)
	}
}
