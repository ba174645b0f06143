package backup

import (
	"os"

	"breakglass/core"
	"breakglass/core/backup/detect"
)

// Server is where a database server listens, for who connects to it with a
// client's own program: a socket, or a host and port.
type Server struct {
	Socket string
	Host   string
	Port   int
}

// ClientFile writes an option file for the MariaDB and MySQL clients, with the
// user and password in it. It has no name and lies in memory; the client finds
// it as [ClientPath] when it is the first of its extra files. Close must follow.
// A value that could add an option is refused.
func ClientFile(user string, password core.Secret, at Server) (*os.File, error) {
	f, err := newOptionFile(user, password, dbHost{Address: detect.Address{Socket: at.Socket, Host: at.Host, Port: at.Port}})
	return f.File, err
}

// PassFile is ClientFile for the clients of PostgreSQL: a password file.
func PassFile(password core.Secret) (*os.File, error) { return newPassFile(password) }

// ClientPath is where a client finds a ClientFile or PassFile.
const ClientPath = optionPath

// PrivilegesOn returns the privileges that a line of SHOW GRANTS gives on all of
// a database, upper case.
func PrivilegesOn(line, database string) []string { return privilegesOn(line, database) }
