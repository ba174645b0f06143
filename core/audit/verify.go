package audit

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The verbs that a verifier knows; core's events have the same names.
const (
	verbClock    = "clock.jumped"
	verbRestored = "log.restored"
)

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
// that is not as it must be, and keeps no more than some thousand lines in
// memory.
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
	var ahead []*batch // lines that are being checked each for itself, the oldest first
	defer func() {
		for _, b := range ahead {
			<-b.done
		}
	}()
	for number := int64(1); ; {
		b := readBatch(in, number)
		number += int64(len(b.lines))
		ahead = append(ahead, b)
		for len(ahead) > 0 && (b.last || len(ahead) > 2*runtime.GOMAXPROCS(0)) {
			oldest := ahead[0]
			ahead = ahead[1:]
			<-oldest.done
			if ended, err := v.batch(oldest); ended || err != nil {
				return v.report, err
			}
		}
	}
}

// batch takes checked lines in their order, and reports whether they hold the
// log's end.
func (v *verification) batch(b *batch) (ended bool, err error) {
	for i, l := range b.checked {
		number := b.first + int64(i)
		switch {
		case l.problem != nil:
			return false, l.problem
		case l.end != "":
			return true, v.end(number, l.end)
		}
		if err := v.leaf(number, l); err != nil {
			return false, err
		}
	}
	return false, b.err
}

// verification is how far the reading of an export has come.
type verification struct {
	verifier note.Verifier
	pinned   tlog.Tree
	tree     frontier
	report   Report
}

func (v *verification) leaf(number int64, l checkedLine) error {
	if seq := v.tree.size; l.leaf.Seq != seq {
		return fault(number, "here stands entry %d of the log and not %d: entries are missing, doubled or in another order", l.leaf.Seq, seq)
	}
	if l.leaf.Time.Before(v.report.Last) && l.leaf.Verb != verbClock {
		return fault(number, "the time runs back from %s to %s without an entry that says that the clock was set",
			v.report.Last.Format(time.RFC3339), l.leaf.Time.Format(time.RFC3339))
	}
	if v.tree.size == 0 {
		v.report.First = l.leaf.Time
	}
	v.report.Last = l.leaf.Time
	v.report.Personal += l.proved
	v.report.Erased += l.erased
	if l.leaf.Verb == verbRestored && l.leaf.Site == "" {
		v.report.Restored++
	}
	v.tree.add(l.hash)
	if v.tree.size == v.pinned.N && v.tree.root() != v.pinned.Hash {
		return fault(number, "the log up to here is another than the pinned checkpoint of %d lines signs: it was rewritten", v.pinned.N)
	}
	return nil
}

// end checks the signed checkpoint against all lines before it.
func (v *verification) end(number int64, signed string) error {
	c, err := openOnly(signed, v.verifier)
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
