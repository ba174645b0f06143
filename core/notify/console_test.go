package notify

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"

	"golang.org/x/mod/sumdb/note"
)

var _ Console = (*core.Console)(nil)

// house is a real console on fakes, with a courier before fake providers.
type house struct {
	t         *testing.T
	console   *core.Console
	clock     *coretest.Clock
	mail, sms *provider
	hook      *provider
	verifier  note.Verifier
	owner     core.Actor
	manager   core.Actor
	stop      func()
}

const houseOrigin = "breakglass.door.example/log"

func newHouse(t *testing.T) *house {
	t.Helper()
	signing, verifying, err := note.GenerateKey(rand.Reader, houseOrigin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(signing)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: coretest.NewClock(), mail: &provider{answer: always(taken)}, sms: &provider{answer: always(taken)}, hook: &provider{answer: always(taken)}}
	if h.verifier, err = note.NewVerifier(verifying); err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.console, err = core.Open(t.Context(), core.Options{
		Ledger: coretest.NewLedger(), Engine: coretest.NewEngine(coretest.Script{Data: make([]byte, 1000), Signer: "SHA256:archive"}),
		Vault: coretest.NewVault(), Clock: h.clock, Random: rand.Reader, Log: quiet, Pepper: core.NewSecret(strings.Repeat("p", 32)),
		Signer: audit.NewSigner(houseOrigin, signer), CheckAddress: CheckAddress, Webhook: "chat.acme.example", Host: "door.example", Port: 2222, HostKey: "SHA256:host",
	})
	if err != nil {
		t.Fatal(err)
	}
	courier := New(Options{
		Console: h.console, Clock: h.clock, Random: zeros{}, Log: quiet,
		Channels: map[core.ContactKind]Channel{core.ContactEmail: h.mail, core.ContactPhone: h.sms, core.ContactWebhook: h.hook},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	for _, run := range []func(context.Context){courier.Run, h.console.Run} {
		go func() { run(ctx); done <- struct{}{} }()
	}
	h.stop = func() {
		cancel()
		<-done
		<-done
		h.console.Close()
	}
	h.people()
	return h
}

// people enrols a manager, sets up a site and logs both in.
func (h *house) people() {
	h.t.Helper()
	ctx := h.t.Context()
	key := publicKey(h.t)
	h.do(h.console.AddPerson(ctx, core.RootActor, core.PersonOrder{
		ID: "eva", Role: core.RoleManager, Key: key, Email: "eva@webworks.example", Phone: "+31687654321",
	}))
	manager, err := h.console.KeyLogin(ctx, core.Login{User: "eva", Remote: "192.0.2.7", Client: "OpenSSH"}, key)
	if err != nil {
		h.t.Fatal(err)
	}
	h.manager = manager
	kit, err := h.console.AddSite(ctx, h.manager, core.SiteOrder{
		ID: "acme", Root: "/var/www/acme", Title: "Acme Bakery", Call: "Eva, +31 6 87654321", Zone: "Europe/Amsterdam",
		Emails: []string{"jo@acme.example"}, Phones: []string{"+31612345678"},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.owner, err = h.console.PassphraseLogin(ctx, core.Login{User: "acme", Remote: "198.51.100.9", Client: "OpenSSH"}, kit.Passphrase); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) do(_ any, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

func publicKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var blob []byte
	for _, part := range [][]byte{[]byte("ssh-ed25519"), public} {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(part))), part...)
	}
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob)
}

// code returns the code of the newest message that carries one.
func (h *house) code(p *provider) (code string) {
	h.t.Helper()
	for _, e := range p.sent() {
		if e.Code {
			code = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(e.Text.Body.Reveal())
		}
	}
	if code == "" {
		h.t.Fatal("no code came")
	}
	return code
}

// event returns what the log says last of an event.
func (h *house) event(event core.Event) core.LogLine {
	h.t.Helper()
	page, err := h.console.Log(h.t.Context(), core.RootActor, core.LogQuery{Event: event})
	if err != nil || len(page.Lines) == 0 {
		h.t.Fatalf("no %s in the log: %v", event, err)
	}
	return page.Lines[0]
}

// One emergency from end to end on core's own rules: everybody is told of every
// step by both channels, each mail proves the log, and no notice holds the code.
func TestAnEmergencyIsToldToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.stop()
		ctx := t.Context()
		h.do(h.console.Draft(ctx, h.owner, "Eva is gone"))
		h.do(h.console.SendCode(ctx, h.owner, "1"))
		code := h.code(h.mail)
		proved, err := h.console.EnterCode(ctx, h.owner, code)
		h.do(nil, err)
		h.do(h.console.Activate(ctx, proved))
		h.do(h.console.StartBackup(ctx, proved))
		grants, err := h.console.Grants(ctx, h.manager)
		h.do(nil, err)
		h.do(nil, h.console.RevokeGrant(ctx, h.manager, grants[0].ID, "she called: all is well"))
		time.Sleep(time.Second)
		synctest.Wait()

		if open, err := h.console.Pending(ctx); err != nil || len(open) != 0 {
			t.Errorf("still open: %v, %v", open, err)
		}
		for _, want := range []string{"somebody asks", "a code was sent", "right code", "can be opened", "ACCESS IS OPEN", "backup has begun", "backup is ready", "ended by a manager"} {
			for _, to := range []string{"jo@acme.example", "eva@webworks.example"} {
				if !slices.ContainsFunc(h.mail.sent(), func(e Envelope) bool { return e.To == to && strings.Contains(e.Text.Subject, want) }) {
					t.Errorf("%s was not told %q", to, want)
				}
			}
		}
		if mails, sms := len(h.mail.sent())-1, len(h.sms.sent()); mails != sms {
			t.Errorf("%d notices by mail, %d by SMS", mails, sms)
		}
		h.noticesHoldNoCode(code)
		h.mailsProveTheLog()
	})
}

