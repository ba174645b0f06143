package backup

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"breakglass/core/backup/detect"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// database is a connection to a MariaDB or MySQL server as the site's user.
type database struct{ *sql.DB }

// How long a server may take to answer.
const (
	dialTime = 10 * time.Second
	readTime = 60 * time.Second
)

// openDatabase connects. It changes nothing, asks for no file and loads none.
func openDatabase(config detect.Database, host dbHost) (*database, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = config.User, config.Password.Reveal(), config.Name
	c.Net, c.Addr = "unix", host.dialed()
	if host.Socket == "" {
		c.Net, c.Addr = "tcp", net.JoinHostPort(host.Host, strconv.Itoa(host.Port))
		c.TLSConfig = "preferred" // some servers let a user in with it only
	}
	c.Timeout, c.ReadTimeout, c.WriteTimeout = dialTime, readTime, readTime
	c.InterpolateParams = true
	c.Logger = log.New(io.Discard, "", 0) // what matters comes back as an error
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return &database{db}, nil
}

// The answers of a server that mean "not this user", "no such database" or "this view
// is broken".
var (
	deniedNumbers  = map[uint16]bool{1044: true, 1142: true, 1143: true, 1227: true, 1370: true}
	refusedNumbers = map[uint16]bool{1045: true, 1130: true, 1251: true, 1698: true, 1820: true, 1862: true, 3118: true, 3159: true, 4151: true}
	absentNumbers  = map[uint16]bool{1044: true, 1049: true}
	brokenNumbers  = map[uint16]bool{1146: true, 1356: true, 1054: true, 1305: true, 1449: true}
)

func isDenied(err error) bool {
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && deniedNumbers[answer.Number]
}

// isRefused reports whether a server does not let the site's user in.
func isRefused(err error) bool {
	var answer *mysql.MySQLError
	var pg *pgconn.PgError
	return errors.As(err, &answer) && refusedNumbers[answer.Number] || errors.As(err, &pg) && strings.HasPrefix(pg.Code, "28")
}

// isAbsent reports whether a server has no such database, or none for this user.
func isAbsent(err error) bool {
	var answer *mysql.MySQLError
	var pg *pgconn.PgError
	return errors.As(err, &answer) && absentNumbers[answer.Number] || errors.As(err, &pg) && (pg.Code == "3D000" || pg.Code == "42501")
}

func isBroken(err error) bool {
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && brokenNumbers[answer.Number]
}

// drain runs a query and reads its answer to the end.
func (db *database) drain(ctx context.Context, query string) (rows int, err error) {
	answer, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer answer.Close() //nolint:errcheck // Err is asked
	for answer.Next() {
		rows++
	}
	return rows, answer.Err()
}

// quoteName quotes a name for a query.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// lookAtGrants asks what the site's user may do. Triggers and routines that it
// may not see are not even counted by the server, so this is the only way to
// know that something may be missing. The dumper is asked for them all the same:
// it dumps what the user sees.
func (d *dump) lookAtGrants(ctx context.Context, db *database) error {
	granted, err := db.grants(ctx, "SHOW GRANTS", d.config.Name)
	if err != nil {
		return err
	}
	granted = append(granted, db.grantsOfRole(ctx, d.config.Name)...)
	if !hasAny(granted, "TRIGGER") {
		d.notes = append(d.notes, newNote("archive.note.no_triggers", "Database", d.config.Name))
	}
	if !hasAny(granted, "EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE") {
		d.notes = append(d.notes, newNote("archive.note.no_routines", "Database", d.config.Name))
	}
	return nil
}

// grants returns the privileges on a database in the answer to a SHOW GRANTS.
func (db *database) grants(ctx context.Context, question, name string) (granted []string, err error) {
	rows, err := db.QueryContext(ctx, question)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		granted = append(granted, privilegesOn(line, name)...)
	}
	return granted, rows.Err()
}

