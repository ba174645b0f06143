package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The verbs that a verifier knows; core's events have the same names.
const (
	verbClock    = "clock.jumped"
	verbRestored = "log.restored"
)

// maxLine is the longest line of an export, in bytes: far above what a leaf
// with its personal data can have.
const maxLine = 1 << 20

// saltSize is the length of a salt in bytes.
const saltSize = 16

// VerifyOptions says whom to believe.
type VerifyOptions struct {
	Verifier note.Verifier // its name is the log's origin
	Pinned   string        // a signed checkpoint from elsewhere, "" for none
}

// Report is what a log that verified holds.
type Report struct {
	Origin      string
	Lines       int64
	Root        tlog.Hash
	First, Last time.Time
	Personal    int64 // fields of personal data that are there and proved
	Erased      int64 // fields that leaves commit to and that were erased
	Restored    int64 // leaves that say that an older ledger was put back
	Pinned      int64 // lines of the pinned checkpoint, 0 without one
}

// Fault is why a log is not to be believed: one sentence, with the line of the
// file that is wrong where it can be told.
type Fault struct {
	Line    int64 // counted from 1; 0: the file as a whole
	Problem string
}

// Error returns the sentence.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.Problem
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Problem)
}

func fault(line int64, format string, args ...any) *Fault {
	return &Fault{line, fmt.Sprintf(format, args...)}
}

// Verify reads an export as [ExportLine] and [ExportEnd] made it and checks all
// of it: the form of each line, the order and the time of the leaves, their
// hashes and the signed root over them, what lies beside them, and that the log
// continues the pinned checkpoint. It fails with a [Fault] at the first thing
// that is not as it must be, and keeps no more than one line in memory.
func Verify(r io.Reader, o VerifyOptions) (Report, error) {
	v := verification{verifier: o.Verifier, report: Report{Origin: o.Verifier.Name()}}
	if o.Pinned != "" {
		pinned, err := openOnly(o.Pinned, o.Verifier)
		if err != nil {
			return Report{}, fault(0, "the pinned checkpoint is not to be believed: %v", err)
		}
		v.pinned, v.report.Pinned = pinned.Tree, pinned.Tree.N
	}
	in := bufio.NewReaderSize(r, 64<<10)
	for number := int64(1); ; number++ {
		line, err := readLine(in, number)
		if err != nil {
			return Report{}, err
		}
		if line == nil {
			return Report{}, fault(number, "the log ends without a signed checkpoint: its end was cut off")
		}
		ended, err := v.line(number, line)
		if err != nil {
			return Report{}, err
		}
		if ended {
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				return Report{}, fault(number+1, "something stands behind the signed checkpoint")
			}
			return v.report, nil
		}
	}
}

// readLine returns a line with its line feed, nil at the end.
func readLine(in *bufio.Reader, number int64) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, fault(number, "it is longer than any line of a log")
		}
		switch {
		case err == nil && line == nil:
			return part, nil
		case err == nil:
			return append(line, part...), nil
		case errors.Is(err, bufio.ErrBufferFull):
			line = append(line, part...)
		case errors.Is(err, io.EOF) && len(line)+len(part) == 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return nil, fault(number, "it is cut off")
		default:
			return nil, fmt.Errorf("read log: %w", err)
		}
	}
}

// verification is how far the reading of an export has come.
type verification struct {
	verifier note.Verifier
	pinned   tlog.Tree
	tree     frontier
	report   Report
}

// line checks one line and reports whether it was the last.
func (v *verification) line(number int64, data []byte) (ended bool, err error) {
	if bytes.HasPrefix(data, []byte(`{"checkpoint":`)) {
		return true, v.end(number, data)
	}
	var l exported
	if err := json.Unmarshal(data, &l); err != nil {
		return false, fault(number, "it is no line of an exported log, or it was changed")
	}
	if again, err := encodeLine(l); err != nil || !bytes.Equal(again, data) {
		return false, fault(number, "it was not written by a console in this form, so it was changed")
	}
	return false, v.leaf(number, l)
}

