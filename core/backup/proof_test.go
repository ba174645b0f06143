package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/backup"
)

// journal is a log in memory.
type journal struct {
	leaves [][]byte
	hashes [][32]byte
}

func (j *journal) Size() (int64, error) { return int64(len(j.leaves)), nil }
func (j *journal) Append(leaf []byte, hashes [][32]byte) error {
	j.leaves, j.hashes = append(j.leaves, leaf), append(j.hashes, hashes...)
	return nil
}
func (j *journal) Hash(index int64) ([32]byte, error) { return j.hashes[index], nil }

// proofOf is the log's proof of a grant with the start of one backup, and whose
// key signed it.
func proofOf(t *testing.T, grant, archive string) (data []byte, verifier note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "console.example/log")
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	key, err := note.NewSigner(private)
	check(err)
	verifier, err = note.NewVerifier(public)
	check(err)
	j := &journal{}
	for i, leaf := range []audit.Leaf{
		{Verb: "console.started"},
		{Verb: "grant.activated", Grant: grant, Request: "R-1"},
		{Verb: "backup.started", Grant: grant, Data: map[string]string{"archive": archive}},
	} {
		leaf.Time = time.Unix(int64(i), 0)
		_, err := audit.Append(j, leaf)
		check(err)
	}
	signed, err := audit.NewSigner("console.example/log", key).Sign(j)
	check(err)
	var proofs []audit.Proof
	for seq := int64(1); seq < 3; seq++ {
		p, err := audit.Prove(j, seq, j.leaves[seq], nil, signed, tlog.Tree{})
		check(err)
		proofs = append(proofs, p)
	}
	data, err = audit.EncodeBundle(audit.BundleHead{Grant: grant, LogKey: public}, proofs)
	check(err)
	return data, verifier
}

// proved backs a static site up with a proof of the log.
func proved(t *testing.T, proof func(context.Context) ([]byte, error)) (core.BackupResult, []byte) {
	t.Helper()
	w := newWorld(t)
	w.write("index.html", "hello")
	order := w.order()
	order.Proof = proof
	var out bytes.Buffer
	result, err := w.engine.Run(t.Context(), order, &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result, out.Bytes()
}

// tellsOfProof reports whether README.txt says what the proof is and how it is
// checked.
func tellsOfProof(t *testing.T, archive []byte) bool {
	t.Helper()
	for _, m := range takeApart(t, archive) {
		if strings.HasSuffix(m.h.Name, "/README.txt") {
			text := strings.Join(strings.Fields(string(m.data)), " ")
			return strings.Contains(text, "`breakglass log verify PROOF.jsonl --key KEY`")
		}
	}
	t.Fatal("no README.txt")
	return false
}

func returns(data []byte, err error) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return data, err }
}

// An archive carries the log's proof of the access under which it was made, and
// its check demands the log's key where it is given.
func TestAnArchiveProvesItsGrant(t *testing.T) {
	data, verifier := proofOf(t, "G1", "acme-20261124T120000Z.tar.gz")
	result, archive := proved(t, returns(data, nil))
	if result.Verdict != core.VerdictComplete {
		t.Errorf("%s: %v", result.Verdict, result.Notes)
	}
	if !tellsOfProof(t, archive) {
		t.Error("README.txt does not tell of the proof")
	}
	for name, key := range map[string]note.Verifier{"demanded": verifier, "its own": nil} {
		r, err := backup.Verify(t.Context(), bytes.NewReader(archive), backup.VerifyOptions{LogKey: key})
		if err != nil || r.Log.Grant != "G1" || r.Log.Lines != 3 || r.Log.Leaves != 2 || r.Log.Proven != (key != nil) || !strings.HasPrefix(r.Log.Key, "console.example/log+") {
			t.Errorf("%s: %+v, %v", name, r.Log, err)
		}
	}
	_, other := proofOf(t, "G1", "")
	if r, err := backup.Verify(t.Context(), bytes.NewReader(archive), backup.VerifyOptions{LogKey: other}); err == nil || !strings.Contains(err.Error(), "does not verify") {
		t.Errorf("another key: %+v, %v", r.Log, err)
	}
}

// A proof of something else, or one that was changed, is a fault of the archive,
// and so is none where one is demanded.
func TestAnArchiveWithAWrongProofIsRefused(t *testing.T) {
	good, verifier := proofOf(t, "G1", "acme-20261124T120000Z.tar.gz")
	stolen, stolenBy := proofOf(t, "G2", "acme-20261124T120000Z.tar.gz")
	earlier, earlierBy := proofOf(t, "G1", "acme-20261124T1100Z.tar.gz")
	for name, c := range map[string]struct {
		proof func(context.Context) ([]byte, error)
		key   note.Verifier
		want  string
	}{
		"none":            {nil, verifier, "holds no proof of the log"},
		"another grant's": {returns(stolen, nil), stolenBy, "of another backup"},
		"another backup":  {returns(earlier, nil), earlierBy, "of another backup"},
		"changed":         {returns(bytes.Replace(good, []byte("activated"), []byte("activatex"), 1), nil), nil, "does not verify: line 2:"},
		"no proof at all": {returns([]byte("hello\n"), nil), nil, "does not verify: line 1:"},
	} {
		_, archive := proved(t, c.proof)
		_, err := backup.Verify(t.Context(), bytes.NewReader(archive), backup.VerifyOptions{LogKey: c.key})
		var refusal *core.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A log that cannot prove itself costs a note, never the backup.
func TestABackupGoesOnWithoutAProof(t *testing.T) {
	result, archive := proved(t, returns(nil, errors.New("the log was rewritten")))
	if result.Verdict != core.VerdictNotes || len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "log could not be signed") {
		t.Errorf("%s: %v", result.Verdict, result.Notes)
	}
	if tellsOfProof(t, archive) {
		t.Error("README.txt tells of a proof that is not there")
	}
	if r, err := backup.Verify(t.Context(), bytes.NewReader(archive), backup.VerifyOptions{}); err != nil || r.Log != (backup.LogProof{}) {
		t.Errorf("%+v, %v", r.Log, err)
	}
}
