package restore

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// sqliteFile finds a database among the restored files. A link that took its place
// is refused: the file is looked at through the target's root.
func (r *run) sqliteFile(relative string) (path string, info fs.FileInfo, err error) {
	root, err := os.OpenRoot(r.place.target)
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(r.place.target, relative)
	info, err = root.Lstat(relative)
	resolved, linked := filepath.EvalSymlinks(path)
	if err = errors.Join(err, linked, root.Close()); err != nil {
		return "", nil, err
	}
	if !info.Mode().IsRegular() || resolved != path {
		return "", nil, core.Refuse(core.ErrSite, "%s is a link, or no file any more.", safetext.Line(safetext.Path(relative)))
	}
	return path, info, nil
}

// openSQLite opens a database. What is written to it may be lost with the machine
// until the file is synced: only copies are written to.
func openSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(url.PathEscape(path), "%2F", "/")+
		"?mode=rw&_pragma=busy_timeout(10000)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&_pragma=synchronous(0)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// searchSQLite looks for the addresses of a WordPress that keeps them in SQLite.
func (r *run) searchSQLite() (urls []string, err error) {
	for _, file := range r.sqliteFiles() {
		path, _, err := r.sqliteFile(file)
		if err != nil {
			return nil, fmt.Errorf("look for the old address: %w", err)
		}
		db, err := openSQLite(path)
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
		path, info, err := r.sqliteFile(file)
		if err != nil {
			return fmt.Errorf("rewrite addresses in %s: %w", safetext.Path(file), err)
		}
		r.state.Rewritten = append(r.state.Rewritten, file)
		err = r.swapIn(swap{file, info, func(to *os.File) (bool, error) { return r.rewriteCopy(path, to, file, w) }})
		if err != nil {
			return err
		}
	}
	r.state.Step = StepRepoint
	return r.state.keep(r.place)
}

// rewriteCopy copies a database and rewrites the copy.
func (r *run) rewriteCopy(path string, to *os.File, file string, w *rewrite.Rewriter) (changed bool, err error) {
	from, err := os.Open(path)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, from.Close()); err != nil {
		return false, err
	}
	before := r.state.Values.Total.Values
	err = r.rewriteSQLite(to.Name(), file, w)
	return r.state.Values.Total.Values > before, err
}

// rewriteSQLite rewrites a copy of one database in one transaction. Its triggers are
// taken away meanwhile: they are made for changes of the site's own.
func (r *run) rewriteSQLite(path, file string, w *rewrite.Rewriter) (err error) {
	db, err := openSQLite(path)
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
		t, err := newSQLiteTable(r.ctx, tx, table, w, r.state.Values)
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
