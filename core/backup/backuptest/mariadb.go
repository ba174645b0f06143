// Package backuptest starts a real MariaDB server for tests, on a socket in a
// directory of theirs, so that a backup is tried against the real thing.
//
//	server, err := backuptest.StartMariaDB(dir)
//	defer server.Stop()
//	err = server.CreateDatabase("shop", "shop", "secret")
//	// DB_HOST is "localhost:" + server.Socket
package backuptest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Server is a running MariaDB server. Its methods are safe for concurrent use,
// but for Stop.
type Server struct {
	process
	// Socket is where it listens; it has no port.
	Socket string

	path string
	args []string
}

// StartMariaDB installs and starts a server below dir, which should have a short
// name, as sockets need one. As mariadbd refuses root it then runs as mysql,
// who must be able to reach dir. Stop must follow.
func StartMariaDB(dir string) (*Server, error) {
	dir, err := os.MkdirTemp(dir, "db")
	if err != nil {
		return nil, fmt.Errorf("start MariaDB: %w", err)
	}
	s := &Server{Socket: filepath.Join(dir, "s"), process: process{Dir: dir}}
	var as []string
	if os.Getuid() == 0 {
		if as, err = giveToMySQL(dir); err != nil {
			return nil, fmt.Errorf("start MariaDB: %w", err)
		}
	}
	data := filepath.Join(dir, "data")
	install := append([]string{"--no-defaults", "--datadir=" + data, "--tmpdir=" + dir, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"}, as...)
	if out, err := exec.Command("mariadb-install-db", install...).CombinedOutput(); err != nil { //nolint:gosec // options of our own
		return nil, fmt.Errorf("start MariaDB: mariadb-install-db: %w: %s", err, out)
	}
	run := append([]string{
		"--no-defaults", "--datadir=" + data, "--tmpdir=" + dir, "--socket=" + s.Socket, "--skip-networking", "--pid-file=" + filepath.Join(dir, "pid"),
		"--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin",
		"--event-scheduler=OFF", "--max-allowed-packet=256M", "--log-error=" + filepath.Join(dir, "log"), "--character-set-server=utf8mb4",
	}, as...)
	mariadbd, err := findServer()
	if err != nil {
		return nil, fmt.Errorf("start MariaDB: %w", err)
	}
	s.path, s.args = mariadbd, run
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start starts a server again that Kill has ended.
func (s *Server) Start() error {
	cmd := exec.Command(s.path, s.args...) //nolint:gosec // options of our own
	if err := s.start(cmd, func() error { return s.SQL("", "SELECT 1") }); err != nil {
		return fmt.Errorf("start MariaDB: %w", err)
	}
	return nil
}

// giveToMySQL makes a directory that of the user mysql.
func giveToMySQL(dir string) (options []string, err error) {
	mysql, err := user.Lookup("mysql")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(mysql.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(mysql.Gid)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chown(dir, uid, gid), os.Chmod(dir, 0o755)); err != nil { //nolint:gosec // the client may be anybody
		return nil, err
	}
	return []string{"--user=mysql"}, nil
}

func findServer() (string, error) {
	if path, err := exec.LookPath("mariadbd"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/mariadbd")
}

// SQL runs statements through the stock client as the server's root, in a
// database unless that is empty.
func (s *Server) SQL(database, statements string) error {
	_, err := s.Query(database, statements)
	return err
}

// Query is SQL that returns the answer, tab-separated, without names.
func (s *Server) Query(database, statements string) (string, error) {
	args := []string{"--no-defaults", "--socket=" + s.Socket, "--user=root", "--binary-mode", "--batch", "--skip-column-names", "--max-allowed-packet=256M", "--default-character-set=utf8mb4"}
	if database != "" {
		args = append(args, "--", database)
	}
	cmd := exec.Command("mariadb", args...) //nolint:gosec // a test says what
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(statements), &out, &complaints
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("mariadb: %w: %s", err, complaints.String())
	}
	return out.String(), nil
}

// CreateDatabase makes an empty database and a user who may do all in it.
func (s *Server) CreateDatabase(name, user, password string) error {
	return s.SQL("", fmt.Sprintf("CREATE DATABASE %[1]s CHARACTER SET utf8mb4; CREATE USER IF NOT EXISTS %[2]s@localhost IDENTIFIED BY %[3]s; GRANT ALL ON %[4]s.* TO %[2]s@localhost",
		quoteName(name), quoteText(user), quoteText(password), strings.ReplaceAll(quoteName(name), "_", `\_`)))
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}

// Stop ends the server and removes its data.
func (s *Server) Stop() error { return s.stop(syscall.SIGTERM) }
