package sshserver

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
)

// patience bounds each wait of a test: a machine under load is slow, but what
// takes this long does not come at all.
const patience = 20 * time.Second

// world is a console with a site, its people, and a server before it on a real
// socket.
type world struct {
	t       *testing.T
	console *core.Console
	server  *Server
	addr    string
	hostKey gossh.PublicKey
	log     *record

	passphrase          string
	manager, auditor    gossh.Signer
	ownerKey            gossh.Signer
	managerActor, actor core.Actor
	archive             []byte
	commands            chan Request
	screens             chan *Session
	model               func(*Session) tea.Model
	failed              chan string
	loggedIn            chan core.Actor
	beforeOpen, onFiles func()
	wrapKeyLogin        func()
	engine              *coretest.Engine
}

// spy is the console, with a view on the calls.
type spy struct {
	*core.Console
	w *world
}

func (s spy) LoginFailed(prefix string) {
	s.Console.LoginFailed(prefix)
	s.w.failed <- prefix
}

func (s spy) LoggedIn(ctx context.Context, a core.Actor) error {
	err := s.Console.LoggedIn(ctx, a)
	if err == nil {
		s.w.loggedIn <- a
	}
	return err
}

func (s spy) KeyLogin(ctx context.Context, l core.Login, key string) (core.Actor, error) {
	if s.w.wrapKeyLogin != nil {
		s.w.wrapKeyLogin()
	}
	return s.Console.KeyLogin(ctx, l, key)
}

func (s spy) Files(ctx context.Context, a core.Actor) ([]core.File, error) {
	if s.w.onFiles != nil {
		s.w.onFiles()
	}
	return s.Console.Files(ctx, a)
}

func (s spy) OpenFile(ctx context.Context, a core.Actor, name string) (*core.Download, error) {
	if s.w.beforeOpen != nil {
		s.w.beforeOpen()
	}
	return s.Console.OpenFile(ctx, a, name)
}

// wallClock is a clock whose machine booted just now, always: the console's
// times are then those of the wall clock alone.
type wallClock struct{ *coretest.Clock }

func (wallClock) Boot() (string, time.Duration) { return "boot", 0 }

// record keeps what was logged.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func newKey(t *testing.T) gossh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := gossh.NewSignerFromKey(private)
	check(t, err)
	return signer
}

