package coretest

import (
	"fmt"
	"maps"
	"slices"

	"breakglass/core"
)

// fakeLog is the log in one transaction.
type fakeLog struct{ tx *fakeTx }

func (l fakeLog) Size() (int64, error) {
	if l.tx.over {
		return 0, errOver
	}
	return int64(len(l.tx.state.leaves)), nil
}

func (l fakeLog) Leaf(seq int64) ([]byte, error) {
	if l.tx.over {
		return nil, errOver
	}
	if seq < 0 || seq >= int64(len(l.tx.state.leaves)) {
		return nil, fmt.Errorf("leaf %d: %w", seq, core.ErrNotFound)
	}
	return slices.Clone(l.tx.state.leaves[seq]), nil
}

func (l fakeLog) Append(leaf []byte, hashes [][32]byte) error {
	if err := l.tx.writing(); err != nil {
		return err
	}
	l.tx.state.leaves = append(l.tx.state.leaves, slices.Clone(leaf))
	l.tx.state.hashes = append(l.tx.state.hashes, hashes...)
	return nil
}

func (l fakeLog) Hash(index int64) ([32]byte, error) {
	if l.tx.over {
		return [32]byte{}, errOver
	}
	if index < 0 || index >= int64(len(l.tx.state.hashes)) {
		return [32]byte{}, fmt.Errorf("hash %d: %w", index, core.ErrNotFound)
	}
	return l.tx.state.hashes[index], nil
}

func (l fakeLog) Index(seq int64, keys ...string) error {
	if err := l.tx.writing(); err != nil {
		return err
	}
	for _, key := range keys {
		if key == "" || seq < 0 {
			return fmt.Errorf("index of leaf %d under %q: %w", seq, key, core.ErrInvalid)
		}
		index := maps.Clone(l.tx.state.index)
		if index == nil {
			index = make(map[string][]int64)
		}
		of := index[key]
		if at, known := slices.BinarySearch(of, seq); !known {
			index[key] = slices.Insert(slices.Clone(of), at, seq)
		}
		l.tx.state.index = index
	}
	return nil
}

func (l fakeLog) Find(key string, before int64, f func(seq int64) bool) error {
	if l.tx.over {
		return errOver
	}
	if l.tx.writable {
		return errRange
	}
	of := l.tx.state.index[key]
	at, _ := slices.BinarySearch(of, before)
	for _, seq := range slices.Backward(of[:at]) {
		if !f(seq) {
			return nil
		}
	}
	return nil
}

func (l fakeLog) FindUp(key string, from int64, f func(seq int64) bool) error {
	if l.tx.over {
		return errOver
	}
	if l.tx.writable {
		return errRange
	}
	of := l.tx.state.index[key]
	at, _ := slices.BinarySearch(of, from)
	for _, seq := range of[at:] {
		if !f(seq) {
			return nil
		}
	}
	return nil
}

func (l fakeLog) PutPersonal(subject string, seq int64, data []byte) error {
	if err := l.tx.writing(); err != nil {
		return err
	}
	if subject == "" || seq < 0 {
		return fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrInvalid)
	}
	of := maps.Clone(l.tx.state.personal[subject])
	if of == nil {
		of = make(map[int64][]byte)
	}
	of[seq] = slices.Clone(data)
	l.setPersonal(subject, of)
	return nil
}

func (l fakeLog) Personal(subject string, seq int64) ([]byte, error) {
	if l.tx.over {
		return nil, errOver
	}
	data, ok := l.tx.state.personal[subject][seq]
	if !ok {
		return nil, fmt.Errorf("personal data of %q beside leaf %d: %w", subject, seq, core.ErrNotFound)
	}
	return slices.Clone(data), nil
}

func (l fakeLog) Forget(subject string) error {
	if err := l.tx.writing(); err != nil {
		return err
	}
	l.setPersonal(subject, nil)
	return nil
}

// setPersonal replaces all data of a subject in a copy of the published map.
func (l fakeLog) setPersonal(subject string, of map[int64][]byte) {
	all := maps.Clone(l.tx.state.personal)
	if all == nil {
		all = make(map[string]map[int64][]byte)
	}
	if of == nil {
		delete(all, subject)
	} else {
		all[subject] = of
	}
	l.tx.state.personal = all
}
