package rehearse

import (
	"path/filepath"
	"regexp"
	"strings"
)

// installMariaDB makes the data directory of a MariaDB or MySQL server, and says
// how it is run.
func (s *server) installMariaDB() (run string, args []string, err error) {
	find := s.room.rehearser.find
	run, install := find("mariadbd", "mysqld"), find("mariadb-install-db", "mysql_install_db")
	s.client = find("mariadb", "mysql")
	if run == "" || s.client == "" {
		return "", nil, errNoServer
	}
	if install != "" {
		err = s.room.finishes(nil, nil, install, "--no-defaults", "--datadir="+s.data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	} else { // MySQL's does it itself
		err = s.room.finishes(nil, nil, run, "--no-defaults", "--initialize-insecure", "--datadir="+s.data, "--secure-file-priv="+filepath.Join(s.room.dir, "files"))
	}
	if err != nil {
		return "", nil, err
	}
	return run, []string{
		"--no-defaults", "--datadir=" + s.data, "--socket=" + s.socket(), "--skip-networking", "--pid-file=" + filepath.Join(s.room.dir, "pid"),
		"--tmpdir=" + filepath.Join(s.room.dir, "tmp"), "--secure-file-priv=" + filepath.Join(s.room.dir, "files"), "--local-infile=0", "--symbolic-links=0",
		"--event-scheduler=OFF", "--skip-log-bin", "--performance-schema=OFF", "--skip-name-resolve", "--character-set-server=utf8mb4", "--sql-mode=",
		"--max-allowed-packet=1G", "--max-connections=8", "--innodb-buffer-pool-size=64M", "--key-buffer-size=8M", "--innodb-log-buffer-size=8M",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-use-native-aio=0", "--table-open-cache=400",
	}, nil
}

func (s *server) socket() string { return filepath.Join(s.room.dir, "s") }

// owner is the command line of a client that goes on after an error.
func (s *server) owner(database string) []string {
	if s.kind == postgres {
		return s.postgresOwner(database)
	}
	args := []string{
		"--no-defaults", "--socket=" + s.socket(), "--user=root", "--binary-mode", "--batch", "--raw", "--skip-column-names", "--force",
		"--default-character-set=utf8mb4",
	}
	if database != "" {
		args = append(args, database)
	}
	return args
}

// foreignForm is how MariaDB and MySQL say that they do not know what the other,
// or a newer one, does.
var foreignForm = regexp.MustCompile(`^ERROR (1115|1193|1273|1286|1524|4161) `)

// foreign reports whether a server refused a dump because it is of another kind
// or version than the one that it was made on: that says nothing of the dump.
func (k kind) foreign(said string) bool {
	if k == postgres {
		return strings.Contains(said, "unrecognized configuration parameter") || strings.Contains(said, "is not available") ||
			strings.Contains(said, "for encoding") || strings.Contains(said, "permission denied to create extension")
	}
	return foreignForm.MatchString(said)
}

// quote quotes a table's name as the manifest has it for a query.
func (k kind) quote(name string) string {
	if k == postgres {
		return quotePostgres(name)
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
