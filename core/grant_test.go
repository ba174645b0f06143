package core_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

// work is all that can be under way in a grant: a backup, a watcher of it, a
// download.
type work struct {
	download *core.Download
	ended    chan error // what the watcher ended with
	job      string
}

// startWork has a download open and a backup running that does not end.
func (w *world) startWork(a core.Actor) work {
	w.t.Helper()
	name := w.backUp(a)
	download, err := w.console.OpenFile(w.t.Context(), a, name)
	w.check(err)
	w.t.Cleanup(func() { _ = download.Close() })
	w.engine.Follow(coretest.Script{Data: []byte("endless"), Hold: make(chan struct{})})
	job, err := w.console.StartBackup(w.t.Context(), a)
	w.check(err)
	watcher, err := w.console.Watch(w.t.Context(), a, job.ID)
	w.check(err)
	ended := make(chan error, 1)
	go func() {
		defer watcher.Close()
		for {
			if _, err := watcher.Next(w.t.Context()); err != nil {
				ended <- err
				return
			}
		}
	}()
	synctest.Wait()
	if _, err := download.ReadAt(make([]byte, 8), 0); err != nil {
		w.t.Fatal(err)
	}
	return work{download, ended, job.ID}
}

// isCut fails the test unless all of the work has ended for that reason.
func (w *world) isCut(under work, why error, job core.JobState) {
	w.t.Helper()
	synctest.Wait()
	select {
	case err := <-under.ended:
		w.refused(why, err)
	default:
		w.t.Error("the watcher goes on")
	}
	buffer := []byte("untouched")
	n, err := under.download.ReadAt(buffer, 0)
	if w.refused(why, err); n != 0 {
		w.t.Errorf("%d bytes were read", n)
	}
	w.view(func(tx core.Tx) error {
		got, err := tx.Jobs().Get(under.job)
		if got.State != job {
			w.t.Errorf("the backup is %s: %s", got.State, got.Problem)
		}
		return err
	})
	if n := w.vault.Partials(); n != 0 {
		w.t.Errorf("%d half-written archives are left", n)
	}
}

// However a grant ends, a second later nothing of it goes on.
func TestTheEndOfAGrantCutsAllWork(t *testing.T) {
	for name, end := range map[string]struct {
		why   error
		event core.Event
		do    func(*world, core.Actor)
	}{
		"revoked": {core.ErrRevoked, core.EventGrantRevoked, func(w *world, a core.Actor) {
			w.check(w.console.RevokeGrant(w.t.Context(), w.eva, w.state(a).Grant.ID, "it was not the owner"))
		}},
		"closed": {core.ErrClosed, core.EventGrantClosed, func(w *world, a core.Actor) {
			w.check(w.console.CloseAccess(w.t.Context(), a))
		}},
		"expired": {core.ErrExpired, core.EventGrantExpired, func(w *world, a core.Actor) {
			w.after(w.state(a).Grant.Left - time.Minute)
			w.run()
			w.after(w.state(a).Grant.Left - time.Millisecond)
			if w.state(a).Grant.State != core.GrantActive {
				w.t.Error("it ended too early")
			}
			w.after(time.Second)
		}},
		"a new passphrase": {core.ErrRevoked, core.EventGrantRevoked, func(w *world, _ core.Actor) {
			w.must(w.console.SetPassphrase(w.t.Context(), w.eva, "acme"))
		}},
		"the site removed": {core.ErrRevoked, core.EventGrantRevoked, func(w *world, _ core.Actor) {
			w.check(w.console.RemoveSite(w.t.Context(), w.eva, "acme"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				under := w.startWork(a)
				end.do(w, a)
				w.isCut(under, end.why, core.JobCancelled)
				if n := w.count(end.event); n != 1 {
					t.Errorf("%d lines say so", n)
				}
			})
		})
	}
}

// A grant's time is up although its end cannot be written.
func TestAGrantEndsThoughTheDiskIsFull(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		under := w.startWork(a)
		w.after(core.DefaultLife - time.Minute)
		w.run()
		w.ledger.FailUpdates(core.ErrNoSpace)
		w.after(time.Minute + time.Second)
		w.isCut(under, core.ErrExpired, core.JobRunning) // what became of it cannot be written either
		w.ledger.FailUpdates(nil)
		w.after(time.Second)
		if n := w.count(core.EventGrantExpired); n != 1 {
			t.Errorf("%d lines say so once the disk has room", n)
		}
	})
}

