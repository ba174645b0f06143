package core_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
)

// world is a console on fakes with a manager (eva), an auditor (ada) and a site
// (acme) with a mail and a phone contact. Its time is the bubble's.
type world struct {
	t        *testing.T
	console  *core.Console
	ledger   *brittle
	vault    *coretest.Vault
	engine   *coretest.Engine
	clock    *coretest.Clock
	options  core.Options
	verifier note.Verifier
	operator bytes.Buffer // what the operator's log says; read it after work has ended

	eva, ada, owner core.Actor
	kit             core.Kit
}

// The seeds of public keys; a person's is the first letter of the name.
const (
	evaKey   = 'e'
	ownerKey = 'o'
)

// publicKey is a well-formed authorized_keys line.
func publicKey(n byte) string {
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(wire("ssh-ed25519", strings.Repeat(string(rune(n)), 32))) + " test"
}

func wire(parts ...string) []byte {
	var blob []byte
	for _, part := range parts {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(part)))
		blob = append(blob, part...)
	}
	return blob
}

// inWorld runs f in a bubble of its own.
func inWorld(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t)) })
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, ledger: &brittle{Ledger: coretest.NewLedger()}, vault: coretest.NewVault(), clock: coretest.NewClock(),
		engine: coretest.NewEngine(coretest.Script{Data: bytes.Repeat([]byte("archive "), 1000), Signer: "SHA256:archive"}),
	}
	w.options = core.Options{
		Ledger: w.ledger, Engine: w.engine, Vault: w.vault, Clock: w.clock, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(&w.operator, nil)), Pepper: core.NewSecret(strings.Repeat("p", 32)),
		Signer: w.newSigner(), Host: "backup.example", Port: 2222, CheckAddress: checkAddress,
	}
	w.open()
	for id, role := range map[string]core.Role{"eva": core.RoleManager, "ada": core.RoleAuditor} {
		w.must(w.console.AddPerson(t.Context(), core.RootActor, core.PersonOrder{
			ID: id, Role: role, Key: publicKey(id[0]), Email: id + "@agency.example",
		}))
	}
	w.eva, w.ada = w.person("eva"), w.person("ada")
	w.kit = w.addSite("acme")
	w.owner = w.passphrase("acme", w.kit)
	w.deliver()
	return w
}

func (w *world) newSigner() *audit.Signer {
	private, public, err := note.GenerateKey(rand.Reader, "backup.example/log")
	w.check(err)
	signer, err := note.NewSigner(private)
	w.check(err)
	w.verifier, err = note.NewVerifier(public)
	w.check(err)
	return audit.NewSigner(signer.Name(), signer)
}

// open opens a console on what the ledger and the vault hold, as after a start.
func (w *world) open() {
	w.t.Helper()
	console, err := core.Open(w.t.Context(), w.options)
	w.check(err)
	w.console = console
	w.t.Cleanup(console.Close)
}

// run lets time do its work from now on.
func (w *world) run() {
	console, ctx := w.console, w.t.Context()
	go console.Run(ctx)
}

func checkAddress(_ core.ContactKind, address string) (string, error) {
	if strings.Contains(address, "bad") {
		return "", errors.New("that is no address; look again")
	}
	return strings.ToLower(address), nil
}

func (w *world) person(id string) core.Actor {
	w.t.Helper()
	actor, err := w.console.KeyLogin(w.t.Context(), core.Login{User: id, Remote: "192.0.2.7"}, publicKey(id[0]))
	w.check(err)
	return actor
}

func (w *world) addSite(id string) core.Kit {
	w.t.Helper()
	kit, err := w.console.AddSite(w.t.Context(), w.eva, order(id))
	w.check(err)
	return kit
}

func order(id string) core.SiteOrder {
	return core.SiteOrder{
		ID: id, Title: "The " + id + " shop", Root: "/srv/" + id, Call: "Eva, +31 20 123 4567", Zone: "Europe/Amsterdam",
		Emails: []string{"owner@" + id + ".example"}, Phones: []string{"+31612345678"}, Key: publicKey(ownerKey),
	}
}

