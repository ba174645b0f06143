package restore

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
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
		tables, err := backup.SQLiteTexts(r.ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%options'`)
		for _, table := range tables {
			var found []string
			found, err = backup.SQLiteTexts(r.ctx, db, `SELECT option_value FROM `+backup.SQLiteName(table)+` WHERE option_name IN ('home', 'siteurl') AND option_value LIKE 'http%' ORDER BY option_name`)
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
	if r.state.Values == nil {
		r.state.Values = &rewrite.Report{}
	}
	for _, file := range r.sqliteFiles() {
		if w == nil || slices.Contains(r.state.Rewritten, file) {
			continue
		}
		if err := r.rewriteSQLite(file, w, r.state.Values); err != nil {
			return fmt.Errorf("rewrite addresses in %s: %w", safetext.Path(file), err)
		}
		r.state.Rewritten = append(r.state.Rewritten, file)
		if err := r.state.keep(r.place); err != nil {
			return err
		}
	}
	r.state.Step = StepRepoint
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
	triggers, err := backup.SQLiteTexts(r.ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)
	if err != nil {
		return err
	}
	made, err := backup.SQLiteTexts(r.ctx, tx, `SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)
	if err != nil {
		return err
	}
	for _, name := range triggers {
		if _, err := tx.ExecContext(r.ctx, "DROP TRIGGER "+backup.SQLiteName(name)); err != nil {
			return err
		}
	}
	tables, err := backup.SQLiteTables(r.ctx, tx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		t, err := newSQLiteTable(r.ctx, tx, table, w, sum)
		if errors.Is(err, errNoKey) {
			r.byHand(fmt.Sprintf("The table “%s” in %s was not looked at for old addresses: %s.", safetext.Line(table), safetext.Path(file), err))
			continue
		}
		if err == nil {
			err = t.rewrite()
		}
		if err != nil {
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
