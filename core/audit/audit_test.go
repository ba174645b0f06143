package audit_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core/audit"
)

// memory is a log in memory. It may be told lies, as a disk may.
type memory struct {
	leaves [][]byte
	hashes [][32]byte
	fail   error
}

func (m *memory) Size() (int64, error) { return int64(len(m.leaves)), m.fail }

func (m *memory) Append(leaf []byte, hashes [][32]byte) error {
	m.leaves, m.hashes = append(m.leaves, leaf), append(m.hashes, hashes...)
	return m.fail
}

func (m *memory) Hash(index int64) ([32]byte, error) {
	if index >= int64(len(m.hashes)) {
		return [32]byte{}, errors.New("no such hash")
	}
	return m.hashes[index], m.fail
}

func logOf(t *testing.T, name string, lines int) *memory {
	t.Helper()
	m := &memory{}
	for i := range lines {
		append1(t, m, fmt.Sprint(name, i))
	}
	return m
}

func append1(t *testing.T, m *memory, verb string) {
	t.Helper()
	before := int64(len(m.leaves))
	seq, err := audit.Append(m, audit.Leaf{Verb: verb, Time: time.Unix(before, 0), Seq: 999})
	if err != nil || seq != before {
		t.Fatalf("leaf %d: %v", seq, err)
	}
	if leaf, err := audit.DecodeLeaf(m.leaves[seq]); err != nil || leaf.Seq != before || leaf.Verb != verb {
		t.Fatalf("%+v, %v", leaf, err)
	}
}

const origin = "backup.example/log"

func newSigner(t *testing.T, name string) (*audit.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return audit.NewSigner(name, signer), verifier
}

func sign(t *testing.T, s *audit.Signer, m *memory) string {
	t.Helper()
	signed, err := s.Sign(m)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// The tree is that of tlog over the leaves' own bytes, at every size.
func TestTheTreeIsTlogs(t *testing.T) {
	m := logOf(t, "step", 40)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range m.leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		want, err := tlog.TreeHash(int64(i+1), reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audit.TreeHash(m, int64(i+1)); err != nil || got != want {
			t.Errorf("size %d: %v, %v", i+1, got, err)
		}
	}
	if _, err := audit.TreeHash(m, 0); err == nil {
		t.Error("an empty log has a root")
	}
}

// Changing one leaf's bytes or one stored hash changes the root.
func TestTamperingChangesTheRoot(t *testing.T) {
	want, err := audit.TreeHash(logOf(t, "step", 9), 9)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		m := &memory{}
		for j := range 9 {
			verb := fmt.Sprint("step", j)
			if i == j {
				verb = "other"
			}
			append1(t, m, verb)
		}
		if got, err := audit.TreeHash(m, 9); err != nil || got == want {
			t.Errorf("leaf %d was changed and the root was not: %v", i, err)
		}
	}
}

func TestACheckpointSaysOriginSizeAndRoot(t *testing.T) {
	m := logOf(t, "step", 5)
	signer, verifier := newSigner(t, origin)
	signed := sign(t, signer, m)
	root, err := audit.TreeHash(m, 5)
	if err != nil {
		t.Fatal(err)
	}
	c, err := audit.OpenCheckpoint([]byte(signed), origin, verifier)
	if err != nil || c.Origin != origin || c.Tree.N != 5 || c.Tree.Hash != root || signer.Origin() != origin {
		t.Errorf("%+v, %v", c, err)
	}
	if sign(t, signer, m) != signed {
		t.Error("the same log was signed twice in two ways")
	}
}

// A checkpoint that is not exactly what was signed is refused.
func TestAForgedCheckpointIsRefused(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	signed := sign(t, signer, logOf(t, "step", 5))
	_, stranger := newSigner(t, origin)
	other, otherVerifier := newSigner(t, "other.example/log")
	foreign := sign(t, other, logOf(t, "step", 5))
	for name, c := range map[string]struct {
		signed   string
		verifier note.Verifier
	}{
		"nothing":             {"", verifier},
		"no signature":        {strings.SplitAfter(signed, "\n\n")[0], verifier},
		"another size":        {strings.Replace(signed, "\n5\n", "\n6\n", 1), verifier},
		"another key":         {signed, stranger},
		"another log":         {foreign, otherVerifier},
		"another log's name":  {strings.ReplaceAll(foreign, "other.example/log", origin), verifier},
		"text put before it":  {"x\n" + signed, verifier},
		"cut off in the text": {signed[:10], verifier},
	} {
		if opened, err := audit.OpenCheckpoint([]byte(c.signed), origin, c.verifier); err == nil {
			t.Errorf("%s: opened as %+v", name, opened)
		}
	}
}

