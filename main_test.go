package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/rehearse"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// asBreakglass makes this test binary the program itself: a console under test
// is a process of its own, built with the race detector like the tests.
const asBreakglass = "BREAKGLASS_TEST_MAIN"

// database is the one MariaDB server of this package.
var database *backuptest.Server

func TestMain(m *testing.M) {
	if rehearse.Helped() { // a console under test is this binary
		return
	}
	if os.Getenv(asBreakglass) != "" {
		os.Exit(run())
	}
	if order := os.Getenv(asConsole); order != "" {
		if err := beKilled(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testscript.Main(withServer{m}, map[string]func(){"breakglass": func() { os.Exit(run()) }})
}

// withServer starts MariaDB before the tests and stops it after them.
type withServer struct{ *testing.M }

// Run implements testscript.TestingM.
func (m withServer) Run() int { return backuptest.Main(m.M, &database) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// eventually asks again and again until the answer is yes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// host is a machine with a console on it: a config, a data directory, a
// process, and the manager's and the auditor's keys.
type host struct {
	t          testing.TB
	dir, port  string
	passphrase string
	paper      string
	process    *exec.Cmd
}

// newHost sets up a console as the README says, for sites under root.
func newHost(t testing.TB, root string) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), port: freePort(t)}
	config := fmt.Sprintf("listen: 127.0.0.1:%s\nhost: 127.0.0.1\ndata: %s/data\nroots: [%s]\nmail: {provider: file, from: console@example.com}\nsms: {provider: file}\n",
		h.port, h.dir, root)
	if _, measured := t.(*testing.B); measured {
		config += "rehearsal: {off: true}\n" // it would be measured too
	}
	check(t, os.WriteFile(h.path("breakglass.yaml"), []byte(config), 0o600))
	for _, name := range []string{"eva", "ann"} {
		h.key(name)
	}
	h.local("init", "--config", h.path("breakglass.yaml"), "--manager", "eva", "--manager-key", h.path("eva.pub"), "--email", "eva@example.com")
	h.start()
	t.Cleanup(h.stop)
	h.mustSSH("eva", readFile(t, h.path("ann.pub")), "person", "add", "ann", "--role", "auditor", "-")
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.dir, name) }

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	return port
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	return string(text)
}

// key makes a key pair NAME, NAME.pub.
func (h *host) key(name string) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(h.t, err)
	block, err := ssh.MarshalPrivateKey(private, name)
	check(h.t, err)
	line, err := ssh.NewPublicKey(public)
	check(h.t, err)
	check(h.t, os.WriteFile(h.path(name), pem.EncodeToMemory(block), 0o600))
	check(h.t, os.WriteFile(h.path(name+".pub"), ssh.MarshalAuthorizedKey(line), 0o600))
}

// program is a command line of breakglass.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asBreakglass+"=1")
	return cmd
}

// local runs a local command that must succeed.
func (h *host) local(args ...string) string {
	h.t.Helper()
	out, err := program(args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("breakglass %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start runs the console until the port answers.
func (h *host) start() {
	h.t.Helper()
	h.process = program("serve", "--config", h.path("breakglass.yaml"))
	f, err := os.OpenFile(h.path("console.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(h.t, err)
	h.process.Stdout, h.process.Stderr = f, f
	check(h.t, h.process.Start())
	check(h.t, f.Close())
	eventually(h.t, "the console listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+h.port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// stop ends the console as systemd would, and minds its exit status.
func (h *host) stop() {
	if h.process == nil {
		return
	}
	_ = h.process.Process.Signal(os.Interrupt)
	if err := h.process.Wait(); err != nil {
		h.t.Errorf("the console ended with %v:\n%s", err, h.said())
	}
	h.process = nil
}

// said is all that the console wrote for its operator.
func (h *host) said() string { return readFile(h.t, h.path("console.log")) }

// kill ends it without a word.
func (h *host) kill() {
	_ = h.process.Process.Kill()
	_ = h.process.Wait()
	h.process = nil
}

// options are what each client of OpenSSH is told here.
func (h *host) options() []string {
	return []string{
		"-F", "/dev/null", "-o", "UserKnownHostsFile=" + h.path("known_hosts"), "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
	}
}

// sshArgs is the command line of ssh for a person.
func (h *host) sshArgs(user string, words ...string) []string {
	args := append(h.options(), "-p", h.port)
	if _, err := os.Stat(h.path(user)); err == nil {
		args = append(args, "-o", "IdentitiesOnly=yes", "-i", h.path(user))
	} else {
		args = append(args, "-o", "PubkeyAuthentication=no")
	}
	args = append(args, user+"@127.0.0.1")
	if len(words) > 0 { // ssh takes one pair of quotes away
		args = append(args, quoted(words))
	}
	return args
}

// ssh runs the stock client; an owner's passphrase is given by askpass.
func (h *host) ssh(user, in string, words ...string) (out, errs string, status int) {
	h.t.Helper()
	return h.client("ssh", in, h.sshArgs(user, words...)...)
}

// client runs one of OpenSSH's clients.
func (h *host) client(name, in string, args ...string) (out, errs string, status int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), h.askpass()...)
	cmd.Stdin = strings.NewReader(in)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// askpass makes the clients ask a program for the passphrase.
func (h *host) askpass() []string {
	script := h.path("askpass")
	check(h.t, os.WriteFile(script, []byte("#!/bin/sh\necho '"+h.passphrase+"'\n"), 0o700)) //nolint:gosec // it must run
	return []string{"SSH_ASKPASS=" + script, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0"}
}

// mustSSH runs a command that must succeed, and returns what it prints.
func (h *host) mustSSH(user, in string, words ...string) string {
	h.t.Helper()
	out, errs, status := h.ssh(user, in, words...)
	if status != 0 {
		h.t.Fatalf("ssh %s %s: status %d\n%s%s\nconsole: %s", user, strings.Join(words, " "), status, out, errs, h.said())
	}
	return out
}

var (
	passphraseForm = regexp.MustCompile(`\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}\b`)
	paperForm      = regexp.MustCompile(`\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){6}\b`)
	codeForm       = regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`)
)

// addSite sets a site up and keeps the secrets of its kit.
func (h *host) addSite(name, root string, more ...string) string {
	h.t.Helper()
	kit := h.mustSSH("eva", "", append([]string{"site", "add", name, "--root", root,
		"--email", "owner@example.com", "--phone", "+31612345678"}, more...)...)
	h.passphrase, h.paper = passphraseForm.FindString(kit), paperForm.FindString(kit)
	if h.passphrase == "" || h.paper == "" {
		h.t.Fatalf("no secrets on the kit:\n%s", kit)
	}
	return kit
}

// messages lists the files of messages that have gone out, oldest first, whose
// name holds a part.
func (h *host) messages(part string) []string {
	found, err := filepath.Glob(filepath.Join(h.dir, "data", "outgoing", "*"+part+"*"))
	check(h.t, err)
	slices.Sort(found)
	return found
}

// code waits for the n-th code to go out and reads it.
func (h *host) code(n int) string {
	h.t.Helper()
	eventually(h.t, "a code is sent", func() bool { return len(h.messages("-code")) >= n })
	code := codeForm.FindString(readFile(h.t, h.messages("-code")[n-1]))
	if code == "" {
		h.t.Fatal("the message holds no code")
	}
	return code
}