func TestAGrantLastsAsLongAsItsSiteSays(t *testing.T) {
	for _, life := range []time.Duration{0, time.Minute, 90 * time.Minute, core.MaxLife} {
		inWorld(t, func(t *testing.T, w *world) {
			w.must(w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Life: &life}))
			a := w.access()
			want := life
			if life == 0 {
				want = 4 * time.Hour
			}
			if left := w.state(a).Grant.Left; left != want {
				t.Errorf("life %v: %v left", life, left)
			}
		})
	}
}

// Whatever happens to a clock, a grant never lasts longer than its life.
func TestNoClockLengthensAGrant(t *testing.T) {
	for name, trick := range map[string]struct {
		do   func(*coretest.Clock)
		left time.Duration
	}{
		"set back":               {func(c *coretest.Clock) { c.Jump(-30 * 24 * time.Hour) }, 3 * time.Hour},
		"set back and forth":     {func(c *coretest.Clock) { c.Jump(-time.Hour); c.Jump(time.Hour) }, 3 * time.Hour},
		"asleep":                 {func(c *coretest.Clock) { c.Suspend(2 * time.Hour) }, time.Hour},
		"asleep, then set back":  {func(c *coretest.Clock) { c.Suspend(2 * time.Hour); c.Jump(-2 * time.Hour) }, time.Hour},
		"set forward":            {func(c *coretest.Clock) { c.Jump(2 * time.Hour) }, time.Hour},
		"asleep for all of it":   {func(c *coretest.Clock) { c.Suspend(3 * time.Hour) }, 0},
		"set forward beyond it":  {func(c *coretest.Clock) { c.Jump(5 * time.Hour) }, 0},
		"booted and set back":    {func(c *coretest.Clock) { c.Reboot("boot-2"); c.Jump(-time.Hour) }, 3 * time.Hour},
		"left alone all the way": {func(c *coretest.Clock) {}, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				w.after(time.Hour)
				_ = w.state(a) // the console looks at its clock
				trick.do(w.clock)
				left := w.state(a).Grant.Left
				if left > trick.left {
					t.Errorf("%v left, at most %v were", left, trick.left)
				}
				w.after(max(0, left-time.Second))
				w.run()
				w.after(3 * time.Second)
				_, err := w.console.Files(t.Context(), a)
				if !errors.Is(err, core.ErrState) {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

// A clock set back is a line of the log, once, and the lines go on in order.
func TestAClockSetBackIsLogged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.run()
		w.after(time.Second)
		w.clock.Jump(-time.Hour)
		w.after(time.Minute)
		w.draft(w.owner)
		if n := w.count(core.EventClock); n != 1 {
			t.Errorf("%d lines of it", n)
		}
		var last time.Time
		for _, l := range w.lines(0) {
			if l.Time.Before(last) {
				t.Errorf("line %d runs back", l.Seq)
			}
			last = l.Time
		}
	})
}

// A clock set forward is one as well, and so is each jump; a machine that slept
// has not jumped.
func TestEachJumpOfTheClockIsLogged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.run()
		w.after(time.Second)
		w.clock.Suspend(3 * time.Hour)
		w.after(time.Minute)
		if n := w.count(core.EventClock); n != 0 {
			t.Errorf("%d lines of a sleep", n)
		}
		for _, d := range []time.Duration{2 * time.Hour, -time.Hour, time.Hour, time.Second} {
			w.clock.Jump(d)
			w.after(time.Minute)
		}
		var said []string
		for _, l := range w.log(w.ada, core.LogQuery{Event: core.EventClock, Limit: 10}).Lines {
			said = append(said, l.Result+" "+l.Data["seconds"])
		}
		if got := strings.Join(said, ", "); got != "set forward 3600, set back 3600, set forward 7200" {
			t.Error(got)
		}
		if told := w.pending(); len(told) < 3 || told[0].Data["clock"] != "set forward" {
			t.Errorf("%+v", told)
		}
	})
}

// A second session proves itself by a code of its own; both then have access,
// until the same end.
func TestASecondSessionProvesItself(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.access()
		_, err := w.console.Files(t.Context(), w.byKey())
		w.refused(core.ErrNeedsProof, err)
		expires := w.state(first).Grant.Expires
		w.after(time.Hour)
		second := w.prove(w.byKey())
		for _, a := range []core.Actor{first, second} {
			w.must(w.console.Files(t.Context(), a))
			if g := w.state(a).Grant; !g.Proven || !g.Expires.Equal(expires) {
				t.Errorf("%+v", g)
			}
		}
		w.check(w.console.CloseAccess(t.Context(), first))
		_, err = w.console.Files(t.Context(), second)
		w.refused(core.ErrState, err)
	})
}

