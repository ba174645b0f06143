package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// kind is a kind of database server.
type kind int

const (
	mariadb kind = iota // and MySQL
	postgres
)

// server is a running private server. It is for one goroutine.
type server struct {
	kind      kind
	room      *room
	data      string
	client    string // the program that speaks to it
	process   *process
	version   string // "MariaDB 10.11.6"
	databases int
}

// errNoServer: no such server is installed.
var errNoServer = errors.New("no such database server is installed")

// startTime is how long a server may take to answer.
const startTime = 2 * time.Minute

// serve makes a server of a kind and waits until it answers.
func (r *room) serve(of kind) (*server, error) {
	s := &server{kind: of, room: r, data: filepath.Join(r.dir, of.name())}
	install := s.installMariaDB
	if of == postgres {
		install = s.installPostgres
	}
	run, args, err := install()
	if err != nil {
		return nil, err
	}
	if s.process, err = r.run(nil, nil, run, args...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.ctx, startTime)
	defer cancel()
	for {
		version, err := s.ask("", "SELECT VERSION();\n")
		if version = strings.TrimSpace(version); err == nil && version != "" {
			s.version = of.called(version)
			return s, nil
		}
		select {
		case <-s.process.ended:
			return nil, fmt.Errorf("it ended: %s", s.process.said())
		case <-ctx.Done():
			return nil, errors.New("it does not answer")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// finishes runs a program to its end. What it says goes with its error.
func (r *room) finishes(in io.Reader, out io.Writer, path string, args ...string) error {
	p, err := r.run(in, out, path, args...)
	if err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(path), err, p.said())
	}
	return nil
}

// name is that of a server's directory.
func (k kind) name() string {
	if k == postgres {
		return "pg"
	}
	return "db"
}

// called is a server's name and version as people say it.
func (k kind) called(version string) string {
	number, _, _ := strings.Cut(version, "-")
	switch {
	case k == postgres:
		words := strings.Fields(version) // PostgreSQL 15.6 (Debian …) on …
		return strings.Join(words[:min(2, len(words))], " ")
	case strings.Contains(version, "MariaDB"):
		return "MariaDB " + number
	default:
		return "MySQL " + number
	}
}

// ask runs queries as the server's owner and returns the answers, columns apart
// by tabs. A query that fails is left out of them.
func (s *server) ask(database, queries string) (string, error) {
	var out bytes.Buffer
	args := s.owner(database)
	if err := s.room.finishes(strings.NewReader(queries), &out, s.client, args...); err != nil && out.Len() == 0 {
		return "", err
	}
	return out.String(), nil
}

// newDatabase makes an empty database, and a user who may do all in it and
// nothing else.
func (s *server) newDatabase() (string, error) {
	s.databases++
	name := fmt.Sprintf("r%d", s.databases)
	queries := fmt.Sprintf("CREATE DATABASE %[1]s CHARACTER SET utf8mb4;\nCREATE USER %[1]s@localhost;\nGRANT ALL ON %[1]s.* TO %[1]s@localhost;\n", name) +
		// Views and routines are of users who do not exist here. Each server has
		// its own word for that right.
		fmt.Sprintf("GRANT SET USER ON *.* TO %[1]s@localhost;\nGRANT SET_USER_ID ON *.* TO %[1]s@localhost;\nGRANT SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER ON *.* TO %[1]s@localhost;\n", name) +
		"SELECT 'made';\n"
	if s.kind == postgres {
		queries = fmt.Sprintf("CREATE ROLE %[1]s LOGIN;\nCREATE DATABASE %[1]s OWNER %[1]s;\n\\connect %[1]s\nALTER SCHEMA public OWNER TO %[1]s;\nSELECT 'made';\n", name)
	}
	answer, err := s.ask("", queries)
	if err == nil && !strings.Contains(answer, "made") {
		err = errors.New("no database could be made")
	}
	return name, err
}

// loader starts a client that loads what it is given into a database, and stops
// at the first thing that the server does not take.
func (s *server) loader(database string) (*process, io.WriteCloser, error) {
	in, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	args := []string{
		"--no-defaults", "--socket=" + s.socket(), "--user=" + database, "--binary-mode", "--skip-local-infile", "--default-character-set=utf8mb4",
		"--max-allowed-packet=1G", database,
	}
	if s.kind == postgres {
		args = []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password", "--host=" + s.room.dir, "--username=" + database, "--dbname=" + database}
	}
	p, err := s.room.run(in, io.Discard, s.client, args...)
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	return p, write, nil
}
