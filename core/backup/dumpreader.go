package backup

import (
	"bytes"
	"maps"
	"slices"

	"breakglass/core/backup/detect"
)

// dumpReader reads a dump as the client of its server does.
type dumpReader interface {
	// scan reads p up to a place where the dump may be cut, or to the end of p.
	// It returns how many bytes it read and whether it stopped at such a place.
	scan(p []byte) (n int, ended bool)
	// rows counts the rows of each table that the dump creates or fills.
	rows() map[string]int64
	// total counts the rows of all tables; table is the one at hand.
	total() int64
	table() string
	// whole reports whether the line that a dumper writes at its end came last.
	whole() bool
	// atRest reports whether a line of our own could be added here.
	atRest() bool
	// lastWords begin the line that a dumper writes at its end.
	lastWords() string
	// needs are what a server must know to take the dump.
	needs() DumpNeeds
	// overlong is the start of a table's name that is longer than one can be.
	overlong() string
}

var (
	_ dumpReader = (*dumpScanner)(nil)
	_ dumpReader = (*pgScanner)(nil)
	_ dumpReader = (*anyScanner)(nil)
)

func (s *dumpScanner) rows() map[string]int64 { return s.Rows }
func (s *dumpScanner) total() int64           { return s.Total }
func (s *dumpScanner) table() string          { return s.Table }
func (s *dumpScanner) whole() bool            { return s.Complete }
func (s *dumpScanner) atRest() bool           { return s.state == dumpCode || s.state == dumpLine }
func (s *dumpScanner) lastWords() string      { return dumpCompletedBy }

func (s *dumpScanner) overlong() string { return s.Overlong }

func (s *dumpScanner) needs() DumpNeeds {
	return DumpNeeds{
		Collations: slices.Sorted(maps.Keys(s.Collations)), Charsets: slices.Sorted(maps.Keys(s.Charsets)), Statement: s.Longest,
	}
}

// newDumpReader returns the reader for the dumps of a kind of server.
func newDumpReader(driver detect.Driver) dumpReader {
	if driver == detect.Postgres {
		return newPGScanner()
	}
	return newDumpScanner()
}

// pgBegin is how each dump of pg_dump begins.
var pgBegin = []byte("--\n-- PostgreSQL database dump\n")

// anyScanner finds out by a dump's first bytes whose dump it is.
type anyScanner struct {
	dumpReader
	postgres *pgScanner // until that is known
	head     []byte
}

func newAnyScanner() *anyScanner {
	return &anyScanner{dumpReader: newDumpScanner(), postgres: newPGScanner()}
}

// scan implements dumpReader. While it is not known whose dump it is, both
// readers read the few bytes: comments to either.
func (s *anyScanner) scan(p []byte) (n int, ended bool) {
	if s.postgres == nil {
		return s.dumpReader.scan(p)
	}
	few := min(len(p), len(pgBegin)-len(s.head))
	s.head = append(s.head, p[:few]...)
	if !bytes.HasPrefix(pgBegin, s.head) {
		s.postgres = nil
		return s.dumpReader.scan(p)
	}
	s.postgres.scan(p[:few])
	s.dumpReader.scan(p[:few])
	if len(s.head) == len(pgBegin) {
		s.dumpReader, s.postgres = s.postgres, nil
	}
	return few, false
}
