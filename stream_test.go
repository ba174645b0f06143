package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"breakglass/core/coretest/smalldisk"
)

// onSmallDisk moves a console's data to a disk of that many bytes.
func (h *host) onSmallDisk(size int64) (disk string) {
	h.t.Helper()
	h.stop()
	disk = smalldisk.Mount(h.t, size)
	if out, err := exec.Command("cp", "-a", h.path("data")+"/.", disk).CombinedOutput(); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	config := strings.Replace(readFile(h.t, h.path("breakglass.yaml")), h.path("data"), disk, 1)
	check(h.t, os.WriteFile(h.path("breakglass.yaml"), []byte(config), 0o600))
	check(h.t, os.RemoveAll(h.path("data")))
	check(h.t, os.Symlink(disk, h.path("data"))) // where the test looks for messages
	h.start()
	h.t.Cleanup(h.stop) // before the disk is unmounted
	return disk
}

var streamLine = regexp.MustCompile(`(?m)^ *ssh -p \d+ (\w+\+\w+)@127\.0\.0\.1 backup > (\S+)$`)

// stream types the wizard's line, word for word but for the options that keep
// the test's known_hosts apart.
func (h *host) stream(user, file string, more ...string) (errs string, status int) {
	h.t.Helper()
	out, errs, status := h.client("ssh", "", append(append(h.options(), more...), "-p", h.port, user+"@127.0.0.1", "backup")...)
	check(h.t, os.WriteFile(h.path(file), []byte(out), 0o600))
	return errs, status
}

// A real WordPress on a server whose disk is full: the wizard gives the line,
// the stock ssh brings the whole archive, nothing of it lies on the server, and
// all that was said of it is true.
func TestStreamedFromAFullDisk(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	h := newHost(t, sites)
	h.addSite("acme", w.root, "--title", "Acme Bakery", "--call", "Eva, +31 20 555 0142")
	disk := h.onSmallDisk(56 << 20)
	s := h.enter("acme", 100, 40)
	s.openTo(h, 0, "The disk of the server is too full")
	if !strings.Contains(s.text(), `cmd /c "ssh -p `) {
		t.Errorf("nothing for Windows on the screen:\n%s", s.text())
	}
	line := streamLine.FindStringSubmatch(s.text())
	if line == nil {
		t.Fatalf("no line on the screen:\n%s", s.text())
	}
	user, file := line[1], line[2]
	free := smalldisk.Fill(t, disk)
	for round := range 2 { // on a disk without a byte left, then with room
		errs, status := h.stream(user, file)
		if status != 0 || !strings.HasPrefix(errs, "The backup is being made and sent") || !strings.Contains(errs, "\nCOMPLETE") {
			t.Fatalf("round %d: status %d\n%s\n%s", round, status, errs, h.said())
		}
		sum := sha256.Sum256([]byte(readFile(t, h.path(file))))
		if !strings.Contains(errs, "SHA-256 "+hex.EncodeToString(sum[:])+"\n") {
			t.Errorf("the checksum is another:\n%s", errs)
		}
		if out := h.local("verify", h.path(file), "--signer", archiveKey(t, h)); !strings.Contains(out, "All is right") {
			t.Error(out)
		}
		if stored, err := filepath.Glob(filepath.Join(disk, "archives", "*")); err != nil || len(stored) > 0 {
			t.Errorf("on the server lie %v, %v", stored, err)
		}
		if round == 0 {
			free()
		}
	}
	s.shows("was sent straight to your computer")
	top := w.restore(t, h.path(file), "wp_streamed")
	same(t, w.root, filepath.Join(top, "files"))

	if errs, status := h.stream("acme", "stolen"); status != 1 || readFile(t, h.path("stolen")) != "" || !strings.Contains(errs, "code") {
		t.Errorf("with the passphrase alone: status %d, %s", status, errs)
	}
	if errs, status := h.stream(user, "terminal", "-tt"); status != 2 || readFile(t, h.path("terminal")) != "" || !strings.Contains(errs, "without -t") {
		t.Errorf("on a terminal: status %d, %s", status, errs)
	}
	log := h.mustSSH("ann", "", "log", "list", "--limit", "200")
	for _, event := range []string{"backup.streaming", "backup.streamed"} {
		if strings.Count(log, event) != 2 || !anyMessage(t, h, "owner@example.com", event) {
			t.Errorf("%s:\n%s", event, log)
		}
	}
	s.press("Enter")
	s.shows("Tell your new manager")
}

