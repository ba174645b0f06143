package restore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/dumpscan"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// postgresServer is a server of PostgreSQL, asked through psql: the same program
// loads the dump.
type postgresServer struct {
	to      Database
	psql    string
	version string // "15.8"
	id      string // of the database, on its server
	// restricts says that psql can be told to obey no command of a dump.
	restricts bool
}

func newPostgres(to Database) (*postgresServer, error) {
	path, err := exec.LookPath("psql")
	if err != nil {
		return nil, core.Refuse(core.ErrInvalid, "psql is not installed here, and only it can load a dump of PostgreSQL; install postgresql-client.")
	}
	return &postgresServer{to: to, psql: path}, nil
}

// Close implements server.
func (s *postgresServer) Close() error { return nil }

func (s *postgresServer) dialect() rewrite.Dialect { return rewrite.PostgreSQL }

// arguments are what psql is always told: no configuration of anybody's, stop at
// the first error, no password asked for.
func (s *postgresServer) arguments(more ...string) []string {
	host := s.to.Server.Host
	if s.to.Server.Socket != "" {
		host = strings.TrimSuffix(s.to.Server.Socket, "/.s.PGSQL."+strconv.Itoa(s.to.Server.Port))
	}
	var connection []string
	for _, setting := range [][2]string{
		{"host", host}, {"port", strconv.Itoa(s.to.Server.Port)}, {"dbname", s.to.Name}, {"user", s.to.User}, {"passfile", backup.ClientPath},
		{"connect_timeout", "10"}, {"application_name", "breakglass"}, {"client_encoding", "UTF8"},
	} {
		connection = append(connection, setting[0]+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(setting[1])+"'")
	}
	return append([]string{"--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=" + strings.Join(connection, " ")}, more...)
}

// ask runs queries and returns what they print, a line a row.
func (s *postgresServer) ask(ctx context.Context, query string) (lines []string, err error) {
	pass, err := backup.PassFile(s.to.Password)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	cmd := exec.CommandContext(ctx, s.psql, s.arguments("--tuples-only", "--no-align", "--file=-")...) //nolint:gosec // no secret and nothing of the archive among them
	cmd.Dir, cmd.Env = "/", []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=/nonexistent"}
	cmd.Stdin, cmd.ExtraFiles, cmd.WaitDelay = strings.NewReader(query), []*os.File{pass}, killTime
	var out bytes.Buffer
	var complaints saying
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ask the database: %w: %w", core.ErrCancelled, context.Cause(ctx))
		}
		return nil, fmt.Errorf("ask the database: %w: %s", err, safetext.Line(complaints.String()))
	}
	if text := strings.TrimRight(out.String(), "\n"); text != "" {
		lines = strings.Split(text, "\n")
	}
	return lines, nil
}

// noSuchLogin is how PostgreSQL refuses a password.
const noSuchLogin = "authentication failed for user"

// refused says why a server does not let us in, and what to do. psql gives no SQLSTATE
// for that, and a server that speaks another language gets the last sentence.
func (s *postgresServer) refused(err error) string {
	said := ""
	if err != nil {
		said = err.Error()
	}
	name, user := safetext.Line(s.to.Name), safetext.Line(s.to.User)
	switch {
	case strings.Contains(said, noSuchLogin), strings.Contains(said, "no password supplied"):
		return fmt.Sprintf("the server refuses the user “%s” with that password; check both", user)
	case strings.Contains(said, "FATAL:") && strings.Contains(said, "does not exist"):
		return fmt.Sprintf("there is no database “%s” at %s, or no user “%s”; make it first, or check the URL", name, s.to.Where(), user)
	case strings.Contains(said, "Connection refused"), strings.Contains(said, "No such file or directory"):
		return fmt.Sprintf("no server answers at %s; start it, or check the URL", s.to.Where())
	}
	return fmt.Sprintf("the database “%s” at %s cannot be used (%s); start the server, make the database, or check the URL and the password", name, s.to.Where(), safetext.Line(said))
}

// passwordRefused implements server.
func (s *postgresServer) passwordRefused(ctx context.Context) string {
	_, err := s.ask(ctx, "SELECT 1")
	if err == nil || !strings.Contains(err.Error(), noSuchLogin) && !strings.Contains(err.Error(), "no password supplied") {
		return ""
	}
	return s.refused(err)
}

// before implements server.
func (s *postgresServer) before(ctx context.Context, c *checks) {
	lines, err := s.ask(ctx, `SELECT current_setting('server_version');
SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database();
SELECT has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE');
SELECT pg_postmaster_start_time()::text || ' ' || oid FROM pg_database WHERE datname = current_database();
SELECT rolsuper FROM pg_roles WHERE rolname = current_user;`)
	if err != nil || len(lines) != 5 {
		c.fail("Database server", "%s.", s.refused(err))
		return
	}
	s.version, _, _ = strings.Cut(safetext.Line(lines[0]), " ")
	s.id = lines[3]
	c.ok("Database server", "PostgreSQL %s at %s answers.", s.version, s.to.Where())
	if lines[1] == "UTF8" {
		c.ok("Character sets", "the database is in UTF8, as the dump is.")
	} else {
		c.fail("Character sets", "the database is in %s; make one for the site with ENCODING 'UTF8'.", safetext.Line(lines[1]))
	}
	if lines[2] == "t" {
		c.ok("Rights in the database", "“%s” may make tables in “%s”.", safetext.Line(s.to.User), safetext.Line(s.to.Name))
	} else {
		c.fail("Rights in the database", "“%s” may not make schemas and tables in “%s”; make it the database's owner.", safetext.Line(s.to.User), safetext.Line(s.to.Name))
	}
	if lines[4] == "t" {
		c.warn("Rights on the server", "%s.", tooMuch(s.to.User))
	}
	if _, err := s.ask(ctx, "\\restrict breakglass\n\\unrestrict breakglass\n"); err != nil {
		c.ok("Database client", "psql (%s) is of before August 2025, and may run commands that stand in a dump.", safetext.Path(s.psql))
		return
	}
	s.restricts = true
	c.ok("Database client", "psql (%s) loads the dump.", safetext.Path(s.psql))
}

