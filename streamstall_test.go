package main

import (
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
	"time"
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
	eventually(t, "the dump is taken ahead", func() bool { return len(dumpers(t, w.database)) == 0 })
	time.Sleep(2 * time.Second) // longer than the database waits
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

// A local backup that is stopped at any moment leaves no file, no process and no
// session at the database.
func TestALocalBackupThatIsStoppedAtAnyMoment(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	w.grow(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "acme.tar.gz")
	started := time.Now()
	if out, err := program("backup", w.root, "-o", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	takes := time.Since(started)
	for round := range 12 {
		for _, name := range []string{file, file + ".sha256"} {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		moment := time.Duration(rand.Int64N(int64(takes))) //nolint:gosec // any moment will do
		cmd := program("backup", w.root, "-o", file)
		own := t.TempDir() // nobody swept there before, so all that is left is this one's
		cmd.Env = append(cmd.Env, "TMPDIR="+own)
		var said strings.Builder
		cmd.Stderr = &said
		check(t, cmd.Start())
		time.Sleep(moment)
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}[round%3]
		_ = cmd.Process.Signal(signal) // it may be done
		_ = cmd.Wait()                 // a signal may end it when all is done
		eventually(t, "the dump has ended", func() bool { return len(dumpers(t, w.database)) == 0 })
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		hidden, hiddenErr := filepath.Glob(filepath.Join(dir, ".*"))
		half := len(left) == 1 && signal != syscall.SIGKILL // the archive without its checksum, or the other way round
		if denied := strings.Contains(said.String(), "nothing of it was kept"); err != nil || hiddenErr != nil || len(hidden) > 0 || half || denied && len(left) > 0 {
			t.Errorf("%s after %s: left %q %q, and said %s", signal, moment, left, hidden, said.String())
		}
		if len(left) > 0 { // it was sealed before it was stopped
			if out, err := program("verify", file).CombinedOutput(); err != nil {
				t.Errorf("%s after %s: a file that is not whole: %v\n%s", signal, moment, err, out)
			}
		}
		if scratch, err := os.ReadDir(own); err != nil || signal != syscall.SIGKILL && len(scratch) > 0 {
			t.Errorf("%s after %s: left in the directory for temporary files: %v %v", signal, moment, scratch, err)
		}
	}
	eventually(t, "no session at the database", func() bool {
		out, err := database.Query("", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '"+w.user+"'")
		check(t, err)
		return strings.TrimSpace(out) == "0"
	})
}
