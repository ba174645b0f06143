package restore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"

	_ "modernc.org/sqlite" // the driver
)

// sqliteFiles are the SQLite databases of the archive, as paths below the target.
func (r *run) sqliteFiles() (paths []string) {
	for _, d := range r.known.Databases {
		if inside, ok := strings.CutPrefix(d.Path, "files/"); ok && strings.HasPrefix(d.Server, "SQLite") {
			paths = append(paths, inside)
		}
	}
	return paths
}

// openSQLite opens a database among the restored files. A link that took its
// place is refused: the file is looked at through the target's root first.
func (r *run) openSQLite(relative string) (db *sql.DB, err error) {
	root, err := os.OpenRoot(r.place.target)
	if err != nil {
		return nil, err
	}
	info, err := root.Lstat(relative)
	resolved, linked := filepath.EvalSymlinks(filepath.Join(r.place.target, relative))
	if err = errors.Join(err, linked, root.Close()); err != nil {
		return nil, err
	}
	path := filepath.Join(r.place.target, relative)
	if !info.Mode().IsRegular() || resolved != path {
		return nil, core.Refuse(core.ErrSite, "%s is a link, or no file any more.", safetext.Line(safetext.Path(relative)))
	}
	db, err = sql.Open("sqlite", "file:"+strings.ReplaceAll(url.PathEscape(path), "%2F", "/")+
		"?mode=rw&_pragma=busy_timeout(10000)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// searchSQLite looks for the addresses of a WordPress that keeps them in SQLite.
func (r *run) searchSQLite() (urls []string, err error) {
	for _, file := range r.sqliteFiles() {
		db, err := r.openSQLite(file)
		if err != nil {
			return nil, fmt.Errorf("look for the old address: %w", err)
		}
		tables, err := texts(r.ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%options'`)
		for _, table := range tables {
			var found []string
			found, err = texts(r.ctx, db, `SELECT option_value FROM `+sqliteName(table)+` WHERE option_name IN ('home', 'siteurl') AND option_value LIKE 'http%' ORDER BY option_name`)
			if err != nil {
				err = nil // it is another table of that name
				continue
			}
			urls = append(urls, found...)
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return nil, fmt.Errorf("look for the old address: %w", err)
		}
	}
	return urls, nil
}

func sqliteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// texts runs a query and returns the first column.
func texts(ctx context.Context, db querier, query string, args ...any) (out []string, err error) {
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
		out = append(out, text)
	}
	return out, rows.Err()
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// values rewrites the addresses in SQLite databases, value by value: a dump of
// them there is not.
func (r *run) values() error {
	if r.state.Step == StepRepoint || r.state.Step == StepCheck {
		return nil
	}
	w, err := newRewriter(r.state.URLs, r.directories())
	if err != nil {
		return err
	}
	sum := &rewrite.Report{}
	if w != nil {
		for _, file := range r.sqliteFiles() {
			if err := r.rewriteSQLite(file, w, sum); err != nil {
				return fmt.Errorf("rewrite addresses in %s: %w", safetext.Path(file), err)
			}
		}
	}
	r.state.Step, r.state.Values = StepRepoint, sum
	return r.state.keep(r.place)
}

// rewriteSQLite rewrites one database in one transaction. Its triggers are taken
// away meanwhile: they are made for changes of the site's own.
func (r *run) rewriteSQLite(file string, w *rewrite.Rewriter, sum *rewrite.Report) (err error) {
	db, err := r.openSQLite(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(r.ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	triggers, err := texts(r.ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)
	if err != nil {
		return err
	}
	made, err := texts(r.ctx, tx, `SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)
	if err != nil {
		return err
	}
	for _, name := range triggers {
		if _, err := tx.ExecContext(r.ctx, "DROP TRIGGER "+sqliteName(name)); err != nil {
			return err
		}
	}
	tables, err := texts(r.ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := rewriteTable(r.ctx, tx, table, w, sum); err != nil {
			return fmt.Errorf("table %s: %w", safetext.Line(table), err)
		}
	}
	for _, sql := range made {
		if _, err := tx.ExecContext(r.ctx, sql); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// sqliteChange is a value that is to be written back.
type sqliteChange struct {
	row   int64
	value any
}

// changesEach bounds how many changes are in memory.
const changesEach = 1000

// rewriteTable rewrites the texts and blobs of a table, column by column, in
// steps by its rowid. A table without one is rewritten by nobody, and none of
// the programs known has one with addresses in it.
func rewriteTable(ctx context.Context, tx *sql.Tx, table string, w *rewrite.Rewriter, sum *rewrite.Report) error {
	columns, err := texts(ctx, tx, `SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0`, table)
	if err != nil {
		return err
	}
	for _, column := range columns {
		if strings.EqualFold(column, "rowid") {
			continue
		}
		for after := int64(-1 << 63); ; {
			changes, last, err := readColumn(ctx, tx, table, column, after, w, sum)
			if err != nil {
				if strings.Contains(err.Error(), "no such column: rowid") {
					return nil
				}
				return err
			}
			for _, c := range changes {
				update := fmt.Sprintf("UPDATE %s SET %s = ? WHERE rowid = ?", sqliteName(table), sqliteName(column)) //nolint:gosec // quoted
				if _, err := tx.ExecContext(ctx, update, c.value, c.row); err != nil {
					return err
				}
			}
			if last == after {
				break
			}
			after = last
		}
	}
	return nil
}

// readColumn reads on behind a row until enough is to be changed, and returns
// the last row that it looked at: the one behind which it began, at the end.
func readColumn(ctx context.Context, tx *sql.Tx, table, column string, after int64, w *rewrite.Rewriter, sum *rewrite.Report) (changes []sqliteChange, last int64, err error) {
	query := fmt.Sprintf("SELECT rowid, %[1]s FROM %[2]s WHERE rowid > ? AND typeof(%[1]s) IN ('text', 'blob') ORDER BY rowid", sqliteName(column), sqliteName(table)) //nolint:gosec // quoted
	rows, err := tx.QueryContext(ctx, query, after)
	if err != nil {
		return nil, after, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	last = after
	for len(changes) < changesEach && rows.Next() {
		var value any
		if err := rows.Scan(&last, &value); err != nil {
			return nil, after, err
		}
		text, isText := value.(string)
		blob, isBlob := value.([]byte)
		if isText {
			blob = []byte(text)
		} else if !isBlob {
			continue
		}
		changed, counts := w.Value(table, blob)
		sum.Add(table, counts)
		if string(changed) == string(blob) {
			continue
		}
		if isText {
			changes = append(changes, sqliteChange{last, string(changed)})
		} else {
			changes = append(changes, sqliteChange{last, changed})
		}
	}
	return changes, last, rows.Err()
}
