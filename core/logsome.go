package core

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"breakglass/core/audit"

	"golang.org/x/mod/sumdb/tlog"
)

// Terms are what a query looks for, as people write it in a filter and in the
// flags of `log list`: name and value, times in UTC. The text is last, its name
// "text".
func (q LogQuery) Terms() [][2]string {
	var terms [][2]string
	for _, term := range [][2]string{
		{"site", q.Site}, {"request", q.Request}, {"grant", q.Grant}, {"person", q.Person}, {"event", string(q.Event)},
		{"from", logStamp(q.From)}, {"to", logStamp(q.To)}, {"text", q.Text},
	} {
		if term[1] != "" {
			terms = append(terms, term)
		}
	}
	return terms
}

// logStamp writes a moment so that LogTime reads it as the same, to the second.
func logStamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}

// ExportSome writes the lines of the log that a query looks for, oldest first;
// its page is ignored. It takes whom ExportLog takes and is a line of the log as
// well, which is always the last one exported: a file that ends without it was
// cut off. As JSONL each line comes with the proof that it is in the log; that
// none was left out only the whole log can show.
func (c *Console) ExportSome(ctx context.Context, a Actor, format LogFormat, q LogQuery, w io.Writer) error {
	if len(q.Terms()) == 0 {
		return c.ExportLog(ctx, a, format, w)
	}
	if !slices.Contains(LogFormats(), format) {
		return Refuse(ErrInvalid, "There is no such format; choose one of %s.", joined(LogFormats()))
	}
	own, err := c.logExport(ctx, a, format, q)
	if err != nil {
		return err
	}
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return err
	}
	export := someExport{Console: c, format: format, signed: signed}
	q.Upward, q.Start = true, 0
	for more := true; more; {
		var batch []byte
		if batch, q.Start, more, err = export.batch(ctx, q, own); err != nil {
			return err
		}
		if _, err := w.Write(batch); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
	}
	return export.end(ctx, own, w)
}

// logExport logs an export and returns the number of that line. What was looked
// for may be a name or an address, so it lies beside the log.
func (c *Console) logExport(ctx context.Context, a Actor, format LogFormat, q LogQuery) (own int64, err error) {
	l := line{event: EventLogExported, result: "ok", data: map[string]string{"format": string(format)}}
	if terms := q.Terms(); len(terms) > 0 {
		var filter []string
		for _, term := range terms {
			filter = append(filter, term[0]+":"+term[1])
		}
		l.data["lines"] = "a selection"
		l.personal = map[string]map[string]string{a.ID(): {"filter": strings.Join(filter, " ")}}
	}
	err = c.update(ctx, "log export", a, func(t *turn) error {
		if err := mayExport(t.Tx, a); err != nil {
			return err
		}
		own, err = t.record(l)
		return err
	})
	return own, err
}

// someExport is an export of some lines under one checkpoint.
type someExport struct {
	*Console
	format LogFormat
	signed string
}

// batch returns the lines that the query finds from its Start on, below end, as
// many as one transaction reads, and where to go on.
func (e someExport) batch(ctx context.Context, q LogQuery, end int64) (batch []byte, next int64, more bool, err error) {
	err = e.view(ctx, "read log", func(tx Tx) error {
		batch, more = batch[:0], false
		low, high, err := q.bounds(tx.Log(), end)
		if err != nil {
			return err
		}
		read, found := 0, 0
		var failed error
		err = q.candidates(tx.Log(), low, high, func(seq int64) bool {
			if read++; found == exportBatch || read > maxLogScan {
				next, more = seq, true
				return false
			}
			var ok bool
			if _, ok, failed = q.read(tx, Person{Role: RoleAuditor}, seq); !ok {
				return failed == nil
			}
			found++
			var out []byte
			out, failed = e.line(tx, seq)
			batch = append(batch, out...)
			return failed == nil
		})
		if err == nil {
			err = failed
		}
		return err
	})
	return batch, next, more, err
}

// line is one line of the export, as JSONL its proof.
func (e someExport) line(tx Tx, seq int64) ([]byte, error) {
	if e.format != LogJSONL {
		return e.exportLine(tx, e.format, seq)
	}
	leaf, beside, err := leafAndBeside(tx, seq)
	if err != nil {
		return nil, err
	}
	proof, err := audit.Prove(tx.Log(), seq, leaf, beside, e.signed, tlog.Tree{})
	if err != nil {
		return nil, err
	}
	return proof.Encode()
}

// end writes the line of the export itself, and where the format has no proofs
// the checkpoint.
func (e someExport) end(ctx context.Context, own int64, w io.Writer) error {
	var last []byte
	err := e.view(ctx, "read log", func(tx Tx) (err error) {
		last, err = e.line(tx, own)
		return err
	})
	if err == nil && e.format != LogJSONL {
		var checkpoint []byte
		checkpoint, err = e.exportEnd(e.format, e.signed)
		last = append(last, checkpoint...)
	}
	if err != nil {
		return err
	}
	if _, err := w.Write(last); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}
