package restore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"

	"github.com/go-sql-driver/mysql"
)

// mysqlServer is a server of MariaDB or MySQL.
type mysqlServer struct {
	to Database
	db *sql.DB

	product string // "MariaDB" or "MySQL"
	version string // "10.11.6"
	packet  int64  // max_allowed_packet
	id      string // of the server
	data    string // its data directory
	host    string // what it calls its machine
	known   collations
}

// How long a server may take. Counting the rows of a large table takes its time.
const (
	dialTime = 10 * time.Second
	readTime = time.Hour
)

func newMySQL(to Database) (*mysqlServer, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = to.User, to.Password.Reveal(), to.Name
	c.Net, c.Addr = "unix", to.Server.Socket
	if to.Server.Socket == "" {
		c.Net, c.Addr, c.TLSConfig = "tcp", net.JoinHostPort(to.Server.Host, strconv.Itoa(to.Server.Port)), "preferred"
	}
	c.Timeout, c.ReadTimeout, c.WriteTimeout, c.InterpolateParams = dialTime, readTime, readTime, true
	c.Logger = log.New(io.Discard, "", 0) // what matters comes back as an error
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2)
	return &mysqlServer{to: to, db: db}, nil
}

// Close implements server.
func (s *mysqlServer) Close() error { return s.db.Close() }

func (s *mysqlServer) dialect() rewrite.Dialect { return rewrite.MySQL }

// The answers of a server that mean something to a person.
const (
	errAccess   = 1045
	errDBAccess = 1044
	errNoDB     = 1049
)

// refused says why a server does not let us in, and what to do.
func (s *mysqlServer) refused(err error) string {
	var answer *mysql.MySQLError
	switch {
	case !errors.As(err, &answer):
		return fmt.Sprintf("no server answers at %s (%s); start it, or check the URL", s.to.Where(), safetext.Line(err.Error()))
	case answer.Number == errAccess:
		return fmt.Sprintf("the server refuses the user “%s” with that password; check both", safetext.Line(s.to.User))
	case answer.Number == errDBAccess:
		return fmt.Sprintf("the user “%s” may not use the database “%s”; GRANT ALL on it to that user", safetext.Line(s.to.User), safetext.Line(s.to.Name))
	case answer.Number == errNoDB:
		return fmt.Sprintf("there is no database “%s”; make it: CREATE DATABASE %s CHARACTER SET utf8mb4", safetext.Line(s.to.Name), safetext.Line(quoteName(s.to.Name)))
	}
	return fmt.Sprintf("the server says: %s", safetext.Line(answer.Message))
}

// passwordRefused implements server.
func (s *mysqlServer) passwordRefused(ctx context.Context) string {
	err := s.db.PingContext(ctx)
	var answer *mysql.MySQLError
	if !errors.As(err, &answer) || answer.Number != errAccess {
		return ""
	}
	return s.refused(err)
}

// before implements server.
func (s *mysqlServer) before(ctx context.Context, c *checks) {
	var version, comment string
	err := s.db.QueryRowContext(ctx, "SELECT VERSION(), @@version_comment, @@max_allowed_packet, CONCAT_WS(' ', @@hostname, @@port, @@socket, @@datadir, @@server_id), @@datadir, @@hostname").
		Scan(&version, &comment, &s.packet, &s.id, &s.data, &s.host)
	if err != nil {
		c.fail("Database server", "%s.", s.refused(err))
		return
	}
	s.product = "MySQL"
	if strings.Contains(strings.ToLower(version+comment), "mariadb") {
		s.product = "MariaDB"
	}
	s.version, _, _ = strings.Cut(version, "-")
	s.version = safetext.Line(s.version)
	c.ok("Database server", "%s %s at %s answers.", s.product, s.version, s.to.Where())
	if err := s.known.read(ctx, s.db); err != nil {
		c.warn("Character sets", "the server does not say which it knows: %s.", safetext.Line(err.Error()))
	}
	s.grants(ctx, c)
	if name, path, err := s.client(); err != nil {
		c.fail("Database client", "%s.", err)
	} else {
		c.ok("Database client", "%s (%s) loads the dump.", name, safetext.Path(path))
	}
}

