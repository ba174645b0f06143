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
	"syscall"
	"time"

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
// itself would, without changing the site. While it runs, no other descriptor of
// the file is opened and closed in this process: that would drop SQLite's locks.
func (e *Engine) takeSnapshot(ctx context.Context, root *os.Root, base, relative string) (*snapshot, error) {
	e.sqlite.Lock()
	defer e.sqlite.Unlock()
	file, info, err := openFile(root, relative)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read; SQLite is done by then
	dir, err := os.MkdirTemp(e.options.Scratch, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", relative, err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // New sweeps what stays
	live := filepath.Join(base, filepath.FromSlash(relative))
	copied := filepath.Join(dir, "snapshot")
	err = errTorn
	if atRest(root, relative) {
		err = e.vacuum(ctx, live, copied, "immutable=1", info)
		now, statErr := file.Stat()
		if err == nil && (statErr != nil || !sameTimes(now, info) || !atRest(root, relative)) {
			err = errTorn
		}
	}
	if err != nil && ctx.Err() == nil {
		if err := os.RemoveAll(copied); err != nil {
			return nil, fmt.Errorf("snapshot %s: %w", relative, err)
		}
		err = e.vacuum(ctx, live, copied, "mode=ro", info)
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", relative, err)
	}
	return openSnapshot(ctx, copied)
}

// atRest reports whether nobody seems to have the database open: it has neither
// a write-ahead log nor a journal. Then SQLite needs no lock, and makes no file
// beside it.
func atRest(root *os.Root, relative string) bool {
	for _, suffix := range []string{"-wal", "-journal"} {
		info, err := root.Lstat(relative + suffix)
		if err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// sqliteURI is a file: URI, every odd byte of the path escaped.
func sqliteURI(path, options string) string {
	return "file:" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/") + "?" + options +
		"&_pragma=busy_timeout(10000)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"
}

// vacuum copies a database through SQLite. The name is used for opening only:
// that the file behind it is the one we know is checked while it is open, so a
// directory swapped for a link meanwhile gains nothing.
func (e *Engine) vacuum(ctx context.Context, live, copied, options string, info fs.FileInfo) (err error) {
	db, err := sql.Open("sqlite", sqliteURI(live, options))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // db.Close says it too
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return err
	}
	if n := openCount(info); n < 2 {
		return fmt.Errorf("SQLite opened another file: %w", fs.ErrPermission)
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", copied)
	return err
}

// openCount returns how many descriptors of this process are open on a file.
func openCount(info fs.FileInfo) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	n := 0
	for _, entry := range entries {
		if at, err := os.Stat("/proc/self/fd/" + entry.Name()); err == nil && os.SameFile(at, info) {
			n++
		}
	}
	return n
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
	db, err := sql.Open("sqlite", sqliteURI(path, "mode=ro&immutable=1"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var verdict, version string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("quick_check says %q", verdict)
	}
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	s.server = "SQLite " + version
	names, err := sqliteTables(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		t := Table{Line: lineTable, Name: name}
		count := `SELECT count(*) FROM "` + strings.ReplaceAll(name, `"`, `""`) + `"` //nolint:gosec // quoted
		if err := db.QueryRowContext(ctx, count).Scan(&t.Rows); err != nil {
			return err
		}
		s.tables = append(s.tables, t)
		s.rows += t.Rows
	}
	return nil
}

func sqliteTables(ctx context.Context, db *sql.DB) (names []string, err error) {
	// Virtual tables keep their rows in tables of their own, which are counted.
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Close gives the disk back.
func (s *snapshot) Close() error { return s.file.Close() }

// noRoom reports whether a snapshot failed for want of disk.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || strings.Contains(err.Error(), "disk is full")
}

// snapshotTime bounds one snapshot: a hostile database must not keep a backup
// busy for ever.
const snapshotTime = 30 * time.Minute
