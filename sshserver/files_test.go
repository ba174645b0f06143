package sshserver

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	gossh "golang.org/x/crypto/ssh"
)

// files opens SFTP as the line of the wizard does.
func (w *world) files() (*gossh.Client, *sftp.Client) {
	w.t.Helper()
	c := w.client(w.withToken(), gossh.Password(w.passphrase))
	f, err := sftp.NewClient(c)
	check(w.t, err)
	w.t.Cleanup(func() { _ = f.Close() })
	return c, f
}

func TestSFTPShowsTheArchivesAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	for _, at := range []string{"/", ".", "", "/../..", "x/.."} {
		list, err := f.ReadDir(at)
		check(t, err)
		if len(list) == 0 || list[0].Name() != name || list[0].Size() != int64(len(w.archive)) || list[0].Mode() != 0o400 {
			t.Fatalf("%q holds %v", at, list)
		}
	}
	for _, at := range []string{"/" + name, name, "./" + name, "../../" + name} {
		info, err := f.Stat(at)
		check(t, err)
		if info.IsDir() || info.Size() != int64(len(w.archive)) {
			t.Errorf("%q: %v", at, info)
		}
		if _, err := f.Lstat(at); err != nil {
			t.Error(err)
		}
	}
	where, err := f.RealPath("../../etc")
	check(t, err)
	if where != "/etc" {
		t.Errorf("RealPath %q", where)
	}
	file, err := f.Open(name)
	check(t, err)
	got, err := io.ReadAll(file)
	check(t, err)
	if !bytes.Equal(got, w.archive) {
		t.Error("the bytes are not those of the archive")
	}
	sum, err := f.Open(name + ".sha256")
	check(t, err)
	if line, err := io.ReadAll(sum); err != nil || !strings.Contains(string(line), name) {
		t.Errorf("%q %v", line, err)
	}
}

// Names that are not there, are elsewhere or are somebody else's get one answer.
func TestSFTPTellsNothingOfOtherNames(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	for _, at := range []string{
		"/etc/passwd", "../../etc/passwd", "/etc", "nothing.tar.gz", name + "/", name + "/x", name + ".bak", name + "\x00",
		"..\\" + name, "/proc/self/environ", strings.Repeat("a/", 5000), strings.Repeat("x", 60000), "\xff\xfe", "*", name[:5] + "*",
	} {
		if strings.TrimSuffix(at, "/") == name {
			continue // Clean takes the slash away: it is the archive itself
		}
		if _, err := f.Stat(at); !errors.Is(err, os.ErrPermission) {
			t.Errorf("stat %.40q: %v", at, err)
		}
		if _, err := f.Open(at); !errors.Is(err, os.ErrPermission) {
			t.Errorf("open %.40q: %v", at, err)
		}
		if _, err := f.ReadDir(at); !errors.Is(err, os.ErrPermission) {
			t.Errorf("list %.40q: %v", at, err)
		}
	}
}

func TestSFTPWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	open := func(flags int) error { _, err := f.OpenFile(name, flags); return err }
	_, readlink := f.ReadLink(name)
	for what, err := range map[string]error{
		"write":    open(os.O_WRONLY),
		"update":   open(os.O_RDWR),
		"append":   open(os.O_WRONLY | os.O_APPEND),
		"truncate": open(os.O_RDWR | os.O_TRUNC),
		"create":   open(os.O_RDWR | os.O_CREATE),
		"remove":   f.Remove(name),
		"rename":   f.Rename(name, "x"),
		"posix":    f.PosixRename(name, "x"),
		"mkdir":    f.Mkdir("x"),
		"rmdir":    f.RemoveDirectory("/"),
		"link":     f.Link(name, "x"),
		"symlink":  f.Symlink("/etc/passwd", "x"),
		"readlink": readlink,
		"chmod":    f.Chmod(name, 0o777),
		"chown":    f.Chown(name, 0, 0),
		"times":    f.Chtimes(name, time.Now(), time.Now()),
		"size":     f.Truncate(name, 0),
	} {
		if !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := f.StatVFS("/"); err == nil {
		t.Error("statvfs told of the disk")
	}
	got, err := f.Stat(name)
	check(t, err)
	if got.Size() != int64(len(w.archive)) {
		t.Error("the archive changed")
	}
}

