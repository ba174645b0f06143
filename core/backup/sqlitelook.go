package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLiteLook is what a SQLite database was found to hold.
type SQLiteLook struct {
	Server string  // "SQLite 3.46.0": what looked
	Tables []Table // those that hold rows, by name
}

// ErrSQLiteBroken says that SQLite found a database not whole; the error that
// wraps it says what was found.
var ErrSQLiteBroken = errors.New("the SQLite database is not whole")

// LookAtSQLite checks a SQLite database that nobody writes to and counts the rows
// of its tables. Whole checks all of it, else what can be done quickly. Its own
// conditions for rows are not checked: they may cost any time, and say nothing of
// whether it is whole.
func LookAtSQLite(ctx context.Context, path string, whole bool) (found SQLiteLook, err error) {
	db, err := sql.Open("sqlite", sqliteURI(path, "mode=ro&immutable=1&_pragma=ignore_check_constraints(1)"))
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	check := "quick_check"
	if whole {
		check = "integrity_check"
		if err := boundValues(ctx, db); err != nil {
			return found, err
		}
	}
	var verdict, version string
	if err := db.QueryRowContext(ctx, "PRAGMA "+check+"(1)").Scan(&verdict); err != nil {
		return found, err
	}
	if verdict != "ok" {
		return found, fmt.Errorf("%s says %q: %w", check, verdict, ErrSQLiteBroken)
	}
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return found, err
	}
	found.Server = "SQLite " + version
	names, err := SQLiteTables(ctx, db)
	if err != nil {
		return found, err
	}
	for _, name := range names {
		t := Table{Line: lineTable, Name: name}
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+SQLiteName(name)).Scan(&t.Rows); err != nil {
			return found, err
		}
		found.Tables = append(found.Tables, t)
	}
	return found, nil
}

// maxSQLiteValue bounds a single value while all of a database is checked, in
// bytes: an index may be of expressions that come to any size.
const maxSQLiteValue = 256 << 20

func boundValues(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	_, err = sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, maxSQLiteValue)
	return errors.Join(err, conn.Close())
}

// SQLiteName quotes a name for a query.
func SQLiteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// SQLiteQuerier is a SQLite database, a connection to one or a transaction in it.
type SQLiteQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// SQLiteTables lists the tables of a SQLite database that hold rows. Virtual ones
// keep theirs in tables of their own, which are listed.
func SQLiteTables(ctx context.Context, db SQLiteQuerier) ([]string, error) {
	return SQLiteTexts(ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
}

// SQLiteTexts runs a query and returns the first column of its answer.
func SQLiteTexts(ctx context.Context, db SQLiteQuerier, query string, args ...any) (texts []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
