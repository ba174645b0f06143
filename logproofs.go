package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// maxProof is far above the length of any proof, in bytes.
const maxProof = 1 << 20

// proofs checks the proof of one line, or an export of some lines.
func (o logVerify) proofs(path string, in *bufio.Reader, options audit.VerifyOptions, out io.Writer) error {
	data, more, err := proofLine(in)
	if err != nil {
		return fmt.Errorf("%s does not verify: %w", path, err)
	}
	p, err := audit.ParseProof(data)
	if err != nil {
		return fmt.Errorf("%s does not verify: %w", path, err)
	}
	leaf, err := p.Check(options)
	if err != nil {
		return fmt.Errorf("%s does not verify: %w", path, err)
	}
	if more {
		return o.selection(path, in, options, leaf, p.Checkpoint, out)
	}
	if o.json {
		return view.WriteJSON(out, map[string]any{"entry": leaf, "pinned": options.Pinned != ""})
	}
	text := fmt.Sprintf("%s verifies: entry %d of the log %s, %s %s by %s", path, leaf.Seq, options.Verifier.Name(),
		leaf.Time.Format(time.RFC3339), safetext.Line(leaf.Verb), safetext.Line(leaf.Actor))
	if p.Since != nil {
		text += fmt.Sprintf("; the log continues what it was at %d entries", p.Since.Lines)
	}
	_, err = fmt.Fprintln(out, text+".")
	return err
}

// proofLine reads one line with its line feed, and whether another follows.
func proofLine(in *bufio.Reader) (line []byte, more bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxProof:
			return nil, false, errors.New("a line is too long for a proof")
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && !errors.Is(err, io.EOF):
			return nil, false, fmt.Errorf("read the proof: %w", err)
		default:
			_, err := in.Peek(1)
			return line, err == nil, nil
		}
	}
}

// selection checks an export of some lines from its second on: each is proved by
// the checkpoint of the first, they stand in their order, and the last is the
// line of the export itself.
func (o logVerify) selection(path string, in *bufio.Reader, options audit.VerifyOptions, last audit.Leaf, checkpoint string, out io.Writer) error {
	first, count := last.Seq, int64(1) // lines read before
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s does not verify: line %d: %s", path, count+1, fmt.Sprintf(format, args...))
	}
	for more := true; more; count++ {
		var data []byte
		var err error
		if data, more, err = proofLine(in); err != nil {
			return wrong("%v", err)
		}
		p, err := audit.ParseProof(data)
		if err != nil {
			return wrong("%v", err)
		}
		leaf, err := p.Check(options)
		switch {
		case err != nil:
			return wrong("%v", err)
		case p.Checkpoint != checkpoint:
			return wrong("it was exported at another time than the lines before it")
		case leaf.Seq <= last.Seq:
			return wrong("entry %d stands behind entry %d: entries are doubled or in another order", leaf.Seq, last.Seq)
		}
		last = leaf
	}
	if last.Verb != string(core.EventLogExported) {
		return fmt.Errorf("%s does not verify: it ends without the line of the export itself, so its end was cut off", path)
	}
	return o.tellSelection(path, options, first, last.Seq, count, out)
}

func (o logVerify) tellSelection(path string, options audit.VerifyOptions, first, last, count int64, out io.Writer) error {
	if o.json {
		return view.WriteJSON(out, map[string]any{"origin": options.Verifier.Name(), "entries": count, "first_entry": first, "last_entry": last, "selection": true})
	}
	_, err := fmt.Fprintf(out, "%s verifies: %d entries of the log %s, each proved by itself; the last, %d, is that of this export.\n"+
		"It is a selection: that no entry was left out only an export of the whole log can show.\n", path, count, options.Verifier.Name(), last)
	return err
}
