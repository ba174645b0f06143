package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"breakglass/core/audit"

	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint returns the signed checkpoint of the log as it stands, of durable
// lines alone: a crash cannot take back what it says. The witness has it before
// anybody else. It fails with audit.ErrForked when the log no longer continues
// what was signed before.
func (c *Console) Checkpoint(ctx context.Context) (string, error) {
	c.signing.Lock()
	defer c.signing.Unlock()
	var signed string
	err := c.ledger.View(ctx, func(tx Tx) (err error) {
		signed, err = c.options.Signer.SignAt(tx.Log(), c.durable.Load())
		return err
	})
	if err == nil {
		err = c.keepCheckpoint(ctx, signed)
	}
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	return signed, nil
}

func (c *Console) keepCheckpoint(ctx context.Context, signed string) error {
	if c.options.Witness == nil || signed == c.kept {
		return nil
	}
	if err := c.options.Witness.Keep(ctx, signed); err != nil {
		return err
	}
	c.kept = signed
	return nil
}

// madeDurable notes how long the log was in an Update that has returned. (A
// View may show lines that are on their way to the disk.)
func (c *Console) madeDurable(size int64) {
	for {
		known := c.durable.Load()
		if size <= known {
			return
		}
		if c.durable.CompareAndSwap(known, size) {
			break
		}
	}
	select {
	case c.grown <- struct{}{}:
	default:
	}
}

// readCheckpoint reads the size and the root of a checkpoint of our own.
func readCheckpoint(signed string) (size int64, root string, err error) {
	checkpoint, err := audit.ParseSigned(signed)
	if err != nil {
		return 0, "", fmt.Errorf("read own checkpoint: %w", err)
	}
	return checkpoint.Tree.N, checkpoint.Tree.Hash.String(), nil
}

// LogKey returns the verifier key of the log's checkpoints, which stands on the
// emergency sheets too. It is no secret.
func (c *Console) LogKey() string { return c.options.LogKey }

// LogCheckpoint returns the signed checkpoint of the log to an auditor or a
// manager of all sites. That is reading the log, and logged as such.
func (c *Console) LogCheckpoint(ctx context.Context, a Actor) (string, error) {
	if err := c.readingAll(ctx, a); err != nil {
		return "", err
	}
	return c.Checkpoint(ctx)
}

// ProveLog returns the proof that line seq is in the log as its checkpoint
// signs it, and, where since is not empty, that the log continues what it was
// then: since is a checkpoint of this log, or its number of lines alone. It is
// for auditors and managers of all sites, and logged as reading.
func (c *Console) ProveLog(ctx context.Context, a Actor, seq int64, since string) (audit.Proof, error) {
	if err := c.readingAll(ctx, a); err != nil {
		return audit.Proof{}, err
	}
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return audit.Proof{}, err
	}
	size, _, err := readCheckpoint(signed)
	if err != nil {
		return audit.Proof{}, err
	}
	if seq < 0 || seq >= size {
		return audit.Proof{}, Refuse(ErrNotFound, "The log has no line %d; its newest is %d.", seq, size-1)
	}
	older, err := sinceOf(since, size)
	if err != nil {
		return audit.Proof{}, err
	}
	var proof audit.Proof
	err = c.view(ctx, "prove log", func(tx Tx) error {
		leaf, beside, err := leafAndBeside(tx, seq)
		if err != nil {
			return err
		}
		proof, err = audit.Prove(tx.Log(), seq, leaf, beside, signed, older)
		if errors.Is(err, audit.ErrForked) {
			return &Refusal{Kind: ErrInvalid, Cause: err,
				Detail: "That checkpoint is not one of this log: the log was rewritten since, or the checkpoint is of another. Tell whoever relies on this console."}
		}
		return err
	})
	return proof, err
}

// sinceOf reads what an older state of the log is named by.
func sinceOf(since string, size int64) (tlog.Tree, error) {
	since = strings.TrimSpace(since)
	if since == "" {
		return tlog.Tree{}, nil
	}
	var older tlog.Tree
	lines, err := strconv.ParseInt(since, 10, 64)
	if err == nil {
		older.N = lines
	} else {
		checkpoint, err := audit.ParseSigned(since)
		if err != nil {
			return older, Refuse(ErrInvalid, "That is no checkpoint; give one as `log checkpoint` printed it, or its number of lines.")
		}
		older = checkpoint.Tree
	}
	if err != nil && older.N > size { // a checkpoint of more than there is: lines were taken away
		return older, &Refusal{Kind: ErrInvalid, Cause: audit.ErrForked, Detail: fmt.Sprintf(
			"The log has %d lines now and that checkpoint is of %d: it is of another log, or lines were taken away. Tell whoever relies on this console.", size, older.N)}
	}
	if older.N < 1 || older.N > size {
		return older, Refuse(ErrInvalid, "The log has %d lines now; it cannot be proved to continue one of %d.", size, older.N)
	}
	return older, nil
}

// readingAll authorises and logs the reading of something of the whole log.
func (c *Console) readingAll(ctx context.Context, a Actor) error {
	if err := c.view(ctx, "authorise", func(tx Tx) error { return mayExport(tx, a) }); err != nil {
		return err
	}
	return c.logReading(ctx, a)
}
