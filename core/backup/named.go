package backup

import (
	"slices"

	"breakglass/core"
	"breakglass/core/backup/detect"
)

// namedFile is what a sentence calls the place where a database that the manager
// named stands.
const namedFile = "what the web manager set"

// CheckDatabase implements core.Engine.
func (e *Engine) CheckDatabase(text string) (string, error) {
	c, err := detect.ParseURL(namedFile, "The database", text)
	switch {
	case err != nil:
		return "", core.Refuse(core.ErrInvalid, "That is no URL of a database; it should look like mysql://user@localhost/name or postgres://user@localhost/name, with %%XX for odd letters.")
	case !c.Password.IsZero():
		return "", core.Refuse(core.ErrInvalid, "Leave the password out of the URL: command lines are kept in histories and logs. It is asked for, or read from the input.")
	case c.Driver == detect.SQLite:
		return "", core.Refuse(core.ErrInvalid, "A SQLite database is a file: it is backed up with the site's files, or with --include where it lies outside of them.")
	case c.Name == "" || c.User == "":
		return "", core.Refuse(core.ErrInvalid, "The URL names no user or no database; it should look like mysql://user@localhost/name.")
	}
	if err := c.Check(); err != nil {
		return "", core.Refuse(core.ErrInvalid, "A part of the URL is too long or holds a control character.")
	}
	if _, err := detect.ParseAddress(c.Driver, c.Host, c.Host); err != nil {
		return "", core.Refuse(core.ErrInvalid, "The host in the URL is none; give a name, an address, or a socket as mysql://user@localhost/name?unix_socket=/run/mysqld/mysqld.sock.")
	}
	return c.URL(), nil
}

// named returns the database that the manager named, as a source that comes
// before what the site itself says.
func (s *site) named(n core.NamedDatabase) (from source, ok bool) {
	if n.URL == "" {
		return source{}, false
	}
	from = source{Source: detect.Source{Kind: "database", Dir: "."}, named: true}
	if from.Database, from.Err = detect.ParseURL(namedFile, "The database", n.URL); from.Err != nil {
		return from, true
	}
	from.Database.Password = n.Password
	for _, other := range s.Sources {
		if other.Err == nil && other.Database.Name == from.Database.Name {
			from.Database.Prefix = other.Database.Prefix
		}
	}
	return from, true
}

// doubts are notes that a database which the manager named answers.
var doubts = []string{"archive.note.unknown_database", "archive.note.php", "archive.note.config_reads"}

// answer takes away what the manager answered by naming a database.
func (s *site) answer(n core.NamedDatabase) {
	if n.URL == "" {
		return
	}
	s.notes = slices.DeleteFunc(s.notes, func(f finding) bool { return slices.Contains(doubts, f.note.id) })
}
