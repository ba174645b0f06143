package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Log is where leaves and the Merkle hashes over them are stored; core.LogTable
// is one. Hashes are numbered as by tlog.StoredHashIndex.
type Log interface {
	Size() (int64, error)
	Append(leaf []byte, hashes [][32]byte) error
	Hash(index int64) ([32]byte, error)
}

// Append adds leaf to the log as number Size() and stores the hashes that this
// completes, and returns that number. The leaf's Seq is set by it.
func Append(log Log, leaf Leaf) (int64, error) {
	size, err := log.Size()
	if err != nil {
		return 0, fmt.Errorf("append leaf: %w", err)
	}
	leaf.Seq = size
	data, err := leaf.Encode()
	if err != nil {
		return 0, err
	}
	hashes, err := tlog.StoredHashesForRecordHash(size, tlog.RecordHash(data), reader(log))
	if err != nil {
		return 0, fmt.Errorf("append leaf: %w", err)
	}
	stored := make([][32]byte, len(hashes))
	for i, hash := range hashes {
		stored[i] = hash
	}
	if err := log.Append(data, stored); err != nil {
		return 0, fmt.Errorf("append leaf: %w", err)
	}
	return size, nil
}

// TreeHash returns the root over the first size leaves.
func TreeHash(log Log, size int64) (tlog.Hash, error) {
	if size == 0 {
		return tlog.Hash{}, fmt.Errorf("the log is empty")
	}
	root, err := tlog.TreeHash(size, reader(log))
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("hash tree: %w", err)
	}
	return root, nil
}

// reader lets tlog read the stored hashes.
func reader(log Log) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hash, err := log.Hash(index)
			if err != nil {
				return nil, err
			}
			hashes[i] = hash
		}
		return hashes, nil
	})
}