// tooMuch says what a dump from a stranger could do with the rights of a user.
func tooMuch(user string) string {
	return fmt.Sprintf("“%s” may read and write files of the server, and so may a dump that it loads; if you do not trust the archive's origin, give a user that owns this one database and no more", safetext.Line(user))
}

// identity implements server.
func (s *postgresServer) identity() string { return s.id }

// disk implements server. Only a superuser may ask where the data is, so it is
// found by who listens on the socket.
func (s *postgresServer) disk(ctx context.Context) (disk, bool) {
	socket := s.to.Server.Socket
	if name := "/.s.PGSQL." + strconv.Itoa(s.to.Server.Port); socket != "" && !strings.HasSuffix(socket, name) {
		socket += name
	}
	return serverDisk(ctx, s.to.Server, socket, "", "")
}

var numberForm = regexp.MustCompile(`[0-9]+`)

// fits implements server.
func (s *postgresServer) fits(_ context.Context, d backup.StoredDatabase, c *checks) {
	was := safetext.Line(d.Server)
	product, version, _ := strings.Cut(d.Server, " ")
	now, _ := strconv.Atoi(numberForm.FindString(s.version)) //nolint:errcheck // digits alone
	then, _ := strconv.Atoi(numberForm.FindString(version))  //nolint:errcheck // digits alone
	switch {
	case product != "PostgreSQL":
		c.fail("Server version", "the dump is one of %s, which PostgreSQL cannot load; give a database of that kind.", was)
	case now < then:
		c.warn("Server version", "the dump came from %s, and PostgreSQL %s is older: it may not know all that is in it. If it stops, restore to a newer server.", was, s.version)
	default:
		c.ok("Server version", "PostgreSQL %s takes the dump of %s.", s.version, was)
	}
}

// pgEverything lists what a database holds outside of the system's own schemas.
const pgEverything = `SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'VIEW ' WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r','p','v','m','S','f') AND n.nspname !~ '^(pg_|information_schema$)'
	AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e','i')) ORDER BY 1;`

// empty implements server.
func (s *postgresServer) empty(ctx context.Context) ([]string, error) {
	return s.ask(ctx, pgEverything)
}

// around implements server. psql's own --single-transaction commits where its input
// ends, and so a part of a dump when we are killed in the midst of it.
func (s *postgresServer) around() (begin, commit string) { return "BEGIN;\n", "COMMIT;\n" }

// load implements server.
func (s *postgresServer) load(ctx context.Context, write func(io.Writer) error) (err error) {
	pass, err := backup.PassFile(s.to.Password)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	said, err := feed(ctx, []*os.File{pass}, write, s.psql, s.arguments("--file=-")...)
	if err == nil || ctx.Err() != nil || errors.Is(err, dumpscan.ErrCommand) {
		return err
	}
	return &core.Refusal{
		Kind: core.ErrDatabase, Cause: err,
		Detail: fmt.Sprintf("The dump could not be loaded. The server said: “%s”. The files are in place and the database is as it was; when that is mended, give the same command again: it goes on with the database.", safetext.Line(said)),
	}
}

// rows implements server. Those of a partition are counted with it alone, as in
// the manifest.
func (s *postgresServer) rows(ctx context.Context, table string) (int64, error) {
	lines, err := s.ask(ctx, "SELECT count(*) FROM ONLY "+backup.PostgresTable(table)+";")
	if err != nil || len(lines) != 1 {
		return 0, errors.Join(err, errors.New("no count"))
	}
	return strconv.ParseInt(lines[0], 10, 64)
}

// value implements server; its queries have no arguments here.
func (s *postgresServer) value(ctx context.Context, query string, _ ...any) (string, error) {
	lines, err := s.ask(ctx, query+";")
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[0], nil
}

// mend implements server. pg_dump is told to leave out owners, rights and
// tablespaces, so its dumps fit as they are; but psql must not obey one.
func (s *postgresServer) mend(w io.Writer) mender {
	key := ""
	if s.restricts {
		key = rand.Text()
	}
	return guarded{dumpscan.NewGuard(w, key)}
}

// guarded is a dump that psql does not obey.
type guarded struct{ guard *dumpscan.Guard }

// Write implements io.Writer.
func (g guarded) Write(p []byte) (int, error) {
	n, err := g.guard.Write(p)
	return n, commanding(err)
}

// Flush implements mender.
func (g guarded) Flush() error { return commanding(g.guard.Flush()) }

// Notes implements mender.
func (guarded) Notes() []string { return nil }

// commanding says what a dump with commands is.
func commanding(err error) error {
	if !errors.Is(err, dumpscan.ErrCommand) {
		return err
	}
	return &core.Refusal{
		Kind: core.ErrInvalid, Cause: err,
		Detail: "The dump holds a command for psql, which pg_dump writes into none: this archive was tampered with, do not trust it. The command was not run and the database is as it was; the site's files are in place, so remove them.",
	}
}
