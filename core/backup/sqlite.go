package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"breakglass/core/backup/sitetree"

	_ "modernc.org/sqlite" // the driver
)

// snapshot is a consistent copy of a live SQLite database, in a file without a
// name.
type snapshot struct {
	file   *os.File
	size   int64
	tables []Table
	rows   int64
	server string
}

// errTorn ends a snapshot of a database that changed under it.
var errTorn = errors.New("the database changed while it was copied")

// takeSnapshot copies the SQLite database at relative into scratch, as SQLite
// itself would. SQLite is only ever given a private copy: a path within the site
// could be swapped for another file, and a FIFO in the place of a journal would
// hold it for ever, beyond any context.
func (e *Engine) takeSnapshot(ctx context.Context, root sitetree.Disk, relative string) (_ *snapshot, err error) {
	if err := room(root, relative, e.options.Scratch); err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", relative, err)
	}
	dir, err := os.MkdirTemp(e.options.Scratch, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", relative, err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // New sweeps what stays
	private, copied := filepath.Join(dir, "private"), filepath.Join(dir, "snapshot")
	err = errTorn
	for n := 0; n < copyTries && errors.Is(err, errTorn); n++ {
		err = copyDatabase(ctx, root, relative, private)
	}
	if err == nil {
		err = vacuum(ctx, private, copied)
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", relative, err)
	}
	return openSnapshot(ctx, copied)
}

// sqliteURI is a file: URI, every odd byte of the path escaped.
func sqliteURI(path, options string) string {
	return "file:" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/") + "?" + options +
		"&_pragma=busy_timeout(10000)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"
}

// vacuum copies a database through SQLite, which first brings in what stands in
// its log or takes back what its journal says.
func vacuum(ctx context.Context, private, copied string) (err error) {
	db, err := sql.Open("sqlite", sqliteURI(private, "mode=rw"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	most, err := mostVacuumed(private)
	if err != nil {
		return err
	}
	ctx, stop := whileSmall(ctx, copied, most)
	defer stop()
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", copied); err != nil && errors.Is(context.Cause(ctx), errGrows) {
		return errGrows
	}
	return err
}

// errGrows ends a snapshot that becomes larger than what it is of: pages that
// stand many times in a hostile database's trees make terabytes of kilobytes,
// and SQLite notices only once all is copied.
var errGrows = errors.New("the copy is far larger than the database, which is not whole")

// mostVacuumed is how large the snapshot of a private copy may become, in bytes:
// SQLite packs it tighter than it was, so twice is more than any honest one has.
func mostVacuumed(private string) (most int64, err error) {
	for _, suffix := range databaseParts {
		info, err := os.Stat(private + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		most += 2 * info.Size()
	}
	return most + vacuumSlack, nil
}

// vacuumSlack is what any snapshot may take, and how often its size is looked at.
const (
	vacuumSlack = 16 << 20
	vacuumLook  = 50 * time.Millisecond
)

// whileSmall returns a context that ends with errGrows once a file is larger than
// it may be. The function that it returns ends the watch.
func whileSmall(ctx context.Context, path string, most int64) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ticker := time.NewTicker(vacuumLook)
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-ticker.C:
				if info, err := os.Stat(path); err == nil && info.Size() > most {
					cancel(errGrows)
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return ctx, func() {
		cancel(nil)
		watch.Wait()
		ticker.Stop()
	}
}

// openSnapshot checks a copy, counts what is in it and takes its name away.
func openSnapshot(ctx context.Context, path string) (*snapshot, error) {
	s := &snapshot{}
	if err := s.look(ctx, path); err != nil {
		return nil, fmt.Errorf("check snapshot: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	info, err := file.Stat()
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open snapshot: %w", err), file.Close())
	}
	s.file, s.size = file, info.Size()
	return s, nil
}

func (s *snapshot) look(ctx context.Context, path string) (err error) {
	found, err := LookAtSQLite(ctx, path, false)
	s.server, s.tables = found.Server, found.Tables
	for _, t := range s.tables {
		s.rows += t.Rows
	}
	return err
}

// Close gives the disk back.
func (s *snapshot) Close() error { return s.file.Close() }

// noRoom reports whether a snapshot failed for want of disk, of which SQLite says
// so in its own words.
func noRoom(err error) bool { return diskFull(err) || strings.Contains(err.Error(), "disk is full") }

// snapshotTime bounds one snapshot: a hostile database must not keep a backup
// busy for ever.
const snapshotTime = 30 * time.Minute
