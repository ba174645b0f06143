package backup

import (
	"bytes"
	"strings"

	"breakglass/core/audit"
	"breakglass/core/safetext"
)

// proofName is what the log holds of the backup's grant, with its proofs.
const proofName = "PROOF.jsonl"

// addProof puts the log's proofs into the archive. A log that cannot prove itself
// does not cost the owner the backup: a note says that they are missing.
func (r *run) addProof() error {
	if r.order.Proof == nil {
		return nil
	}
	proof, err := r.order.Proof(r.ctx)
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case err != nil:
		r.findings.add(newNote("archive.note.no_proof"))
		return nil
	}
	r.proven = true
	return r.addStream(proofName, int64(len(proof)), r.order.Created, bytes.NewReader(proof))
}

// LogProof is what an archive proves of the log's lines about its grant.
type LogProof struct {
	Grant  string // "" where the archive holds no proof
	Key    string // the verifier key that the archive names
	Proven bool   // the demanded key signed it
	Lines  int64  // of the log, when it was signed
	Leaves int64  // that are proved to be among them
}

// keptProof collects PROOF.jsonl while it is hashed, as much of it as there may
// be.
type keptProof struct {
	bytes.Buffer
	there bool
}

// Write implements io.Writer.
func (k *keptProof) Write(p []byte) (int, error) {
	if k.Len()+len(p) > audit.MaxBundle {
		return 0, fault("The proof of the log in the archive is longer than any; this archive was tampered with.")
	}
	return k.Buffer.Write(p)
}

// checkProof checks the log's proof against the demanded key, or else against the
// one that it names itself.
func (v *verifier) checkProof() error {
	if !v.proof.there {
		if v.options.LogKey != nil {
			return fault("The archive holds no proof of the log, but one under the key %s was demanded.", safetext.Line(v.options.LogKey.Name()))
		}
		return nil
	}
	b, err := audit.CheckBundle(&v.proof, audit.VerifyOptions{Verifier: v.options.LogKey})
	if err != nil {
		return fault("The proof of the log in the archive does not verify: %s.", safetext.Line(err.Error()))
	}
	if b.Grant != v.header.Grant || !started(b.Leaves, v.report.Name) {
		return fault("The proof of the log in the archive is of another backup than this one.")
	}
	v.report.Log = LogProof{
		Grant: safetext.Line(b.Grant), Key: safetext.Line(b.LogKey), Proven: v.options.LogKey != nil, Lines: b.Lines, Leaves: int64(len(b.Leaves)),
	}
	return nil
}

// The log's words for a backup that begins, kept here or sent straight to its
// owner; core's events have the same names.
const (
	verbStarted   = "backup.started"
	verbStreaming = "backup.streaming"
)

// started reports whether the log tells of the backup of that name.
func started(leaves []audit.Leaf, name string) bool {
	for _, leaf := range leaves {
		if (leaf.Verb == verbStarted || leaf.Verb == verbStreaming) && strings.HasPrefix(leaf.Data["archive"], name+".") {
			return true
		}
	}
	return false
}
