package owner_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui"
	"breakglass/tui/tuitest"
)

// world is a real console on fakes, with the site acme.
type world struct {
	t          *testing.T
	ctx        context.Context
	console    *core.Console
	clock      *coretest.Clock
	engine     *coretest.Engine
	manager    core.Actor
	passphrase core.Secret
	paper      core.Secret
	release    chan struct{} // lets the engine finish
}

// inWorld runs a test in a bubble, with everything that it started ended
// afterwards.
func inWorld(t *testing.T, order core.SiteOrder, f func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{t: t, ctx: ctx, clock: coretest.NewClock(), release: make(chan struct{})}
		w.open(order)
		running := make(chan struct{})
		go func() {
			defer close(running)
			w.console.Run(ctx)
		}()
		defer func() {
			cancel()
			<-running
			w.console.Close()
		}()
		f(w)
	})
}

func (w *world) open(order core.SiteOrder) {
	t := w.t
	w.engine = coretest.NewEngine(coretest.Script{
		Data: []byte(strings.Repeat("x", 4000)), Hold: w.release,
		Report: core.SiteReport{Kind: "WordPress 6.6", Files: 12, Bytes: 4000},
		Result: core.BackupResult{Verdict: core.VerdictNotes, Notes: []string{"cache was left out"}},
	})
	w.console = coretest.OpenConsole(t, core.Options{Engine: w.engine, Clock: w.clock})
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/////////////////////////////////////////8 eva"
	_, err := w.console.AddPerson(w.ctx, core.RootActor, core.PersonOrder{ID: "eva", Role: core.RoleManager, Key: key, Email: "eva@example.com"})
	check(t, err)
	w.manager, err = w.console.KeyLogin(w.ctx, core.Login{User: "eva"}, key)
	check(t, err)
	order.ID, order.Title, order.Root, order.Call, order.Zone = "acme", "Acme Shop", "/srv/acme", "Eva, +31 6 1234", "UTC"
	kit, err := w.console.AddSite(w.ctx, w.manager, order)
	check(t, err)
	w.passphrase, w.paper = kit.Passphrase, kit.Paper
}

// connect is one more SSH session of the owner, under its user name.
func (w *world) connect(user string) (a *tuitest.App, hangUp func()) {
	w.t.Helper()
	actor, err := w.console.PassphraseLogin(w.ctx, core.Login{User: user}, w.passphrase)
	check(w.t, err)
	ctx, cancel := context.WithCancel(w.ctx)
	term := tuitest.NewTerminal(ctx, tuitest.Look{UTF8: true}, 80, 40)
	return tuitest.Start(w.t, term, tui.New(term, actor, w.console, w.clock)), cancel
}

// courier hands the newest code to the provider, and to the test.
func (w *world) courier() string {
	w.t.Helper()
	pending, err := w.console.Pending(w.ctx)
	check(w.t, err)
	for _, m := range pending {
		_, code, err := w.console.BeginSend(w.ctx, m.ID)
		if err != nil || code.IsZero() {
			continue
		}
		check(w.t, w.console.EndSend(w.ctx, m.ID, core.Outcome{State: core.MessageAccepted, Result: "202"}))
		return code.Reveal()
	}
	w.t.Fatal("no code is on its way")
	return ""
}

var withEmail = core.SiteOrder{Emails: []string{"owner@example.com"}}

// prove goes from the reason to the right code.
func (w *world) prove(a *tuitest.App) {
	w.t.Helper()
	a.Press("enter", "the manager does not answer", "enter")
	a.Sees("Where your code goes")
	a.Press("enter")
	a.Sees("Enter the code")
	a.Press(w.courier(), "enter")
}
