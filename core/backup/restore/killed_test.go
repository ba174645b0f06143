package restore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/coretest"
)

// asRestore is set where this binary is to be one restore, which is killed.
const asRestore = "BREAKGLASS_TEST_RESTORE"

// errand is what such a restore is told.
type errand struct {
	Archive, Target, Scratch string
	URL                      string
	Driver, Socket           string // of the database's server
	Database, User           string
}

func (e errand) order() restore.Order {
	into := restore.Database{Driver: e.Driver, Server: backup.Server{Socket: e.Socket, Port: 5432}, Name: e.Database, User: e.User, Password: core.NewSecret(password)}
	return restore.Order{
		File: e.Archive, Size: -1, Target: e.Target, URL: e.URL, Databases: []restore.Target{{Database: into}},
		Verify: backup.VerifyOptions{Scratch: e.Scratch}, Clock: coretest.NewClock(),
		Agree: func(string) (bool, error) { return true, nil },
	}
}

// restoreAndDie is the restore that is killed, and then the process's exit status.
func restoreAndDie(text string) int {
	var e errand
	err := json.Unmarshal([]byte(text), &e)
	if err == nil {
		err = e.restore()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (e errand) restore() error {
	archive, err := os.Open(e.Archive)
	if err != nil {
		return err
	}
	defer archive.Close() //nolint:errcheck // it is only read
	o := e.order()
	o.Archive = archive
	runtime.LockOSThread() // of each thread strace counts the calls by themselves
	if _, err = restore.Run(context.Background(), o); errors.Is(err, core.ErrExists) && strings.Contains(err.Error(), "restored already") {
		return nil // the one before was killed behind its end
	}
	return err
}

// run runs the errand to its end.
func (e errand) run(t *testing.T) {
	t.Helper()
	if out, err := e.process(t).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// kill runs the errand until it makes a system call for the nth time: it is killed
// instead of making it. It reports false when it came to its end before.
func (e errand) kill(t *testing.T, call string, n int) (killed bool) {
	t.Helper()
	out, err := e.process(t, "strace", "--follow-forks", "--detach-on=execve", "--quiet=all", "--output=/dev/null",
		"--trace=?"+call, fmt.Sprintf("--inject=?%s:signal=KILL:when=%d", call, n)).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("%s %d: %v\n%s", call, n, err, out)
	}
	return false
}

// process is the errand behind the words of another program.
func (e errand) process(t *testing.T, before ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(e)
	check(t, err)
	words := append(before, os.Args[0])
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...) //nolint:gosec // this very binary
	cmd.Env = append(os.Environ(), asRestore+"="+string(text))
	return cmd
}

// killed kills a restore at each of some calls, or each so many, gives it again, and
// compares what it left then with what one leaves that was not killed. fresh makes
// room for the next.
func (e errand) killed(t *testing.T, calls map[string]int, fresh func(), outcome func() string) (want string) {
	t.Helper()
	fresh()
	e.run(t)
	want = outcome()
	for call, step := range calls {
		n := step
		for ; ; n += step {
			fresh()
			if !e.kill(t, call, n) {
				break
			}
			e.run(t)
			if got := outcome(); got != want {
				t.Fatalf("killed at %s %d:\n%s\nwant\n%s", call, n, got, want)
			}
		}
		if n == step {
			t.Errorf("it was never killed at %s", call)
		}
	}
	return want
}

// A restore that is killed at any moment and given again comes to the very same end
// as one that was not: each address is replaced once, though the new one begins with
// the old. It is killed before each rename, which is how all that it changes takes its
// place, and now and then as it writes, so that a dump is loaded in part.
func TestKilledAtAnyMoment(t *testing.T) {
	w := newWorld(t, "r_kill", "CREATE TABLE large (body text); INSERT INTO large SELECT CONCAT('https://old.example/', seq, REPEAT(' ', 400)) FROM seq_1_to_4000;")
	dir := t.TempDir()
	e := errand{Archive: filepath.Join(dir, "acme.tar.gz"), Target: w.target, Scratch: dir, URL: "https://old.example/shop", Driver: "mysql", Socket: server.Socket, Database: w.into, User: w.name}
	check(t, os.WriteFile(e.Archive, w.archive, 0o600))
	want := e.killed(t, map[string]int{"renameat": 1, "unlink": 1, "unlinkat": 4, "pwrite64": 2, "write": 25}, func() {
		check(t, server.SQL("", "DROP DATABASE IF EXISTS "+w.into))
		w.makeDatabase()
		check(t, exec.Command("rm", "-rf", w.target, w.target+".restore").Run()) //nolint:gosec // a directory of the test's
	}, func() string { return outcome(t, w) })
	if strings.Contains(want, "shop/shop") || strings.Count(want, "https://old.example/shop") < 4500 {
		t.Error(want)
	}
}

// A dump of PostgreSQL is there whole or not at all, and is not loaded again into what
// it made: a type is there once.
func TestKilledBesidePostgres(t *testing.T) {
	s, dir := startPostgres(t)
	check(t, s.CreateDatabase("shop", "shop", "secret"))
	_, err := s.As("shop", "secret", "shop", `CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE pages (mood mood, body text);
		INSERT INTO pages SELECT 'bad', 'https://old.example/' || i || repeat(' ', 400) FROM generate_series(1, 4000) i;`)
	check(t, err)
	check(t, s.CreateDatabase("again", "again", password))
	archive := backUpLaravel(t, dir, s.Dir)
	e := errand{Archive: filepath.Join(dir, "acme.tar.gz"), Target: filepath.Join(dir, "new"), Scratch: t.TempDir(), URL: "https://old.example/shop", Driver: "postgres", Socket: s.Dir, Database: "again", User: "again"}
	check(t, os.WriteFile(e.Archive, archive, 0o600))
	got := e.killed(t, map[string]int{"renameat": 1, "write": 25}, func() {
		check(t, s.SQL("postgres", `DROP DATABASE again WITH (FORCE)`))
		check(t, s.SQL("postgres", `CREATE DATABASE again OWNER again`))
		check(t, exec.Command("rm", "-rf", e.Target, e.Target+".restore").Run()) //nolint:gosec // a directory of the test's
	}, func() string {
		rows, err := s.As("again", password, "again", "SELECT mood, count(*), count(DISTINCT body), min(body) FROM pages GROUP BY mood")
		check(t, err)
		env, err := os.ReadFile(filepath.Join(e.Target, ".env"))
		check(t, err)
		report, err := os.ReadFile(e.Target + ".restore/report.txt")
		check(t, err)
		return rows + string(env) + string(report)
	})
	if !strings.Contains(got, "bad\t4000\t4000\thttps://old.example/shop/1 ") || !strings.Contains(got, "APP_URL=https://old.example/shop\n") {
		t.Error(got)
	}
}

// outcome is all that a restore left: the files, what SQLite and MariaDB hold, and
// the report.
func outcome(t *testing.T, w *world) string {
	t.Helper()
	var all strings.Builder
	for _, top := range []string{w.target, w.target + ".restore"} {
		check(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			fmt.Fprintln(&all, path, info.Mode())
			switch {
			case !info.Mode().IsRegular() || d.Name() == "state.json":
			case strings.HasSuffix(path, ".db"):
				out, err := exec.Command("sqlite3", path, ".dump").Output() //nolint:gosec // a path of ours
				all.Write(out)
				return err
			default:
				text, err := os.ReadFile(path)
				all.Write(text)
				return err
			}
			return nil
		}))
	}
	out, err := exec.Command("mariadb-dump", "--no-defaults", "--socket="+server.Socket, "--user=root", "--skip-dump-date", "--routines", w.into).Output() //nolint:gosec // a name of ours
	check(t, err)
	all.Write(bytes.ReplaceAll(out, []byte("),("), []byte("),\n(")))
	return all.String()
}