// A signer signs what continues the last it signed, and nothing else.
func TestASignerRefusesAFork(t *testing.T) {
	for name, fork := range map[string]func(*testing.T) *memory{
		"shorter":             func(t *testing.T) *memory { return logOf(t, "step", 4) },
		"empty":               func(t *testing.T) *memory { return &memory{} },
		"rewritten":           func(t *testing.T) *memory { return logOf(t, "other", 5) },
		"rewritten and grown": func(t *testing.T) *memory { return logOf(t, "other", 12) },
		"last line changed": func(t *testing.T) *memory {
			m := logOf(t, "step", 4)
			append1(t, m, "other")
			append1(t, m, "step5")
			return m
		},
	} {
		signer, _ := newSigner(t, origin)
		sign(t, signer, logOf(t, "step", 5))
		if signed, err := signer.Sign(fork(t)); !errors.Is(err, audit.ErrForked) {
			t.Errorf("%s: %q, %v", name, signed, err)
		}
		sign(t, signer, logOf(t, "step", 6)) // the true log still goes on
	}
}

func TestABrokenLogIsNotSigned(t *testing.T) {
	broken := errors.New("the disk broke")
	signer, _ := newSigner(t, origin)
	m := logOf(t, "step", 3)
	m.fail = broken
	if _, err := signer.Sign(m); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := audit.Append(m, audit.Leaf{}); !errors.Is(err, broken) {
		t.Errorf("append: %v", err)
	}
	if _, err := signer.Sign(&memory{}); err == nil {
		t.Error("an empty log was signed")
	}
}

// The encoding of a leaf is canonical: keys in order, nothing escaped that need
// not be, the same for any zone.
func TestALeafIsCanonical(t *testing.T) {
	at := time.Date(2026, 11, 23, 23, 1, 42, 0, time.UTC)
	leaf := audit.Leaf{
		Actor: "owner:acme", Verb: "grant.activated", Seq: 7, Time: at.In(time.FixedZone("x", 3600)),
		Data: map[string]string{"b": "<&>", "a": "é"}, Personal: map[string]string{"z": "0", "address": "1"},
	}
	data, err := leaf.Encode()
	want := `{"actor":"owner:acme","data":{"a":"é","b":"<&>"},"personal":{"address":"1","z":"0"},"seq":7,"time":"2026-11-23T23:01:42Z","verb":"grant.activated"}`
	if err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
	back, err := audit.DecodeLeaf(data)
	if err != nil || !back.Time.Equal(at) || back.Data["b"] != "<&>" {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := audit.DecodeLeaf([]byte("{")); err == nil {
		t.Error("half a leaf was read")
	}
}

// What lies beside a leaf proves itself with its salt, and only as it is.
func TestCommitments(t *testing.T) {
	p := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"address": "a@b.example", "reason": "x"}}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := audit.DecodePersonal(data)
	if err != nil || !bytes.Equal(back.Salt, p.Salt) || fmt.Sprint(back.Commitments()) != fmt.Sprint(p.Commitments()) {
		t.Errorf("%+v, %v", back, err)
	}
	for name, other := range map[string]audit.Personal{
		"value": {Salt: p.Salt, Fields: map[string]string{"address": "c@b.example"}},
		"salt":  {Salt: []byte("another salt"), Fields: map[string]string{"address": "a@b.example"}},
		"shift": {Salt: p.Salt, Fields: map[string]string{"address": "\x00a@b.example"}},
	} {
		if other.Commitments()["address"] == p.Commitments()["address"] {
			t.Errorf("another %s commits to the same", name)
		}
	}
	if _, err := audit.DecodePersonal([]byte("[")); err == nil {
		t.Error("half a datum was read")
	}
}

// A checkpoint's text is read back as it was written, or not at all.
func FuzzParseCheckpoint(f *testing.F) {
	f.Add(audit.Checkpoint{Origin: origin, Tree: tlog.Tree{N: 5}}.Text())
	f.Add(origin + "\n5\nAAAA\n")
	f.Add(origin + "\n-5\n" + strings.Repeat("A", 43) + "=\n")
	f.Add(origin + "\n05\n" + strings.Repeat("A", 43) + "=\nextension\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := audit.ParseCheckpoint(text)
		if err != nil {
			return
		}
		if c.Tree.N < 0 || c.Origin == "" || !strings.HasPrefix(text, c.Text()) {
			t.Errorf("%q was read as %q", text, c.Text())
		}
	})
}
