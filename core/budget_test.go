package core_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
)

// guess enters a wrong code and returns the refusal.
func (w *world) guess(a core.Actor, right string) error {
	w.t.Helper()
	_, err := w.console.EnterCode(w.t.Context(), a, wrong(right))
	if err == nil {
		w.t.Fatal("a wrong code was accepted")
	}
	return err
}

// lockOut uses up all tries of a new request and returns when the lock ends.
func (w *world) lockOut(a core.Actor) time.Time {
	w.t.Helper()
	w.draft(a)
	for range 2 {
		code := w.sendCode(a)
		for try := 1; try < core.TriesPerCode; try++ {
			if left := w.refused(core.ErrWrongCode, w.guess(a, code)).Left; left != core.TriesPerCode-try {
				w.t.Errorf("%d tries left after %d", left, try)
			}
		}
		if err := w.guess(a, code); !errors.Is(err, core.ErrLocked) {
			w.refused(core.ErrCodeDead, err)
			_, err = w.console.EnterCode(w.t.Context(), a, code)
			w.refused(core.ErrCodeDead, err)
			continue
		}
		return w.state(a).LockedUntil
	}
	w.t.Fatal("no lock after ten wrong tries")
	panic("unreachable")
}

func TestFiveWrongTriesKillACodeAndTenLockTheRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if until := w.lockOut(w.owner); !until.Equal(w.clock.Now().Add(15 * time.Minute)) {
			t.Errorf("locked until %v", until)
		}
		if r := w.state(w.owner).Request; r == nil || r.State != core.RequestLocked {
			t.Errorf("request %+v", r)
		}
		if n := w.count(core.EventRequestWrongCode); n != core.TriesPerRequest {
			t.Errorf("%d wrong tries were logged", n)
		}
		_, err := w.console.Draft(t.Context(), w.owner, "again")
		if refusal := w.refused(core.ErrLocked, err); refusal.Until.IsZero() {
			t.Error("the lock does not say when it ends")
		}
		_, err = w.console.EnterCode(t.Context(), w.owner, "0000-0000")
		w.refused(core.ErrLocked, err)
	})
}

// The n-th locked request in a row makes the next wait longer; each lock ends
// by itself, and an emergency that went well forgets them.
func TestLocksGrowEndByThemselvesAndAreForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i, wait := range []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
			until := w.lockOut(w.owner)
			if got := until.Sub(w.clock.Now()); got != wait {
				t.Errorf("lock %d lasts %v, want %v", i+1, got, wait)
			}
			w.after(wait - time.Nanosecond)
			_, err := w.console.Draft(t.Context(), w.owner, "a moment too early")
			w.refused(core.ErrLocked, err)
			w.after(time.Nanosecond)
		}
		w.check(w.console.CloseAccess(t.Context(), w.access()))
		if got := w.lockOut(w.owner).Sub(w.clock.Now()); got != 15*time.Minute {
			t.Errorf("after a success the first lock lasts %v", got)
		}
	})
}

// A thief of the passphrase cannot lock out the owner who has a key.
func TestALockIsOfOneFactor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.lockOut(w.owner)
		if key := w.prove(w.byKey()); key.Token.IsZero() {
			t.Error("the key's owner has no token")
		}
		if until := w.state(w.byKey()).LockedUntil; !until.IsZero() {
			t.Errorf("the key is locked until %v", until)
		}
	})
}

func TestTwoHundredParallelGuessesGetTheBudget(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		code := w.sendCode(w.owner)
		var guesses sync.WaitGroup
		for range 200 {
			guesses.Go(func() {
				if _, err := w.console.EnterCode(t.Context(), w.owner, wrong(code)); err == nil {
					t.Error("a wrong code was accepted")
				}
			})
		}
		guesses.Wait()
		if n := w.count(core.EventRequestWrongCode); n != core.TriesPerCode {
			t.Errorf("%d guesses were compared", n)
		}
		_, err := w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrCodeDead, err)
	})
}

// Cancelling and asking again does not give new guesses.
func TestCancellingDoesNotRefillTheTries(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		guesses := 0
		for range 10 {
			w.draft(w.owner)
			code := w.sendCode(w.owner)
			for range core.TriesPerCode - 1 {
				guesses++
				if err := w.guess(w.owner, code); errors.Is(err, core.ErrLocked) {
					if guesses != core.TriesPerRequest {
						t.Errorf("locked after %d guesses", guesses)
					}
					return
				}
			}
			w.check(w.console.CancelRequest(t.Context(), w.owner))
		}
		t.Errorf("%d guesses and no lock", guesses)
	})
}

// Nor new messages to flood the owner's phone with, nor notices without end.
func TestCancellingDoesNotRefillTheMessages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range core.SendsPerRequest {
			w.draft(w.owner)
			w.sendCode(w.owner)
			w.check(w.console.CancelRequest(t.Context(), w.owner))
		}
		w.draft(w.owner)
		_, err := w.console.SendCode(t.Context(), w.owner, "1")
		w.refused(core.ErrLocked, err)
	})
	inWorld(t, func(t *testing.T, w *world) {
		for range core.CancelsInARow {
			w.draft(w.owner)
			w.check(w.console.CancelRequest(t.Context(), w.owner))
		}
		_, err := w.console.Draft(t.Context(), w.owner, "again")
		w.refused(core.ErrLocked, err)
		w.after(core.LockTimes[0])
		w.draft(w.owner)
	})
}

