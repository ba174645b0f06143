package backup

import (
	"io"

	"breakglass/core/backup/dumpscan"
)

// Sink takes what an archive holds while it is read, before any of it is proved:
// only when [Read] returns no error is all of it right. Its methods are called
// by one goroutine, in the order of the archive. Names are safe in form (no
// element is empty, "." or ".."), and nothing comes beneath a link; where they
// lead on a disk is the sink's own care. An error of it ends the reading.
type Sink interface {
	// Dir takes a directory.
	Dir(e Entry) error
	// Link takes a symbolic link.
	Link(e Entry) error
	// File takes a file and returns where its content goes. A file may come a
	// second time, when it was read again; then the later content counts.
	// Close is called when all of it was written, or when reading ends.
	File(e Entry) (io.WriteCloser, error)
}

// Contents are what an archive holds, for whoever restores it.
type Contents struct {
	Report
	Header    Header
	Databases []StoredDatabase
	End       End
}

// StoredDatabase is a database in an archive.
type StoredDatabase struct {
	Database
	Tables []Table
	// Needs are what a server must know to take the dump; empty for SQLite.
	Needs dumpscan.Needs
}

// nowhere takes nothing: the archive is only checked.
type nowhere struct{}

func (nowhere) Dir(Entry) error                    { return nil }
func (nowhere) Link(Entry) error                   { return nil }
func (nowhere) File(Entry) (io.WriteCloser, error) { return discard{}, nil }

// discard is a file that keeps nothing.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }
