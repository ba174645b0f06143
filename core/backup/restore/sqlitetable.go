package restore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
)

// sqliteTable is a table of a SQLite database whose texts and blobs are rewritten,
// column by column, in steps by what its rows are known by.
type sqliteTable struct {
	ctx  context.Context
	tx   *sql.Tx
	name string
	w    *rewrite.Rewriter
	sum  *rewrite.Report

	columns []string // that hold values of their own
	key     []string // what a row is known by: its rowid, or the primary key of a table without
}

// rowNames are the names of a row's number, of which a table may take some for
// columns of its own (https://sqlite.org/lang_createtable.html#rowid).
var rowNames = []string{"rowid", "_rowid_", "oid"}

// errNoKey is a table whose rows cannot be told apart.
var errNoKey = errors.New("its rows have no number that can be named, and no primary key")

func newSQLiteTable(ctx context.Context, tx *sql.Tx, name string, w *rewrite.Rewriter, sum *rewrite.Report) (*sqliteTable, error) {
	t := &sqliteTable{ctx: ctx, tx: tx, name: name, w: w, sum: sum}
	var err error
	if t.columns, err = backup.SQLiteTexts(ctx, tx, `SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0`, name); err != nil {
		return nil, err
	}
	all, err := backup.SQLiteTexts(ctx, tx, `SELECT lower(name) FROM pragma_table_xinfo(?)`, name)
	if err != nil {
		return nil, err
	}
	without, err := backup.SQLiteTexts(ctx, tx, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND name = ? AND wr`, name)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rowNames, func(n string) bool { return !slices.Contains(all, n) }); i >= 0 && len(without) == 0 {
		t.key = rowNames[i : i+1]
		return t, nil
	}
	if t.key, err = backup.SQLiteTexts(ctx, tx, `SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk`, name); err != nil {
		return nil, err
	}
	if len(t.key) == 0 {
		return nil, errNoKey
	}
	return t, nil
}

// rewrite rewrites all columns; those that a row is known by come last.
func (t *sqliteTable) rewrite() error {
	if slices.Contains(t.columns, "domain") && slices.Contains(t.columns, "path") {
		if err := t.networkPaths(); err != nil {
			return err
		}
	}
	for _, column := range t.columns {
		if slices.Contains(t.key, column) {
			continue
		}
		err := t.each(column, func(rows []sqliteRow) error { return t.update(column, rows) })
		if err != nil {
			return err
		}
	}
	for _, column := range t.key {
		if !slices.Contains(t.columns, column) {
			continue
		}
		if err := t.rewriteKey(column); err != nil {
			return err
		}
	}
	return nil
}

// networkPaths rewrites the paths of the sites of a WordPress network, which lie
// beside their hosts as these are still.
func (t *sqliteTable) networkPaths() error {
	names := quotedNames(t.key)
	query := fmt.Sprintf(`SELECT +%s, +"domain", +"path" FROM %s WHERE typeof("domain") = 'text' AND typeof("path") = 'text'`, strings.Join(names, ", +"), backup.SQLiteName(t.name)) //nolint:gosec // quoted
	rows, err := t.tx.QueryContext(t.ctx, query)
	if err != nil {
		return err
	}
	var changes []sqliteRow
	for rows.Next() {
		var host, path string
		row := sqliteRow{key: make([]any, len(names)), counts: rewrite.Counts{Values: 1, Hosts: 1}}
		into := []any{}
		for i := range row.key {
			into = append(into, &row.key[i])
		}
		if err := rows.Scan(append(into, &host, &path)...); err != nil {
			return errors.Join(err, rows.Close())
		}
		if to, changed := t.w.NetworkPath(t.name, host, path); changed {
			row.value = to
			changes = append(changes, row)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	return t.update("path", changes)
}

// sqliteRow is a row of which a value is to be written back.
type sqliteRow struct {
	key    []any
	value  any
	counts rewrite.Counts
}

// changesEach bounds how many changes are in memory.
const changesEach = 1000

// each calls f with the rows whose value in a column is to be changed, some at a
// time. Nothing is being read while f runs.
func (t *sqliteTable) each(column string, f func([]sqliteRow) error) error {
	for after := []any(nil); ; {
		rows, last, err := t.read(column, after)
		if err != nil {
			return err
		}
		if err := f(rows); err != nil {
			return err
		}
		if last == nil {
			return nil
		}
		after = last
	}
}

// read reads on behind a row until enough is to be changed, and returns the last
// row that it looked at; nil: there are no more. A + hides the type of a column
// from the driver, which would make another value of a date.
func (t *sqliteTable) read(column string, after []any) (changes []sqliteRow, last []any, err error) {
	names := quotedNames(t.key)
	behind := ""
	if after != nil {
		behind = fmt.Sprintf("(%s) > (%s) AND ", strings.Join(names, ", "), marks(len(names)))
	}
	query := fmt.Sprintf("SELECT +%s, +%[2]s FROM %s WHERE %stypeof(%[2]s) IN ('text', 'blob') ORDER BY %[5]s", strings.Join(names, ", +"), backup.SQLiteName(column), backup.SQLiteName(t.name), behind, strings.Join(names, ", ")) //nolint:gosec // quoted
	rows, err := t.tx.QueryContext(t.ctx, query, after...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	for len(changes) < changesEach {
		if !rows.Next() {
			return changes, nil, rows.Err()
		}
		row := sqliteRow{key: make([]any, len(names))}
		into := []any{}
		for i := range row.key {
			into = append(into, &row.key[i])
		}
		if err := rows.Scan(append(into, &row.value)...); err != nil {
			return nil, nil, err
		}
		last = row.key
		if t.change(&row) {
			changes = append(changes, row)
		}
	}
	return changes, last, rows.Err()
}

// change rewrites the value of a row. What is left of it is counted; what changes
// is when it is written.
func (t *sqliteTable) change(row *sqliteRow) bool {
	text, isText := row.value.(string)
	blob, isBlob := row.value.([]byte)
	if isText {
		blob = []byte(text)
	}
	if !isText && !isBlob {
		return false
	}
	changed, counts := t.w.Value(t.name, blob)
	if string(changed) == string(blob) {
		t.sum.Add(t.name, counts)
		return false
	}
	row.value, row.counts = changed, counts
	if isText {
		row.value = string(changed)
	}
	return true
}

// update writes values back. One that a row of the same table must be the only
// one to have, and another has, stays and is counted.
func (t *sqliteTable) update(column string, rows []sqliteRow) error {
	update := fmt.Sprintf("UPDATE OR IGNORE %s SET %s = ? WHERE (%s) = (%s)", backup.SQLiteName(t.name), backup.SQLiteName(column), strings.Join(quotedNames(t.key), ", "), marks(len(t.key))) //nolint:gosec // quoted
	for _, row := range rows {
		result, err := t.tx.ExecContext(t.ctx, update, append([]any{row.value}, row.key...)...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			row.counts = rewrite.Counts{Keys: 1}
		}
		t.sum.Add(t.name, row.counts)
	}
	return nil
}

// movesTable holds the rows whose key changes: with a new key a row may come
// again, further on.
const movesTable = "temp.breakglass_moves"

// rewriteKey rewrites a column by which rows are known: first all that change are
// found, then each is changed.
func (t *sqliteTable) rewriteKey(column string) (err error) {
	list := make([]string, len(t.key))
	for i := range list {
		list[i] = fmt.Sprintf("k%d", i)
	}
	if _, err := t.tx.ExecContext(t.ctx, "CREATE TABLE "+movesTable+" (n INTEGER PRIMARY KEY, "+strings.Join(list, ", ")+")"); err != nil {
		return err
	}
	defer func() {
		_, dropped := t.tx.ExecContext(t.ctx, "DROP TABLE "+movesTable)
		err = errors.Join(err, dropped)
	}()
	insert := "INSERT INTO " + movesTable + " (" + strings.Join(list, ", ") + ") VALUES (" + marks(len(list)) + ")" //nolint:gosec // names of our own
	err = t.each(column, func(rows []sqliteRow) error {
		for _, row := range rows {
			if _, err := t.tx.ExecContext(t.ctx, insert, row.key...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	at := slices.Index(t.key, column)
	for after := int64(0); ; {
		rows, last, err := t.moves(list, after)
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].value = rows[i].key[at]
			t.change(&rows[i])
		}
		if err := t.update(column, rows); err != nil {
			return err
		}
		if len(rows) < changesEach {
			return nil
		}
		after = last
	}
}

// moves reads some of the rows that were found.
func (t *sqliteTable) moves(list []string, after int64) (rows []sqliteRow, last int64, err error) {
	found, err := t.tx.QueryContext(t.ctx, "SELECT n, "+strings.Join(list, ", ")+" FROM "+movesTable+" WHERE n > ? ORDER BY n LIMIT ?", after, changesEach) //nolint:gosec // names of our own
	if err != nil {
		return nil, 0, err
	}
	defer found.Close() //nolint:errcheck // Err is asked
	for found.Next() {
		row := sqliteRow{key: make([]any, len(list))}
		into := []any{&last}
		for i := range row.key {
			into = append(into, &row.key[i])
		}
		if err := found.Scan(into...); err != nil {
			return nil, 0, err
		}
		rows = append(rows, row)
	}
	return rows, last, found.Err()
}

func quotedNames(names []string) (quoted []string) {
	for _, name := range names {
		quoted = append(quoted, backup.SQLiteName(name))
	}
	return quoted
}

// marks are n places for values in a query.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