// dumpers are the processes that dump a database.
func dumpers(t testing.TB, database string) (found []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	check(t, err)
	for _, path := range all {
		line, err := os.ReadFile(path) //nolint:gosec // a path of the kernel's
		if err == nil && strings.Contains(string(line), "dump\x00") && strings.HasSuffix(string(line), "\x00"+database+"\x00") {
			found = append(found, string(line))
		}
	}
	return found
}

// left is what a backup has left on the host: files, those without a name
// included, processes, and sessions at the database.
func (h *host) left(w wordPress) (found []string) {
	h.t.Helper()
	for _, dir := range []string{"archives", "scratch"} {
		files, err := filepath.Glob(filepath.Join(h.dir, "data", dir, "*"))
		check(h.t, err)
		found = append(found, files...)
	}
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", h.process.Process.Pid))
	check(h.t, err)
	for _, fd := range open {
		if to, err := os.Readlink(fd); err == nil && strings.HasSuffix(to, " (deleted)") {
			found = append(found, to)
		}
	}
	found = append(found, dumpers(h.t, w.database)...)
	out, err := exec.Command("mariadb", "--socket="+database.Socket, "--user=root", "--batch", "--skip-column-names", "--execute", //nolint:gosec // of the test
		"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '"+w.user+"'").CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	if n := strings.TrimSpace(string(out)); n != "0" {
		found = append(found, n+" sessions at the database")
	}
	return found
}

// lock holds a table that the dump needs, so that a backup is in the midst of
// the dump for as long as it likes.
func (w wordPress) lock(t *testing.T) (unlock func()) {
	t.Helper()
	hold := exec.Command("mariadb", "--socket="+database.Socket, "--user=root", "--unbuffered", w.database) //nolint:gosec // of the test
	in, err := hold.StdinPipe()
	check(t, err)
	out, err := hold.StdoutPipe()
	check(t, err)
	check(t, hold.Start())
	_, err = in.Write([]byte("LOCK TABLES wp_posts WRITE; SELECT 'locked';\n"))
	check(t, err)
	for said := ""; !strings.Contains(said, "locked\n"); {
		buf := make([]byte, 100)
		n, err := out.Read(buf)
		check(t, err)
		said += string(buf[:n])
	}
	return func() {
		check(t, in.Close())
		check(t, hold.Wait())
	}
}

// tokenUser opens access to acme as its owner, and returns the user name that holds
// the token.
func (h *host) tokenUser() string {
	h.t.Helper()
	s := h.enter("acme", 100, 40)
	s.openAccess(h, 0)
	s.press("C-c") // the line to come back with is left behind
	s.shows("ended with status")
	user := regexp.MustCompile(`ssh -p \d+ (acme\+\w+)@`).FindStringSubmatch(s.text())
	if user == nil {
		h.t.Fatalf("no line to come back with:\n%s", s.text())
	}
	return user[1]
}

// However a stream ends in the midst of the dump, nothing of it is left: no
// file, no process, no lock; and the owner begins again.
func TestAStreamThatIsCutLeavesNothing(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	h := newHost(t, sites)
	h.addSite("acme", w.root)
	user := h.tokenUser()
	for _, c := range []struct {
		name string
		cut  func(*exec.Cmd)
		says string // to the client, which has gone where it is ""
	}{
		{"the client is killed", func(ssh *exec.Cmd) { check(t, ssh.Process.Kill()) }, ""},
		{"Ctrl+C", func(ssh *exec.Cmd) { check(t, ssh.Process.Signal(syscall.SIGINT)) }, ""},
		{"cancelled", func(*exec.Cmd) { h.mustSSH(user, "", "cancel") }, "stopped before it had finished"},
		{"revoked", func(*exec.Cmd) {
			grant := strings.Fields(strings.Split(h.mustSSH("eva", "", "grant", "list"), "\n")[1])[0]
			h.mustSSH("eva", "", "grant", "revoke", grant, "not agreed")
		}, "not agreed"},
	} {
		unlock := w.lock(t)
		ssh := exec.Command("ssh", append(h.options(), "-p", h.port, user+"@127.0.0.1", "backup")...) //nolint:gosec // the stock client
		ssh.Env = append(os.Environ(), h.askpass()...)
		var errs strings.Builder
		ssh.Stderr = &errs
		check(t, ssh.Start())
		eventually(t, c.name+": the dump runs", func() bool { return len(dumpers(t, w.database)) > 0 })
		if status := h.mustSSH("acme", "", "status"); !strings.Contains(status, "being sent to the owner's computer") {
			t.Errorf("%s: the status says\n%s", c.name, status)
		}
		c.cut(ssh)
		err := ssh.Wait()
		if status := ssh.ProcessState.ExitCode(); err == nil || c.says != "" && status != 1 && status != 255 {
			t.Errorf("%s: the client ended with %v", c.name, err)
		}
		if !strings.Contains(errs.String(), c.says) {
			t.Errorf("%s: the client was told\n%s", c.name, errs.String())
		}
		eventually(t, c.name+": nothing is left", func() bool { return len(h.left(w)) == 0 })
		unlock()
		if c.name != "revoked" {
			if told, status := h.stream(user, "again.tar.gz"); status != 0 {
				t.Errorf("%s: once more: status %d\n%s", c.name, status, told)
			}
		}
	}
	log := h.mustSSH("ann", "", "log", "list", "--limit", "200")
	if strings.Count(log, "backup.failed") != 2 || strings.Count(log, "backup.cancelled") != 2 || strings.Count(log, "backup.streamed") != 3 {
		t.Errorf("the log says\n%s", log)
	}
}

