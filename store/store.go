package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"breakglass/core"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	// lockWait is how long Open waits for a process that is just ending.
	lockWait = 900 * time.Millisecond
	// mapped is the address space set aside, so that a growing file need not
	// wait for readers before it is mapped anew (bbolt, Options.InitialMmapSize).
	mapped = 256 << 20
)

// Options of a [Store]. The zero value is right for a console.
type Options struct {
	// BallastSize is the size of the ballast in bytes; 0 is [DefaultBallast].
	// Tests that open many stores want a small one.
	BallastSize int64
}

// Store is a core.Ledger in one file. It is safe for concurrent use.
type Store struct {
	db      *bbolt.DB
	path    string
	writer  chan struct{} // holds one token while an Update runs
	recent  atomic.Pointer[recent]
	ballast ballast
	// unscrubbed says that free pages hold what was forgotten; it is for whoever
	// has the writer's token.
	unscrubbed bool
}

// Open opens the database at path, or makes it, with its folder, for this user
// alone. A file that another process holds is a Refusal of core.ErrBusy within
// a second; one of a newer breakglass, or none of ours, is core.ErrInvalid.
func Open(path string, opts Options) (*Store, error) {
	dir := filepath.Dir(path)
	if err := privateDir(dir); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, boltOptions())
	if err != nil {
		return nil, openRefusal(path, err)
	}
	s := &Store{db: db, path: path, writer: make(chan struct{}, 1), ballast: newBallast(dir, opts.BallastSize)}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// boltOptions are those of the file. The list of free pages is written with each
// commit: without it (NoFreelistSync) a start would read the whole file.
func boltOptions() *bbolt.Options {
	return &bbolt.Options{Timeout: lockWait, InitialMmapSize: mapped, FreelistType: bbolt.FreelistMapType}
}

// prepare brings an open file to what this program needs.
func (s *Store) prepare() error {
	if err := os.Chmod(s.path, 0o600); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := migrate(s.db, s.path, migrations); err != nil {
		return asNoSpace(err)
	}
	if err := s.db.View(func(b *bbolt.Tx) error {
		s.unscrubbed = b.Bucket(bucketMeta).Get(keyScrub) != nil
		return nil
	}); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	_ = s.scrub() // the next Update tries again
	// A disk that is full already must not keep the console from starting.
	if err := s.ballast.restore(); err != nil && !errors.Is(err, core.ErrNoSpace) {
		return err
	}
	return nil
}

// openRefusal says in a sentence why a file could not be opened.
func openRefusal(path string, err error) error {
	refuse := func(kind error, sentence string) error {
		return &core.Refusal{Kind: kind, Detail: fmt.Sprintf(sentence, path), Cause: err}
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return refuse(core.ErrBusy, "The database %s is in use by another breakglass process: stop that one first, or talk to the running console over ssh.")
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return refuse(core.ErrInvalid, "The file %s is not a database of breakglass, or it is damaged: give the right path, or put the newest copy of it back.")
	case errors.Is(err, fs.ErrPermission):
		return refuse(core.ErrDenied, "The database %s may not be opened by this user: start breakglass as the user that the file belongs to.")
	}
	return fmt.Errorf("open database %s: %w", path, asNoSpace(err))
}

// Close waits for transactions that run and closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// View implements core.Ledger.
func (s *Store) View(ctx context.Context, f func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	return s.db.View(func(b *bbolt.Tx) error {
		recent, err := s.recentAt(b, b.ID())
		if err != nil {
			return err
		}
		t := &tx{bolt: b, recent: recent}
		defer t.end()
		return f(t)
	})
}

// recentAt returns what is recent in the state that a transaction left. It is
// kept from the last Update; only who reads an older state, or the very newest
// before that is kept, has it read again.
func (s *Store) recentAt(b *bbolt.Tx, id int) (*recent, error) {
	if kept := s.recent.Load(); kept != nil && kept.tx == id {
		return kept, nil
	}
	return readRecent(b, id)
}

// Update implements core.Ledger. On a full disk the ballast is given back and
// f runs a second time.
func (s *Store) Update(ctx context.Context, f func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return fmt.Errorf("write the ledger: %w", ctx.Err())
	}
	own, commit := s.attempt(ctx, f)
	if noSpace(commit) && s.ballast.release() {
		own, commit = s.attempt(ctx, f)
	}
	if commit != nil {
		return fmt.Errorf("write the ledger: %w", asNoSpace(commit))
	}
	_ = s.scrub() // the next Update tries again
	return own
}

// attempt runs f once. It tells an error of f, or of its context, from one
// that bbolt met when it wrote what f did.
func (s *Store) attempt(ctx context.Context, f func(core.Tx) error) (own, commit error) {
	var d *draft
	err := s.db.Update(func(b *bbolt.Tx) error {
		before, err := s.recentAt(b, b.ID()-1)
		if err != nil {
			return err
		}
		d = newDraft(before)
		t := &tx{bolt: b, recent: &d.recent, draft: d}
		defer t.end()
		if own = f(t); own != nil {
			return own
		}
		if err := ctx.Err(); err != nil {
			own = fmt.Errorf("write the ledger: %w", err)
			return own
		}
		if err := d.finish(b); err != nil {
			return err
		}
		d.tx = b.ID()
		return nil
	})
	if own != nil {
		return own, nil
	}
	if err == nil {
		s.recent.Store(&d.recent)
		s.unscrubbed = s.unscrubbed || d.erase
	}
	return nil, err
}

// BallastGone reports whether the ballast was given back to a full disk, or
// could not be put there to begin with.
func (s *Store) BallastGone() bool { return s.ballast.gone() }

// RestoreBallast puts the ballast back where it is gone. It fails with
// core.ErrNoSpace as long as there is not a little more than its size free.
func (s *Store) RestoreBallast() error { return s.ballast.restore() }
