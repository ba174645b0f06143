package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
)

// sqliteMagic is what a SQLite database begins with (https://sqlite.org/fileformat.html, 1.3).
var sqliteMagic = []byte("SQLite format 3\x00")

// sqliteFile is a file of the site on its way to a process that opens it, if it
// turns out to be a SQLite database. That is this program once more, under the
// user who has nothing: what opens a hostile database may break.
type sqliteFile struct {
	trial *trial
	path  string
	head  []byte // less than the magic, so far
	plain bool   // it is none
	in    io.WriteCloser
	child *process
	said  bytes.Buffer
}

// Write implements io.Writer.
func (f *sqliteFile) Write(p []byte) (int, error) {
	if f.plain {
		return len(p), nil
	}
	if f.child == nil {
		f.head = append(f.head, p[:min(len(p), len(sqliteMagic))]...)
		switch {
		case !bytes.HasPrefix(f.head, sqliteMagic[:min(len(f.head), len(sqliteMagic))]), f.trial.found.Why != "":
			f.plain = true
			return len(p), nil
		case len(f.head) < len(sqliteMagic):
			return len(p), nil
		}
		f.begin()
		if f.plain {
			return len(p), nil
		}
		before := len(f.head) - min(len(p), len(sqliteMagic))
		f.feed(f.head[:before])
	}
	f.feed(p)
	return len(p), nil
}

// feed passes content on. A process that is gone says why at its end.
func (f *sqliteFile) feed(p []byte) {
	if f.in == nil {
		return
	}
	if _, err := f.in.Write(p); err != nil {
		_ = f.in.Close() // it is broken
		f.in = nil
	}
}

// begin starts the process.
func (f *sqliteFile) begin() {
	if !f.trial.enter() {
		f.plain = true
		return
	}
	in, write, err := os.Pipe()
	if err == nil {
		f.child, err = f.trial.room.runSelf(in, &f.said, sqliteWord)
		err = errors.Join(err, in.Close())
	}
	if err != nil {
		f.trial.failAs(core.RehearsalNoStart, err.Error())
		f.plain = true
		if write != nil {
			_ = write.Close() // nobody reads it
		}
		return
	}
	f.in = write
}

// Close implements io.Closer. It waits until the database was looked at.
func (f *sqliteFile) Close() error {
	if f.child == nil {
		return nil
	}
	if f.in != nil {
		_ = f.in.Close() // a process that is gone says so itself
	}
	found := sqliteFound{}
	if err := f.child.wait(); err != nil {
		found.Problem, found.ended = f.child.said(), true
	} else if err := json.Unmarshal(f.said.Bytes(), &found); err != nil {
		found.Problem, found.ended = err.Error(), true
	}
	f.trial.sqlites[f.path] = found
	return nil
}

// sqliteFound is what the process found.
type sqliteFound struct {
	backup.SQLiteLook
	Problem string // why it is not whole; "": it is
	ended   bool   // the process did not come to an end of its own
}

// countSQLite compares a SQLite database with the manifest.
func (t *trial) countSQLite(d backup.StoredDatabase) {
	found, ok := t.sqlites[d.Path]
	name := safetext.Line(d.Name)
	switch {
	case !ok:
		t.fail(core.RehearsalRefused, name+": it is no SQLite database")
		return
	case found.ended:
		t.failAs(core.RehearsalNoStart, name+": "+said(found.Problem))
		return
	case found.Problem != "":
		t.found.Server = "SQLite"
		why := core.RehearsalRefused
		if strings.Contains(found.Problem, "too big") { // our own bound
			why = core.RehearsalMemory
		}
		t.failAs(why, name+": "+said(found.Problem))
		return
	}
	t.versionsSeen[found.Server] = true
	rows := map[string]int64{}
	for _, table := range found.Tables {
		rows[table.Name] = table.Rows
	}
	for _, table := range d.Tables {
		n, ok := rows[table.Name]
		switch shown := name + ", " + safetext.Line(table.Name); {
		case !ok:
			t.fail(core.RehearsalRows, shown+": –/"+strconv.FormatInt(table.Rows, 10))
		case n != table.Rows:
			t.fail(core.RehearsalRows, fmt.Sprintf("%s: %d/%d", shown, n, table.Rows))
		}
		t.found.Tables++
		t.found.Rows += n
	}
}

// said is a complaint, made safe and not too long.
func said(text string) string {
	letters := []rune(safetext.Line(text))
	return string(letters[:min(len(letters), maxSaid)])
}

// sqliteWord is the one argument with which this program opens a SQLite database
// for a rehearsal.
const sqliteWord = "rehearse-sqlite"

// Helped reports whether this process was started by a rehearsal to open a SQLite
// database; then it has done so, and ends. A program that rehearses calls it
// before anything else.
func Helped() bool {
	if len(os.Args) != 2 || os.Args[1] != sqliteWord {
		return false
	}
	if err := openSQLite(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ERROR", err)
		os.Exit(1)
	}
	return true
}

// openSQLite copies a database from in, looks at it and says what it found.
func openSQLite(in io.Reader, out io.Writer) (err error) {
	file, err := os.CreateTemp("", "sqlite-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = io.Copy(file, in)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	found := sqliteFound{}
	if found.SQLiteLook, err = backup.LookAtSQLite(context.Background(), file.Name(), true); err != nil {
		found.Problem = strings.TrimSpace(err.Error())
	}
	return json.NewEncoder(out).Encode(found)
}
