package rehearse

import (
	"os"
	"path/filepath"

	"breakglass/core/backup"
)

// superuser is the owner of a private PostgreSQL.
const superuser = "keeper"

// installPostgres makes the data directory of a PostgreSQL, and says how it is
// run. Whoever reaches its socket is let in: only its own user can.
func (s *server) installPostgres() (run string, args []string, err error) {
	find := s.room.rehearser.find
	if run, s.client = find("postgres"), find("psql"); run == "" || s.client == "" {
		return "", nil, errNoServer
	}
	// The programs of one version lie together.
	install := filepath.Join(filepath.Dir(run), "initdb")
	if _, err := os.Stat(install); err != nil {
		return "", nil, errNoServer
	}
	err = s.room.finishes(nil, nil, install, "--pgdata="+s.data, "--auth=trust", "--username="+superuser, "--encoding=UTF8", "--no-locale", "--no-sync")
	if err != nil {
		return "", nil, err
	}
	settings := []string{
		"listen_addresses=", "unix_socket_directories=" + s.room.dir, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off",
		"max_connections=8", "shared_buffers=64MB", "maintenance_work_mem=64MB", "max_wal_size=256MB", "wal_level=minimal", "max_wal_senders=0", "jit=off",
		"max_parallel_workers=0", "max_parallel_maintenance_workers=0", "session_preload_libraries=", "shared_preload_libraries=",
	}
	args = []string{"-D", s.data}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return run, args, nil
}

// postgresOwner is the command line of a client that goes on after an error.
func (s *server) postgresOwner(database string) []string {
	if database == "" {
		database = "postgres"
	}
	return []string{
		"--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator=\t", "--no-password", "--host=" + s.room.dir, "--username=" + superuser,
		"--dbname=" + database,
	}
}

// quotePostgres quotes a table's name for a query of the table's own rows: those
// of a partition are counted with it.
func quotePostgres(name string) string { return "ONLY " + backup.PostgresTable(name) }
