package owner_test

import (
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

func TestOwnerGoesAllTheWayByKeys(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		a.sees("Acme Shop", "Press Enter to begin", "call Eva, +31 6 1234")
		a.press("enter", "enter")
		a.sees("Step 1 of 5", "Type a few words first")
		a.press("the manager does not ", "answer?", "enter")
		a.sees("Step 2 of 5", "› Email o•••••@e•••••.com (never tried)", "3 codes can still be sent")
		a.press("enter")
		a.sees("We sent a code to o•••••@e•••••.com", "The message: waiting to be sent", "5 tries left")
		code := w.courier()
		a.wait(2 * time.Second)
		a.sees("accepted by the mail provider 00:00:0", "It works for 9 min 5")
		a.press("0000-0000", "enter")
		a.sees("That is not the code we sent", "4 tries left")
		a.press("esc")
		a.misses("That is not the code we sent")
		for range 9 {
			a.press("backspace")
		}
		a.press(strings.ToLower(code), "enter")
		a.sees("Step 3 of 5: Open access", "Your code was right")
		a.press("enter")
		a.sees("Start the backup", "4.0 kB large", "less than a minute", "WordPress 6.6", "12 files", "4 h 0 min left")
		a.press("enter")
		a.sees("The backup runs", "50 % is done: 2.0 kB of 4.0 kB", "index.html", "the backup goes on")
		a.press("c", "enter")
		a.sees("The backup runs")
		close(w.release)
		a.wait(2 * time.Second)
		a.sees("Step 4 of 5: Download", "with notes", "cache was left out", "sftp -P 2222 acme+", "scp -P 2222 acme+")
		a.press("o")
		line := a.term.copied[0]
		if !strings.HasPrefix(line, "sftp -P 2222 acme+") || !strings.HasSuffix(line, ".tar.gz .") || !strings.Contains(a.model.View(), line) {
			t.Fatalf("copied %q", line)
		}
		if !strings.Contains(a.term.lastWords(), "\n  "+line+"\n") {
			t.Fatalf("the line is not said once more:\n%s", a.term.lastWords())
		}
		w.download(a, line)
		a.press("enter")
		a.sees("Step 5 of 5: Hand over", "the password of the database")
		a.press("enter", "enter")
		a.sees("Hand over")
		a.press("enter", "tab", "enter")
		a.sees("Access is closed", "Press Enter to leave")
		a.wait(time.Minute)
		if a.quit {
			t.Fatal("who closed access themselves is not hurried")
		}
		a.press("enter")
		closed := a.model.(interface{ CloseConnection() bool }).CloseConnection()
		if !a.quit || !closed {
			t.Fatalf("quit %v, connection closed %v", a.quit, closed)
		}
		if last := a.term.lastWords(); strings.Contains(last, "sftp") || !strings.Contains(last, "Access is closed") {
			t.Fatalf("last words %q", last)
		}
	})
}

// download fetches the archive with the user name of the line, as sftp would.
func (w *world) download(a *app, line string) {
	t := w.t
	t.Helper()
	a.sees("when your download begins")
	user, rest, _ := strings.Cut(strings.Fields(line)[3], "@")
	_, name, _ := strings.Cut(rest, ":")
	actor, err := w.console.PassphraseLogin(w.ctx, core.Login{User: user}, w.passphrase)
	check(t, err)
	file, err := w.console.OpenFile(w.ctx, actor, name)
	check(t, err)
	half := make([]byte, 1000)
	_, err = file.ReadAt(half, 0)
	check(t, err)
	a.wait(time.Second)
	a.sees("1.0 kB of 4.0 kB was sent to you")
	for at := int64(0); at < 4000; at += 1000 {
		_, err = file.ReadAt(half, at)
		check(t, err)
	}
	check(t, file.Close())
	a.wait(2 * time.Second)
	a.sees("All of it was sent to you")
}

func TestReconnectingLandsWhereTheOwnerWas(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		first, hangUp := w.connect("acme")
		first.press("enter", "gone", "enter")
		hangUp()
		second, hangUp := w.connect("acme")
		second.sees("Where your code goes")
		second.press("enter")
		hangUp()
		third, hangUp := w.connect("acme")
		third.sees("Enter the code")
		third.press(w.courier(), "enter", "enter", "enter")
		third.sees("The backup runs")
		third.press("ctrl+c")
		if last := third.term.lastWords(); !third.quit || !strings.Contains(last, "The backup goes on without you") {
			t.Fatalf("quit %v, last words %q", third.quit, last)
		}
		hangUp()

		fourth, hangUp := w.connect("acme")
		fourth.sees("has not shown a code yet", "A backup that runs goes on meanwhile")
		fourth.misses("acme+")
		w.prove(fourth)
		fourth.sees("The backup runs")
		back := strings.Fields(fourth.term.lastWords())
		hangUp()
		user, _, _ := strings.Cut(back[len(back)-1], "@")
		fifth, _ := w.connect(user)
		fifth.sees("The backup runs")
	})
}

