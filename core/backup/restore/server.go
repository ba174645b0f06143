package restore

import (
	"context"
	"errors"
	"io"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
)

// server is a database server as a restore needs it.
type server interface {
	// before looks at the server and the database without changing anything.
	before(ctx context.Context, c *checks)
	// passwordRefused says so where the server knows no such user with that
	// password, "" where it does or cannot be asked.
	passwordRefused(ctx context.Context) string
	// identity tells one database of one server from all others, once before was
	// asked; "" where that is not known.
	identity() string
	// disk is where the server keeps its data; ok is false where that cannot be
	// known from here.
	disk(ctx context.Context) (d disk, ok bool)
	// fits compares what a dump needs with what the server has.
	fits(ctx context.Context, d backup.StoredDatabase, c *checks)
	// empty reports whether the database holds nothing, and names what it holds.
	empty(ctx context.Context) (holds []string, err error)
	// around is what stands before a dump and behind it. Where commit is not "",
	// nothing of the dump is there without it.
	around() (begin, commit string)
	// load feeds a dump, as write makes it, to the server's own client.
	load(ctx context.Context, write func(io.Writer) error) error
	// rows counts the rows of a table.
	rows(ctx context.Context, table string) (int64, error)
	// value returns the one value that a query has, "" for none.
	value(ctx context.Context, query string, args ...any) (string, error)
	// dialect is whose dumps it takes.
	dialect() rewrite.Dialect
	// mend returns a writer that makes a dump fit the server on its way to w, and
	// then says what it changed.
	mend(w io.Writer) mender
	// Close ends the connection.
	Close() error
}

// clearer is a server on which a part of a dump may be left.
type clearer interface {
	// clear removes the tables named, and all views, routines and events. It
	// refuses a database that holds other tables.
	clear(ctx context.Context, tables []string) error
}

// mender changes a dump on its way.
type mender interface {
	io.Writer
	// Flush writes what is held back. It is called once, at the end.
	Flush() error
	// Notes say what was changed.
	Notes() []string
}

// PasswordRefused asks a database's server for its user and password alone, for
// who has just typed one: it says in a sentence that they are refused. All else
// that may be wrong is "", as the preflight says it better.
func PasswordRefused(ctx context.Context, d Database) (said string, err error) {
	s, err := connect(d)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if said = s.passwordRefused(ctx); said != "" {
		said = strings.ToUpper(said[:1]) + said[1:] + "."
	}
	return said, nil
}

// connect connects to a server.
func connect(d Database) (server, error) {
	if d.Driver == postgresDriver {
		return newPostgres(d)
	}
	return newMySQL(d)
}
