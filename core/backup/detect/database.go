package detect

import (
	"breakglass/core"
)

// Driver is the kind of a database server.
type Driver string

// The kinds of database that a site may have. The zero value is MySQL's.
const (
	MySQL    Driver = "mysql" // MariaDB too
	Postgres Driver = "pgsql"
	SQLite   Driver = "sqlite" // a file: Database.Name is its path
)

// port is where such a server listens unless told otherwise.
func (d Driver) port() int {
	if d == Postgres {
		return 5432
	}
	return 3306
}

// Charset is what such a server's dumps are written in.
func (d Driver) Charset() string {
	if d == Postgres {
		return "UTF-8"
	}
	return "utf8mb4"
}

// Database is what a site's configuration says about one database.
type Database struct {
	Driver   Driver
	File     string // that it stands in, as a sentence names it
	Labels   Labels
	Name     string
	User     string
	Password core.Secret
	Host     string // in any form that ParseAddress knows
	Charset  string
	Prefix   string
	Engine   string // DB_ENGINE, which the SQLite plugin for WordPress knows
}

// Labels are what the values are called in their file.
type Labels struct{ Name, User, Password, Host, Charset, Prefix string }

// Check refuses what would reach further than a database name may.
func (c Database) Check() error {
	for _, field := range []struct{ name, value string }{
		{c.Labels.Name, c.Name}, {c.Labels.User, c.User}, {c.Labels.Password, c.Password.Reveal()}, {c.Labels.Host, c.Host},
		{c.Labels.Charset, c.Charset}, {c.Labels.Prefix, c.Prefix},
	} {
		if problem := Unfit(field.value); !problem.IsZero() {
			return core.Refuse(core.ErrDatabase, "%s in %s %s, so the database was not touched; the site may have been tampered with: ask your web manager.", field.name, c.File, problem)
		}
	}
	if c.Name == "" {
		return core.Refuse(core.ErrDatabase, "%s in %s is empty, so there is no database to dump; ask your web manager.", c.Labels.Name, c.File)
	}
	return nil
}

// MaxValue bounds a value of a configuration: option files have short lines.
const MaxValue = 512

// Unfit says what is wrong with a value that would go into an option file, the
// zero value where nothing is.
func Unfit(value string) core.Said {
	if len(value) > MaxValue {
		return core.Say("is longer than %d bytes", MaxValue)
	}
	for i := range len(value) {
		if value[i] < 0x20 || value[i] == 0x7f {
			return core.Say("holds a control character")
		}
	}
	return core.Said{}
}
