package coretest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

func TestLedgerFake(t *testing.T) {
	coretest.TestLedger(t, func(*testing.T) core.Ledger { return coretest.NewLedger() })
}

// The fake finds a function that does something else when it runs again.
func TestLedgerFakeFindsNonDeterminism(t *testing.T) {
	for name, f := range map[string]func(run int, tx core.Tx) error{
		"another record": func(run int, tx core.Tx) error {
			_, err := tx.Jobs().Put(core.Job{ID: fmt.Sprint("J", run)})
			return err
		},
		"another leaf":  func(run int, tx core.Tx) error { return tx.Log().Append([]byte{byte(run)}, nil) },
		"another end":   func(run int, _ core.Tx) error { return []error{nil, errors.New("second run")}[run-1] },
		"another datum": func(run int, tx core.Tx) error { return tx.Log().PutPersonal("a", 0, []byte{byte(run)}) },
	} {
		t.Run(name, func(t *testing.T) {
			l, runs := coretest.NewLedger(), 0
			err := l.Update(t.Context(), func(tx core.Tx) error { runs++; return f(runs, tx) })
			if err == nil || runs != 2 {
				t.Errorf("%d runs, error %v", runs, err)
			}
		})
	}
}

func TestLedgerFakeFailsOnDemand(t *testing.T) {
	l := coretest.NewLedger()
	put := func() error {
		return l.Update(t.Context(), func(tx core.Tx) error {
			_, err := tx.Jobs().Put(core.Job{ID: "J1"})
			return err
		})
	}
	l.FailUpdates(core.ErrNoSpace)
	if err := put(); !errors.Is(err, core.ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	l.FailUpdates(nil)
	if err := put(); err != nil { // version 0: what failed was not kept
		t.Error(err)
	}
}

// A bubble whose goroutines wait for the ledger is durably blocked, so its
// time goes on.
func TestLedgerFakeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := coretest.NewLedger()
		begun, done := make(chan struct{}, 2), make(chan error)
		go func() {
			done <- l.Update(context.Background(), func(core.Tx) error { begun <- struct{}{}; time.Sleep(time.Hour); return nil })
		}()
		<-begun
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.Update(ctx, func(core.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestVaultFake(t *testing.T) {
	coretest.TestVault(t, func(*testing.T) core.Vault { return coretest.NewVault() })
}

func TestVaultFakeRunsFull(t *testing.T) {
	v := coretest.NewVault()
	v.SetCapacity(10)
	w, err := v.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(make([]byte, 11)); n != 10 || !errors.Is(err, core.ErrNoSpace) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if err := w.Seal(); !errors.Is(err, core.ErrNoSpace) {
		t.Errorf("sealed an archive that lacks its end: %v", err)
	}
	if err := w.Abort(); err != nil || v.Partials() != 0 {
		t.Errorf("%v, %d partials", err, v.Partials())
	}
	if n, err := v.Free(t.Context()); n != 10 || err != nil {
		t.Errorf("%d free, %v", n, err)
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coretest.NewClock()
		start := c.Now()
		boot := func() time.Duration { _, since := c.Boot(); return since }
		fired := make(chan time.Time, 1)
		c.AfterFunc(time.Hour, func() { fired <- c.Now() })
		time.Sleep(time.Minute)
		c.Jump(-time.Hour)
		if got := c.Now().Sub(start); got != time.Minute-time.Hour || boot() != time.Minute {
			t.Errorf("after a jump: %v on the wall, %v since boot", got, boot())
		}
		c.Jump(time.Hour)
		c.Suspend(2 * time.Hour)
		if got := c.Now().Sub(start); got != 2*time.Hour+time.Minute || boot() != got {
			t.Errorf("after a sleep: %v on the wall, %v since boot", got, boot())
		}
		if got := (<-fired).Sub(start); got != 3*time.Hour {
			t.Errorf("the timer fired after %v on the wall", got)
		}
		if c.AfterFunc(time.Hour, func() { t.Error("fired though stopped") })() != true {
			t.Error("stop did not stop")
		}
		c.Reboot("boot-2")
		if id, since := c.Boot(); id != "boot-2" || since != 0 {
			t.Errorf("after a boot: %q, %v", id, since)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, hold := []byte("twenty bytes of data"), make(chan struct{})
		e := coretest.NewEngine(coretest.Script{Data: data, Hold: hold, Signer: "SHA256:key"})
		var out bytes.Buffer
		var last core.Progress
		report := func(p core.Progress) { last = p }
		order := core.BackupOrder{Name: "acme-1"}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := e.Run(ctx, order, &out, report); !errors.Is(err, core.ErrCancelled) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if out.Len() != 10 || last.BytesDone != 10 || last.BytesTotal != 20 {
			t.Errorf("held after %d bytes, reported %+v", out.Len(), last)
		}

		close(hold)
		out.Reset()
		result, err := e.Run(t.Context(), order, &out, report)
		if err != nil || !bytes.Equal(out.Bytes(), data) || result.Written != 20 || result.Verdict != core.VerdictComplete || last.BytesDone != 20 {
			t.Errorf("%+v, %v, wrote %q, reported %+v", result, err, out.Bytes(), last)
		}

		e.Follow(coretest.Script{Data: data, Err: core.ErrDatabase})
		if _, err := e.Run(t.Context(), order, &out, report); !errors.Is(err, core.ErrDatabase) {
			t.Errorf("got %v", err)
		}
		if n := len(e.Orders()); n != 3 {
			t.Errorf("%d orders", n)
		}
	})
}
