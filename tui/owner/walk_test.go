package owner_test

import (
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/tuitest"
)

func TestOwnerGoesAllTheWayByKeys(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		a.Sees("Acme Shop", "Press Enter to begin", "call Eva, +31 6 1234")
		a.Press("enter", "enter")
		a.Sees("Step 1 of 5", "Type a few words first")
		a.Press("?", "enter")
		a.Sees("Step 1 of 5", "Type a few words first")
		a.Press("backspace", "the manager does not ", "answer?", "enter")
		a.Sees("Step 2 of 5", "› Email o•••••@e•••••.com (never tried)", "3 codes can still be sent")
		a.Press("enter")
		a.Sees("We sent a code to o•••••@e•••••.com", "The message: waiting to be sent", "5 tries left")
		code := w.courier()
		a.Wait(2 * time.Second)
		a.Sees("accepted by the mail provider 00:00:0", "It works for 9 min 5")
		a.Press("0000-0000", "enter")
		a.Sees("That is not the code we sent", "4 tries left")
		a.Press("esc")
		a.Misses("That is not the code we sent")
		for range 9 {
			a.Press("backspace")
		}
		a.Press(strings.ToLower(code), "enter")
		a.Sees("Step 3 of 5: Open access", "Your code was right")
		a.Press("enter")
		a.Sees("Start the backup", "4.0 kB large", "less than a minute", "WordPress 6.6", "12 files", "4 h 0 min left")
		a.Press("enter")
		a.Sees("The backup runs", "50 % is done: 2.0 kB of 4.0 kB", "index.html", "the backup goes on")
		a.Press("c", "enter")
		a.Sees("The backup runs")
		close(w.release)
		a.Wait(2 * time.Second)
		a.Sees("Step 4 of 5: Download", "with notes", "cache was left out", "sftp -P 2222 acme+", "scp -P 2222 acme+")
		a.Press("o")
		line := a.Terminal.Copied()[0]
		if !strings.HasPrefix(line, "sftp -P 2222 acme+") || !strings.HasSuffix(line, ".tar.gz .") || !strings.Contains(a.Model.View(), line) {
			t.Fatalf("copied %q", line)
		}
		if !strings.Contains(a.Terminal.Farewell(), "\n  "+line+"\n") {
			t.Fatalf("the line is not said once more:\n%s", a.Terminal.Farewell())
		}
		w.download(a, line)
		a.Press("enter")
		a.Sees("Step 5 of 5: Hand over", "the password of the database")
		a.Press("enter", "enter")
		a.Sees("Hand over")
		a.Press("enter", "tab", "enter")
		a.Sees("Access is closed", "Press Enter to leave")
		a.Wait(time.Minute)
		if a.Quit {
			t.Fatal("who closed access themselves is not hurried")
		}
		a.Press("enter")
		closed := a.Model.(interface{ CloseConnection() bool }).CloseConnection()
		if !a.Quit || !closed {
			t.Fatalf("quit %v, connection closed %v", a.Quit, closed)
		}
		if last := a.Terminal.Farewell(); strings.Contains(last, "sftp") || !strings.Contains(last, "Access is closed") {
			t.Fatalf("last words %q", last)
		}
	})
}

// download fetches the archive with the user name of the line, as sftp would.
func (w *world) download(a *tuitest.App, line string) {
	t := w.t
	t.Helper()
	a.Sees("when your download begins")
	user, rest, _ := strings.Cut(strings.Fields(line)[3], "@")
	_, name, _ := strings.Cut(rest, ":")
	actor, err := w.console.PassphraseLogin(w.ctx, core.Login{User: user}, w.passphrase)
	check(t, err)
	file, err := w.console.OpenFile(w.ctx, actor, name)
	check(t, err)
	half := make([]byte, 1000)
	_, err = file.ReadAt(half, 0)
	check(t, err)
	a.Wait(time.Second)
	a.Sees("1.0 kB of 4.0 kB was sent to you")
	for at := int64(0); at < 4000; at += 1000 {
		_, err = file.ReadAt(half, at)
		check(t, err)
	}
	check(t, file.Close())
	a.Wait(2 * time.Second)
	a.Sees("All of it was sent to you")
}

func TestReconnectingLandsWhereTheOwnerWas(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		first, hangUp := w.connect("acme")
		first.Press("enter", "gone", "enter")
		hangUp()
		second, hangUp := w.connect("acme")
		second.Sees("Where your code goes")
		second.Press("enter")
		hangUp()
		third, hangUp := w.connect("acme")
		third.Sees("Enter the code")
		third.Press(w.courier(), "enter", "enter", "enter")
		third.Sees("The backup runs")
		third.Press("ctrl+c")
		if last := third.Terminal.Farewell(); !third.Quit || !strings.Contains(last, "The backup goes on without you") {
			t.Fatalf("quit %v, last words %q", third.Quit, last)
		}
		hangUp()

		fourth, hangUp := w.connect("acme")
		fourth.Sees("has not shown a code yet", "A backup that runs goes on meanwhile")
		fourth.Misses("acme+")
		w.prove(fourth)
		fourth.Sees("The backup runs")
		back := strings.Fields(fourth.Terminal.Farewell())
		hangUp()
		user, _, _ := strings.Cut(back[len(back)-1], "@")
		fifth, _ := w.connect(user)
		fifth.Sees("The backup runs")
	})
}

