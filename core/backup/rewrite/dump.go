package rewrite

import (
	"context"
	"io"

	"breakglass/core"
)

// Dialect is whose dump it is.
type Dialect int

// The dialects that are known.
const (
	MySQL      Dialect = iota // of mysqldump or mariadb-dump
	PostgreSQL                // of pg_dump, as plain text
)

// Dump copies a dump from src to dst with all replaced, and says what it did.
// What goes in may be any part of a dump that begins and ends between
// statements. Memory in use depends on the largest value alone, up to
// Options.MaxValue. When ctx ends, the error wraps core.ErrCancelled; errors of
// src and dst are wrapped; what was written until then is of no use.
func (w *Rewriter) Dump(ctx context.Context, dst io.Writer, src io.Reader, d Dialect) (Report, error) {
	var report Report
	win := w.newWindow(ctx, dst, src, &report)
	var err error
	switch d {
	case MySQL:
		err = (&mysqlDump{window: win, fresh: true}).run()
	case PostgreSQL:
		err = (&postgresDump{window: win, fresh: true}).run()
	default:
		err = core.Refuse(core.ErrInvalid, "there is no such kind of dump: %d", d)
	}
	return report, err
}
