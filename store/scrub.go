package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// keyScrub in the bucket "meta" says that free pages hold what Forget removed.
var keyScrub = []byte("scrub")

// noteScrub says in the transaction that forgets that there is something to do,
// so that a crash does not lose it.
func noteScrub(b *bbolt.Tx) error {
	if err := b.Bucket(bucketMeta).Put(keyScrub, []byte{1}); err != nil {
		return fmt.Errorf("note what is to be overwritten: %w", err)
	}
	return nil
}

// scrub overwrites the free pages of the file, which bbolt leaves as they are
// until it needs them: on a quiet console what was forgotten would lie there for
// months. It is called by whoever may write. While somebody reads, who may see
// the state of before, it does nothing: the next Update tries again, and so it
// does when it fails, which is no failure of that Update.
func (s *Store) scrub() error {
	if !s.unscrubbed || s.reading() {
		return nil
	}
	// A power cut may leave either of the file's two newest states. With one more
	// commit, neither has the pages that Forget gave back.
	if err := s.commit(func(*bbolt.Tx) error { return nil }); err != nil {
		return err
	}
	if s.reading() { // from now on nobody can begin with the state of before
		return nil
	}
	err := s.commit(func(b *bbolt.Tx) error {
		if err := overwriteFree(b, s.path); err != nil {
			return err
		}
		return b.Bucket(bucketMeta).Delete(keyScrub)
	})
	if err == nil {
		s.unscrubbed = false
	}
	return err
}

// reading reports whether somebody reads.
func (s *Store) reading() bool {
	stats := s.db.Stats()
	return stats.OpenTxN > 0
}

// commit is an Update that changes nothing that is recent.
func (s *Store) commit(f func(*bbolt.Tx) error) error {
	var same recent
	err := s.db.Update(func(b *bbolt.Tx) error {
		now, err := s.recentAt(b, b.ID()-1)
		if err != nil {
			return err
		}
		same = *now
		same.tx = b.ID()
		return f(b)
	})
	if err == nil {
		s.recent.Store(&same)
	}
	return err
}

// overwriteFree writes zeros over the pages that are free in a transaction which
// has not changed anything yet.
func overwriteFree(b *bbolt.Tx, path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("overwrite free pages: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size := b.DB().Info().PageSize
	zeros, page := make([]byte, size), make([]byte, size)
	for id := 0; ; id++ {
		info, err := b.Page(id)
		if err != nil {
			return fmt.Errorf("overwrite free pages: %w", err)
		}
		if info == nil { // behind the last
			return f.Sync()
		}
		if info.Type != "free" {
			continue
		}
		at := int64(id) * int64(size)
		if _, err := f.ReadAt(page, at); err != nil {
			return fmt.Errorf("overwrite free pages: %w", err)
		}
		if bytes.Equal(page, zeros) {
			continue
		}
		if _, err := f.WriteAt(zeros, at); err != nil {
			return fmt.Errorf("overwrite free pages: %w", err)
		}
	}
}
