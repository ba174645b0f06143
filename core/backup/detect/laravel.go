package detect

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

var laravelProgram = program{
	name: "Laravel", markers: []string{"artisan"},
	version: "vendor/laravel/framework/src/Illuminate/Foundation/Application.php", form: regexp.MustCompile(`const VERSION\s*=\s*'([0-9A-Za-z.+-]{1,32})'`),
	read: readLaravel,
}

var laravelLabels = Labels{Name: "the database", User: "the username", Password: "the password", Host: "the host", Charset: "the charset", Prefix: "the prefix"}

// laravelDrivers are the drivers of Laravel's connections that are known.
var laravelDrivers = map[string]Driver{"mysql": MySQL, "mariadb": MySQL, "pgsql": Postgres, "sqlite": SQLite}

// laravelConfig is where a Laravel's database is set: its configuration and the
// variables that it names.
type laravelConfig struct {
	file string // that a sentence names
	all  php.Value
	env  environment
}

// readLaravel reads bootstrap/cache/config.php where there is one, as Laravel
// then looks at nothing else; else config/database.php and .env.
func readLaravel(p place) ([]Source, error) {
	cached := "bootstrap/cache/config.php"
	text, found, err := p.file(cached)
	if err != nil {
		return nil, err
	}
	if found {
		c := laravelConfig{file: p.called(cached), env: environment{}}
		c.all = php.Returned(c.file, text).At("database")
		return c.sources()
	}
	c := laravelConfig{file: p.called(".env"), env: environment{}}
	if found, err = p.env(c.env, ".env", envLaravel); err != nil {
		return nil, err
	}
	if !found && p.site.known[p.dir] {
		return nil, nil // another program is what is served here
	}
	if !found {
		return nil, core.Refuse(core.ErrDatabase, "This is a Laravel without a .env file, so its database was not found; ask your web manager where its configuration is.")
	}
	text, found, err = p.file("config/database.php")
	if err != nil {
		return nil, err
	}
	if found {
		c.all = php.Returned(p.called("config/database.php"), text)
	}
	if c.all.Kind != php.Array {
		c.all = laravelDefaults(c.env)
	}
	return c.sources()
}

// laravelDefaults is the part of Laravel's own config/database.php that matters,
// for a program whose own is not there.
func laravelDefaults(env environment) php.Value {
	variable := func(name, other string) php.Value {
		return php.Value{Kind: php.Env, Text: name, Other: &php.Value{Kind: php.Scalar, Text: other}}
	}
	fallback := "mysql"
	if _, ok := env["DB_HOST"]; !ok {
		fallback = "sqlite"
	}
	var connections []php.Item
	for _, driver := range []string{"mysql", "mariadb", "pgsql", "sqlite"} {
		items := []php.Item{{Key: "driver", Value: php.Value{Kind: php.Scalar, Text: driver}}}
		for key, v := range map[string]php.Value{
			"url": variable("DB_URL", ""), "host": variable("DB_HOST", "127.0.0.1"), "port": variable("DB_PORT", ""), "database": variable("DB_DATABASE", ""),
			"username": variable("DB_USERNAME", ""), "password": variable("DB_PASSWORD", ""), "unix_socket": variable("DB_SOCKET", ""), "prefix": variable("DB_PREFIX", ""),
		} {
			items = append(items, php.Item{Key: key, Value: v})
		}
		connections = append(connections, php.Item{Key: driver, Value: php.Value{Kind: php.Array, Items: items}})
	}
	return php.Value{Kind: php.Array, Items: []php.Item{{Key: "default", Value: variable("DB_CONNECTION", fallback)}, {Key: "connections", Value: php.Value{Kind: php.Array, Items: connections}}}}
}

// resolve puts in a variable, as env() does.
func (c laravelConfig) resolve(v php.Value) php.Value {
	if v.Kind != php.Env {
		return v
	}
	set := c.env.get(v.Text)
	if set.Kind == php.Nothing {
		if v.Other == nil {
			return php.Value{}
		}
		return c.resolve(*v.Other)
	}
	switch strings.ToLower(strings.Trim(set.Text, "()")) {
	case "null":
		return php.Value{Kind: php.Null}
	case "empty", "false":
		set.Text = ""
	case "true":
		set.Text = "1"
	}
	return set
}

