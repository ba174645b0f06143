package store

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"breakglass/core"
	"breakglass/core/audit"

	"go.etcd.io/bbolt"
)

// schema3 was written by breakglass at commit 6dc0044, the last of schema 3: 20
// lines of two sites, four to a grant, each with what is personal and a message.
//
//go:embed testdata/schema3.db.gz
var schema3 []byte

// A database of the version before opens, holds all that it held, goes on, and
// is whole after all of it was moved.
func TestADatabaseOfTheVersionBeforeGoesOn(t *testing.T) {
	path := unpackSchema3(t)
	for _, more := range []int{0, 3, maxRows} { // nothing recent, some of it, and all of it moved once
		s := openAt(t, path)
		for range more {
			if err := s.Update(t.Context(), func(tx core.Tx) error {
				seq, err := audit.Append(tx.Log(), audit.Leaf{Verb: "later", Site: "acme"})
				return errors.Join(err, tx.Log().Index(seq, audit.KeySite+"acme"))
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(s.View(t.Context(), func(tx core.Tx) error { return checkSchema3(t, tx) }), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// unpackSchema3 puts it into a file.
func unpackSchema3(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "breakglass.db")
	unpacked, err := gzip.NewReader(bytes.NewReader(schema3))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(unpacked)
	if err := errors.Join(err, os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// The version before left what it forgot in free pages; the first start of this one
// writes that over.
func TestWhatTheVersionBeforeForgotIsWrittenOver(t *testing.T) {
	path := unpackSchema3(t)
	db, err := bbolt.Open(path, 0o600, boltOptions())
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("person/ann\x00forgotten")
	for _, f := range []func(*bbolt.Bucket) error{
		func(b *bbolt.Bucket) error { return b.Put(key, bytes.Repeat([]byte("ann@example.nl "), 1000)) },
		func(b *bbolt.Bucket) error { return b.Delete(key) },
	} {
		if err := db.Update(func(tx *bbolt.Tx) error { return f(tx.Bucket([]byte("personal"))) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if !inFile(t, &Store{path: path}, "ann@example.nl") {
		t.Fatal("the version before would have written it over, too")
	}
	s := openAt(t, path)
	defer s.Close() //nolint:errcheck // nothing is written
	if inFile(t, s, "ann@example.nl") {
		t.Error("it is still in the file")
	}
	if err := s.View(t.Context(), func(tx core.Tx) error { return checkSchema3(t, tx) }); err != nil {
		t.Error(err)
	}
}

func checkSchema3(t *testing.T, tx core.Tx) error {
	log := tx.Log()
	size, err := log.Size()
	if err != nil {
		return err
	}
	if size > 20 { // the old hashes and the new ones make one tree
		if err := checkTree(log, size); err != nil {
			return err
		}
	}
	var grant, messages []string
	var older []int64
	site, err1 := tx.Sites().Get("acme")
	_, err2 := tx.Pushes().Get("syslog")
	err3 := log.Find("grant/G-2", size, func(seq int64) bool {
		data, err := log.Leaf(seq)
		leaf, err2 := audit.DecodeLeaf(data)
		beside, err3 := log.Personal(leaf.Actor, seq)
		if err := errors.Join(err, err2, err3); err != nil || !bytes.Contains(beside, []byte("198.51.100.9")) {
			t.Errorf("line %d: %s, %v", seq, beside, err)
		}
		grant = append(grant, leaf.Site)
		return true
	})
	err4 := log.FindUp("site/acme", 0, func(seq int64) bool { older = append(older, seq); return len(older) < 11 })
	err5 := tx.Outbox().Each("", func(m core.Message) bool { messages = append(messages, m.ID); return true })
	if site.Title != "The acme shop" || !slices.Equal(grant, []string{"bakery", "acme", "bakery", "acme"}) || len(messages) != 20 || messages[19] != "M-019" {
		t.Errorf("%q, %v, %v", site.Title, grant, messages)
	}
	want := []int64{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20}
	if !slices.Equal(older, want[:min(len(want), 10+int(size-20))]) {
		t.Errorf("lines of acme: %v", older)
	}
	return errors.Join(err1, err2, err3, err4, err5)
}

// checkTree builds the tree anew from the leaves and compares its root.
func checkTree(log core.LogTable, size int64) error {
	fresh := &treeOf{}
	for seq := range size {
		data, err := log.Leaf(seq)
		if err != nil {
			return err
		}
		leaf, err := audit.DecodeLeaf(data)
		if err != nil {
			return err
		}
		if _, err := audit.Append(fresh, leaf); err != nil {
			return err
		}
	}
	want, err := audit.TreeHash(fresh, size)
	got, err2 := audit.TreeHash(log, size)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if got != want {
		return errors.New("the tree has another root than its leaves make")
	}
	return nil
}

// treeOf is a log in memory.
type treeOf struct {
	size   int64
	hashes [][32]byte
}

func (l *treeOf) Size() (int64, error) { return l.size, nil }

func (l *treeOf) Append(_ []byte, hashes [][32]byte) error {
	l.size, l.hashes = l.size+1, append(l.hashes, hashes...)
	return nil
}

func (l *treeOf) Hash(index int64) ([32]byte, error) { return l.hashes[index], nil }