// Whoever has entered a code is the owner, and a day later all is forgotten.
func TestCancellingIsForgotten(t *testing.T) {
	for name, forget := range map[string]func(*world){
		"by a right code": func(w *world) {
			a := w.prove(w.owner)
			w.check(w.console.CancelRequest(w.t.Context(), a))
		},
		"by a day": func(w *world) {
			w.check(w.console.CancelRequest(w.t.Context(), w.owner))
			w.after(core.RequestLife)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.draft(w.owner)
				w.sendCode(w.owner)
				w.check(w.console.CancelRequest(t.Context(), w.owner))
				w.draft(w.owner)
				forget(w)
				if r := w.draft(w.owner); r.SendsLeft != core.SendsPerRequest {
					t.Errorf("%d sends left", r.SendsLeft)
				}
			})
		})
	}
}

func TestThreeSendsARequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		var code string
		for range core.SendsPerRequest {
			code = w.sendCode(w.owner)
		}
		_, err := w.console.SendCode(t.Context(), w.owner, "1")
		w.refused(core.ErrState, err) // the third code is still good
		w.after(core.CodeLife)
		_, err = w.console.SendCode(t.Context(), w.owner, "1")
		w.refused(core.ErrLocked, err)
		_, err = w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrLocked, err)
	})
}

func TestACodeLivesTenMinutes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		code := w.sendCode(w.owner)
		w.after(core.CodeLife)
		_, err := w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrCodeDead, err)
		code = w.sendCode(w.owner)
		w.after(core.CodeLife - time.Nanosecond)
		w.must(w.console.EnterCode(t.Context(), w.owner, code))
	})
}

// A clock set back does not lengthen a code's life.
func TestAClockSetBackDoesNotKeepACodeAlive(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		code := w.sendCode(w.owner)
		w.clock.Jump(-time.Hour)
		w.after(core.CodeLife)
		_, err := w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrCodeDead, err)
	})
}

func TestACodeWorksOnceAndAResendKillsTheOld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		old := w.sendCode(w.owner)
		code := w.sendCode(w.owner)
		_, err := w.console.EnterCode(t.Context(), w.owner, old)
		w.refused(core.ErrWrongCode, err)
		w.must(w.console.EnterCode(t.Context(), w.owner, code))
		_, err = w.console.EnterCode(t.Context(), w.owner, code)
		w.refused(core.ErrCodeDead, err)
	})
}

// Of many sessions that enter the right code at once, one gets the token.
func TestACodeProvesOneSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		code := w.sendCode(w.owner)
		proved := make(chan core.Actor, 50)
		for range cap(proved) {
			go func() {
				if a, err := w.console.EnterCode(t.Context(), w.owner, code); err == nil {
					proved <- a
				}
			}()
		}
		synctest.Wait()
		if len(proved) != 1 {
			t.Errorf("%d sessions were proved", len(proved))
		}
	})
}

func TestIllFormedInputIsNotCounted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		code := w.sendCode(w.owner)
		for _, typed := range []string{"", "7M2K", "7M2K-Q4XA-7", "7M2K-Q4X!", "UUUU-UUUU", "７Ｍ２Ｋ-Ｑ４ＸＡ", "ſſſſſſſſ"} {
			_, err := w.console.EnterCode(t.Context(), w.owner, typed)
			w.refused(core.ErrInvalid, err)
			_, err = w.console.EnterPaper(t.Context(), w.owner, typed)
			w.refused(core.ErrInvalid, err)
		}
		if n := w.state(w.owner).Request.TriesLeft; n != core.TriesPerCode {
			t.Errorf("%d tries left", n)
		}
		w.must(w.console.EnterCode(t.Context(), w.owner, " "+code+"\r\n"))
	})
}

func TestThePaperCodeWorksOnceAndHolds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		a, err := w.console.EnterPaper(t.Context(), w.owner, w.kit.Paper.Reveal())
		w.check(err)
		_, err = w.console.Activate(t.Context(), a)
		if refusal := w.refused(core.ErrState, err); refusal.Until.Sub(w.clock.Now()) != core.PaperHold {
			t.Errorf("it holds until %v", refusal.Until)
		}
		w.after(core.PaperHold - time.Nanosecond)
		_, err = w.console.Activate(t.Context(), a)
		w.refused(core.ErrState, err)
		w.after(time.Nanosecond)
		w.must(w.console.Activate(t.Context(), a))
		w.check(w.console.CloseAccess(t.Context(), a))
		if w.state(w.owner).HasPaper {
			t.Error("the paper code is still offered")
		}
		w.draft(w.owner)
		_, err = w.console.EnterPaper(t.Context(), w.owner, w.kit.Paper.Reveal())
		w.refused(core.ErrState, err)
	})
}

func TestWrongPaperCodesCountLikeWrongCodes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		for try := 1; ; try++ {
			_, err := w.console.EnterPaper(t.Context(), w.owner, wrong(w.kit.Paper.Reveal()))
			if errors.Is(err, core.ErrLocked) {
				if try != core.TriesPerRequest {
					t.Errorf("locked after %d tries", try)
				}
				return
			}
			if err == nil || try > core.TriesPerRequest {
				t.Fatalf("try %d: %v", try, err)
			}
		}
	})
}

// Once the tries of a proved request are used up no further code is sent, for
// it could not be entered.
func TestNoCodeIsSentThatCannotBeEntered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.prove(w.owner)
		for range 2 {
			code := w.sendCode(w.owner)
			for range core.TriesPerCode {
				_ = w.guess(w.owner, code)
			}
		}
		w.deliver()
		_, err := w.console.SendCode(t.Context(), w.owner, "1")
		w.refused(core.ErrState, err)
		if code := w.deliver(); code != "" {
			t.Error("a code was sent that nobody can enter")
		}
	})
}
