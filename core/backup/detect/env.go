package detect

import (
	"breakglass/core"
	"breakglass/core/backup/php"
)

// envProgram is a program that is not known but has a .env file, which may tell
// of a database.
var envProgram = program{name: ".env", markers: []string{".env"}, read: readEnv}

// readEnv reads a .env file whose reader is not known: what readers differ about
// counts as computed.
func readEnv(p place) ([]Source, error) {
	env := environment{}
	if found, err := p.env(env, ".env", envSymfony); err != nil || !found {
		return nil, err
	}
	if _, ok := env["DATABASE_URL"]; ok {
		return p.databaseURLs(env)
	}
	for _, name := range []string{"DB_CONNECTION", "DB_HOST", "DB_DATABASE", "DB_NAME"} {
		if _, ok := env[name]; ok {
			config, err := envDatabase(p.called(".env"), env)
			return []Source{{Database: config, Err: err}}, nil
		}
	}
	return nil, nil
}

// envDatabase reads the usual names of variables.
func envDatabase(file string, env environment) (Database, error) {
	f := fields{file: file}
	get := func(names ...string) string {
		for _, name := range names {
			if v := env.get(name); v.Kind != php.Nothing {
				return f.plain(v, name)
			}
		}
		return ""
	}
	kind := get("DB_CONNECTION", "DB_DRIVER")
	driver, ok := laravelDrivers[kind]
	if kind == "" {
		driver, ok = MySQL, true
		if get("DB_PORT") == "5432" {
			driver = Postgres
		}
	}
	c := Database{
		Driver: driver, File: file, Labels: Labels{Name: "DB_DATABASE", User: "DB_USERNAME", Password: "DB_PASSWORD", Host: "DB_HOST", Charset: "DB_CHARSET", Prefix: "DB_PREFIX"},
		Name: get("DB_DATABASE", "DB_NAME"), User: get("DB_USERNAME", "DB_USER"), Password: core.NewSecret(get("DB_PASSWORD", "DB_PASS")), Charset: get("DB_CHARSET"), Prefix: get("DB_PREFIX"),
	}
	c.Host = joinAddress(driver, get("DB_HOST"), get("DB_PORT"), get("DB_SOCKET"))
	switch {
	case f.err != nil:
		return Database{}, f.err
	case !ok:
		return Database{}, unknownDriver(file, "DB_CONNECTION")
	case c.Name == "":
		return Database{}, unset(file, "DB_DATABASE")
	case c.Host == "" && driver == MySQL:
		c.Host = "localhost"
	}
	return c, nil
}