func (h *house) noticesHoldNoCode(code string) {
	h.t.Helper()
	for _, e := range append(h.mail.sent(), h.sms.sent()...) {
		all := e.Text.Subject + e.Text.Body.Reveal()
		holds := strings.Contains(all, code) || strings.Contains(all, strings.ReplaceAll(code, "-", ""))
		if holds != e.Code || strings.Contains(e.Text.Subject, code[:4]) {
			h.t.Errorf("%s to %s holds a code: %t", e.ID, e.To, holds)
		}
	}
}

func (h *house) mailsProveTheLog() {
	h.t.Helper()
	for _, e := range h.mail.sent() {
		if e.Code {
			continue
		}
		body := e.Text.Body.Reveal()
		signed := body[strings.Index(body, "\n"+houseOrigin)+1:]
		checkpoint, err := audit.OpenCheckpoint([]byte(signed), houseOrigin, h.verifier)
		if err != nil {
			h.t.Fatalf("%s: %v\n%s", e.ID, err, body)
		}
		line := regexp.MustCompile(`line (\d+) of`).FindStringSubmatch(body)
		if line == nil {
			h.t.Fatalf("%s names no line:\n%s", e.ID, body)
		}
		if seq, err := strconv.ParseInt(line[1], 10, 64); err != nil || checkpoint.Tree.N <= seq {
			h.t.Errorf("%s: the checkpoint of %d lines does not cover line %d: %v", e.ID, checkpoint.Tree.N, seq, err)
		}
	}
}

// The mail provider is silent: the same code comes by SMS after 30 s, and opens
// the request; everybody is told that it went there instead.
func TestSilentProviderOnARealConsole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.stop()
		ctx := t.Context()
		h.mail.follow(hang)
		h.do(h.console.Draft(ctx, h.owner, "Eva is gone"))
		h.do(h.console.SendCode(ctx, h.owner, "1"))
		time.Sleep(codePatience + time.Millisecond)
		synctest.Wait()
		code := h.code(h.sms)
		if mailed := h.code(h.mail); mailed != code {
			t.Errorf("%s by mail, %s by SMS", mailed, code)
		}
		_, err := h.console.EnterCode(ctx, h.owner, code)
		h.do(nil, err)
		if line := h.event(core.EventRequestCodeSent); line.Data["channel"] != "sms" || line.Data["instead_of"] != "email" {
			t.Errorf("%+v", line)
		}
		h.noticesHoldNoCode(code)
		time.Sleep(core.CodeLife)
		synctest.Wait()
		open, err := h.console.Pending(ctx)
		if err != nil || slices.ContainsFunc(open, func(m core.Message) bool { return m.Event == core.EventCode }) {
			t.Errorf("the dead code is still in the outbox: %v", err)
		}
	})
}

// The provider refuses the console: the code goes the other way at once, the
// log says that the console is misconfigured, and notices wait for the manager.
func TestMisconfiguredProviderOnARealConsole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.stop()
		ctx := t.Context()
		h.mail.follow(always(Answer{Verdict: Misconfigured, Detail: "the provider refuses this console: 401 Unauthorized"}))
		h.do(h.console.Draft(ctx, h.owner, "Eva is gone"))
		h.do(h.console.SendCode(ctx, h.owner, "1"))
		code := h.code(h.sms)
		if line := h.event(core.EventMessageFailed); line.Data["misconfigured"] != "true" || line.Data["of"] != "code" || line.Data["channel"] != "email" {
			t.Errorf("%+v", line)
		}
		_, err := h.console.EnterCode(ctx, h.owner, code)
		h.do(nil, err)
		h.mail.follow(always(taken))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if open, err := h.console.Pending(ctx); err != nil || len(open) != 0 {
			t.Errorf("still open: %v, %v", open, err)
		}
	})
}

// A code that a newer one has replaced may still be under way: it is sent or
// not, it opens nothing, and the newer one does.
func TestDeadCodeDoesNotMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.stop()
		ctx := t.Context()
		h.mail.follow(hang)
		h.do(h.console.Draft(ctx, h.owner, "Eva is gone"))
		h.do(h.console.SendCode(ctx, h.owner, "1"))
		old := h.code(h.mail)
		h.mail.follow(always(taken))
		h.do(h.console.SendCode(ctx, h.owner, "1"))
		fresh := h.code(h.mail)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if _, err := h.console.EnterCode(ctx, h.owner, old); err == nil || old == fresh {
			t.Errorf("the old code opens: %v", err)
		}
		_, err := h.console.EnterCode(ctx, h.owner, fresh)
		h.do(nil, err)
	})
}