// Two requests that were ready at once end in one grant, shown to both.
func TestOneGrantASite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		one := w.prove(w.owner)
		two := w.prove(w.byKey())
		first, err := w.console.Activate(t.Context(), one)
		w.check(err)
		joined, err := w.console.Activate(t.Context(), two)
		w.check(err)
		if joined.ID != first.ID || !joined.Proven || joined.Left != first.Left {
			t.Errorf("the second got %+v, the first %+v", joined, first)
		}
		w.must(w.console.Files(t.Context(), two))
	})
}

// Whoever comes back with the token goes on where they were; the backup did.
func TestReconnecting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		name := w.backUp(a)
		again, err := w.console.PassphraseLogin(t.Context(), core.Login{User: "acme+" + strings.ToLower(a.Token.Reveal())}, w.kit.Passphrase)
		w.check(err)
		w.check(w.console.LoggedIn(t.Context(), again))
		file, err := w.console.OpenFile(t.Context(), again, name)
		w.check(err)
		data, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
		w.check(err)
		w.check(file.Close())
		if int64(len(data)) != file.Info().Size || w.state(again).Archives[0].Whole.IsZero() {
			t.Errorf("%d bytes of %+v", len(data), w.state(again).Archives[0])
		}
		if n := w.count(core.EventDownloadWhole); n != 1 {
			t.Errorf("%d lines say that it is complete", n)
		}
	})
}

// An archive outlives its grant: the next one reads it without a second backup.
func TestANewGrantReadsTheOldArchive(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		name := w.backUp(a)
		w.check(w.console.CloseAccess(t.Context(), a))
		_, err := w.console.OpenFile(t.Context(), a, name)
		w.refused(core.ErrState, err)
		b := w.access()
		_, err = w.console.OpenFile(t.Context(), a, name)
		w.refused(core.ErrNeedsProof, err) // the old token is dead
		file, err := w.console.OpenFile(t.Context(), b, name)
		w.check(err)
		w.check(file.Close())
		if n := w.count(core.EventDownloadStarted); n != 1 {
			t.Errorf("%d downloads were told of", n)
		}
	})
}

// The manager can say no twice in 14 days, by whatever way; then the owner's
// access takes its course.
func TestVetoesAreTwoInFourteenDays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		w.refused(core.ErrInvalid, w.console.Veto(t.Context(), w.eva, w.openRequest(), " \t "))
		w.check(w.console.Veto(t.Context(), w.eva, w.openRequest(), "first"))
		first := w.clock.Now()
		w.after(24 * time.Hour)
		a := w.access()
		w.check(w.console.RevokeGrant(t.Context(), w.eva, w.state(a).Grant.ID, "second"))

		w.draft(w.owner)
		_, kitErr := w.console.MakeKit(t.Context(), w.eva, "acme")
		_, setErr := w.console.SetPassphrase(t.Context(), w.eva, "acme")
		_, addErr := w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "x@x.example"})
		for _, err := range []error{
			w.console.Veto(t.Context(), w.eva, w.openRequest(), "third"), kitErr, setErr, addErr,
			w.console.RemoveContact(t.Context(), w.eva, "acme", "1"), w.console.RemoveSite(t.Context(), w.eva, "acme"),
			w.console.RemoveOwnerKey(t.Context(), w.eva, "acme", w.byKey().Factor),
		} {
			w.refused(core.ErrDenied, err)
		}
		if w.state(w.owner).Request.CanVeto {
			t.Error("the owner is told that it can still be vetoed")
		}
		b := w.prove(w.owner)
		w.must(w.console.Activate(t.Context(), b))
		w.refused(core.ErrDenied, w.console.RevokeGrant(t.Context(), w.eva, w.state(b).Grant.ID, "third"))

		w.after(first.Add(14 * 24 * time.Hour).Sub(w.clock.Now()))
		w.draft(w.owner)
		w.check(w.console.Veto(t.Context(), w.eva, w.openRequest(), "third, 14 days after the first"))
	})
}

func TestAHoldEndsByItself(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hold := core.MaxHold
		w.must(w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Hold: &hold}))
		a := w.prove(w.owner)
		if r := w.state(a).Request; r.State != core.RequestHolding || r.Ready.Sub(w.clock.Now()) != hold {
			t.Errorf("%+v", r)
		}
		w.after(hold - time.Second)
		w.run()
		w.after(slow)
		if r := w.state(a).Request; r.State != core.RequestReady {
			t.Errorf("after the hold it is %s", r.State)
		}
		w.must(w.console.Activate(t.Context(), a))
	})
}

