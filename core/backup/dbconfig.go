package backup

import (
	"fmt"

	"breakglass/core"
)

// dbDriver is the kind of a database server.
type dbDriver string

// The kinds of database that a site may have. The zero value is MySQL's.
const (
	driverMySQL    dbDriver = "mysql" // MariaDB too
	driverPostgres dbDriver = "pgsql"
	driverSQLite   dbDriver = "sqlite" // a file: dbConfig.Name is its path
)

// port is where such a server listens unless told otherwise.
func (d dbDriver) port() int {
	if d == driverPostgres {
		return 5432
	}
	return 3306
}

// charset is what such a server's dumps are written in.
func (d dbDriver) charset() string {
	if d == driverPostgres {
		return "UTF-8"
	}
	return "utf8mb4"
}

// dbConfig is what a site's configuration says about one database.
type dbConfig struct {
	Driver   dbDriver
	File     string // that it stands in, as a sentence names it
	Labels   dbLabels
	Name     string
	User     string
	Password core.Secret
	Host     string // in any form that parseDBHost knows
	Charset  string
	Prefix   string
	Engine   string // DB_ENGINE, which the SQLite plugin for WordPress knows
}

// dbLabels are what the values are called in their file.
type dbLabels struct{ Name, User, Password, Host, Charset, Prefix string }

// check refuses what would reach further than a database name may.
func (c dbConfig) check() error {
	for _, field := range []struct{ name, value string }{
		{c.Labels.Name, c.Name}, {c.Labels.User, c.User}, {c.Labels.Password, c.Password.Reveal()}, {c.Labels.Host, c.Host},
		{c.Labels.Charset, c.Charset}, {c.Labels.Prefix, c.Prefix},
	} {
		if problem := unfit(field.value); problem != "" {
			return core.Refuse(core.ErrDatabase, "%s in %s %s, so the database was not touched; the site may have been tampered with: ask your web manager.", field.name, c.File, problem)
		}
	}
	if c.Name == "" {
		return core.Refuse(core.ErrDatabase, "%s in %s is empty, so there is no database to dump; ask your web manager.", c.Labels.Name, c.File)
	}
	return nil
}

// maxValue bounds a value of a configuration: option files have short lines.
const maxValue = 512

// unfit says what is wrong with a value that would go into an option file.
func unfit(value string) string {
	if len(value) > maxValue {
		return fmt.Sprintf("is longer than %d bytes", maxValue)
	}
	for i := range len(value) {
		if value[i] < 0x20 || value[i] == 0x7f {
			return "holds a control character"
		}
	}
	return ""
}
