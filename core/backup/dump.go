package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/safetext"
)

// dump is one database that a run dumps: where it is, what was found in it and
// what the site's own user may not read.
type dump struct {
	from   source
	config detect.Database
	host   dbHost
	server string // "MariaDB 10.11.6"
	// encrypted says that the server takes TLS over this connection.
	encrypted bool
	dir       string // its folder's name under database/
	tables    []dbTable
	bytes     int64    // estimated
	ignore    []string // views that cannot be dumped
	without   []string // options such as --skip-events
	schemas   []string // of PostgreSQL, that cannot be dumped
	empty     []string // tables whose rows cannot be dumped
	notes     []note
	lacks     []note // of what will be missing
	with      dumpTool

	tool    string // what dumped it
	rows    map[string]int64
	part    int
	size    int64
	broken  error // why it is not whole, nil if it is
	reached bool  // its end was reached all the same: what could be read is there
}

// dbTable is a table, view or sequence.
type dbTable struct {
	name   string
	kind   string // BASE TABLE, VIEW, SEQUENCE, SYSTEM VERSIONED
	engine string
	bytes  int64
}

// holdsRows reports whether a table's rows stand in a dump as INSERTs.
func (t dbTable) holdsRows() bool { return t.kind != "VIEW" && t.kind != "SEQUENCE" }

// planDump looks at a database through the site's own user and decides what can
// be dumped. Errors wrap core.ErrDatabase.
func planDump(ctx context.Context, config detect.Database, vouched string) (*dump, error) {
	if err := config.Check(); err != nil {
		return nil, err
	}
	address, err := detect.ParseAddress(config.Driver, config.Host, vouched)
	if err != nil {
		return nil, err
	}
	host := dbHost{Address: address}
	if err := refuseOurUser(config, host); err != nil {
		return nil, err
	}
	if host, err = host.pinned(); err != nil {
		return nil, databaseError(config.Name, err)
	}
	d, err := planPinned(ctx, config, host)
	if err != nil {
		return nil, errors.Join(err, host.close())
	}
	return d, nil
}

// planPinned is planDump on a host that stays what it is.
func planPinned(ctx context.Context, config detect.Database, host dbHost) (*dump, error) {
	switch config.Driver {
	case detect.MySQL:
	case detect.Postgres:
		return planPostgres(ctx, config, host)
	default:
		return nil, core.Refuse(core.ErrDatabase, "The site's database “%s” is of a kind (%s) that this console cannot dump; ask your web manager or hosting company for a dump of it.", safetext.Line(config.Name), config.Driver)
	}
	if err := refuseTrust(ctx, config, host); err != nil {
		return nil, err
	}
	d := &dump{config: config, host: host, dir: folderName(config.Name)}
	db, err := openDatabase(config, host)
	if err != nil {
		return nil, databaseError(config.Name, err)
	}
	defer db.Close() //nolint:errcheck // nothing was written
	for _, look := range []func(context.Context, *database) error{d.lookAtServer, d.lookAtTables, d.lookAtGrants, d.lookAtViews, d.lookAtEvents, d.lookAtRoutines} {
		if err := look(ctx, db); err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("look at database: %w", context.Cause(ctx))
			}
			return nil, databaseError(config.Name, err)
		}
	}
	return d, nil
}

// databaseError is what an owner reads when the database does not answer.
func databaseError(name string, err error) error {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	switch {
	case isRefused(err):
		return core.Refuse(core.ErrDatabase, "The database server refused the user and password that the site has for the database “%s”. Another try will not help: ask your web manager or hosting company to correct them, or to make a dump.",
			safetext.Line(name)).Because(err)
	case isAbsent(err):
		return core.Refuse(core.ErrDatabase, "The database server knows no database “%s”, or does not show it to the site's user. Another try will not help: ask your web manager or hosting company where it is.",
			safetext.Line(name)).Because(err)
	}
	return core.Refuse(core.ErrDatabase, "The site's database “%s” did not answer. Start the backup again once it answers; if it stays so, ask your web manager or hosting company whether the database server runs.",
		safetext.Line(name)).Because(err)
}

func (d *dump) lookAtServer(ctx context.Context, db *database) error {
	var version, comment string
	if err := db.QueryRowContext(ctx, "SELECT VERSION(), @@version_comment").Scan(&version, &comment); err != nil {
		return err
	}
	product := "MySQL"
	if strings.Contains(strings.ToLower(version+comment), "mariadb") {
		product = "MariaDB"
	}
	number, _, _ := strings.Cut(version, "-")
	d.server = product + " " + safetext.Line(number)
	var name, cipher string
	if err := db.QueryRowContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err == nil {
		d.encrypted = cipher != ""
	}
	return nil
}

func (d *dump) lookAtTables(ctx context.Context, db *database) error {
	rows, err := db.QueryContext(ctx, `SELECT TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, ''), COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0)
		FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is asked
	var loose, history []string
	for rows.Next() {
		var t dbTable
		if err := rows.Scan(&t.name, &t.kind, &t.engine, &t.bytes); err != nil {
			return err
		}
		d.tables = append(d.tables, t)
		d.bytes += t.bytes
		if t.holdsRows() && !strings.EqualFold(t.engine, "InnoDB") {
			loose = append(loose, t.name)
		}
		if t.kind == "SYSTEM VERSIONED" {
			history = append(history, t.name)
		}
	}
	if len(loose) > 0 {
		d.notes = append(d.notes, newNote("archive.note.not_innodb", "Tables", shortList(loose), "Count", len(loose)))
	}
	if len(history) > 0 {
		d.notes = append(d.notes, newNote("archive.note.history", "Tables", shortList(history), "Count", len(history)))
	}
	return rows.Err()
}

// shortList names the first few.
func shortList(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}

// leaveOut says that the dump leaves a kind of thing out.
func (d *dump) leaveOut(option string, n note) {
	if !slices.Contains(d.without, option) {
		d.without = append(d.without, option)
	}
	d.notes = append(d.notes, n)
}

// folderName makes a database's name fit for a folder, and for the command that
// README.txt gives: what is not plainly a name's letter becomes %XX.
func folderName(name string) string {
	var out strings.Builder
	for i := range len(name) {
		c := name[i]
		if c < 0x80 && wordByte(c) || c == '-' || c == '.' && i > 0 {
			out.WriteByte(c)
			continue
		}
		fmt.Fprintf(&out, "%%%02X", c)
	}
	return out.String()
}

// wordByte reports whether c is a letter, a digit or an underscore, or a byte
// beyond ASCII.
func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