func (w *world) passphrase(site string, kit core.Kit) core.Actor {
	w.t.Helper()
	actor, err := w.console.PassphraseLogin(w.t.Context(), core.Login{User: site, Remote: "198.51.100.9"}, kit.Passphrase)
	w.check(err)
	return actor
}

// byKey is the owner with the enrolled key: another factor.
func (w *world) byKey() core.Actor {
	w.t.Helper()
	actor, err := w.console.KeyLogin(w.t.Context(), core.Login{User: "acme"}, publicKey(ownerKey))
	w.check(err)
	return actor
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// must fails the test on an error beside a value that nobody wants.
func (w *world) must(_ any, err error) {
	w.t.Helper()
	w.check(err)
}

// refused fails the test unless err is a refusal of that kind, with a sentence.
func (w *world) refused(kind, err error) *core.Refusal {
	w.t.Helper()
	var refusal *core.Refusal
	if !errors.Is(err, kind) || !errors.As(err, &refusal) {
		w.t.Fatalf("got %v, want a refusal that wraps %q", err, kind)
	}
	if len(strings.Fields(refusal.Error())) < 3 {
		w.t.Errorf("%q is no sentence", refusal)
	}
	return refusal
}

func (w *world) state(a core.Actor) core.OwnerState {
	w.t.Helper()
	state, err := w.console.OwnerState(w.t.Context(), a)
	w.check(err)
	return state
}

// deliver hands over all that is due and returns the newest code among it.
func (w *world) deliver() (code string) {
	w.t.Helper()
	for _, m := range w.pending() {
		_, secret, err := w.console.BeginSend(w.t.Context(), m.ID)
		if errors.Is(err, core.ErrState) {
			continue
		}
		w.check(err)
		if !secret.IsZero() {
			code = secret.Reveal()
		}
		w.check(w.console.EndSend(w.t.Context(), m.ID, core.Outcome{State: core.MessageAccepted, Result: "250 ok"}))
	}
	return code
}

func (w *world) pending() []core.Message {
	w.t.Helper()
	pending, err := w.console.Pending(w.t.Context())
	w.check(err)
	return pending
}

func (w *world) draft(a core.Actor) core.RequestInfo {
	w.t.Helper()
	r, err := w.console.Draft(w.t.Context(), a, "the manager does not answer")
	w.check(err)
	return r
}

// sendCode has a code sent to the mail contact and returns it.
func (w *world) sendCode(a core.Actor) string {
	w.t.Helper()
	w.deliver()
	w.must(w.console.SendCode(w.t.Context(), a, "1"))
	code := w.deliver()
	if code == "" {
		w.t.Fatal("no code was sent")
	}
	return code
}

// prove goes from nothing to a request that is ready, and returns the actor
// with its token.
func (w *world) prove(a core.Actor) core.Actor {
	w.t.Helper()
	w.draft(a)
	a, err := w.console.EnterCode(w.t.Context(), a, w.sendCode(a))
	w.check(err)
	return a
}

// access goes the whole way to a live grant.
func (w *world) access() core.Actor {
	w.t.Helper()
	a := w.prove(w.owner)
	w.must(w.console.Activate(w.t.Context(), a))
	return a
}

// backUp makes an archive and returns its name.
func (w *world) backUp(a core.Actor) string {
	w.t.Helper()
	job, err := w.console.StartBackup(w.t.Context(), a)
	w.check(err)
	synctest.Wait()
	state := w.state(a)
	if state.Job == nil || state.Job.State != core.JobSealed {
		w.t.Fatalf("the backup is %+v:\n%s", state.Job, &w.operator)
	}
	return job.Archive
}

// wrong returns a well-formed code that is not the given one.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// slow is by when the console has done what it does less often.
const slow = 20 * time.Second

// after lets d pass.
func (w *world) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
