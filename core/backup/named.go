package backup

import (
	"net/url"
	"slices"
	"strings"

	"breakglass/core"
)

// namedFile is what a sentence calls the place where a database that the manager
// named stands.
const namedFile = "what the web manager set"

// CheckDatabase implements core.Engine.
func (e *Engine) CheckDatabase(text string) (string, error) {
	c, err := parseDatabaseURL(namedFile, "The database", text)
	switch {
	case err != nil:
		return "", core.Refuse(core.ErrInvalid, "That is no URL of a database; it should look like mysql://user@localhost/name or postgres://user@localhost/name, with %%XX for odd letters.")
	case !c.Password.IsZero():
		return "", core.Refuse(core.ErrInvalid, "Leave the password out of the URL: command lines are kept in histories and logs. It is asked for, or read from the input.")
	case c.Driver == driverSQLite:
		return "", core.Refuse(core.ErrInvalid, "A SQLite database is a file: it is backed up with the site's files, or with --include where it lies outside of them.")
	case c.Name == "" || c.User == "":
		return "", core.Refuse(core.ErrInvalid, "The URL names no user or no database; it should look like mysql://user@localhost/name.")
	}
	if err := c.check(); err != nil {
		return "", core.Refuse(core.ErrInvalid, "A part of the URL is too long or holds a control character.")
	}
	if _, err := parseDBHost(c.Driver, c.Host, c.Host); err != nil {
		return "", core.Refuse(core.ErrInvalid, "The host in the URL is none; give a name, an address, or a socket as mysql://user@localhost/name?unix_socket=/run/mysqld/mysqld.sock.")
	}
	return c.url(), nil
}

// url is the URL of a database without its password.
func (c dbConfig) url() string {
	scheme, option := "mysql", "unix_socket"
	if c.Driver == driverPostgres {
		scheme, option = "postgres", "host"
	}
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	u := scheme + "://" + escape(c.User) + "@"
	escaped := escape(c.Name)
	if at := strings.IndexByte(c.Host, '/'); at >= 0 {
		return u + "/" + escaped + "?" + option + "=" + strings.ReplaceAll(escape(c.Host[at:]), "%2F", "/")
	}
	return u + c.Host + "/" + escaped
}

// named returns the database that the manager named, as a source that comes
// before what the site itself says.
func (s *site) named(n core.NamedDatabase) (from source, ok bool) {
	if n.URL == "" {
		return source{}, false
	}
	from = source{kind: "database", dir: ".", named: true}
	if from.config, from.err = parseDatabaseURL(namedFile, "The database", n.URL); from.err != nil {
		return from, true
	}
	from.config.Password = n.Password
	for _, other := range s.sources {
		if other.err == nil && other.config.Name == from.config.Name {
			from.config.Prefix = other.config.Prefix
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