// However a local backup ends in the midst of the dump, nothing of it is left: with
// Ctrl+C, when the terminal is closed, and even when it is killed.
func TestALocalBackupThatIsStoppedLeavesNothing(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL} {
		unlock := w.lock(t)
		dir, temp := t.TempDir(), t.TempDir()
		cmd := program("backup", w.root, "-o", filepath.Join(dir, "acme.tar.gz"))
		cmd.Env = append(cmd.Env, "TMPDIR="+temp)
		var errs strings.Builder
		cmd.Stderr = &errs
		check(t, cmd.Start())
		eventually(t, "the dump runs", func() bool { return len(dumpers(t, w.database)) > 0 })
		check(t, cmd.Process.Signal(signal))
		err := cmd.Wait()
		killed := signal == syscall.SIGKILL
		if err == nil || !killed && cmd.ProcessState.ExitCode() != exitFailed {
			t.Errorf("%s: it ended with %v", signal, err)
		}
		if !killed && !strings.HasSuffix(errs.String(), "breakglass: The backup was stopped; nothing of it was kept.\n") {
			t.Errorf("%s: it said\n%s", signal, errs.String())
		}
		if killed { // the kernel ends the dump a moment later
			eventually(t, "the dump has ended", func() bool { return len(dumpers(t, w.database)) == 0 })
		} else if left := dumpers(t, w.database); len(left) > 0 {
			t.Errorf("%s: processes are left: %q", signal, left)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", signal, left, err)
		}
		unlock()
		again := program("backup", w.root, "-o", filepath.Join(dir, "acme.tar.gz"))
		again.Env = append(again.Env, "TMPDIR="+temp)
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%s: once more: %v\n%s", signal, err, out)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("%s: left in the directory for temporary files: %v, %v", signal, left, err)
		}
	}
}

// A file that has taken the archive's name while it was made is not replaced.
func TestALocalBackupReplacesNothing(t *testing.T) {
	sites := t.TempDir()
	check(t, os.Chmod(sites, 0o755)) //nolint:gosec // websites are readable
	w := installWordPress(t, filepath.Join(sites, "acme"))
	unlock := w.lock(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "acme.tar.gz")
	machine, err := os.Hostname()
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, ".breakglass-"+machine+"-OLD.part"), []byte("half"), 0o600)) // as a disk without O_TMPFILE keeps it
	cmd := program("backup", w.root, "-o", file)
	var errs strings.Builder
	cmd.Stderr = &errs
	check(t, cmd.Start())
	eventually(t, "the dump runs", func() bool { return len(dumpers(t, w.database)) > 0 })
	check(t, os.WriteFile(file, []byte("yours"), 0o600))
	unlock()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(errs.String(), "Removed .breakglass-"+machine+"-OLD.part") || !strings.Contains(errs.String(), "acme.tar.gz exists already; the backup was not kept.") {
		t.Errorf("it said\n%s", errs.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || readFile(t, file) != "yours" {
		t.Errorf("left %v, %v", left, err)
	}
}