func (v *verification) leaf(number int64, l exported) error {
	hash := tlog.RecordHash(l.Leaf)
	if hash != l.Hash {
		return fault(number, "the entry was changed: it does not have the hash that stands beside it")
	}
	leaf, err := DecodeLeaf(l.Leaf)
	if err != nil {
		return fault(number, "the entry cannot be read")
	}
	if seq := v.tree.size; leaf.Seq != seq {
		return fault(number, "here stands entry %d of the log and not %d: entries are missing, doubled or in another order", leaf.Seq, seq)
	}
	if leaf.Time.Before(v.report.Last) && leaf.Verb != verbClock {
		return fault(number, "the time runs back from %s to %s without an entry that says that the clock was set",
			v.report.Last.Format(time.RFC3339), leaf.Time.Format(time.RFC3339))
	}
	if err := v.personal(number, leaf, l.Personal); err != nil {
		return err
	}
	if v.tree.size == 0 {
		v.report.First = leaf.Time
	}
	v.report.Last = leaf.Time
	if leaf.Verb == verbRestored && leaf.Site == "" {
		v.report.Restored++
	}
	v.tree.add(hash)
	if v.tree.size == v.pinned.N && v.tree.root() != v.pinned.Hash {
		return fault(number, "the log up to here is another than the pinned checkpoint of %d lines signs: it was rewritten", v.pinned.N)
	}
	return nil
}

// personal checks what lies beside a leaf: no more than it commits to, and each
// field as it does. What is missing was erased.
func (v *verification) personal(number int64, leaf Leaf, beside map[string]Personal) error {
	if beside != nil && len(beside) == 0 {
		return fault(number, "it was changed: nothing lies beside the entry, yet it says so")
	}
	seen := make(map[string]bool, len(leaf.Personal))
	for subject, p := range beside {
		if !slices.Contains(Subjects(leaf), subject) || len(p.Salt) != saltSize || len(p.Fields) == 0 {
			return fault(number, "the personal data beside the entry is not of anybody in it")
		}
		for name, commitment := range p.Commitments() {
			if seen[name] || leaf.Personal[name] != commitment {
				return fault(number, "the personal data beside the entry is not what the entry commits to")
			}
			seen[name] = true
		}
	}
	v.report.Personal += int64(len(seen))
	v.report.Erased += int64(len(leaf.Personal) - len(seen))
	return nil
}

// end checks the signed checkpoint against all lines before it.
func (v *verification) end(number int64, data []byte) error {
	var e exportEnd
	if err := json.Unmarshal(data, &e); err != nil {
		return fault(number, "the checkpoint cannot be read")
	}
	if again, err := encodeLine(e); err != nil || !bytes.Equal(again, data) {
		return fault(number, "the checkpoint was not written by a console in this form, so it was changed")
	}
	c, err := openOnly(e.Checkpoint, v.verifier)
	switch {
	case err != nil:
		return fault(number, "the checkpoint is not to be believed: %v", err)
	case c.Tree.N != v.tree.size:
		return fault(number, "the checkpoint signs %d entries and the file holds %d", c.Tree.N, v.tree.size)
	case c.Tree.N == 0:
		return fault(number, "the log is empty")
	case c.Tree.Hash != v.tree.root():
		return fault(number, "the entries are not those that the checkpoint signs: an entry above was changed together with its hash")
	case c.Tree.N < v.pinned.N:
		return fault(0, "the file holds %d entries and the pinned checkpoint signs %d: entries were removed, or this is an older copy", c.Tree.N, v.pinned.N)
	}
	v.report.Lines, v.report.Root = c.Tree.N, c.Tree.Hash
	return nil
}

// openOnly opens a checkpoint that has one signature, that of the verifier, in
// the one form that it can have. (note.Open passes by signatures of others and
// bits of the base64 that say nothing.)
func openOnly(signed string, verifier note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint([]byte(signed), verifier.Name(), verifier)
	var unknown *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown):
		return Checkpoint{}, fmt.Errorf("it is not signed by the key %s", verifier.Name())
	case errors.As(err, &invalid):
		return Checkpoint{}, fmt.Errorf("its signature by the key %s is wrong", verifier.Name())
	case err != nil:
		return Checkpoint{}, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	sig := opened.Sigs[0]
	raw, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
	if err != nil || opened.Text+"\n— "+sig.Name+" "+base64.StdEncoding.EncodeToString(raw)+"\n" != signed {
		return Checkpoint{}, errors.New("there is more in it than was signed")
	}
	return c, nil
}
