package rehearse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/dumpscan"
)

// trial is one rehearsal. It is a backup.Sink: dumps go to a server as they are
// read, SQLite databases to a process that opens them, and all else is only
// hashed by whoever reads.
type trial struct {
	rehearser *Rehearser
	ctx       context.Context
	room      *room // nil before the first dump or database
	servers   map[kind]*server
	loads     map[string]*load       // by folder
	sqlites   map[string]sqliteFound // by path in the archive
	found     core.Rehearsal
	// versionsSeen are what SQLite databases were opened with.
	versionsSeen map[string]bool
}

var _ backup.Sink = (*trial)(nil)

// fail keeps the first problem. After it nothing more is loaded, but the rest is
// read and hashed all the same.
func (t *trial) fail(why core.RehearsalProblem, what string) {
	if t.found.Why == "" {
		t.found.Why, t.found.What = why, what
	}
}

// Dir implements backup.Sink.
func (t *trial) Dir(backup.Entry) error { return nil }

// Link implements backup.Sink.
func (t *trial) Link(backup.Entry) error { return nil }

var partForm = regexp.MustCompile(`^(database/[^/]+)/[0-9]{4}\.sql$`)

// File implements backup.Sink.
func (t *trial) File(e backup.Entry) (io.WriteCloser, error) {
	m := partForm.FindStringSubmatch(e.Path)
	if m == nil {
		return &sqliteFile{trial: t, path: e.Path}, nil
	}
	l := t.loads[m[1]]
	if l == nil {
		l = &load{trial: t}
		t.loads[m[1]] = l
	}
	return l, nil
}

// load is a dump on its way into a database.
type load struct {
	trial  *trial
	server *server
	name   string // of the database, one of ours
	client *process
	in     io.WriteCloser
	guard  *dumpscan.Guard // before in, where the client is psql
	begun  bool
	broken bool
}

// pgHead is what the dumps of PostgreSQL begin with.
var pgHead = []byte("-- PostgreSQL database dump")

// Write implements io.Writer. A server that does not take the dump ends the load
// and not the reading.
func (l *load) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.begin(p)
	}
	if l.in == nil || l.broken || l.trial.found.Why != "" {
		return len(p), nil
	}
	var to io.Writer = l.in
	if l.guard != nil {
		to = l.guard
	}
	if _, err := to.Write(p); errors.Is(err, dumpscan.ErrCommand) {
		l.trial.fail(core.RehearsalRefused, err.Error())
	} else if err != nil {
		l.broken = true // why, the client says at its end
	}
	return len(p), nil
}

// Close implements io.Closer; more parts may follow.
func (l *load) Close() error { return nil }

// begin starts the server that the dump is for, and a client.
func (l *load) begin(head []byte) {
	t := l.trial
	of := mariadb
	if bytes.Contains(head[:min(len(head), 4096)], pgHead) {
		of = postgres
	}
	if t.found.Why != "" {
		return
	}
	if l.server = t.serverOf(of); l.server == nil {
		return
	}
	var err error
	if l.name, err = l.server.newDatabase(); err == nil {
		l.client, l.in, err = l.server.loader(l.name)
	}
	if err == nil && of == postgres {
		l.guard = dumpscan.NewGuard(l.in, "")
		l.guard.Keep = true
	}
	if err != nil {
		t.fail(core.RehearsalNoStart, err.Error())
	}
}

// enter makes the room, if there is none yet. false: there is none, and the
// problem is kept.
func (t *trial) enter() bool {
	if t.room != nil {
		return true
	}
	var err error
	if t.room, err = t.rehearser.newRoom(t.ctx); err != nil {
		why := core.RehearsalNoStart
		if errors.Is(err, errNoUser) {
			why = core.RehearsalNoUser
		}
		t.fail(why, err.Error())
		t.room = nil
		return false
	}
	return true
}

// serverOf returns the one server of a kind, started if it is not. nil: there is
// none, and the problem is kept.
func (t *trial) serverOf(of kind) *server {
	if s := t.servers[of]; s != nil {
		return s
	}
	if !t.enter() {
		return nil
	}
	s, err := t.room.serve(of)
	switch {
	case errors.Is(err, errNoServer):
		t.fail(core.RehearsalNoServer, "")
		return nil
	case err != nil:
		t.failAs(core.RehearsalNoStart, err.Error())
		return nil
	}
	t.servers[of] = s
	return s
}

// failAs is fail, unless it was we who ended the server: then why is known
// better.
func (t *trial) failAs(why core.RehearsalProblem, what string) {
	if t.room != nil {
		switch cause := context.Cause(t.room.ctx); {
		case errors.Is(cause, errMemory):
			why, what = core.RehearsalMemory, ""
		case errors.Is(cause, errDisk):
			why, what = core.RehearsalDisk, ""
		case errors.Is(cause, errTime):
			why, what = core.RehearsalTime, ""
		}
	}
	t.fail(why, what)
}

// finish ends all loads and keeps what a server did not take.
func (t *trial) finish() {
	for _, l := range t.loads {
		if l.client == nil {
			continue
		}
		_ = l.in.Close() // a client that is gone says so itself
		if err := l.client.wait(); err != nil {
			why := core.RehearsalRefused
			if l.server.kind.foreign(l.client.said()) {
				why = core.RehearsalOtherServer
			}
			t.found.Server = l.server.version
			t.failAs(why, l.client.said())
		}
	}
}

// versions lists what the dumps were loaded into.
func (t *trial) versions() []string {
	all := slices.Collect(maps.Keys(t.versionsSeen))
	for _, s := range t.servers {
		all = append(all, s.version)
	}
	slices.Sort(all)
	return all
}

// close ends every process and removes every file.
func (t *trial) close() error {
	for _, l := range t.loads {
		if l.in != nil {
			_ = l.in.Close() // most were closed before
		}
	}
	if t.room == nil {
		return nil
	}
	return t.room.close()
}
