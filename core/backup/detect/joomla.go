package detect

import (
	"regexp"

	"breakglass/core"
	"breakglass/core/backup/php"
)

var joomlaProgram = program{
	name: "Joomla", markers: []string{"configuration.php"},
	version: "administrator/manifests/files/joomla.xml", form: regexp.MustCompile(`<version>([0-9A-Za-z.+-]{1,32})</version>`),
	read: readJoomla,
}

var joomlaLabels = Labels{Name: "$db", User: "$user", Password: "$password", Host: "$host", Charset: "the charset", Prefix: "$dbprefix"}

// joomlaDrivers are the values of $dbtype.
var joomlaDrivers = map[string]Driver{
	"": MySQL, "mysqli": MySQL, "mysql": MySQL, "pdomysql": MySQL,
	"pgsql": Postgres, "postgresql": Postgres, "sqlite": SQLite,
}

func readJoomla(p place) ([]Source, error) {
	text, found, err := p.file("configuration.php")
	if err != nil || !found {
		return nil, err
	}
	config, err := parseJoomla(p.called("configuration.php"), text)
	return []Source{{Database: config, Err: err}}, nil
}

// parseJoomla reads a configuration.php: the variables of the class JConfig.
func parseJoomla(file string, src []byte) (Database, error) {
	values := php.Assigned(file, src)
	f := fields{file: file}
	kind := f.plain(values["dbtype"], "$dbtype")
	driver, ok := joomlaDrivers[kind]
	c := Database{
		Driver: driver, File: file, Labels: joomlaLabels, Name: f.plain(values["db"], "$db"), User: f.plain(values["user"], "$user"),
		Password: core.NewSecret(f.plain(values["password"], "$password")), Host: f.plain(values["host"], "$host"), Prefix: f.plain(values["dbprefix"], "$dbprefix"),
	}
	switch {
	case f.err != nil:
		return Database{}, f.err
	case values["db"].Kind == php.Nothing:
		return Database{}, unset(file, "$db")
	case !ok:
		return Database{}, unknownDriver(file, "$dbtype")
	case c.Host == "":
		c.Host = "localhost"
	}
	return c, nil
}
