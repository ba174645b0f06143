package restore

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// Target is the database that one dump of an archive goes to.
type Target struct {
	// Dump names the dump: its database as the manifest calls it, or its folder
	// where two have one name. "" is the only one of the archive.
	Dump string
	Database
}

// target is a Target with its server, and the dump for it once that is known.
type target struct {
	Target
	server server
	dump   *backup.StoredDatabase // nil before the archive was read
}

// connectAll connects to the servers of an order's databases.
func connectAll(list []Target) (targets []*target, err error) {
	for _, t := range list {
		s, err := connect(t.Database)
		if err != nil {
			return nil, errors.Join(err, closeAll(targets))
		}
		targets = append(targets, &target{Target: t, server: s})
	}
	return targets, nil
}

func closeAll(targets []*target) (err error) {
	for _, t := range targets {
		err = errors.Join(err, t.server.Close())
	}
	return err
}

// called is what a person calls a target: by its dump, or by its database where
// there is only one.
func (t *target) called() string {
	if t.Dump != "" {
		return safetext.Line(t.Dump)
	}
	return safetext.Line(t.Name)
}

// look makes checks of one target, whose names say which one it is where there
// are several.
func (r *run) look(t *target, c *checks, f func(*checks)) {
	var own checks
	f(&own)
	for _, check := range own {
		if len(r.targets) > 1 {
			check.Name += " (" + t.called() + ")"
		}
		*c = append(*c, check)
	}
}

// Dumps are the dumps for a database server that an archive holds, in its order:
// not its SQLite databases, which lie among the files.
func Dumps(known backup.Contents) (dumps []backup.StoredDatabase) {
	for _, d := range known.Databases {
		if strings.HasPrefix(d.Path, "database/") {
			dumps = append(dumps, d)
		}
	}
	return dumps
}

// DumpName is what an order calls the i-th of some dumps: its database's name, or
// its folder where one before it has that name too.
func DumpName(dumps []backup.StoredDatabase, i int) string {
	if slices.ContainsFunc(dumps[:i], func(d backup.StoredDatabase) bool { return d.Name == dumps[i].Name }) {
		return path.Base(dumps[i].Path)
	}
	return dumps[i].Name
}

// assign finds the dump that each target is for. What does not fit fails.
func (r *run) assign(c *checks) {
	dumps := Dumps(r.known)
	taken := map[string]bool{}
	for _, t := range r.targets {
		d, problem := choose(dumps, t.Dump)
		if problem == "" && taken[d.Path] {
			problem = fmt.Sprintf("that of “%s” is to go to two databases; name each dump once.", safetext.Line(d.Name))
		}
		if problem != "" {
			c.fail("Dump", "%s", problem)
			continue
		}
		taken[d.Path], t.dump = true, &d
	}
	// They are loaded in the archive's order, the site's own first.
	slices.SortStableFunc(r.targets, func(a, b *target) int { return position(dumps, a.dump) - position(dumps, b.dump) })
}

func position(dumps []backup.StoredDatabase, of *backup.StoredDatabase) int {
	return slices.IndexFunc(dumps, func(d backup.StoredDatabase) bool { return of != nil && d.Path == of.Path })
}

// choose finds a dump by what an order calls it.
func choose(dumps []backup.StoredDatabase, name string) (found backup.StoredDatabase, problem string) {
	switch {
	case len(dumps) == 0:
		return found, "the archive holds none for a database server; give the command without --database."
	case name == "" && len(dumps) == 1:
		return dumps[0], ""
	case name == "":
		return found, fmt.Sprintf("the archive holds %d, of %s; say for each where it goes, like --database %s=URL.", len(dumps), names(dumps), safetext.Line(dumps[0].Name))
	}
	for _, fits := range []func(backup.StoredDatabase) bool{
		func(d backup.StoredDatabase) bool { return path.Base(d.Path) == name },
		func(d backup.StoredDatabase) bool { return d.Name == name },
	} {
		if i := slices.IndexFunc(dumps, fits); i >= 0 {
			return dumps[i], ""
		}
	}
	return found, fmt.Sprintf("the archive holds none of “%s”; it holds %s.", safetext.Line(name), names(dumps))
}

// names lists dumps by the names that tell them apart.
func names(dumps []backup.StoredDatabase) string {
	var list []string
	for i := range dumps {
		list = append(list, "“"+safetext.Line(DumpName(dumps, i))+"”")
	}
	return strings.Join(list, ", ")
}

// apart makes sure that no two targets are one database, however their URLs are
// written.
func (r *run) apart(c *checks) {
	seen := map[string]*target{}
	for _, t := range r.targets {
		id := t.server.identity()
		if other := seen[id]; id != "" && other != nil {
			c.fail("Database", "“%s” and “%s” are to go to one database, %s; give each an empty one of its own.", other.called(), t.called(), t.Database)
		}
		seen[id] = t
	}
}

// leftDumps are the dumps that go to no database.
func (r *run) leftDumps() (left []backup.StoredDatabase) {
	for _, d := range Dumps(r.known) {
		if !slices.ContainsFunc(r.targets, func(t *target) bool { return t.dump != nil && t.dump.Path == d.Path }) {
			left = append(left, d)
		}
	}
	return left
}

// load is what a restore has done with one dump.
type load struct {
	Dump     string `json:"dump"`     // as the order names it
	Database string `json:"database"` // where it goes
	Begun    bool   `json:"begun"`    // the database is no longer as empty as it was
	Done     bool   `json:"done"`
	Loaded
}

// Loaded is what a report says of a dump that was loaded.
type Loaded struct {
	Name      string          `json:"name"`                // of the database that the dump is of
	Into      string          `json:"into"`                // the database that it goes to
	Tables    int64           `json:"tables"`              // of the dump; counted after
	Rows      int64           `json:"rows"`                // of the dump; counted after
	Mended    []string        `json:"mended,omitempty"`    // in the dump, for this server
	Rewritten *rewrite.Report `json:"rewritten,omitempty"` // addresses and directories
}

// loads are the loads of an order that has not begun.
func (r *run) loads() (list []*load) {
	for _, t := range r.targets {
		list = append(list, &load{Dump: t.Dump, Database: t.String()})
	}
	return list
}

// sameTargets reports whether an order goes to the databases of a state.
func (r *run) sameTargets(list []*load) bool {
	if len(list) != len(r.targets) {
		return false
	}
	for _, t := range r.targets {
		if r.loadOf(list, t) == nil {
			return false
		}
	}
	return true
}

func (r *run) loadOf(list []*load, t *target) *load {
	for _, l := range list {
		if l.Dump == t.Dump && l.Database == t.String() {
			return l
		}
	}
	return nil
}

// reassign finds the dumps of a restore that goes on.
func (r *run) reassign() error {
	var list checks
	r.assign(&list)
	if failed := list.failed(); failed != nil {
		return core.Refuse(core.ErrInvalid, "%s: %s", failed.Name, failed.Sentence)
	}
	return nil
}
