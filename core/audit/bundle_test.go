package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core/audit"
)

// grantLog is a log with a grant's story among others', and the numbers of it.
func grantLog(t *testing.T) (*memory, []int64) {
	t.Helper()
	m := &memory{}
	var of []int64
	for i, leaf := range []audit.Leaf{
		{Verb: "console.started"},
		{Verb: "request.drafted", Request: "R-1"},
		{Verb: "request.drafted", Request: "R-2"},
		{Verb: "request.verified", Request: "R-1"},
		{Verb: "grant.activated", Request: "R-1", Grant: "G-1"},
		{Verb: "grant.activated", Request: "R-2", Grant: "G-2"},
		{Verb: "backup.started", Grant: "G-1", Data: map[string]string{"archive": "acme.tar.gz"}},
	} {
		leaf.Time = time.Unix(int64(i), 0)
		if _, err := audit.Append(m, leaf); err != nil {
			t.Fatal(err)
		}
		if leaf.Request == "R-1" || leaf.Grant == "G-1" {
			of = append(of, int64(i))
		}
	}
	return m, of
}

// bundleOf proves entries of a log.
func bundleOf(t *testing.T, m *memory, signed, key string, seqs ...int64) []byte {
	t.Helper()
	var proofs []audit.Proof
	for _, seq := range seqs {
		p, err := audit.Prove(m, seq, m.leaves[seq], nil, signed, tlog.Tree{})
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, p)
	}
	data, err := audit.EncodeBundle(audit.BundleHead{Grant: "G-1", LogKey: key}, proofs)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func checkBundle(data []byte, verifier note.Verifier) (audit.Bundle, error) {
	return audit.CheckBundle(bytes.NewReader(data), audit.VerifyOptions{Verifier: verifier})
}

func TestABundleProvesAGrant(t *testing.T) {
	signer, verifier, key := newKeyed(t, origin)
	m, of := grantLog(t)
	data := bundleOf(t, m, sign(t, signer, m), key, of...)
	for name, by := range map[string]note.Verifier{"the demanded key": verifier, "its own key": nil} {
		b, err := checkBundle(data, by)
		if err != nil || b.Grant != "G-1" || b.LogKey != key || b.Lines != 7 || len(b.Leaves) != 4 || b.Leaves[3].Verb != "backup.started" {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// Whatever is changed in a bundle, it is not believed.
func TestABundleThatIsNotBelieved(t *testing.T) {
	signer, verifier, key := newKeyed(t, origin)
	other, _, otherKey := newKeyed(t, origin)
	m, of := grantLog(t)
	signed := sign(t, signer, m)
	data := bundleOf(t, m, signed, key, of...)
	lines := bytes.SplitAfter(data, []byte("\n"))
	later := logOf(t, "x", 3)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "line 1: it is no head"},
		"no proofs":       {lines[0], "it holds no entry"},
		"another key":     {bundleOf(t, m, sign(t, other, m), otherKey, of...), "line 2: the proof's checkpoint is not to be believed"},
		"two swapped":     {slicesJoin(lines[0], lines[2], lines[1]), "line 3: entry 1 stands behind entry 3"},
		"one twice":       {slicesJoin(lines[0], lines[1], lines[1]), "line 3: entry 1 stands behind entry 1"},
		"another's grant": {bundleOf(t, m, signed, key, 1, 4, 5), "line 4: entry 5 is not of the grant G-1"},
		"another request": {bundleOf(t, m, signed, key, 1, 2, 4), "line 3: entry 2 is not of the grant G-1"},
		"two checkpoints": {slicesJoin(data, bytes.SplitAfter(bundleOf(t, later, sign(t, signer.Fresh(), later), key, 2), []byte("\n"))[1]), "line 6: the proof is not under the checkpoint"},
		"cut off":         {data[:len(data)-5], "line 5: it is cut off"},
		"spaces":          {bytes.Replace(data, []byte(`,"log_key"`), []byte(`, "log_key"`), 1), "line 1: the head was not written"},
	} {
		_, err := checkBundle(c.data, verifier)
		var fault *audit.Fault
		if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}

func slicesJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Every byte of a bundle, a proof and a pinned checkpoint counts:
// whichever is changed or goes, it is noticed.
func TestEveryByteOfAProofCounts(t *testing.T) {
	signer, verifier, key := newKeyed(t, origin)
	export, m := exportOf(t, signer, story(6))
	pinned := sign(t, signer, m)
	grants, of := grantLog(t)
	bundle := bundleOf(t, grants, sign(t, signer.Fresh(), grants), key, of...)
	p, err := audit.Prove(m, 3, m.leaves[3], nil, pinned, tlog.Tree{N: 4})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data  []byte
		check func([]byte) error
	}{
		"pin": {[]byte(pinned), func(data []byte) error { _, err := verify(export, verifier, string(data)); return err }},
		"proof": {proof, func(data []byte) error {
			p, err := audit.ParseProof(data)
			if err == nil {
				_, err = p.Check(audit.VerifyOptions{Verifier: verifier})
			}
			return err
		}},
		"bundle": {bundle, func(data []byte) error {
			b, err := checkBundle(data, verifier)
			if err == nil && b.LogKey != key {
				err = errors.New("it names another key than the one that signed")
			}
			return err
		}},
	} {
		if err := c.check(c.data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for at := range c.data {
			data := bytes.Clone(c.data)
			data[at] ^= 1
			if err := c.check(data); err == nil {
				t.Errorf("%s: byte %d, %q, became %q unnoticed", name, at, c.data[at], data[at])
			}
			if err := c.check(append(bytes.Clone(c.data[:at]), c.data[at+1:]...)); err == nil {
				t.Errorf("%s: byte %d, %q, was removed unnoticed", name, at, c.data[at])
			}
		}
	}
}

// Whatever is read, nothing panics, and nothing but a true bundle is believed.
func FuzzCheckBundle(f *testing.F) {
	t := &testing.T{}
	signer, verifier, key := newKeyed(t, origin)
	m, of := grantLog(t)
	bundle := bundleOf(t, m, sign(t, signer, m), key, of...)
	f.Add(bundle)
	f.Add([]byte(`{"grant":"G-1","log_key":""}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := checkBundle(data, verifier); err == nil && !bytes.HasPrefix(bundle, data) && b.LogKey == key {
			t.Errorf("%+v of\n%s", b, data)
		}
	})
}

// newKeyed is newSigner with the verifier key as text.
func newKeyed(t *testing.T, name string) (*audit.Signer, note.Verifier, string) {
	t.Helper()
	private, public := newKey(t, name)
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(fmt.Errorf("verifier: %w", err))
	}
	return audit.NewSigner(name, signer), verifier, public
}
