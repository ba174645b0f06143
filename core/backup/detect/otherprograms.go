package detect

import (
	"cmp"
	"regexp"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

var typo3Program = program{name: "TYPO3", markers: typo3Files, read: readTYPO3}

// typo3Files are where a TYPO3 keeps its settings, the newest place first.
var typo3Files = []string{"config/system/settings.php", "typo3conf/LocalConfiguration.php", "public/typo3conf/LocalConfiguration.php"}

// readTYPO3 reads the array that a TYPO3's settings return, of version 12 on and
// before.
func readTYPO3(p place) ([]Source, error) {
	for i, name := range typo3Files {
		text, found, err := p.file(name)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		more := []string{"config/system/additional.php", "typo3conf/AdditionalConfiguration.php", "public/typo3conf/AdditionalConfiguration.php"}[i]
		if p.site.root.Exists(sitetree.Join(p.dir, more)) {
			p.site.note("archive.note.config_reads", "Path", safetext.Path(p.called(name)), "More", safetext.Path(p.called(more)))
		}
		return typo3Databases(p.called(name), php.Returned(p.called(name), text))
	}
	return nil, nil
}

func typo3Databases(file string, all php.Value) (sources []Source, err error) {
	connections := all.At("DB", "Connections")
	if connections.Kind != php.Array {
		_, err := plain(connections, file, "the databases")
		return nil, cmp.Or(err, unset(file, "DB/Connections"))
	}
	for _, name := range connections.Keys() {
		v := connections.At(name)
		get := func(key string) php.Value { return v.At(key) }
		config, err := namedParts(file, partNames{driver: "driver", name: "dbname", user: "user", password: "password", host: "host", port: "port", socket: "unix_socket"}, get)
		sources = append(sources, Source{Database: config, Err: err})
	}
	return sources, nil
}

var mediaWikiProgram = program{
	name: "MediaWiki", markers: []string{"LocalSettings.php"}, version: "includes/Defines.php",
	form: regexp.MustCompile(`define\(\s*'MW_VERSION',\s*'([0-9A-Za-z.+-]{1,32})'`), read: readMediaWiki,
}

// readMediaWiki reads the variables that a LocalSettings.php sets.
func readMediaWiki(p place) ([]Source, error) {
	text, found, err := p.file("LocalSettings.php")
	if err != nil || !found {
		return nil, err
	}
	file := p.called("LocalSettings.php")
	values := php.Assigned(file, text)
	get := func(name string) php.Value { return values[strings.TrimPrefix(name, "$")] }
	config, err := namedParts(file, partNames{
		driver: "$wgDBtype", name: "$wgDBname", user: "$wgDBuser", password: "$wgDBpassword", host: "$wgDBserver", port: "$wgDBport", prefix: "$wgDBprefix",
	}, get)
	if err == nil && config.Driver == SQLite {
		var dir string
		dir, err = plain(get("$wgSQLiteDataDir"), file, "$wgSQLiteDataDir")
		config.Name = strings.TrimSuffix(dir, "/") + "/" + config.Name + ".sqlite"
	}
	return []Source{{Database: config, Err: err}}, nil
}

var prestaShopProgram = program{
	name: "PrestaShop", markers: []string{"app/config/parameters.php", "config/settings.inc.php"}, read: readPrestaShop,
}

// readPrestaShop reads the parameters of version 1.7 on, or the constants of the
// ones before.
func readPrestaShop(p place) ([]Source, error) {
	name := "app/config/parameters.php"
	text, found, err := p.file(name)
	if err != nil {
		return nil, err
	}
	if found {
		all := php.Returned(p.called(name), text).At("parameters")
		config, err := namedParts(p.called(name), partNames{
			name: "database_name", user: "database_user", password: "database_password", host: "database_host", port: "database_port", prefix: "database_prefix",
		}, func(key string) php.Value { return all.At(key) })
		return []Source{{Database: config, Err: err}}, nil
	}
	name = "config/settings.inc.php"
	if text, found, err = p.file(name); err != nil || !found {
		return nil, err
	}
	values := php.Assigned(p.called(name), text)
	config, err := namedParts(p.called(name), partNames{name: "_DB_NAME_", user: "_DB_USER_", password: "_DB_PASSWD_", host: "_DB_SERVER_", prefix: "_DB_PREFIX_"}, //nolint:gosec // names, no password
		func(key string) php.Value { return values[key] })
	return []Source{{Database: config, Err: err}}, nil
}

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
