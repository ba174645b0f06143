package backuptest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Postgres is a running PostgreSQL server. Its methods are safe for concurrent
// use, but for Stop.
type Postgres struct {
	process // its Dir holds its socket, too, .s.PGSQL.5432; it has no port
}

// postgresPassword is that of the server's own superuser, who is called as the
// one who runs the tests: a name that a hostile site would try.
const postgresPassword = "super-secret"

// StartPostgres installs and starts a server below dir, which should have a
// short name, as sockets need one. As it refuses root it then runs as postgres,
// who must be able to reach dir. It asks everybody for a password. Stop must
// follow.
func StartPostgres(dir string) (*Postgres, error) {
	s, err := startPostgres(dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

func startPostgres(dir string) (*Postgres, error) {
	bin, err := postgresTools()
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp(dir, "pg"); err != nil {
		return nil, err
	}
	s := &Postgres{process{Dir: dir}}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		if attr.Credential, err = ownedByPostgres(dir); err != nil {
			return nil, err
		}
	}
	pass := filepath.Join(dir, "pw")
	if err := os.WriteFile(pass, []byte(postgresPassword+"\n"), 0o644); err != nil { //nolint:gosec // postgres reads it
		return nil, err
	}
	data := filepath.Join(dir, "data")
	install := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "--auth=scram-sha-256", "--pwfile="+pass, "-U", "root", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync") //nolint:gosec // options of our own
	install.SysProcAttr, install.Dir = attr, dir
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log")) //nolint:gosec // a path of our own
	if err != nil {
		return nil, err
	}
	defer log.Close()                                                                                                                                    //nolint:errcheck // the server has its own
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50") //nolint:gosec // options of our own
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = attr, dir, log, log
	return s, s.start(cmd, func() error { return s.SQL("postgres", "SELECT 1") })
}

// postgresTools finds the newest server's programs.
func postgresTools() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		path, err := exec.LookPath("postgres")
		return filepath.Dir(path), err
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func ownedByPostgres(dir string) (*syscall.Credential, error) {
	postgres, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(postgres.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(postgres.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chown(dir, int(uid), int(gid)), os.Chmod(dir, 0o755)); err != nil { //nolint:gosec // the client may be anybody
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{uint32(gid)}}, nil
}

// SQL runs statements through psql as the superuser.
func (s *Postgres) SQL(database, statements string) error {
	_, err := s.Query(database, statements)
	return err
}

// Query is SQL that returns the answer, tab-separated, without names.
func (s *Postgres) Query(database, statements string) (string, error) {
	return s.As("root", postgresPassword, database, statements)
}

// As is Query as a user.
func (s *Postgres) As(user, password, database, statements string) (string, error) {
	cmd := exec.Command("psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", s.Dir, "-U", user, "-d", database) //nolint:gosec // a test says what
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(statements), &out, &complaints
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, complaints.String())
	}
	return out.String(), nil
}

// CreateDatabase makes an empty database that a new user owns.
func (s *Postgres) CreateDatabase(name, user, password string) error {
	quote := func(n string) string { return `"` + strings.ReplaceAll(n, `"`, `""`) + `"` }
	return s.SQL("postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s';\nCREATE DATABASE %s OWNER %[1]s;", quote(user), strings.ReplaceAll(password, "'", "''"), quote(name)))
}

// Stop ends the server and removes its data.
func (s *Postgres) Stop() error { return s.stop(syscall.SIGINT) } // a fast shutdown