func authorized(s gossh.Signer) string {
	return strings.TrimSpace(string(gossh.MarshalAuthorizedKey(s.PublicKey())))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld opens a console with the site acme, whose archives will be 3 MiB
// that no compression of a client makes small.
func newWorld(t *testing.T, change ...func(*limits)) *world {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	w := newWorldOn(t, change...)
	w.addr = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- w.server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// newWorldOn is a world whose server is not served yet.
func newWorldOn(t *testing.T, change ...func(*limits)) *world {
	t.Helper()
	w := &world{
		t: t, log: &record{}, archive: make([]byte, 3<<20), manager: newKey(t), auditor: newKey(t), ownerKey: newKey(t),
		commands: make(chan Request, 100), screens: make(chan *Session, 1000), failed: make(chan string, 1000), loggedIn: make(chan core.Actor, 1000),
	}
	_, err := rand.Read(w.archive)
	check(t, err)
	w.openConsole()
	w.openServer(change...)
	return w
}

func (w *world) openConsole() {
	t, ctx := w.t, w.t.Context()
	signing, _, err := note.GenerateKey(rand.Reader, "test/breakglass")
	check(t, err)
	signer, err := note.NewSigner(signing)
	check(t, err)
	w.engine = coretest.NewEngine(coretest.Script{Data: w.archive})
	w.console, err = core.Open(ctx, core.Options{
		Ledger: coretest.NewLedger(), Engine: w.engine,
		Vault: coretest.NewVault(), Clock: wallClock{coretest.NewClock()}, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Pepper: core.NewSecret(strings.Repeat("p", 32)),
		Signer: audit.NewSigner(signer.Name(), signer), Host: "backup.example", Port: 22,
		CheckAddress: func(_ core.ContactKind, address string) (string, error) { return address, nil },
	})
	check(t, err)
	t.Cleanup(w.console.Close)
	for id, role := range map[string]core.Role{"eva": core.RoleManager, "ada": core.RoleAuditor} {
		key := w.manager
		if role == core.RoleAuditor {
			key = w.auditor
		}
		_, err := w.console.AddPerson(ctx, core.RootActor, core.PersonOrder{ID: id, Role: role, Key: authorized(key), Email: id + "@example.com"})
		check(t, err)
	}
	w.managerActor, err = w.console.KeyLogin(ctx, core.Login{User: "eva"}, authorized(w.manager))
	check(t, err)
	kit, err := w.console.AddSite(ctx, w.managerActor, core.SiteOrder{
		ID: "acme", Title: "Acme", Root: "/srv/acme", Emails: []string{"owner@example.com"}, Call: "Eva", Zone: "UTC", Key: authorized(w.ownerKey),
	})
	check(t, err)
	w.passphrase = kit.Passphrase.Reveal()
}

func (w *world) openServer(change ...func(*limits)) {
	t := w.t
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	block, err := gossh.MarshalPrivateKey(private, "test")
	check(t, err)
	signer, err := gossh.NewSignerFromKey(private)
	check(t, err)
	w.hostKey = signer.PublicKey()
	l := defaultLimits()
	l.strikeDelay, l.strikes, l.shutdown = time.Millisecond, 1000, 100*time.Millisecond
	for _, c := range change {
		c(&l)
	}
	w.server, err = newServer(Options{
		HostKey: pem.EncodeToMemory(block), Console: spy{w.console, w}, Clock: coretest.NewClock(),
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Command: w.command, Screen: w.screen,
		IdleWarning: func(left time.Duration) tea.Msg { return notice("idle") },
		Stopping:    func() tea.Msg { return notice("stopping") },
	}, l)
	check(t, err)
}

// command answers as the tests need it.
func (w *world) command(ctx context.Context, r Request) int {
	w.commands <- r
	switch r.Args[0] {
	case "panic":
		panic("secret detail")
	case "hang":
		<-ctx.Done()
		return 1
	case "goodbye":
		<-ctx.Done()
		_, _ = r.Stdout.Write(w.archive)
		return 3
	case "cat":
		_, _ = io.Copy(r.Stdout, r.Stdin)
	default:
		fmt.Fprintf(r.Stdout, "%s %q\n", r.Actor.ID(), r.Args)
		fmt.Fprintln(r.Stderr, "noted")
	}
	if r.Args[0] == "fail" {
		return 2
	}
	return 0
}

func (w *world) screen(s *Session) tea.Model {
	w.screens <- s
	if w.model != nil {
		return w.model(s)
	}
	return newModel(s)
}

// openGrant goes the owner's way to a live grant, and returns the owner's actor
// with the download token.
func (w *world) openGrant() core.Actor {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	owner, err := w.console.PassphraseLogin(ctx, core.Login{User: "acme"}, core.NewSecret(w.passphrase))
	check(t, err)
	_, err = w.console.Draft(ctx, owner, "the manager does not answer")
	check(t, err)
	state, err := w.console.OwnerState(ctx, owner)
	check(t, err)
	_, err = w.console.SendCode(ctx, owner, state.Contacts[0].ID)
	check(t, err)
	owner, err = w.console.EnterCode(ctx, owner, w.code())
	check(t, err)
	_, err = w.console.Activate(ctx, owner)
	check(t, err)
	w.actor = owner
	return owner
}

func (w *world) code() string {
	ctx := w.t.Context()
	pending, err := w.console.Pending(ctx)
	check(w.t, err)
	for _, m := range pending {
		if _, code, err := w.console.BeginSend(ctx, m.ID); err == nil && !code.IsZero() {
			return code.Reveal()
		}
	}
	w.t.Fatal("no code was sent")
	return ""
}

// backUp makes an archive in the live grant and returns its name.
func (w *world) backUp() string {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	job, err := w.console.StartBackup(ctx, w.actor)
	check(t, err)
	watcher, err := w.console.Watch(ctx, w.actor, job.ID)
	check(t, err)
	for err == nil {
		_, err = watcher.Next(ctx)
	}
	watcher.Close()
	files, err := w.console.Files(ctx, w.actor)
	check(t, err)
	if len(files) == 0 {
		t.Fatalf("no archive was sealed:\n%s", w.log)
	}
	return files[0].Name
}

// withToken is the user name that downloads log in with.
func (w *world) withToken() string { return "acme+" + w.actor.Token.Reveal() }

// dial logs in with the library's client.
func (w *world) dial(user string, auth ...gossh.AuthMethod) (*gossh.Client, error) {
	return gossh.Dial("tcp", w.addr, w.config(user, auth...))
}

func (w *world) config(user string, auth ...gossh.AuthMethod) *gossh.ClientConfig {
	return &gossh.ClientConfig{User: user, Auth: auth, HostKeyCallback: gossh.FixedHostKey(w.hostKey), Timeout: patience}
}

// client logs in or fails the test.
func (w *world) client(user string, auth ...gossh.AuthMethod) *gossh.Client {
	w.t.Helper()
	c, err := w.dial(user, auth...)
	check(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *world) owner() *gossh.Client { return w.client("acme", gossh.Password(w.passphrase)) }

func (w *world) session(c *gossh.Client) *gossh.Session {
	w.t.Helper()
	s, err := c.NewSession()
	check(w.t, err)
	return s
}

// eventually polls until ok, at most patience.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// receive takes the next value or fails the test.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("in vain: %s", what)
		panic("unreachable")
	}
}

// exitStatus is what a finished session's error says.
func exitStatus(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, ok := err.(*gossh.ExitError) //nolint:errorlint // the library returns it bare
	if !ok {
		t.Fatalf("no exit status: %v", err)
	}
	return exit.ExitStatus()
}
