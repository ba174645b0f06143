package core

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"breakglass/core/audit"
)

// LogFormat is a form in which the log can be exported.
type LogFormat string

// The formats. Only JSONL holds the leaves byte for byte and can be verified;
// the others are for machines that collect logs.
const (
	LogJSONL  LogFormat = "jsonl"
	LogSyslog LogFormat = "syslog" // RFC 5424
	LogCEF    LogFormat = "cef"    // ArcSight Common Event Format, version 0
	LogOCSF   LogFormat = "ocsf"   // Open Cybersecurity Schema Framework, JSON objects
)

// LogFormats lists all there are.
func LogFormats() []LogFormat { return []LogFormat{LogJSONL, LogSyslog, LogCEF, LogOCSF} }

// exportBatch is how many lines one transaction of an export reads.
const exportBatch = 500

// ExportLog writes the whole log in a format, oldest line first, and last its
// signed checkpoint. It takes an auditor or a manager of all sites, and is a
// line of the log itself, the last one exported.
func (c *Console) ExportLog(ctx context.Context, a Actor, format LogFormat, w io.Writer) error {
	if !slices.Contains(LogFormats(), format) {
		return Refuse(ErrInvalid, "There is no such format; choose one of %s.", joined(LogFormats()))
	}
	if _, err := c.logExport(ctx, a, format, LogQuery{}); err != nil {
		return err
	}
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return err
	}
	size, _, err := readCheckpoint(signed)
	if err != nil {
		return err
	}
	for from := int64(0); from < size; from += exportBatch {
		batch, err := c.exportBatch(ctx, format, from, min(from+exportBatch, size))
		if err != nil {
			return err
		}
		if _, err := w.Write(batch); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
	}
	end, err := c.exportEnd(format, signed)
	if err != nil {
		return err
	}
	if _, err := w.Write(end); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func joined[S ~string](all []S) string {
	var names []string
	for _, s := range all {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// mayExport refuses everyone but an auditor and a manager of all sites.
func mayExport(tx Tx, a Actor) error {
	person, err := scopeOf(tx, a)
	if err == nil && person.Role == RoleManager && len(person.Sites) > 0 {
		err = Refuse(ErrDenied, "The whole log is for auditors and managers of all sites.")
	}
	return err
}

// exportBatch returns the lines from..to in a format.
func (c *Console) exportBatch(ctx context.Context, format LogFormat, from, to int64) ([]byte, error) {
	var batch []byte
	err := c.view(ctx, "read log", func(tx Tx) error {
		batch = batch[:0]
		for seq := from; seq < to; seq++ {
			l, err := c.exportLine(tx, format, seq)
			if err != nil {
				return err
			}
			batch = append(batch, l...)
		}
		return nil
	})
	return batch, err
}

func (c *Console) exportLine(tx Tx, format LogFormat, seq int64) ([]byte, error) {
	if format == LogJSONL {
		leaf, beside, err := leafAndBeside(tx, seq)
		if err != nil {
			return nil, err
		}
		return audit.ExportLine(leaf, beside)
	}
	l, err := readLine(tx, seq)
	if err != nil {
		return nil, err
	}
	switch format {
	case LogSyslog:
		return []byte(syslogLine(c.options.Host, l) + "\n"), nil
	case LogCEF:
		return []byte(cefLine(c.options.Host, l) + "\n"), nil
	default:
		return ocsfLine(c.options.Host, l)
	}
}

// exportEnd is the checkpoint as the last line of a format.
func (c *Console) exportEnd(format LogFormat, signed string) ([]byte, error) {
	if format == LogJSONL {
		return audit.ExportEnd(signed)
	}
	l, err := c.checkpointLine(signed)
	if err != nil {
		return nil, err
	}
	switch format {
	case LogSyslog:
		return []byte(syslogLine(c.options.Host, l) + "\n"), nil
	case LogCEF:
		return []byte(cefLine(c.options.Host, l) + "\n"), nil
	default:
		return ocsfLine(c.options.Host, l)
	}
}

// checkpointLine is a signed checkpoint in the form of a line of the log.
func (c *Console) checkpointLine(signed string) (LogLine, error) {
	size, root, err := readCheckpoint(signed)
	return LogLine{
		Seq: size, Time: c.judge.now(), Actor: string(RoleSystem), Event: "log.checkpoint", Result: "ok",
		Data: map[string]string{"lines": fmt.Sprint(size), "root": root, "signed": strings.ReplaceAll(strings.TrimSpace(signed), "\n", " | ")},
	}, err
}

// leafAndBeside reads a leaf's own bytes and the personal data beside it.
func leafAndBeside(tx Tx, seq int64) ([]byte, map[string]audit.Personal, error) {
	data, err := tx.Log().Leaf(seq)
	if err != nil {
		return nil, nil, err
	}
	leaf, err := audit.DecodeLeaf(data)
	if err != nil || len(leaf.Personal) == 0 {
		return data, nil, err
	}
	var beside map[string]audit.Personal
	for _, subject := range audit.Subjects(leaf) {
		p, err := readPersonal(tx.Log(), subject, seq)
		if err != nil {
			return nil, nil, err
		}
		if len(p.Fields) > 0 {
			set(&beside, subject, p)
		}
	}
	return data, beside, nil
}