// A request that nobody goes on with lapses, and the next one begins.
func TestARequestLapses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		old := w.draft(w.owner)
		if again := w.draft(w.owner); again.ID != old.ID {
			t.Error("a second request was opened beside the first")
		}
		code := w.sendCode(w.owner)
		w.after(core.RequestLife)
		_, err := w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrState, err)
		since := w.size()
		if fresh := w.draft(w.owner); fresh.ID == old.ID {
			t.Error("the lapsed request is still open")
		}
		if got := w.events(since); got != "request.lapsed request.drafted" {
			t.Errorf("logged: %s", got)
		}
	})
}

func TestOneBackupAtATimeWhichItsOwnerCanCancel(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.refused(core.ErrState, w.console.CancelBackup(t.Context(), a))
		w.engine.Follow(coretest.Script{Data: []byte("data"), Hold: make(chan struct{})})
		one, err := w.console.StartBackup(t.Context(), a)
		w.check(err)
		two, err := w.console.StartBackup(t.Context(), a)
		w.check(err)
		if one.ID != two.ID || len(w.engine.Orders()) > 1 {
			t.Errorf("two backups: %s, %s", one.ID, two.ID)
		}
		synctest.Wait()
		w.check(w.console.CancelBackup(t.Context(), a))
		synctest.Wait()
		if job := w.state(a).Job; job.State != core.JobCancelled || job.Problem == "" || job.Incident == "" {
			t.Errorf("%+v", job)
		}
		w.refused(core.ErrState, w.console.CancelBackup(t.Context(), a))
		w.engine.Follow(coretest.Script{Data: []byte("data")})
		w.backUp(a) // within the same second: under another name
		w.backUp(a)
		if n := len(w.state(a).Archives); n != 2 {
			t.Errorf("%d archives", n)
		}
	})
}

// A backup that fails leaves nothing, says what to do, and can be started again.
func TestAFailedBackupCanBeStartedAgain(t *testing.T) {
	for name, script := range map[string]coretest.Script{
		"site":     {Data: []byte("data"), Err: core.ErrSite},
		"database": {Data: []byte("data"), Err: core.ErrDatabase},
		"engine":   {Data: []byte("data"), Err: errors.New("\x1b]0;secret path /etc/shadow\a")},
		"disk":     {Data: make([]byte, 2000)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				w.vault.SetCapacity(1000)
				w.engine.Follow(script)
				job, err := w.console.StartBackup(t.Context(), a)
				w.check(err)
				watcher, err := w.console.Watch(t.Context(), a, job.ID)
				w.check(err)
				var last core.Progress
				for {
					p, err := watcher.Next(t.Context())
					if errors.Is(err, io.EOF) {
						break
					}
					w.check(err)
					last = p
				}
				watcher.Close()
				got := w.state(a).Job
				if got.State != core.JobFailed || last.Problem != got.Problem || !last.Done || len(strings.Fields(got.Problem)) < 5 {
					t.Errorf("%+v, then %+v", last, got)
				}
				if strings.Contains(w.everything(), "shadow") || w.vault.Partials() > 0 {
					t.Error("something leaked or was left")
				}
				w.engine.Follow(coretest.Script{Data: []byte("data")})
				w.backUp(a)
			})
		})
	}
}

// A slow watcher gets the first snapshot at once, then the newest, eight times a
// second at most; the last is never missed.
func TestWatchingIsPaced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		hold := make(chan struct{})
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Hold: hold})
		job, err := w.console.StartBackup(t.Context(), a)
		w.check(err)
		synctest.Wait()
		watcher, err := w.console.Watch(t.Context(), a, job.ID)
		w.check(err)
		defer watcher.Close()
		start := w.clock.Now()
		first, err := watcher.Next(t.Context())
		w.check(err)
		if first.BytesDone != 500 || !w.clock.Now().Equal(start) {
			t.Errorf("first %+v after %v", first, w.clock.Now().Sub(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := watcher.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without news: %v", err)
		}
		close(hold)
		synctest.Wait()
		last, err := watcher.Next(t.Context())
		w.check(err)
		if !last.Done || last.BytesDone != 1000 || last.Verdict != core.VerdictComplete {
			t.Errorf("last %+v", last)
		}
		if _, err := watcher.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("after the last: %v", err)
		}
	})
}
