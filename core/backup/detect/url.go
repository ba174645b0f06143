package detect

import (
	"encoding/hex"
	"net/url"
	"strings"

	"breakglass/core"
)

// urlLabels are what the parts of a database's URL are called.
var urlLabels = Labels{Name: "the database's name", User: "the user", Password: "the password", Host: "the host", Charset: "the charset", Prefix: "the prefix"}

// urlDrivers are the schemes of a database's URL.
var urlDrivers = map[string]Driver{
	"mysql": MySQL, "mysqli": MySQL, "mysql2": MySQL, "mariadb": MySQL, "pdo-mysql": MySQL, "pdo_mysql": MySQL,
	"postgres": Postgres, "postgresql": Postgres, "pgsql": Postgres, "postgis": Postgres,
	"pdo-pgsql": Postgres, "pdo_pgsql": Postgres, "pgsql+socket": Postgres,
	"sqlite": SQLite, "sqlite3": SQLite, "pdo-sqlite": SQLite, "pdo_sqlite": SQLite,
}

// ParseURL reads mysql://user:password@host:port/name?unix_socket=/path
// as Doctrine and Laravel do, and its kin. file and label are what a sentence
// names. No refusal repeats any of the text: a password is in it.
func ParseURL(file, label, text string) (Database, error) {
	bad := func(why core.Said) (Database, error) {
		return Database{}, core.Refuse(core.ErrDatabase, "%s in %s is no URL of a database that is understood (%s); it should look like mysql://user@localhost/name. Ask your web manager.", label, file, why)
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		if scheme, rest, ok = strings.Cut(text, ":"); !ok || urlDrivers[strings.ToLower(scheme)] != SQLite {
			return bad(core.Say("it has no scheme"))
		}
	}
	driver, ok := urlDrivers[strings.ToLower(scheme)]
	if !ok {
		return bad(core.Say("its scheme is not known"))
	}
	c := Database{Driver: driver, File: file, Labels: urlLabels}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.Contains(rest, "#") {
		return bad(core.Say("a # must be written as %23"))
	}
	if driver == SQLite {
		c.Name = percentDecoded(strings.TrimPrefix(rest, "/"))
		return c, nil
	}
	authority, path, _ := strings.Cut(rest, "/")
	user, host := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, host = authority[:at], authority[at+1:]
	} else if strings.Contains(path, "@") {
		return bad(core.Say("a / must be written as %2F"))
	}
	name, password, _ := strings.Cut(user, ":")
	c.User, c.Password, c.Name = percentDecoded(name), core.NewSecret(percentDecoded(password)), percentDecoded(path)
	options, err := url.ParseQuery(query)
	if err != nil { // it would repeat what it could not read
		return bad(core.Say("what follows the ? cannot be read"))
	}
	c.Charset = options.Get("charset")
	c.Host = urlHost(driver, host, options)
	return c, nil
}

// URL is the URL of a database without its password.
func (c Database) URL() string {
	scheme, option := "mysql", "unix_socket"
	if c.Driver == Postgres {
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

// urlHost is where a URL's server listens.
func urlHost(driver Driver, host string, options url.Values) string {
	if strings.Contains(host, "%") {
		host = percentDecoded(host) // libpq's sockets: postgresql://%2Frun%2Fpostgresql/name
	}
	socket := options.Get("unix_socket")
	if socket == "" {
		socket = options.Get("socket")
	}
	if inQuery := options.Get("host"); inQuery != "" && host == "" {
		host = inQuery
	}
	host = joinAddress(driver, host, options.Get("port"), socket)
	if host == "" && driver == MySQL {
		return "localhost"
	}
	return host
}

// percentDecoded decodes %XX as PHP's rawurldecode does: what is no code stays.
func percentDecoded(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if b, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				out.Write(b)
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