// grantsOfRole returns what the roles of this session add on MySQL, which leaves
// them out of SHOW GRANTS; MariaDB does not. Where it cannot be told, a note says
// more than it must.
func (db *database) grantsOfRole(ctx context.Context, name string) []string {
	var role, version string
	err := db.QueryRowContext(ctx, "SELECT CURRENT_ROLE(), VERSION()").Scan(&role, &version)
	if err != nil || role == "" || role == "NONE" || strings.Contains(strings.ToLower(version), "mariadb") {
		return nil // MariaDB's is null without a role; an older MySQL knows none
	}
	granted, err := db.grants(ctx, "SHOW GRANTS FOR CURRENT_USER() USING "+role, name) // the server has quoted it
	if err != nil {
		return nil
	}
	return granted
}

func hasAny(granted []string, wanted ...string) bool {
	for _, g := range granted {
		if g == "ALL PRIVILEGES" || g == "ALL" {
			return true
		}
		for _, w := range wanted {
			if g == w {
				return true
			}
		}
	}
	return false
}

var grantForm = regexp.MustCompile("^GRANT (.+) ON (\\*|`(?:[^`]|``)*`)\\.\\* TO ")

// privilegesOn returns the privileges that a line of SHOW GRANTS gives on all of
// a database. Those on single tables do not count.
func privilegesOn(line, database string) []string {
	m := grantForm.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	if m[2] != "*" && !likeMatches(strings.ReplaceAll(m[2][1:len(m[2])-1], "``", "`"), database) {
		return nil
	}
	var out []string
	for p := range strings.SplitSeq(m[1], ",") {
		out = append(out, strings.ToUpper(strings.TrimSpace(p)))
	}
	return out
}

// likeMatches matches a name with a pattern of LIKE: % any, _ one, \ escapes.
func likeMatches(pattern, name string) bool {
	var form strings.Builder
	form.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			form.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case c == '%':
			form.WriteString(".*")
		case c == '_':
			form.WriteString(".")
		case c >= 0x80:
			form.WriteString(".?") // one byte of a letter
		default:
			form.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	form.WriteString("$")
	matcher, err := regexp.Compile(form.String())
	return err == nil && matcher.MatchString(name)
}

// lookAtViews asks for each view what the dumper will ask for; one that is not
// ours to see, or that is broken, would end the whole dump.
func (d *dump) lookAtViews(ctx context.Context, db *database) error {
	var denied, broken []string
	for _, t := range d.tables {
		if t.kind != "VIEW" {
			continue
		}
		_, err := db.drain(ctx, "SHOW CREATE VIEW "+quoteName(t.name))
		if err == nil {
			_, err = db.drain(ctx, "SHOW FIELDS FROM "+quoteName(t.name))
		}
		switch {
		case err == nil:
		case isDenied(err):
			denied = append(denied, t.name)
		case isBroken(err):
			broken = append(broken, t.name)
		default:
			return err
		}
	}
	d.ignore = append(denied, broken...)
	if len(denied) > 0 {
		d.notes = append(d.notes, newNote("archive.note.views_denied", "Views", shortList(denied)))
	}
	if len(broken) > 0 {
		d.notes = append(d.notes, newNote("archive.note.views_broken", "Views", shortList(broken)))
	}
	return nil
}

func (d *dump) lookAtEvents(ctx context.Context, db *database) error {
	_, err := db.drain(ctx, "SHOW EVENTS FROM "+quoteName(d.config.Name))
	if isDenied(err) {
		d.leaveOut("--skip-events", newNote("archive.note.no_events", "Database", d.config.Name))
		return nil
	}
	return err
}

// lookAtRoutines finds routines whose text the user may not read.
func (d *dump) lookAtRoutines(ctx context.Context, db *database) error {
	rows, err := db.QueryContext(ctx, `SELECT ROUTINE_NAME FROM information_schema.ROUTINES
		WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL AND ROUTINE_BODY = 'SQL' ORDER BY ROUTINE_NAME`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	var hidden []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		hidden = append(hidden, name)
	}
	if len(hidden) > 0 {
		d.leaveOut("--skip-routines", newNote("archive.note.routines_hidden", "Routines", shortList(hidden)))
	}
	return rows.Err()
}
