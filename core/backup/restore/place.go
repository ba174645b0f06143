package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// The kinds of servers.
const (
	mysqlDriver    = "mysql" // MariaDB too
	postgresDriver = "postgres"
)

// Database is where a dump goes.
type Database struct {
	Driver   string // "mysql" or "postgres"
	Server   backup.Server
	Name     string
	User     string
	Password core.Secret
}

// ParseDatabase reads mysql://user@host:port/name, mysql://user@/name?socket=…
// and the same with postgres://. A password in it is taken, and reported by
// withPassword: it has stood where others can read it.
func ParseDatabase(text string) (d Database, withPassword bool, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return d, false, badDatabase()
	}
	port := 0
	switch u.Scheme {
	case "mysql", "mariadb":
		d.Driver, port = mysqlDriver, 3306
	case "postgres", "postgresql", "pgsql":
		d.Driver, port = postgresDriver, 5432
	default:
		return d, false, badDatabase()
	}
	d.Name, d.User = strings.TrimPrefix(u.Path, "/"), u.User.Username()
	password, given := u.User.Password()
	d.Password = core.NewSecret(password)
	query := u.Query()
	for key := range query {
		if key != "socket" && key != "user" {
			return d, false, core.Refuse(core.ErrInvalid, "The database's URL has a part “%s” that is not known; socket= and user= are.", safetext.Line(key))
		}
	}
	if d.User == "" {
		d.User = query.Get("user")
	}
	if d.Name == "" || strings.Contains(d.Name, "/") || d.User == "" {
		return d, false, badDatabase()
	}
	d.Server.Host, d.Server.Socket, d.Server.Port = u.Hostname(), query.Get("socket"), port
	if u.Port() != "" {
		if d.Server.Port, err = strconv.Atoi(u.Port()); err != nil || d.Server.Port < 1 || d.Server.Port > 65535 {
			return d, false, badDatabase()
		}
	}
	if d.Server.Socket != "" && !filepath.IsAbs(d.Server.Socket) {
		return d, false, core.Refuse(core.ErrInvalid, "The socket in the database's URL must be a whole path, like socket=/run/mysqld/mysqld.sock.")
	}
	d.defaultServer()
	return d, given, nil
}

func badDatabase() error {
	return core.Refuse(core.ErrInvalid, "The database must be given as mysql://user@host:port/name, mysql://user@/name?socket=/run/mysqld/mysqld.sock or postgres://user@host/name.")
}

// sockets are where servers listen unless told otherwise.
var sockets = map[string][]string{
	mysqlDriver:    {"/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"},
	postgresDriver: {"/run/postgresql", "/tmp"},
}

// defaultServer does what the clients do with localhost, or with no host at all:
// a socket is meant.
func (d *Database) defaultServer() {
	if d.Server.Socket != "" {
		d.Server.Host = ""
		return
	}
	if d.Server.Host != "" && d.Server.Host != "localhost" {
		return
	}
	for _, socket := range sockets[d.Driver] {
		if _, err := os.Stat(socket); err == nil {
			d.Server.Socket, d.Server.Host = socket, ""
			return
		}
	}
	d.Server.Host = "127.0.0.1"
}

// Where says where the server is, as a person reads it.
func (d Database) Where() string {
	if d.Server.Socket != "" {
		return safetext.Line(d.Server.Socket)
	}
	return safetext.Line(net.JoinHostPort(d.Server.Host, strconv.Itoa(d.Server.Port)))
}

// String names the database without a secret.
func (d Database) String() string {
	return safetext.Line(d.User) + "@" + d.Where() + "/" + safetext.Line(d.Name)
}

// place is where the files go, and the directory beside it.
type place struct {
	target string // absolute, its parent without links
	beside string // target + ".restore"
	there  bool   // the target exists, as an empty directory
	uid    int    // who the files will belong to; -1: whoever runs this
	gid    int
}

// findPlace looks at a target without changing anything.
func findPlace(path string) (p place, err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return p, fmt.Errorf("find %s: %w", path, err)
	}
	shown := safetext.Line(safetext.Path(absolute))
	if filepath.Dir(absolute) == absolute {
		return p, core.Refuse(core.ErrInvalid, "/ cannot be restored to; give the directory that the site shall live in.")
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(absolute))
	if errors.Is(err, fs.ErrNotExist) {
		return p, core.Refuse(core.ErrInvalid, "There is no directory %s to put the site into; make it first.", safetext.Line(safetext.Path(filepath.Dir(absolute))))
	}
	if err != nil {
		return p, fmt.Errorf("find %s: %w", shown, err)
	}
	p.target = filepath.Join(parent, filepath.Base(absolute))
	p.beside = p.target + ".restore"
	return p, p.look(shown)
}

// look finds out whether the target is empty, and whose it is.
func (p *place) look(shown string) error {
	info, err := os.Lstat(p.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.owner(filepath.Dir(p.target))
	case err != nil:
		return &core.Refusal{Kind: core.ErrDenied, Cause: err, Detail: fmt.Sprintf("%s cannot be looked at; check the rights of the directories above it.", shown)}
	case info.Mode().Type() == fs.ModeSymlink:
		return core.Refuse(core.ErrInvalid, "%s is a link; give the directory itself that the site shall live in.", shown)
	case !info.IsDir():
		return core.Refuse(core.ErrInvalid, "%s is not a directory; give one that is empty, or a name that is not there yet.", shown)
	}
	p.there = true
	names, err := firstNames(p.target)
	if err != nil {
		return &core.Refusal{Kind: core.ErrDenied, Cause: err, Detail: fmt.Sprintf("%s cannot be looked into; check its rights.", shown)}
	}
	if len(names) > 0 {
		return core.Refuse(core.ErrExists, "%s is not empty: it holds “%s”. Nothing was touched; give an empty directory, or move what is there away.", shown, safetext.Line(safetext.Path(names[0])))
	}
	return p.owner(p.target)
}

// firstNames lists the first few entries of a directory.
func firstNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, _ := d.Readdirnames(3) //nolint:errcheck // io.EOF says that it is empty
	return names, d.Close()
}

// CheckTarget refuses a directory that nothing can be restored to.
func CheckTarget(path string) error {
	if path == "" {
		return core.Refuse(core.ErrInvalid, "Give a directory that is empty or not there yet, like /srv/www/acme.")
	}
	_, err := findPlace(path)
	if errors.Is(err, core.ErrExists) { // a restore that broke off goes on there
		if _, looked := os.Stat(stateOf(path)); looked == nil {
			return nil
		}
	}
	return err
}

// stateOf is where the state of a restore to a path stands.
func stateOf(path string) string { return filepath.Join(path+".restore", stateName) }

// CheckAddress refuses what is not the address of a website.
func CheckAddress(text string) error {
	_, err := rewrite.New(rewrite.Options{URLs: pairs([]string{text}, text)})
	return err
}