// identity implements server.
func (s *mysqlServer) identity() string {
	if s.id == "" {
		return ""
	}
	return s.id + " " + s.to.Name
}

// disk implements server.
func (s *mysqlServer) disk(ctx context.Context) (disk, bool) {
	return serverDisk(ctx, s.to.Server, s.to.Server.Socket, s.data, s.host)
}

// wanted are the privileges that loading a dump takes.
var wanted = []string{"SELECT", "INSERT", "CREATE", "DROP", "ALTER", "INDEX", "LOCK TABLES", "REFERENCES"}

// sometimes are those that a dump with such things in it takes.
var sometimes = []string{"TRIGGER", "CREATE VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"}

// onFiles are the lines of SHOW GRANTS that let a user read and write files of the
// server.
var onFiles = regexp.MustCompile(`^GRANT (ALL PRIVILEGES|.*\bFILE\b.*) ON \*\.\* TO `)

// grants compares what the user may do with what a load takes. Roles in use are
// listed by the server like everything else.
func (s *mysqlServer) grants(ctx context.Context, c *checks) {
	lines, err := s.column(ctx, "SHOW GRANTS")
	if err != nil {
		c.warn("Rights in the database", "the server does not say what “%s” may do: %s.", safetext.Line(s.to.User), safetext.Line(err.Error()))
		return
	}
	if slices.ContainsFunc(lines, onFiles.MatchString) {
		c.warn("Rights on the server", "%s.", tooMuch(s.to.User))
	}
	var granted []string
	for _, line := range lines {
		granted = append(granted, backup.PrivilegesOn(line, s.to.Name)...)
	}
	if slices.Contains(granted, "ALL PRIVILEGES") || slices.Contains(granted, "ALL") {
		c.ok("Rights in the database", "“%s” may do all in “%s”.", safetext.Line(s.to.User), safetext.Line(s.to.Name))
		return
	}
	if lacking := without(wanted, granted); len(lacking) > 0 {
		c.fail("Rights in the database", "“%s” may not %s in “%s”; GRANT ALL on it to that user.", safetext.Line(s.to.User), strings.Join(lacking, ", "), safetext.Line(s.to.Name))
		return
	}
	if lacking := without(sometimes, granted); len(lacking) > 0 {
		c.warn("Rights in the database", "“%s” may not %s in “%s”: a dump with such things in it will stop there.", safetext.Line(s.to.User), strings.Join(lacking, ", "), safetext.Line(s.to.Name))
		return
	}
	c.ok("Rights in the database", "“%s” may do all that a dump needs in “%s”.", safetext.Line(s.to.User), safetext.Line(s.to.Name))
}

func without(wanted, granted []string) (lacking []string) {
	for _, w := range wanted {
		if !slices.Contains(granted, w) {
			lacking = append(lacking, w)
		}
	}
	return lacking
}