// skeleton are the connections that every Laravel's configuration has, whether
// it uses them or not.
var skeleton = []string{"sqlite", "mysql", "mariadb", "pgsql", "sqlsrv"}

// sources returns the default connection, and those that the program added.
func (c laravelConfig) sources() (sources []Source, err error) {
	if c.all.Kind != php.Array {
		_, err := plain(c.all, c.file, "the databases")
		return nil, cmp.Or(err, unset(c.file, "a database"))
	}
	name, err := plain(c.resolve(c.all.At("default")), c.file, "the default connection")
	if err != nil {
		return nil, err
	}
	connections := c.all.At("connections")
	config, err := c.connection(name, connections.At(name))
	sources = append(sources, Source{Database: config, Err: err})
	for _, other := range connections.Keys() {
		v := connections.At(other)
		if other == name || slices.Contains(skeleton, other) {
			continue
		}
		if at := v.At("database"); at.Kind == php.Env && at.Text == connections.At(name, "database").Text {
			continue // the same variable
		}
		config, err := c.connection(other, v)
		if err == nil && config.Name == "" || !c.known(v) {
			continue
		}
		sources = append(sources, Source{Database: config, Err: err})
	}
	return sources, nil
}

// known reports whether a connection is one of a database that could be dumped:
// not an SQL Server, a MongoDB.
func (c laravelConfig) known(v php.Value) bool {
	driver := c.resolve(v.At("driver"))
	return driver.Kind != php.Scalar || laravelDrivers[driver.Text] != ""
}

func (c laravelConfig) connection(name string, v php.Value) (Database, error) {
	if v.Kind != php.Array {
		if _, err := plain(v, c.file, "the connection"); err != nil {
			return Database{}, err
		}
		return Database{}, unset(c.file, "the connection that it uses")
	}
	f := fields{file: c.file}
	text := func(key, label string) string { return f.plain(c.first(v, key), label) }
	kind := text("driver", "the driver")
	driver, ok := laravelDrivers[kind]
	if f.err == nil && !ok {
		return Database{}, unknownDriver(c.file, "the driver of the connection "+quoted(name))
	}
	if driver == SQLite {
		return c.sqlite(v)
	}
	config := Database{
		Driver: driver, File: c.file, Labels: laravelLabels, Name: text("database", "the database"), User: text("username", "the username"),
		Password: core.NewSecret(text("password", "the password")), Charset: text("charset", "the charset"), Prefix: text("prefix", "the prefix"),
	}
	config.Host = joinAddress(driver, text("host", "the host"), text("port", "the port"), text("unix_socket", "the socket"))
	if url := text("url", "the URL"); f.err == nil && url != "" {
		return overridden(config, c.file, url)
	}
	return config, f.err
}

// first reads a value of a connection. Where reading and writing go to servers
// of their own, the one that is written to counts.
func (c laravelConfig) first(v php.Value, key string) php.Value {
	for _, from := range []php.Value{v.At("write"), v} {
		if from.Kind != php.Array {
			continue
		}
		found := c.resolve(from.At(key))
		if found.Kind == php.Array {
			found = c.resolve(found.At("0"))
		}
		if found.Kind != php.Nothing {
			return found
		}
	}
	return php.Value{}
}

// overridden puts what a URL says in the place of the connection's own values.
func overridden(config Database, file, url string) (Database, error) {
	over, err := ParseURL(file, "the URL", url)
	if err != nil {
		return Database{}, err
	}
	over.Prefix = config.Prefix
	if over.Name == "" {
		over.Name = config.Name
	}
	if over.User == "" {
		over.User, over.Password = config.User, config.Password
	}
	return over, nil
}

// sqlite reads a connection to a SQLite file. Its usual place is computed, but
// always the same.
func (c laravelConfig) sqlite(v php.Value) (Database, error) {
	at := c.resolve(v.At("database"))
	if at.Kind == php.Unknown && v.At("database").Kind == php.Env || at.Kind == php.Nothing || at.Kind == php.Scalar && at.Text == "" {
		at = php.Value{Kind: php.Scalar, Text: "database/database.sqlite"}
	}
	name, err := plain(at, c.file, "the database")
	return Database{Driver: SQLite, File: c.file, Labels: laravelLabels, Name: name}, err
}

// quoted is a name of the site's as a sentence may hold it.
func quoted(name string) string { return "“" + safetext.Path(name) + "”" }