func TestSFTPOffsets(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	file, err := f.Open(name)
	check(t, err)
	buf := make([]byte, 100)
	if n, err := file.ReadAt(buf, int64(len(w.archive))-50); n != 50 || !errors.Is(err, io.EOF) || !bytes.Equal(buf[:50], w.archive[len(w.archive)-50:]) {
		t.Errorf("at the end: %d %v", n, err)
	}
	for _, offset := range []int64{-1, math.MinInt64} {
		if n, err := file.ReadAt(buf, offset); err == nil || n != 0 {
			t.Errorf("offset %d: %d bytes, %v", offset, n, err)
		}
	}
	if n, err := file.ReadAt(buf, math.MaxInt64); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("beyond: %d %v", n, err)
	}
}

func TestSFTPHandlesAreCapped(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	var open []*sftp.File
	for range maxHandles {
		file, err := f.Open(name)
		check(t, err)
		open = append(open, file)
	}
	if _, err := f.Open(name); !errors.Is(err, os.ErrPermission) {
		t.Errorf("one more: %v", err)
	}
	for _, file := range open {
		check(t, file.Close())
	}
	for range 3 * maxHandles { // neither files nor directories leak a place
		file, err := f.Open(name)
		check(t, err)
		check(t, file.Close())
		_, err = f.ReadDir("/")
		check(t, err)
		_, err = f.Open("nothing")
		if err == nil {
			t.Fatal("opened nothing")
		}
	}
}

// An owner who opens connection after connection, and reads nothing, takes no more
// of the server's memory than so many sessions do.
func TestSFTPSessionsOfOnePersonAreCapped(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.fetchers = 3 })
	w.openGrant()
	name := w.backUp()
	_, last := w.files()
	w.files()
	c, _ := w.files()
	for _, c := range []*gossh.Client{c, w.client(w.withToken(), gossh.Password(w.passphrase))} {
		w.refusesFiles(c, "Too many downloads are open.")
	}
	if got, status := w.scp(c, "scp -f "+name, strings.Repeat("\x00", 10)); status != 0 {
		t.Errorf("scp, which holds little, ended with %d: %.80q", status, got)
	}
	check(t, last.Close())
	eventually(t, "room", func() bool {
		f, err := sftp.NewClient(c)
		return err == nil && f.Close() == nil
	})
}

// refusesFiles checks that SFTP is refused with a sentence, and not one byte of it.
func (w *world) refusesFiles(c *gossh.Client, why string) {
	t := w.t
	t.Helper()
	channel, requests, err := c.OpenChannel("session", nil)
	check(t, err)
	go gossh.DiscardRequests(requests)
	said := &pty{t: t}
	go func() { _, _ = io.Copy(said, channel.Stderr()) }()
	if ok, err := channel.SendRequest("subsystem", true, gossh.Marshal(struct{ Name string }{"sftp"})); !ok || err != nil {
		t.Errorf("nobody is told why: %v %v", ok, err)
	}
	said.shows(why)
	if answered, err := io.ReadAll(channel); len(answered) > 0 || err != nil {
		t.Errorf("got %q, %v", answered, err)
	}
}

func TestSFTPIsForOwnersWithTokenOnly(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	w.backUp()
	for _, tt := range []struct {
		user string
		auth gossh.AuthMethod
		want string
	}{
		{"acme", gossh.Password(w.passphrase), "Downloads need the line that the wizard shows"},
		{"eva", gossh.PublicKeys(w.manager), "owner only"},
		{"ada", gossh.PublicKeys(w.auditor), "owner only"},
	} {
		w.refusesFiles(w.client(tt.user, tt.auth), tt.want)
	}
}

