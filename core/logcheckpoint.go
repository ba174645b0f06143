package core

import (
	"context"
	"fmt"
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
		if size <= known || c.durable.CompareAndSwap(known, size) {
			return
		}
	}
}
