package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/safetext"

	"golang.org/x/sys/unix"
)

// pgDumper is an installed pg_dump.
type pgDumper struct {
	dumper
	major int
}

// pgPlaces are where distributions install the tools of each major version of
// PostgreSQL, beside what PATH finds.
var pgPlaces = []string{"/usr/lib/postgresql/*/bin/pg_dump", "/usr/pgsql-*/bin/pg_dump", "/opt/postgresql*/bin/pg_dump"}

var (
	pgVersionForm = regexp.MustCompile(`\(PostgreSQL\) (([0-9]+)[0-9A-Za-z.]*)`)
	pgServerForm  = regexp.MustCompile(`^PostgreSQL ([0-9]+)`)
)

// findPGDump looks for a pg_dump that is not older than the server, as an older
// one refuses. The oldest of those is nearest to what the server can load again.
func findPGDump(ctx context.Context, scratch, server string) (pgDumper, error) {
	wanted := 0
	if m := pgServerForm.FindStringSubmatch(server); m != nil {
		wanted, _ = strconv.Atoi(m[1]) //nolint:errcheck // the form allows digits alone
	}
	var found []pgDumper
	for _, path := range pgCandidates() {
		var out, stderr capped
		out.limit, stderr.limit = 1<<10, maxStderr
		if runTool(ctx, toolRun{dir: scratch}, &out, &stderr, path, "--version") != nil {
			continue // the next one may run
		}
		m := pgVersionForm.FindStringSubmatch(out.String())
		if m == nil {
			continue
		}
		major, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		found = append(found, pgDumper{dumper{path: path, name: "pg_dump", version: "pg_dump " + m[1]}, major})
	}
	if ctx.Err() != nil {
		return pgDumper{}, fmt.Errorf("look for pg_dump: %w", context.Cause(ctx))
	}
	if len(found) == 0 {
		return pgDumper{}, core.Refuse(core.ErrDatabase, "pg_dump is not installed on this server, so the PostgreSQL database cannot be dumped; ask your web manager to install postgresql-client.")
	}
	slices.SortStableFunc(found, func(a, b pgDumper) int { return a.major - b.major })
	for _, d := range found {
		if d.major >= wanted {
			return d, nil
		}
	}
	return pgDumper{}, core.Refuse(core.ErrDatabase, "The database server is %s, and the newest pg_dump on this server is version %d, which cannot dump it; ask your web manager to install postgresql-client-%d.",
		safetext.Line(server), found[len(found)-1].major, wanted)
}

func pgCandidates() (paths []string) {
	for _, pattern := range pgPlaces {
		if match, err := filepath.Glob(pattern); err == nil {
			paths = append(paths, match...)
		}
	}
	if path, err := exec.LookPath("pg_dump"); err == nil {
		paths = append(paths, path)
	}
	return paths
}

// arguments returns the command line for a dump. No secret is on it. What a
// restore as another user could not do is left out: owners and rights.
func (t pgDumper) arguments(d *dump, sockets string) []string {
	args := []string{
		"--no-password", "--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--no-tablespaces", "--quote-all-identifiers",
		"--lock-wait-timeout=60000", "--dbname=" + pgConnection(d, sockets),
	}
	args = append(args, d.without...)
	for _, schema := range d.schemas {
		args = append(args, "--exclude-schema="+pgPattern(schema))
	}
	for _, table := range d.ignore {
		args = append(args, "--exclude-table="+table)
	}
	for _, table := range d.empty {
		args = append(args, "--exclude-table-data="+table)
	}
	return args
}

// pgPattern is a name as pg_dump's patterns take it to the letter.
func pgPattern(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// pgConnection is libpq's connection string: every value is quoted, so that
// none can add a setting.
func pgConnection(d *dump, sockets string) string {
	host, port := d.host.Host, d.host.Port
	if sockets != "" {
		host = sockets
	}
	mode := "disable"
	if d.host.Remote {
		mode = "prefer"
	}
	var text []string
	for _, setting := range [][2]string{
		{"host", host}, {"port", strconv.Itoa(port)}, {"dbname", d.config.Name}, {"user", d.config.User},
		{"passfile", optionPath}, {"sslmode", mode}, {"connect_timeout", "10"}, {"application_name", "breakglass"},
	} {
		text = append(text, setting[0]+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(setting[1])+"'")
	}
	return strings.Join(text, " ")
}

// newPassFile writes a password file of libpq, in memory and without a name as
// newOptionFile does. Close must follow.
func newPassFile(password core.Secret) (*os.File, error) {
	if problem := detect.Unfit(password.Reveal()); !problem.IsZero() {
		return nil, core.Refuse(core.ErrDatabase, "The site's database password %s; the site may have been tampered with: ask your web manager.", problem)
	}
	fd, err := unix.MemfdCreate("passfile", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("write dump credentials: %w", err)
	}
	file := os.NewFile(uintptr(fd), "passfile")
	_, err = file.WriteString("*:*:*:*:" + strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(password.Reveal()) + "\n")
	if err = errors.Join(err, file.Chmod(0o600)); err != nil {
		return nil, fmt.Errorf("write dump credentials: %w", errors.Join(err, file.Close()))
	}
	return file, nil
}

// dump implements dumpTool. A dump counts only with exit status 0 and the line
// that pg_dump writes at its end.
func (t pgDumper) dump(ctx context.Context, d *dump, parts *dumpParts) (warnings string, err error) {
	pass, err := newPassFile(d.config.Password)
	if err != nil {
		return "", dumpFailed(d, err)
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	sockets := ""
	if d.host.Socket != "" {
		if sockets, err = d.host.socketDir(parts.scratch); err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(sockets)) }()
	}
	stderr := capped{limit: maxStderr}
	into := &checkedWriter{parts: parts}
	err = runTool(ctx, toolRun{dir: parts.scratch, files: d.host.files(pass)}, into, &stderr, t.path, t.arguments(d, sockets)...)
	return judgeDump(ctx, t.dumper, d, into, stderr.String(), err)
}
