package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/backup/dumpscan"
	"breakglass/core/safetext"

	"github.com/jackc/pgx/v5/pgconn"
)

// planPostgres looks at a PostgreSQL database through the site's own user and
// decides what can be dumped. Errors wrap core.ErrDatabase.
func planPostgres(ctx context.Context, config detect.Database, host dbHost) (*dump, error) {
	if err := refusePGTrust(ctx, config, host); err != nil {
		return nil, err
	}
	d := &dump{config: config, host: host, dir: folderName(config.Name)}
	err := d.lookAtPostgres(ctx)
	switch {
	case err == nil:
		return d, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("look at database: %w", context.Cause(ctx))
	default:
		return nil, databaseError(config.Name, err)
	}
}

// openPostgres connects as the site's user. Nothing of this process's own is
// used: no environment, no password file, no service file.
func openPostgres(ctx context.Context, config detect.Database, host dbHost) (*pgconn.PgConn, error) {
	mode := "disable"
	if host.Remote {
		mode = "prefer"
	}
	c, err := pgconn.ParseConfig("host=localhost user=nobody password=none dbname=none passfile=/dev/null servicefile=/dev/null sslmode=" + mode)
	if err != nil {
		return nil, err
	}
	c.Host, c.Port = host.Host, uint16(host.Port) //nolint:gosec // detect.ParseAddress checked it
	if host.Socket != "" {
		c.Host = filepath.Dir(host.Socket)
		c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", host.dialed())
		}
	}
	c.User, c.Password, c.Database = config.User, config.Password.Reveal(), config.Name
	c.ConnectTimeout = dialTime
	c.RuntimeParams = map[string]string{"application_name": "breakglass", "statement_timeout": strconv.FormatInt(readTime.Milliseconds(), 10), "default_transaction_read_only": "on"}
	if c.TLSConfig != nil {
		c.TLSConfig.ServerName = c.Host
	}
	for _, f := range c.Fallbacks {
		f.Host, f.Port = c.Host, c.Port
	}
	c.KerberosSpn, c.KerberosSrvName = "", ""
	return pgconn.ConnectConfig(ctx, c)
}

// refusePGTrust refuses a user whom the server lets in with any password: then
// its pg_hba.conf says trust, or peer with this process's own user, which
// proves nothing about the site.
func refusePGTrust(ctx context.Context, config detect.Database, host dbHost) error {
	if host.Remote {
		return nil // the manager vouches for it
	}
	probe := config
	probe.Password = core.NewSecret(rand.Text())
	conn, err := openPostgres(ctx, probe, host)
	if err != nil {
		return unproved(ctx, config, err)
	}
	return core.Refuse(core.ErrDatabase,
		"The database server lets the user “%s” of the database “%s” in without its password; that proves nothing about the site. Ask your web manager to have PostgreSQL ask for passwords (scram-sha-256 in pg_hba.conf) and to give the site one of its own.",
		safetext.Line(config.User), safetext.Line(config.Name)).Because(conn.Close(ctx))
}

// pgRelations lists what holds rows or would end a dump, with what the user may
// do with it. What an extension brings is not the site's.
const pgRelations = `SELECT n.nspname, c.relname, c.relkind::text, pg_catalog.pg_total_relation_size(c.oid),
	CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END,
	pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid)
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
	ORDER BY n.nspname, c.relname`

// pgObjects counts large objects that are not the user's own.
const pgObjects = `SELECT count(*) FROM pg_catalog.pg_largeobject_metadata WHERE NOT pg_catalog.pg_has_role(lomowner, 'USAGE')`

func (d *dump) lookAtPostgres(ctx context.Context) (err error) {
	conn, err := openPostgres(ctx, d.config, d.host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	number, _, _ := strings.Cut(conn.ParameterStatus("server_version"), " ")
	d.server = "PostgreSQL " + safetext.Line(number)
	answer := conn.ExecParams(ctx, pgRelations, nil, nil, nil, nil)
	found := &pgFound{schemas: map[string]bool{}}
	for answer.NextRow() {
		d.takeRelation(answer.Values(), found)
	}
	if _, err := answer.Close(); err != nil {
		return err
	}
	objects := conn.ExecParams(ctx, pgObjects, nil, nil, nil, nil).Read()
	if objects.Err != nil {
		return objects.Err
	}
	if count := string(objects.Rows[0][0]); count != "0" {
		d.without = append(d.without, "--no-blobs")
		d.lacks = append(d.lacks, newNote("archive.note.pg_objects", "Database", d.config.Name, "Count", count))
	}
	d.noteRelations(found)
	return nil
}

// pgFound is what of a database the site's user cannot dump.
type pgFound struct {
	schemas                         map[string]bool
	denied, hidden, foreign, closed []string
}

// takeRelation decides on one line of pgRelations.
func (d *dump) takeRelation(v [][]byte, found *pgFound) {
	schema, name, kind := string(v[0]), string(v[1]), string(v[2])
	table := dumpscan.BareName(schema) + "." + dumpscan.BareName(name)
	pattern := pgPattern(schema) + "." + pgPattern(name)
	yes := func(i int) bool { return string(v[i]) == "t" }
	switch {
	case !yes(5):
		if !found.schemas[schema] {
			found.schemas[schema] = true
			d.schemas = append(d.schemas, schema)
			found.closed = append(found.closed, schema)
		}
		return
	case kind == "f":
		found.foreign = append(found.foreign, table)
		return
	case !yes(4):
		d.ignore = append(d.ignore, pattern)
		found.denied = append(found.denied, table)
		return
	case kind == "S":
		return
	case yes(6):
		d.empty = append(d.empty, pattern)
		found.hidden = append(found.hidden, table)
	}
	size, err := strconv.ParseInt(string(v[3]), 10, 64)
	if err != nil {
		size = 0
	}
	d.tables = append(d.tables, dbTable{name: table, kind: "BASE TABLE", bytes: size})
	d.bytes += size
}

// noteRelations says what the dump will lack.
func (d *dump) noteRelations(found *pgFound) {
	for _, lack := range []struct {
		id    string
		names []string
	}{
		{"archive.note.pg_schemas", found.closed}, {"archive.note.pg_denied", found.denied}, {"archive.note.pg_hidden", found.hidden},
	} {
		if len(lack.names) > 0 {
			d.lacks = append(d.lacks, newNote(lack.id, "Database", d.config.Name, "Names", shortList(lack.names)))
		}
	}
	if len(found.foreign) > 0 {
		d.notes = append(d.notes, newNote("archive.note.pg_foreign", "Tables", shortList(found.foreign)))
	}
}
