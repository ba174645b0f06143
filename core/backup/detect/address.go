package detect

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

// Address is where a database server listens: a socket, or an address and port.
// A socket of PostgreSQL is the file itself, /run/postgresql/.s.PGSQL.5432, and
// Port is the number in its name.
type Address struct {
	Socket string
	Host   string
	Port   int
	Remote bool // neither loopback nor a socket
}

// defaultSockets are where MariaDB and MySQL listen unless told otherwise.
var defaultSockets = []string{
	"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock",
}

// ParseAddress reads DB_HOST in the forms that WordPress knows: host, host:port,
// host:/socket, /socket or :/socket, IPv6 with or without brackets. A host
// beyond this machine is refused unless it is the one that the manager vouches
// for: a hacked site must not send us elsewhere. PostgreSQL's sockets may be
// named by their directory, and no host at all is the usual one.
func ParseAddress(driver Driver, text, vouched string) (Address, error) {
	if driver == Postgres && text == "" {
		text = postgresSockets
	}
	h, ok := splitAddress(driver, text)
	if !ok {
		return Address{}, core.Refuse(core.ErrDatabase, "The site's database host, “%s”, is not a host, a host:port or a socket; ask your web manager.", safetext.Line(text))
	}
	if h.Socket != "" {
		if driver == Postgres {
			h = postgresSocket(h.Socket)
		}
		if len(h.Socket) > 107 || filepath.Clean(h.Socket) != h.Socket {
			return Address{}, core.Refuse(core.ErrDatabase, "The socket “%s” of the site's database is not a plain absolute path; ask your web manager.", safetext.Line(h.Socket))
		}
		return h, nil
	}
	if strings.EqualFold(h.Host, "localhost") {
		return localServer(driver, h), nil
	}
	if address, err := netip.ParseAddr(h.Host); err == nil && address.Unmap().IsLoopback() {
		return h, nil
	}
	if vouched == "" || !sameHost(driver, h, vouched) {
		return Address{}, core.Refuse(core.ErrDatabase, "The site keeps its database on another machine, “%s”, which its web manager has not confirmed; ask the manager to set it as the site's database host.",
			safetext.Line(h.Host))
	}
	h.Remote = true
	return h, nil
}

// sameHost compares a host with the one vouched for, which may name a port.
func sameHost(driver Driver, h Address, vouched string) bool {
	v, ok := splitAddress(driver, vouched)
	if !ok || v.Socket != "" || !strings.EqualFold(v.Host, h.Host) {
		return false
	}
	named := strings.HasSuffix(vouched, ":"+strconv.Itoa(v.Port))
	return !named || v.Port == h.Port
}

// localServer does what PHP does with "localhost": for MySQL it means the default
// socket. Where there is none the port on loopback is left.
func localServer(driver Driver, h Address) Address {
	if driver != Postgres {
		for _, path := range defaultSockets {
			if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
				return Address{Socket: path}
			}
		}
	}
	h.Host = "127.0.0.1"
	return h
}

// postgresSockets is the directory in which PostgreSQL has its sockets unless
// told otherwise.
const postgresSockets = "/var/run/postgresql"

var postgresSocketForm = regexp.MustCompile(`/\.s\.PGSQL\.([1-9][0-9]{0,4})$`)

// postgresSocket is the socket that a path of libpq means: the socket itself, or
// the directory of the one with the usual number.
func postgresSocket(path string) Address {
	if m := postgresSocketForm.FindStringSubmatch(path); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return Address{Socket: path, Port: n}
		}
	}
	return Address{Socket: fmt.Sprintf("%s/.s.PGSQL.%d", strings.TrimSuffix(path, "/"), Postgres.port()), Port: Postgres.port()}
}

// joinAddress puts what a configuration says in parts into the one form that
// ParseAddress reads.
func joinAddress(driver Driver, host, port, socket string) string {
	switch {
	case socket != "":
		return socket
	case port == "":
		return host
	case driver == Postgres && (host == "" || strings.HasPrefix(host, "/")):
		if host == "" {
			host = postgresSockets
		}
		return host + "/.s.PGSQL." + port
	case strings.Contains(host, "/"):
		return host
	case strings.Contains(strings.Trim(host, "[]"), ":") && !strings.HasPrefix(host, "["):
		if _, err := netip.ParseAddr(host); err != nil {
			return host // it names a port itself
		}
		return "[" + host + "]:" + port
	case host == "":
		return ""
	default:
		return host + ":" + port
	}
}

func splitAddress(driver Driver, text string) (Address, bool) {
	if text == "" || strings.ContainsAny(text, " \t'\"`\\;#") {
		return Address{}, false
	}
	if at := strings.Index(text, ":/"); at >= 0 {
		return Address{Socket: text[at+1:]}, text[:at] == "" || IsHostName(text[:at])
	}
	if strings.HasPrefix(text, "/") {
		return Address{Socket: text}, true
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return Address{Host: address.WithZone("").String(), Port: driver.port()}, address.Zone() == ""
	}
	host, port := text, strconv.Itoa(driver.port())
	if at := strings.LastIndexByte(text, ':'); at >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:at], text[at+1:]
	}
	if strings.HasPrefix(host, "[") != strings.HasSuffix(host, "]") {
		return Address{}, false
	}
	if inner := strings.Trim(host, "[]"); inner != host {
		address, err := netip.ParseAddr(inner)
		if err != nil || !address.Is6() || address.Zone() != "" {
			return Address{}, false
		}
		host = address.String()
	} else if !IsHostName(host) {
		return Address{}, false
	}
	n, err := strconv.Atoi(port)
	return Address{Host: host, Port: n}, err == nil && n > 0 && n < 65536
}

// IsHostName reports whether a text can be a host's name or IPv4 address.
func IsHostName(text string) bool {
	if text == "" || len(text) > 253 || text[0] == '-' || text[0] == '.' {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || !php.WordByte(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
