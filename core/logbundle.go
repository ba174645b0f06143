package core

import (
	"context"
	"slices"

	"breakglass/core/audit"

	"golang.org/x/mod/sumdb/tlog"
)

// proveGrant returns what the log holds of a grant and of the request that led to
// it, with the proofs under a checkpoint of now, for the archive. Nothing personal
// is in it: an archive cannot be made to forget.
func (c *Console) proveGrant(ctx context.Context, id string) ([]byte, error) {
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	size, _, err := readCheckpoint(signed)
	if err != nil {
		return nil, err
	}
	var proofs []audit.Proof
	err = c.view(ctx, "prove grant", func(tx Tx) error {
		proofs = nil
		grant, err := tx.Grants().Get(id)
		if err != nil {
			return err
		}
		seqs, err := numbersUnder(tx.Log(), size, audit.KeyRequest+grant.Request, audit.KeyGrant+id)
		if err != nil {
			return err
		}
		for _, seq := range seqs[max(0, len(seqs)-audit.MaxProofs):] {
			leaf, err := tx.Log().Leaf(seq)
			if err != nil {
				return err
			}
			proof, err := audit.Prove(tx.Log(), seq, leaf, nil, signed, tlog.Tree{})
			if err != nil {
				return err
			}
			proofs = append(proofs, proof)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return audit.EncodeBundle(audit.BundleHead{Grant: id, LogKey: c.options.LogKey}, proofs)
}

// numbersUnder returns the numbers below size of the lines noted under any of the
// keys, once each, in order.
func numbersUnder(log LogTable, size int64, keys ...string) ([]int64, error) {
	var seqs []int64
	for _, key := range keys {
		err := log.Find(key, size, func(seq int64) bool {
			seqs = append(seqs, seq)
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), nil
}