// A subsystem that was refused leads nowhere by another request either.
func TestARefusedSubsystemIsNoWayIn(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	w.backUp()
	channel, requests, err := w.client(w.withToken(), gossh.Password(w.passphrase)).OpenChannel("session", nil)
	check(t, err)
	go gossh.DiscardRequests(requests)
	for _, name := range []string{"subsystem", "shell"} {
		if ok, err := channel.SendRequest(name, true, gossh.Marshal(struct{ Name string }{"evil"})); ok || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

func TestPanicInSFTPEndsNothingElse(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	_, f := w.files()
	w.beforeOpen = func() { panic("secret detail") }
	if _, err := f.Open(name); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("open: %v", err)
	}
	w.beforeOpen = nil
	w.onFiles = func() { panic("secret detail") }
	if _, err := f.Stat(name); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("stat: %v", err)
	}
	w.onFiles = nil
	if _, err := f.Open(name); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Expiry, revocation and closing look alike from here: data stops within the
// second, with the reason; the whole connection is closed a little later, and
// with it what was multiplexed beside it.
func TestTheEndOfAGrantCutsEverything(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.farewell = 1500 * time.Millisecond })
	w.openGrant()
	name := w.backUp()
	c, f := w.files()
	file, err := f.Open(name)
	check(t, err)
	buf := make([]byte, 1000)
	_, err = file.ReadAt(buf, 0)
	check(t, err)
	beside := w.open(c, "xterm", 80, 24) // the same connection
	beside.shows("screen of")

	grants, err := w.console.Grants(t.Context(), w.managerActor)
	check(t, err)
	check(t, w.console.RevokeGrant(t.Context(), w.managerActor, grants[0].ID, "a mistake"))
	revoked := time.Now()
	if n, err := file.ReadAt(buf, 1000); err == nil || n != 0 || !strings.Contains(err.Error(), "ended this access") {
		t.Errorf("read %d bytes after the revocation: %v", n, err)
	}
	gone := make(chan struct{})
	go func() { _ = f.Wait(); close(gone) }()
	receive(t, "the end of SFTP", gone)
	if d := time.Since(revoked); d > time.Second {
		t.Errorf("SFTP ended after %v", d)
	}
	beside.press("k")
	beside.shows("[k]") // the screen has its time to say why
	closed := make(chan error, 1)
	go func() { closed <- c.Wait() }()
	beside.ends()                                       // it gives the terminal back, and does not die with the connection
	_ = receive(t, "the end of the connection", closed) // why it ended is the client's own affair
	if d := time.Since(revoked); d < time.Second || d > 5*time.Second {
		t.Errorf("the connection ended after %v", d)
	}
	if _, err := w.dial(w.withToken(), gossh.Password(w.passphrase)); err == nil {
		t.Error("the token still logs in")
	}
}

// A client that stops reading and waits for the end gets no more than what was
// on its way when the grant ended.
func TestNothingIsSentAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	c := w.client(w.withToken(), gossh.Password(w.passphrase))
	channel, requests, err := c.OpenChannel("session", nil)
	check(t, err)
	ended := make(chan struct{})
	go func() {
		gossh.DiscardRequests(requests)
		close(ended)
	}()
	_, err = channel.SendRequest("exec", true, gossh.Marshal(struct{ Line string }{"scp -f " + name}))
	check(t, err)
	_, err = channel.Write([]byte{0, 0})
	check(t, err)
	head := make([]byte, 1)
	_, err = io.ReadFull(channel, head)
	check(t, err)
	check(t, w.console.CloseAccess(t.Context(), w.actor))
	receive(t, "the end of the channel", ended)
	rest, err := io.ReadAll(channel)
	check(t, err)
	if len(rest) >= len(w.archive) {
		t.Errorf("got all %d bytes", len(rest))
	}
}
