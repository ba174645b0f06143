package backup

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// dbHost is where a database server listens: a socket, or an address and port.
type dbHost struct {
	Socket string
	Host   string
	Port   int
	Remote bool // neither loopback nor a socket
}

// defaultSockets are where MariaDB and MySQL listen unless told otherwise.
var defaultSockets = []string{
	"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock",
}

// parseDBHost reads DB_HOST in the forms that WordPress knows: host, host:port,
// host:/socket, /socket or :/socket, IPv6 with or without brackets. A host
// beyond this machine is refused unless it is the one that the manager vouches
// for: a hacked site must not send us elsewhere.
func parseDBHost(text, vouched string) (dbHost, error) {
	h, ok := splitDBHost(text)
	if !ok {
		return dbHost{}, core.Refuse(core.ErrDatabase, "The site's database host, “%s”, is not a host, a host:port or a socket; ask your web manager.", safetext.Line(text))
	}
	if h.Socket != "" {
		if len(h.Socket) > 107 || filepath.Clean(h.Socket) != h.Socket {
			return dbHost{}, core.Refuse(core.ErrDatabase, "The socket “%s” of the site's database is not a plain absolute path; ask your web manager.", safetext.Line(h.Socket))
		}
		return h, nil
	}
	if strings.EqualFold(h.Host, "localhost") {
		return localServer(h), nil
	}
	if address, err := netip.ParseAddr(h.Host); err == nil && address.Unmap().IsLoopback() {
		return h, nil
	}
	if vouched == "" || !sameHost(h, vouched) {
		return dbHost{}, core.Refuse(core.ErrDatabase, "The site keeps its database on another machine, “%s”, which its web manager has not confirmed; ask the manager to set it as the site's database host.",
			safetext.Line(h.Host))
	}
	h.Remote = true
	return h, nil
}

// sameHost compares a host with the one vouched for, which may name a port.
func sameHost(h dbHost, vouched string) bool {
	v, ok := splitDBHost(vouched)
	if !ok || v.Socket != "" || !strings.EqualFold(v.Host, h.Host) {
		return false
	}
	named := strings.HasSuffix(vouched, ":"+strconv.Itoa(v.Port))
	return !named || v.Port == h.Port
}

// localServer does what PHP does with "localhost": it means the default socket.
// Where there is none the port on loopback is left.
func localServer(h dbHost) dbHost {
	for _, path := range defaultSockets {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
			return dbHost{Socket: path}
		}
	}
	h.Host = "127.0.0.1"
	return h
}

const defaultPort = 3306

func splitDBHost(text string) (dbHost, bool) {
	if text == "" || strings.ContainsAny(text, " \t'\"`\\;#") {
		return dbHost{}, false
	}
	if at := strings.Index(text, ":/"); at >= 0 {
		return dbHost{Socket: text[at+1:]}, text[:at] == "" || isHostName(text[:at])
	}
	if strings.HasPrefix(text, "/") {
		return dbHost{Socket: text}, true
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return dbHost{Host: address.WithZone("").String(), Port: defaultPort}, address.Zone() == ""
	}
	host, port := text, strconv.Itoa(defaultPort)
	if at := strings.LastIndexByte(text, ':'); at >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:at], text[at+1:]
	}
	if strings.HasPrefix(host, "[") != strings.HasSuffix(host, "]") {
		return dbHost{}, false
	}
	if inner := strings.Trim(host, "[]"); inner != host {
		address, err := netip.ParseAddr(inner)
		if err != nil || !address.Is6() || address.Zone() != "" {
			return dbHost{}, false
		}
		host = address.String()
	} else if !isHostName(host) {
		return dbHost{}, false
	}
	n, err := strconv.Atoi(port)
	return dbHost{Host: host, Port: n}, err == nil && n > 0 && n < 65536
}

// isHostName reports whether a text can be a host's name or IPv4 address.
func isHostName(text string) bool {
	if text == "" || len(text) > 253 || text[0] == '-' || text[0] == '.' {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || !wordByte(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
