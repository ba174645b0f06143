package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// grow adds a table to a site's database that does not fit the buffers between
// it and a client that reads nothing.
func (w wordPress) grow(t *testing.T) {
	t.Helper()
	check(t, database.SQL(w.database, "CREATE TABLE wp_blobs (id int PRIMARY KEY AUTO_INCREMENT, b longblob); INSERT INTO wp_blobs (b) VALUES (RANDOM_BYTES(1024)); "+
		strings.Repeat("INSERT INTO wp_blobs (b) SELECT REPEAT(RANDOM_BYTES(1024), 16) FROM wp_blobs; ", 11)))
}

// The stock ssh takes nothing for longer than the database waits for a client: the
// dump is taken ahead, and what arrives in the end is whole.
func TestAStreamWhoseClientStalls(t *testing.T) {
	check(t, database.SQL("", "SET GLOBAL net_write_timeout = 1"))
	t.Cleanup(func() { check(t, database.SQL("", "SET GLOBAL net_write_timeout = 60")) })
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	w.grow(t)
	h := newHost(t, sites)
	h.addSite("acme", w.root)
	user := h.tokenUser()
	ssh := exec.Command("ssh", append(h.options(), "-p", h.port, user+"@127.0.0.1", "backup")...) //nolint:gosec // the stock client
	ssh.Env = append(os.Environ(), h.askpass()...)
	var errs strings.Builder
	ssh.Stderr = &errs
	out, err := ssh.StdoutPipe()
	check(t, err)
	check(t, ssh.Start())
	eventually(t, "the dump runs", func() bool { return len(dumpers(t, w.database)) > 0 })
	// A dumper whose dump nobody takes ends too, when the database waits no longer: then
	// what arrives is not complete.
	eventually(t, "the dump is taken ahead", func() bool { return len(dumpers(t, w.database)) == 0 })
	sum := sha256.New()
	n, err := io.Copy(sum, out)
	check(t, err)
	if err := ssh.Wait(); err != nil || n < 8<<20 {
		t.Fatalf("%d bytes, %v\n%s", n, err, errs.String())
	}
	if said := errs.String(); !strings.Contains(said, "\nCOMPLETE\n") || !strings.Contains(said, "SHA-256 "+hex.EncodeToString(sum.Sum(nil))) {
		t.Errorf("it said\n%s", said)
	}
}

// calls starts a program beside strace and sends it a signal after so many of the
// system calls by which a backup reads and writes, if it makes as many: it returns how
// many it made.
func calls(t *testing.T, cmd *exec.Cmd, at int, signal syscall.Signal) (n int) {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "calls")
	check(t, syscall.Mkfifo(pipe, 0o600))
	strace, err := exec.LookPath("strace")
	check(t, err)
	// The tracer is a grandchild, so that the signal goes to the program.
	cmd.Args = append([]string{"strace", "--daemonize", "--follow-forks", "--detach-on=execve", "--quiet=all", "--output=" + pipe,
		"--trace=openat,read,write,pwrite64,fdatasync,fsync,linkat,renameat,unlinkat", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = strace
	check(t, cmd.Start())
	out, err := os.Open(pipe)
	check(t, err)
	defer out.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewScanner(out); lines.Scan(); n++ {
		if n == at {
			_ = cmd.Process.Signal(signal) // it may be done
		}
	}
	return n
}

// A local backup that is stopped at any moment leaves no file, no process and no
// session at the database.
func TestALocalBackupThatIsStoppedAtAnyMoment(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	w.grow(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "acme.tar.gz")
	cmd := program("backup", w.root, "-o", file)
	all := calls(t, cmd, -1, syscall.SIGCONT)
	check(t, cmd.Wait())
	for round := range 12 {
		for _, name := range []string{file, file + ".sha256"} {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		moment := rand.IntN(all) //nolint:gosec // any moment will do
		cmd := program("backup", w.root, "-o", file)
		own := t.TempDir() // nobody swept there before, so all that is left is this one's
		cmd.Env = append(cmd.Env, "TMPDIR="+own)
		var said strings.Builder
		cmd.Stderr = &said
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}[round%3]
		calls(t, cmd, moment, signal)
		_ = cmd.Wait() // a signal may end it when all is done
		eventually(t, "the dump has ended", func() bool { return len(dumpers(t, w.database)) == 0 })
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		hidden, hiddenErr := filepath.Glob(filepath.Join(dir, ".*"))
		half := len(left) == 1 && signal != syscall.SIGKILL // the archive without its checksum, or the other way round
		if denied := strings.Contains(said.String(), "nothing of it was kept"); err != nil || hiddenErr != nil || len(hidden) > 0 || half || denied && len(left) > 0 {
			t.Errorf("%s after %d calls: left %q %q, and said %s", signal, moment, left, hidden, said.String())
		}
		if len(left) > 0 { // it was sealed before it was stopped
			if out, err := program("verify", file).CombinedOutput(); err != nil {
				t.Errorf("%s after %d calls: a file that is not whole: %v\n%s", signal, moment, err, out)
			}
		}
		if scratch, err := os.ReadDir(own); err != nil || signal != syscall.SIGKILL && len(scratch) > 0 {
			t.Errorf("%s after %d calls: left in the directory for temporary files: %v %v", signal, moment, scratch, err)
		}
	}
	eventually(t, "no session at the database", func() bool {
		out, err := database.Query("", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '"+w.user+"'")
		check(t, err)
		return strings.TrimSpace(out) == "0"
	})
}