// column runs a query and returns the first column of its answer.
func (s *mysqlServer) column(ctx context.Context, query string, args ...any) (values []string, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	into := make([]any, len(columns))
	var value sql.NullString
	into[0] = &value
	for i := 1; i < len(into); i++ {
		into[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		values = append(values, value.String)
	}
	return values, rows.Err()
}

// everything lists what a database holds, tables first.
const everything = `SELECT CONCAT(TABLE_TYPE, ' ', TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
	UNION ALL SELECT CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
	UNION ALL SELECT CONCAT('EVENT ', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()`

// empty implements server.
func (s *mysqlServer) empty(ctx context.Context) ([]string, error) {
	holds, err := s.column(ctx, everything)
	if err != nil {
		return nil, fmt.Errorf("look into the database: %w", err)
	}
	return holds, nil
}

// kinds are what everything calls a thing, and what DROP calls it.
var kinds = []struct{ listed, dropped string }{
	{"BASE TABLE ", "TABLE"}, {"SYSTEM VERSIONED ", "TABLE"}, {"SEQUENCE ", "SEQUENCE"}, {"VIEW ", "VIEW"},
	{"PROCEDURE ", "PROCEDURE"}, {"FUNCTION ", "FUNCTION"}, {"EVENT ", "EVENT"}, {"PACKAGE BODY ", "PACKAGE BODY"}, {"PACKAGE ", "PACKAGE"},
}

// clear implements clearer.
func (s *mysqlServer) clear(ctx context.Context, tables []string) error {
	holds, err := s.empty(ctx)
	if err != nil {
		return err
	}
	var drops []string
	for _, thing := range holds {
		for _, kind := range kinds {
			name, ok := strings.CutPrefix(thing, kind.listed)
			if !ok {
				continue
			}
			if kind.dropped == "TABLE" && !slices.Contains(tables, name) {
				return core.Refuse(core.ErrExists, "The database “%s” holds the table “%s”, which this restore did not make; it was left as it is. Give an empty database.", safetext.Line(s.to.Name), safetext.Line(name))
			}
			drops = append(drops, "DROP "+kind.dropped+" IF EXISTS "+quoteName(name))
			break
		}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	for _, statement := range append([]string{"SET foreign_key_checks = 0"}, drops...) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("empty the database: %w", err)
		}
	}
	return nil
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// rows implements server.
func (s *mysqlServer) rows(ctx context.Context, table string) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+quoteName(table)).Scan(&n) //nolint:gosec // quoted
	return n, err
}

// value implements server.
func (s *mysqlServer) value(ctx context.Context, query string, args ...any) (string, error) {
	values, err := s.column(ctx, query, args...)
	if err != nil || len(values) == 0 {
		return "", err
	}
	return values[0], nil
}

// client finds the program that loads dumps: that of the server's own kind
// rather than the other.
func (s *mysqlServer) client() (name, path string, err error) {
	names := []string{"mariadb", "mysql"}
	if s.product == "MySQL" {
		names = []string{"mysql", "mariadb"}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return name, path, nil
		}
	}
	return "", "", errors.New("neither mariadb nor mysql is installed here; install mariadb-client")
}

// loadBegins is how a dump for MariaDB or MySQL begins: old dates that are all
// zeros are let in. The dump sets the rest itself. Each of its statements holds
// a megabyte of rows and is a transaction of its own; one for a whole table has
// the server keep all of it for a rollback that nobody wants, and takes twice as
// long.
const loadBegins = "SET foreign_key_checks=0, unique_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO';\n"

// around implements server.
func (s *mysqlServer) around() (begin, commit string) { return loadBegins, "" }

// clientLine is where a client's complaint says how far it came.
var clientLine = regexp.MustCompile(`(?m)^(?:mariadb|mysql)?:?\s*ERROR .*$`)

// load implements server. The client reads no option file but ours, and without
// --binary-mode it would run what stands behind \! in a dump, and without
// --local-infile=0 a dump could have it send any file of this machine.
func (s *mysqlServer) load(ctx context.Context, write func(io.Writer) error) (err error) {
	_, path, err := s.client()
	if err != nil {
		return core.Refuse(core.ErrInvalid, "The dump cannot be loaded: %s.", err)
	}
	options, err := backup.ClientFile(s.to.User, s.to.Password, s.to.Server)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer func() { err = errors.Join(err, options.Close()) }()
	said, err := feed(ctx, []*os.File{options}, write, path,
		"--defaults-file="+backup.ClientPath, "--binary-mode", "--local-infile=0", "--batch", "--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--", s.to.Name)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if line := clientLine.FindString(said); line != "" {
		said = line
	}
	return &core.Refusal{
		Kind: core.ErrDatabase, Cause: err,
		Detail: fmt.Sprintf("The dump could not be loaded to its end. The server said: “%s”. The files are in place and the database holds a part; when that is mended, give the same command again: it goes on with the database.", safetext.Line(said)),
	}
}
