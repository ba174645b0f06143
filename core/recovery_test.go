package core_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

// crash leaves the ledger and the vault as they are and opens a new console on
// them. The old one's work is left hanging until the test is over.
func (w *world) crash() {
	w.t.Helper()
	w.options.Signer = w.newSigner()
	w.open()
}

// After a crash a backup that was running has failed; its owner sees why and
// can start another.
func TestAfterACrashABackupCanBeStartedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.engine.Follow(coretest.Script{Data: []byte("data"), Hold: make(chan struct{})})
		job, err := w.console.StartBackup(t.Context(), a)
		w.check(err)
		synctest.Wait()
		since := w.size()
		w.crash()
		if got := w.events(since); got != "backup.failed console.started" {
			t.Errorf("logged %s", got)
		}
		got := w.state(a).Job
		if got.State != core.JobFailed || got.Problem == "" || got.Incident == "" || w.vault.Partials() != 0 {
			t.Errorf("%+v, %d half archives", got, w.vault.Partials())
		}
		// Watching it ends at once instead of waiting for news that cannot come.
		watcher, err := w.console.Watch(t.Context(), a, job.ID)
		w.check(err)
		last, err := watcher.Next(t.Context())
		if w.check(err); !last.Done || last.Problem != got.Problem {
			t.Errorf("%+v", last)
		}
		if _, err := watcher.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("then %v", err)
		}
		watcher.Close()
		w.engine.Follow(coretest.Script{Data: []byte("data")})
		w.backUp(a)
	})
}

// A stop says in the record what a crash would, and waits for the work.
func TestAStopFailsWhatRuns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.engine.Follow(coretest.Script{Data: []byte("data"), Hold: make(chan struct{})})
		w.must(w.console.StartBackup(t.Context(), a))
		w.console.Close()
		if job := w.state(a).Job; job.State != core.JobFailed || w.vault.Partials() != 0 {
			t.Errorf("%+v", job)
		}
		_, err := w.console.StartBackup(t.Context(), a)
		w.refused(core.ErrState, err)
		w.crash()
		w.engine.Follow(coretest.Script{Data: []byte("data")})
		w.backUp(a) // the grant and its token are still good
	})
}

// A grant whose time passed while the console was down has expired before
// anything opens, also when the machine's clock was set back meanwhile.
func TestExpiredGrantsEndBeforeAnythingOpens(t *testing.T) {
	for name, pass := range map[string]func(*world){
		"by the clock": func(w *world) { w.after(core.DefaultLife) },
		"by a reboot":  func(w *world) { w.after(core.DefaultLife); w.clock.Reboot("boot-2") },
		"set back": func(w *world) {
			w.after(core.DefaultLife)
			w.clock.Jump(-core.DefaultLife)
		},
		"asleep": func(w *world) { w.clock.Suspend(core.DefaultLife) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				since := w.size()
				pass(w)
				w.crash()
				if got := w.events(since); got != "grant.expired console.started" {
					t.Errorf("logged %s", got)
				}
				_, err := w.console.Files(t.Context(), a)
				w.refused(core.ErrState, err)
			})
		})
	}
}

// A grant that is not over goes on after a restart, and ends in time.
func TestALiveGrantSurvivesARestart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		name := w.backUp(a)
		w.after(time.Hour)
		w.crash()
		file, err := w.console.OpenFile(t.Context(), a, name)
		w.check(err)
		defer file.Close() //nolint:errcheck // of a fake
		if left := w.state(a).Grant.Left; left != 3*time.Hour {
			t.Errorf("%v left", left)
		}
		w.after(3*time.Hour - time.Second)
		w.run()
		w.after(2 * time.Second)
		_, err = file.ReadAt(make([]byte, 1), 0)
		w.refused(core.ErrExpired, err)
	})
}

// The vault and the records agree after a start: what no record knows is
// removed, and a record whose file is gone says so.
func TestVaultAndRecordsAgreeAfterAStart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		lost, kept := w.backUp(a), w.backUp(a)
		w.check(w.vault.Remove(t.Context(), lost))
		half, err := w.vault.Create(t.Context(), "acme-half.tar.gz")
		w.check(err)
		w.must(half.Write([]byte("half")))
		stray, err := w.vault.Create(t.Context(), "acme-stray.tar.gz")
		w.check(err)
		w.check(stray.Seal()) // sealed, and then the machine went down
		w.crash()
		names, err := w.vault.List(t.Context())
		w.check(err)
		archives := w.state(a).Archives
		if len(names) != 1 || names[0] != kept || len(archives) != 1 || archives[0].Name != kept || w.vault.Partials() != 0 {
			t.Errorf("the vault has %q, the records %+v", names, archives)
		}
	})
}

