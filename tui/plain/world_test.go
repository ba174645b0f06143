package plain_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/plain"
)

// world is a console on fakes with the manager eva and the site acme.
type world struct {
	t       *testing.T
	console *core.Console
	ledger  *coretest.Ledger
	engine  *coretest.Engine
	vault   *coretest.Vault
	clock   *coretest.Clock
	kit     core.Kit
	eva     core.Actor
	owner   core.Actor
	quick   bool // a backup has ended when the line mode looks at it first
}

// report is what there is to back up.
var report = core.SiteReport{
	Kind: "WordPress 6.6", Files: 12, Bytes: 2_000_000_000, Notes: []string{"a link leads out of the root"},
	Databases: []core.DatabaseReport{{Name: "wp", Server: "MariaDB 10.11", Bytes: 5000, Tables: 12}},
}

func inWorld(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t)) })
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ledger: coretest.NewLedger(), vault: coretest.NewVault(), clock: coretest.NewClock(), engine: coretest.NewEngine(coretest.Script{
		Data:   bytes.Repeat([]byte("archive "), 1000),
		Report: report,
		Result: core.BackupResult{Verdict: core.VerdictNotes, Notes: []string{"one file could not be read"}},
	})}
	w.vault.SetCapacity(10_000_000_000)
	w.console = coretest.OpenConsole(t, core.Options{Ledger: w.ledger, Engine: w.engine, Vault: w.vault, Clock: w.clock})
	t.Cleanup(w.console.Close)
	evaKey := "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"+strings.Repeat("e", 32)))
	_, err := w.console.AddPerson(t.Context(), core.RootActor, core.PersonOrder{ID: "eva", Role: core.RoleManager, Key: evaKey})
	check(t, err)
	w.eva, err = w.console.KeyLogin(t.Context(), core.Login{User: "eva"}, evaKey)
	check(t, err)
	w.kit, err = w.console.AddSite(t.Context(), w.eva, core.SiteOrder{
		ID: "acme", Title: "Café “Acme”", Root: "/srv/acme", Call: "Eva Jansen, +31 20 123 4567", Zone: "Europe/Amsterdam",
		Emails: []string{"owner@acme.example"}, Phones: []string{"+31612345678"},
	})
	check(t, err)
	w.owner = w.login("")
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// login is the owner on a new connection, with a token where they have one.
func (w *world) login(token string) core.Actor {
	w.t.Helper()
	a, err := w.console.PassphraseLogin(w.t.Context(), core.Login{User: strings.TrimSuffix("acme+"+token, "+")}, w.kit.Passphrase)
	check(w.t, err)
	return a
}

// deliver hands over what is due and returns the newest code among it.
func (w *world) deliver() (code string) {
	w.t.Helper()
	pending, err := w.console.Pending(w.t.Context())
	check(w.t, err)
	for _, m := range pending {
		_, secret, err := w.console.BeginSend(w.t.Context(), m.ID)
		if errors.Is(err, core.ErrState) {
			continue
		}
		check(w.t, err)
		if !secret.IsZero() {
			code = secret.Reveal()
		}
		check(w.t, w.console.EndSend(w.t.Context(), m.ID, core.Outcome{State: core.MessageAccepted}))
	}
	return code
}

func (w *world) state() core.OwnerState {
	w.t.Helper()
	state, err := w.console.OwnerState(w.t.Context(), w.owner)
	check(w.t, err)
	return state
}

// output keeps what was said, and may break.
type output struct {
	mu     sync.Mutex
	text   strings.Builder
	broken error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil {
		return 0, o.broken
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// fingers is the keys that a person presses. Read waits for some.
type fingers struct {
	keys chan []byte // as many as a test sends
	rest []byte
	once sync.Once
}

func (f *fingers) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		pressed, open := <-f.keys
		if !open {
			return 0, io.EOF
		}
		f.rest = pressed
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *fingers) leave() { f.once.Do(func() { close(f.keys) }) }

// chat is one person before the line mode.
type chat struct {
	w      *world
	in     *fingers
	out    *output
	cancel context.CancelFunc
	done   chan error
	echo   bool
	read   int // of out
}

// reached is the console as the line mode reaches it.
func (w *world) reached() plain.Console {
	if w.quick {
		return quick{w.console}
	}
	return w.console
}

// quick is a console that returns from the start of a backup at its end.
type quick struct{ plain.Console }

func (q quick) StartBackup(ctx context.Context, a core.Actor) (core.JobInfo, error) {
	job, err := q.Console.StartBackup(ctx, a)
	if err != nil {
		return job, err
	}
	watcher, err := q.Watch(ctx, a, job.ID)
	for err == nil {
		_, err = watcher.Next(ctx)
	}
	if !errors.Is(err, io.EOF) {
		return job, err
	}
	return job, nil
}

// begins runs the line mode for an actor.
func (w *world) begins(a core.Actor, echo bool) *chat {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	c := &chat{w: w, in: &fingers{keys: make(chan []byte, 100)}, out: &output{}, cancel: cancel, done: make(chan error, 1), echo: echo}
	go func() {
		c.done <- plain.Run(ctx, plain.Options{In: c.in, Out: c.out, Actor: a, Console: w.reached(), Clock: w.clock, Echo: echo})
	}()
	w.t.Cleanup(func() { cancel(); c.in.leave() })
	synctest.Wait()
	return c
}

// types types a line and returns what was said to it.
func (c *chat) types(line string) string {
	c.w.t.Helper()
	end := "\n"
	if c.echo {
		end = "\r"
	}
	c.sends(line + end)
	return c.after(2 * core.WatchInterval)
}

func (c *chat) sends(keys string) {
	c.w.t.Helper()
	c.in.keys <- []byte(keys)
	synctest.Wait()
}

// heard is what was said since it was asked for last.
func (c *chat) heard() string {
	text := c.out.String()
	said := text[c.read:]
	c.read = len(text)
	return said
}

// says fails the test unless what is said to a line holds all of that.
func (c *chat) says(line string, wants ...string) string {
	c.w.t.Helper()
	said := c.types(line)
	c.holds(said, wants...)
	return said
}

func (c *chat) holds(said string, wants ...string) {
	c.w.t.Helper()
	flat := strings.Join(strings.Fields(said), " ")
	for _, want := range wants {
		if !strings.Contains(flat, want) {
			c.w.t.Fatalf("%q is not said:\n%s", want, said)
		}
	}
}

// after lets d pass and returns what was said in it.
func (c *chat) after(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	return c.heard()
}

// ended fails the test unless Run has returned, and returns its error.
func (c *chat) ended() error {
	c.w.t.Helper()
	synctest.Wait()
	select {
	case err := <-c.done:
		return err
	default:
		c.w.t.Fatalf("it goes on:\n%s", c.out)
		return nil
	}
}

// elsewhere is another session of the owner that has entered a code.
func (w *world) elsewhere() core.Actor {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.console.Draft(ctx, w.owner, "from another computer")
	check(w.t, err)
	w.deliver()
	_, err = w.console.SendCode(ctx, w.owner, "1")
	check(w.t, err)
	proved, err := w.console.EnterCode(ctx, w.owner, w.deliver())
	check(w.t, err)
	return proved
}