func TestAccessThatEndsUnderTheScreenIsExplainedAndTheConnectionClosed(t *testing.T) {
	tests := map[string]struct {
		end  func(*world, *tuitest.App)
		sees string
	}{
		"closed on another connection": {func(w *world, a *tuitest.App) {
			actor, err := w.console.PassphraseLogin(w.ctx, core.Login{User: "acme"}, w.passphrase)
			check(w.t, err)
			_, err = w.console.Draft(w.ctx, actor, "from another computer")
			check(w.t, err)
			_, err = w.console.SendCode(w.ctx, actor, "1")
			check(w.t, err)
			actor, err = w.console.EnterCode(w.ctx, actor, w.courier())
			check(w.t, err)
			check(w.t, w.console.CloseAccess(w.ctx, actor))
			a.Wait(2 * time.Second)
		}, "Access is closed."},
		"revoked": {func(w *world, a *tuitest.App) {
			grants, err := w.console.Grants(w.ctx, w.manager)
			check(w.t, err)
			check(w.t, w.console.RevokeGrant(w.ctx, w.manager, grants[0].ID, "that was not the owner"))
			a.Wait(2 * time.Second)
		}, "The reason given: that was not the owner"},
		"expired": {func(_ *world, a *tuitest.App) {
			for range 239 {
				a.Wait(time.Minute)
			}
			a.Sees("1 min 0 s left")
			a.Wait(time.Minute + time.Second)
		}, "The time of this access is over"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, withEmail, func(w *world) {
				a, _ := w.connect("acme")
				w.prove(a)
				a.Press("enter", "enter")
				a.Sees("The backup runs")
				test.end(w, a)
				a.Sees(test.sees, "call Eva, +31 6 1234", "closes in a few seconds")
				if a.Quit {
					t.Fatal("closed before it could be read")
				}
				a.Wait(6 * time.Second)
				if !a.Quit || !a.Model.(interface{ CloseConnection() bool }).CloseConnection() {
					t.Fatal("still open 5 s later")
				}
				if !strings.Contains(a.Terminal.Farewell(), test.sees) {
					t.Fatalf("last words %q", a.Terminal.Farewell())
				}
			})
		})
	}
}

func TestWrongCodesLockAndTheLockEndsByItself(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		a.Press("enter", "gone", "enter", "enter")
		for range 5 {
			a.Press("00000000", "enter", "esc")
			for range 8 {
				a.Press("backspace")
			}
		}
		a.Sees("does not work any more")
		a.Press("ctrl+r")
		a.Sees("We sent a code")
		for range 5 {
			a.Press("00000000", "enter")
			for range 8 {
				a.Press("backspace")
			}
		}
		a.Sees("A short lock", "locked until 2000-01-01 00:15 UTC", "call Eva")
		for range 16 {
			a.Wait(time.Minute)
		}
		a.Sees("Press Enter to begin")
	})
}

func TestPaperCodeWaitsAndTheOwnerComesBackWithItsLine(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, hangUp := w.connect("acme")
		a.Press("enter", "gone", "enter", "down")
		a.Sees("› The paper code on your emergency sheet (adds a wait of 24 h)")
		a.Press("enter", w.paper.Reveal(), "enter")
		a.Sees("A wait, then access", "Come back at 2000-01-02 00:00 UTC", "ssh -p 2222 acme+")
		back := strings.Fields(a.Terminal.Farewell())
		hangUp()
		time.Sleep(25 * time.Hour)
		user, _, _ := strings.Cut(back[len(back)-1], "@")
		a, _ = w.connect(user)
		a.Sees("Your code was right")
		a.Press("enter")
		a.Sees("Start the backup")
	})
}

func TestHoldEndsByItselfUnlessTheManagerSaysNo(t *testing.T) {
	order := withEmail
	order.Hold = time.Hour
	inWorld(t, order, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		a.Sees("A wait, then access", "Come back at 2000-01-01 01:00 UTC, in 1 h 0 min")
		requests, err := w.console.Requests(w.ctx, w.manager)
		check(t, err)
		check(t, w.console.Veto(w.ctx, w.manager, requests[0].ID, "I am here"))
		a.Wait(2 * time.Second)
		a.Sees("Your manager said no", "call Eva")
		w.prove(a)
		for range 59 {
			a.Wait(time.Minute)
		}
		a.Sees("A wait, then access")
		a.Wait(2 * time.Minute)
		a.Sees("Your code was right. You can go on.")
		a.Press("enter")
		a.Sees("Start the backup")
	})
}

func TestFailedBackupSaysWhyAndStartsAgain(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		w.engine.Follow(coretest.Script{Data: []byte("xx"), Err: core.ErrSite})
		a.Press("enter", "enter")
		a.Wait(2 * time.Second)
		a.Sees("The backup failed", "could not be read", "give this number:", "call Eva")
		w.engine.Follow(coretest.Script{Data: []byte("xx")})
		a.Press("enter")
		a.Wait(2 * time.Second)
		a.Sees("Step 4 of 5: Download", "The backup is complete")
		a.Press("n", "tab", "enter")
		a.Wait(2 * time.Second)
		a.Sees("Step 4 of 5: Download")
	})
}

func TestOwnerStopsTheBackup(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		a.Press("enter", "enter", "c", "tab", "enter")
		a.Wait(2 * time.Second)
		a.Sees("Start the backup", "stopped before it had finished")
	})
}