// An archive goes when its time is over, with its file, and it is said.
func TestArchivesGoWhenRetentionEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.backUp(a)
		w.check(w.console.CloseAccess(t.Context(), a))
		w.after(core.DefaultRetention - time.Second)
		w.run()
		w.after(slow)
		names, err := w.vault.List(t.Context())
		w.check(err)
		if n := w.count(core.EventArchiveRemoved); len(names) != 0 || len(w.state(w.owner).Archives) != 0 || n != 1 {
			t.Errorf("%q, %d lines", names, n)
		}
	})
}

// A new site of the same name never comes by the archives of the old one, even
// if removing them was cut short.
func TestANewSiteDoesNotInheritArchives(t *testing.T) {
	for name, meanwhile := range map[string]func(*world){
		"a restart": func(w *world) { w.crash() },
		"time":      func(w *world) { w.run(); w.after(slow) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				w.backUp(a)
				w.check(w.console.CloseAccess(t.Context(), a))
				w.after(time.Minute)
				w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error { // as RemoveSite, killed half-way
					site, err := tx.Sites().Get("acme")
					if err != nil {
						return err
					}
					return tx.Sites().Delete("acme", site.Version)
				}))
				kit := w.addSite("acme")
				meanwhile(w)
				if archives := w.state(w.passphrase("acme", kit)).Archives; len(archives) != 0 {
					t.Errorf("the new owner sees %+v", archives)
				}
				if names, err := w.vault.List(t.Context()); err != nil || len(names) != 0 {
					t.Errorf("%q, %v", names, err)
				}
			})
		})
	}
}

// Where the archive cannot be recorded nothing of it stays.
func TestAnArchiveThatCannotBeRecordedIsRemoved(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		hold := make(chan struct{})
		w.engine.Follow(coretest.Script{Data: []byte("data"), Hold: hold})
		w.must(w.console.StartBackup(t.Context(), a))
		synctest.Wait()
		w.ledger.FailUpdates(core.ErrNoSpace)
		close(hold)
		synctest.Wait()
		if names, err := w.vault.List(t.Context()); err != nil || len(names) != 0 {
			t.Errorf("%q, %v", names, err)
		}
		w.ledger.FailUpdates(nil)
		w.crash()
		if job := w.state(a).Job; job.State != core.JobFailed {
			t.Errorf("%+v", job)
		}
	})
}

// Failed logins are summed: a line for each prefix a minute, however many came.
func TestFailedLoginsAreSummed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		before := len(w.pending())
		w.run()
		for range 1000 {
			w.console.LoginFailed("203.0.113.0/24")
		}
		for i := range 1000 {
			w.console.LoginFailed(string(rune('a' + i)))
		}
		w.after(time.Minute + time.Second)
		n := w.count(core.EventLoginsFailed)
		if n < 2 || n > 257 {
			t.Errorf("%d lines", n)
		}
		if len(w.pending()) != before {
			t.Error("somebody was sent a message")
		}
		w.after(time.Minute)
		if again := w.count(core.EventLoginsFailed); again != n {
			t.Errorf("%d lines more for nothing", again-n)
		}
	})
}

// What cannot be written is kept for the next minute.
func TestSumsOfFailedLoginsAreNotLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.run()
		for range 10 {
			w.console.LoginFailed("203.0.113.0/24")
		}
		w.ledger.FailUpdates(core.ErrNoSpace)
		w.after(time.Minute + time.Second)
		w.ledger.FailUpdates(nil)
		w.console.LoginFailed("203.0.113.0/24")
		w.after(time.Minute)
		page := w.log(w.ada, core.LogQuery{Event: core.EventLoginsFailed})
		if len(page.Lines) != 1 || page.Lines[0].Data["count"] != "11" {
			t.Errorf("%+v", page.Lines)
		}
	})
}

func TestTheConsoleSaysHourlyThatItLives(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.run()
		w.after(2*time.Hour + time.Minute)
		if n := w.count(core.EventHeartbeat); n != 2 {
			t.Errorf("%d heartbeats", n)
		}
	})
}
