package backup_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/backuptest"
)

// Debian's MariaDB lets root in by the socket alone. A hacked site that writes
// DB_USER root into its wp-config.php gets no neighbour's database by that.
func TestAHackedSiteDoesNotBorrowOurSocket(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	trusting, err := backuptest.StartMariaDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trusting.Stop() })
	if err := trusting.CreateDatabase("neighbour", "shop", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := trusting.SQL("neighbour", "CREATE TABLE cards (n TEXT); INSERT INTO cards VALUES ('4111-SECRET-CARD'); ALTER USER root@localhost IDENTIFIED VIA unix_socket"); err != nil {
		t.Fatal(err)
	}
	// With a password of the site's, the server is asked with another one.
	for password, want := range map[string]string{"": "who runs this console", "guess": "without its password"} {
		w := newWorld(t)
		w.wordPress("neighbour", "root", password, "localhost:"+trusting.Socket)
		w.takesNothing(want)
	}
	t.Run("a server that is full for a moment", func(t *testing.T) { fullForAMoment(t, trusting.Socket) })
	t.Run("a socket that is swapped", func(t *testing.T) { swapSocket(t, trusting.Socket) })
}

// takesNothing backs up a site that is not to get its database.
func (w *world) takesNothing(want string) {
	w.t.Helper()
	var out bytes.Buffer
	result, err := w.engine.Run(w.t.Context(), w.order(), &out, func(core.Progress) {})
	if err != nil {
		w.t.Fatal(err)
	}
	if result.Verdict != core.VerdictNotComplete || result.Tables != 0 || !strings.Contains(strings.Join(result.Notes, "\n"), want) {
		w.t.Errorf("%s, %d tables, %q", result.Verdict, result.Tables, result.Notes)
	}
	// Who verifies the archive reads the notes to the same end, where it says what to do.
	report, err := backup.Verify(w.t.Context(), &out, backup.VerifyOptions{})
	if err != nil || !slices.Equal(report.Notes, result.Notes) {
		w.t.Errorf("%v, verified: %q, made: %q", err, report.Notes, result.Notes)
	}
}

// The hacked site answers the question about trust itself, with a server of its
// own that lets nobody in, and then has the same path lead to the real one. All
// that follows goes to its own server all the same.
func swapSocket(t *testing.T, real string) {
	w := newWorld(t)
	path, own := filepath.Join(filepath.Dir(real), "own"), filepath.Join(w.roots, "l")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, own); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if asked.Add(1) == 1 {
				if err := errors.Join(os.Remove(own), os.Symlink(real, own)); err != nil {
					t.Error(err)
				}
			}
			const denied = "\xff\x15\x04#28000Access denied"
			if _, err := c.Write(append([]byte{byte(len(denied)), 0, 0, 0}, denied...)); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	w.wordPress("neighbour", "root", "guess", "localhost:"+own)
	w.takesNothing("refused the user and password")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	work.Wait()
	if asked.Load() < 2 {
		t.Errorf("the site's own server was asked %d times", asked.Load())
	}
}

// The question about trust is answered by "too many connections", which a hacked site
// can bring about, and all that follows by a server that lets us in: nothing is proved,
// so nothing is dumped.
func fullForAMoment(t *testing.T, real string) {
	w := newWorld(t)
	path := filepath.Join(filepath.Dir(real), "full")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if n == 0 { // an error packet, 1040 (https://mariadb.com/kb/en/err_packet/)
				said := "\xff\x10\x04Too many connections"
				_, _ = c.Write(append([]byte{byte(len(said)), 0, 0, 0}, said...)) // it may have gone
				_ = c.Close()
				continue
			}
			to, err := net.Dial("unix", real)
			if err != nil {
				_ = c.Close()
				continue
			}
			pass := func(to, from net.Conn) {
				_, _ = io.Copy(to, from) // one of them has gone
				_, _ = to.Close(), from.Close()
			}
			work.Go(func() { pass(to, c) })
			work.Go(func() { pass(c, to) })
		}
	})
	w.wordPress("neighbour", "root", "guess", "localhost:"+path)
	w.takesNothing("did not answer")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	work.Wait()
}
