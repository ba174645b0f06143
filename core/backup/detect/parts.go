package detect

import (
	"breakglass/core"
	"breakglass/core/backup/php"
)

// partNames are what a program calls the parts of a database; "" is a part that
// it does not know.
type partNames struct{ driver, name, user, password, host, port, socket, prefix string }

// serverDrivers are the drivers of databases by the names that programs give
// them.
var serverDrivers = map[string]Driver{
	"": MySQL, "mysql": MySQL, "mysqli": MySQL, "pdo_mysql": MySQL, "postgres": Postgres, "pdo_pgsql": Postgres, "pgsql": Postgres,
	"sqlite": SQLite, "pdo_sqlite": SQLite,
}

// namedParts reads a database whose parts have names.
func namedParts(file string, names partNames, get func(name string) php.Value) (Database, error) {
	f := fields{file: file}
	text := func(name string) string {
		if name == "" {
			return ""
		}
		return f.plain(get(name), name)
	}
	kind := text(names.driver)
	driver, ok := serverDrivers[kind]
	c := Database{
		Driver: driver, File: file, Labels: Labels{Name: names.name, User: names.user, Password: names.password, Host: names.host, Charset: "the charset", Prefix: "the prefix"},
		Name: text(names.name), User: text(names.user), Password: core.NewSecret(text(names.password)), Prefix: text(names.prefix),
	}
	c.Host = joinAddress(driver, text(names.host), text(names.port), text(names.socket))
	switch {
	case f.err != nil:
		return Database{}, f.err
	case !ok:
		return Database{}, unknownDriver(file, names.driver)
	case get(names.name).Kind == php.Nothing:
		return Database{}, unset(file, names.name)
	case c.Host == "" && driver == MySQL:
		c.Host = "localhost"
	}
	return c, nil
}