func TestAccessThatEndsUnderTheScreenIsExplainedAndTheConnectionClosed(t *testing.T) {
	tests := map[string]struct {
		end  func(*world, *app)
		sees string
	}{
		"closed on another connection": {func(w *world, a *app) {
			actor, err := w.console.PassphraseLogin(w.ctx, core.Login{User: "acme"}, w.passphrase)
			check(w.t, err)
			_, err = w.console.Draft(w.ctx, actor, "from another computer")
			check(w.t, err)
			_, err = w.console.SendCode(w.ctx, actor, "1")
			check(w.t, err)
			actor, err = w.console.EnterCode(w.ctx, actor, w.courier())
			check(w.t, err)
			check(w.t, w.console.CloseAccess(w.ctx, actor))
			a.wait(2 * time.Second)
		}, "Access is closed."},
		"revoked": {func(w *world, a *app) {
			grants, err := w.console.Grants(w.ctx, w.manager)
			check(w.t, err)
			check(w.t, w.console.RevokeGrant(w.ctx, w.manager, grants[0].ID, "that was not the owner"))
			a.wait(2 * time.Second)
		}, "The reason given: that was not the owner"},
		"expired": {func(_ *world, a *app) {
			for range 239 {
				a.wait(time.Minute)
			}
			a.sees("1 min 0 s left")
			a.wait(time.Minute + time.Second)
		}, "The time of this access is over"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, withEmail, func(w *world) {
				a, _ := w.connect("acme")
				w.prove(a)
				a.press("enter", "enter")
				a.sees("The backup runs")
				test.end(w, a)
				a.sees(test.sees, "call Eva, +31 6 1234", "closes in a few seconds")
				if a.quit {
					t.Fatal("closed before it could be read")
				}
				a.wait(6 * time.Second)
				if !a.quit || !a.model.(interface{ CloseConnection() bool }).CloseConnection() {
					t.Fatal("still open 5 s later")
				}
				if !strings.Contains(a.term.lastWords(), test.sees) {
					t.Fatalf("last words %q", a.term.lastWords())
				}
			})
		})
	}
}

func TestWrongCodesLockAndTheLockEndsByItself(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		a.press("enter", "gone", "enter", "enter")
		for range 5 {
			a.press("00000000", "enter", "esc")
			for range 8 {
				a.press("backspace")
			}
		}
		a.sees("does not work any more")
		a.press("ctrl+r")
		a.sees("We sent a code")
		for range 5 {
			a.press("00000000", "enter")
			for range 8 {
				a.press("backspace")
			}
		}
		a.sees("A short lock", "locked until 2000-01-01 00:15 UTC", "call Eva")
		for range 16 {
			a.wait(time.Minute)
		}
		a.sees("Press Enter to begin")
	})
}

func TestPaperCodeWaitsAndTheOwnerComesBackWithItsLine(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, hangUp := w.connect("acme")
		a.press("enter", "gone", "enter", "down")
		a.sees("› The paper code on your emergency sheet (adds a wait of 24 h)")
		a.press("enter", w.paper.Reveal(), "enter")
		a.sees("A wait, then access", "Come back at 2000-01-02 00:00 UTC", "ssh -p 2222 acme+")
		back := strings.Fields(a.term.lastWords())
		hangUp()
		time.Sleep(25 * time.Hour)
		user, _, _ := strings.Cut(back[len(back)-1], "@")
		a, _ = w.connect(user)
		a.sees("Your code was right")
		a.press("enter")
		a.sees("Start the backup")
	})
}

func TestHoldEndsByItselfUnlessTheManagerSaysNo(t *testing.T) {
	order := withEmail
	order.Hold = time.Hour
	inWorld(t, order, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		a.sees("A wait, then access", "Come back at 2000-01-01 01:00 UTC, in 1 h 0 min")
		requests, err := w.console.Requests(w.ctx, w.manager)
		check(t, err)
		check(t, w.console.Veto(w.ctx, w.manager, requests[0].ID, "I am here"))
		a.wait(2 * time.Second)
		a.sees("Your manager said no", "call Eva")
		w.prove(a)
		for range 59 {
			a.wait(time.Minute)
		}
		a.sees("A wait, then access")
		a.wait(2 * time.Minute)
		a.sees("Your code was right. You can go on.")
		a.press("enter")
		a.sees("Start the backup")
	})
}

func TestFailedBackupSaysWhyAndStartsAgain(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		w.engine.Follow(coretest.Script{Data: []byte("xx"), Err: core.ErrSite})
		a.press("enter", "enter")
		a.wait(2 * time.Second)
		a.sees("The backup failed", "could not be read", "give this number:", "call Eva")
		w.engine.Follow(coretest.Script{Data: []byte("xx")})
		a.press("enter")
		a.wait(2 * time.Second)
		a.sees("Step 4 of 5: Download", "The backup is complete")
		a.press("n", "tab", "enter")
		a.wait(2 * time.Second)
		a.sees("Step 4 of 5: Download")
	})
}

func TestOwnerStopsTheBackup(t *testing.T) {
	inWorld(t, withEmail, func(w *world) {
		a, _ := w.connect("acme")
		w.prove(a)
		a.press("enter", "enter", "c", "tab", "enter")
		a.wait(2 * time.Second)
		a.sees("Start the backup", "stopped before it had finished")
	})
}
