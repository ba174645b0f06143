package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrForked means that the log is not an extension of what was signed before:
// somebody changed or restored it.
var ErrForked = errors.New("the log is not a continuation of what was signed before")

// Checkpoint is the log at one moment: its origin, size and root.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
}

// Text returns the checkpoint as a note's text, in the C2SP form. (It is not
// tlog.FormatTree, which hard-codes another log's name.)
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Tree.N, base64.StdEncoding.EncodeToString(c.Tree.Hash[:]))
}

// ParseCheckpoint reads the text of a note; extension lines are ignored.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, errors.New("a checkpoint has three lines: origin, size and root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("the checkpoint's size %q is not a number", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errors.New("the checkpoint's root is not a SHA-256 in base64")
	}
	c := Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size}}
	copy(c.Tree.Hash[:], root)
	return c, nil
}

// ParseSigned reads a signed checkpoint of one's own, whose signature needs no
// check.
func ParseSigned(signed string) (Checkpoint, error) {
	text, _, _ := strings.Cut(signed, "\n\n")
	return ParseCheckpoint(strings.TrimRight(text, "\n") + "\n")
}

// OpenCheckpoint checks a signed checkpoint against the verifier key and the
// origin, and fails closed.
func OpenCheckpoint(signed []byte, origin string, verifier note.Verifier) (Checkpoint, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	if c.Origin != origin {
		return Checkpoint{}, fmt.Errorf("open checkpoint: it is of the log %q, not of %q", c.Origin, origin)
	}
	return c, nil
}

// Signer signs checkpoints of one log and refuses one that does not continue
// the last it signed. The zero history signs anything. It is for one goroutine
// at a time, and the log must be read after that goroutine got its turn.
type Signer struct {
	origin string
	key    note.Signer
	last   tlog.Tree
	signed string
}

// NewSigner returns a signer for the log with that origin.
func NewSigner(origin string, key note.Signer) *Signer {
	return &Signer{origin: origin, key: key}
}

// Fresh returns a signer with the same key that has signed nothing yet.
func (s *Signer) Fresh() *Signer { return NewSigner(s.origin, s.key) }

// Origin is the first line of each checkpoint.
func (s *Signer) Origin() string { return s.origin }

// Resume takes up where an earlier process stopped: signed is the last
// checkpoint that it handed out. It fails with ErrForked where the log does not
// continue that one, or it is none of this signer's; the signer then knows no
// more than before.
func (s *Signer) Resume(log Log, signed string) error {
	c, err := ParseSigned(signed)
	if err != nil {
		return fmt.Errorf("%w: what is kept of it cannot be read: %w", ErrForked, err)
	}
	// Ed25519 signs the same text in the same way each time.
	again, err := note.Sign(&note.Note{Text: c.Text()}, s.key)
	if err != nil {
		return fmt.Errorf("resume log: %w", err)
	}
	if c.Origin != s.origin || string(again) != signed {
		return fmt.Errorf("%w: what is kept of it was not signed by this console's key", ErrForked)
	}
	size, err := log.Size()
	if err != nil {
		return fmt.Errorf("resume log: %w", err)
	}
	if size < c.Tree.N {
		return fmt.Errorf("%w: it has %d lines and %d were signed", ErrForked, size, c.Tree.N)
	}
	root, err := TreeHash(log, c.Tree.N)
	if err != nil {
		return fmt.Errorf("resume log: %w", err)
	}
	if root != c.Tree.Hash {
		return fmt.Errorf("%w: its first %d lines are others than were signed", ErrForked, c.Tree.N)
	}
	s.last, s.signed = c.Tree, signed
	return nil
}

// Sign returns the signed checkpoint of the log as it stands.
func (s *Signer) Sign(log Log) (string, error) {
	size, err := log.Size()
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return s.SignAt(log, size)
}

// SignAt returns the signed checkpoint of the log's first size lines. It proves
// first that they extend the last checkpoint signed, else it fails with ErrForked.
func (s *Signer) SignAt(log Log, size int64) (string, error) {
	if size < s.last.N {
		return "", fmt.Errorf("%w: it has %d lines and %d were signed", ErrForked, size, s.last.N)
	}
	root, err := TreeHash(log, size)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	tree := tlog.Tree{N: size, Hash: root}
	if tree == s.last {
		return s.signed, nil
	}
	if err := extends(log, s.last, tree); err != nil {
		return "", err
	}
	signed, err := note.Sign(&note.Note{Text: Checkpoint{Origin: s.origin, Tree: tree}.Text()}, s.key)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	s.last, s.signed = tree, string(signed)
	return s.signed, nil
}

// extends proves that newer continues older, by the tree's own hashes.
func extends(log Log, older, newer tlog.Tree) error {
	if older.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(newer.N, older.N, reader(log))
	if err != nil {
		return fmt.Errorf("prove consistency: %w", err)
	}
	if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("%w: %w", ErrForked, err)
	}
	return nil
}
