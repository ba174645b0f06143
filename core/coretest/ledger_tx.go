package coretest

import (
	"context"
	"errors"
	"testing"

	"breakglass/core"
)

// The part of core.Ledger's contract that is about transactions.

var errOwn = errors.New("an error of the function's own")

func failedUpdateLeavesNothing(t *testing.T, l core.Ledger) {
	s := put(t, l, core.Site{ID: "acme", Title: "before"})
	err := l.Update(t.Context(), func(tx core.Tx) error {
		s := s
		s.Title = "after"
		if _, err := tx.Sites().Put(s); err != nil {
			return err
		}
		if _, err := tx.Jobs().Put(core.Job{ID: "J1"}); err != nil {
			return err
		}
		return errOwn
	})
	want(t, err, errOwn)
	if s, err := get(t, l, "acme"); err != nil || s.Title != "before" || s.Version != 1 {
		t.Errorf("got %q, version %d, %v", s.Title, s.Version, err)
	}
	view(t, l, func(tx core.Tx) error {
		_, err := tx.Jobs().Get("J1")
		want(t, err, core.ErrNotFound)
		return nil
	})
}

func panickingUpdateLeavesNothing(t *testing.T, l core.Ledger) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = l.Update(t.Context(), func(tx core.Tx) error {
			if _, err := tx.Sites().Put(core.Site{ID: "acme"}); err != nil {
				return err
			}
			panic("a bug in a rule")
		})
	}()
	_, err := get(t, l, "acme")
	want(t, err, core.ErrNotFound)
	put(t, l, core.Site{ID: "acme"}) // and nothing stays locked
}

func updateSeesItsWrites(t *testing.T, l core.Ledger) {
	update(t, l, func(tx core.Tx) error {
		s, err := tx.Sites().Put(core.Site{ID: "acme", Title: "one"})
		if err != nil {
			return err
		}
		s.Title = "two"
		if _, err = tx.Sites().Put(s); err != nil {
			return err
		}
		if s, err = tx.Sites().Get("acme"); err != nil || s.Title != "two" || s.Version != 2 {
			t.Errorf("got %q, version %d, %v", s.Title, s.Version, err)
		}
		if err := tx.Sites().Delete("acme", 2); err != nil {
			return err
		}
		_, err = tx.Sites().Get("acme")
		want(t, err, core.ErrNotFound)
		_, err = tx.Sites().Put(core.Site{ID: "acme", Title: "three"})
		return err
	})
	if s, err := get(t, l, "acme"); err != nil || s.Title != "three" || s.Version != 1 {
		t.Errorf("got %q, version %d, %v", s.Title, s.Version, err)
	}
}

func viewSeesOneState(t *testing.T, l core.Ledger) {
	put(t, l, core.Site{ID: "a"})
	view(t, l, func(tx core.Tx) error {
		// Another goroutine writes while this view is open, and is through.
		done := make(chan error, 1)
		go func() {
			done <- l.Update(t.Context(), func(tx core.Tx) error {
				_, err := tx.Sites().Put(core.Site{ID: "b"})
				return errors.Join(err, tx.Log().Append([]byte("leaf"), nil))
			})
		}()
		if err := <-done; err != nil {
			return err
		}
		_, err := tx.Sites().Get("b")
		want(t, err, core.ErrNotFound)
		if n, err := tx.Log().Size(); n != 0 || err != nil {
			t.Errorf("log size %d, %v", n, err)
		}
		return nil
	})
	if _, err := get(t, l, "b"); err != nil {
		t.Error(err)
	}
}

func viewDoesNotWrite(t *testing.T, l core.Ledger) {
	view(t, l, func(tx core.Tx) error {
		if _, err := tx.Sites().Put(core.Site{ID: "acme"}); err == nil {
			t.Error("a view could put")
		}
		for name, err := range map[string]error{
			"delete":       tx.Sites().Delete("acme", 1),
			"append":       tx.Log().Append([]byte("leaf"), nil),
			"put personal": tx.Log().PutPersonal("acme", 0, []byte("x")),
			"forget":       tx.Log().Forget("acme"),
		} {
			if err == nil {
				t.Errorf("a view could %s", name)
			}
		}
		return nil
	})
	_, err := get(t, l, "acme")
	want(t, err, core.ErrNotFound)
	want(t, l.View(t.Context(), func(core.Tx) error { return errOwn }), errOwn)
}

func rangesAreForViews(t *testing.T, l core.Ledger) {
	err := l.Update(t.Context(), func(tx core.Tx) error {
		return tx.Sites().Each("", func(core.Site) bool { return true })
	})
	if err == nil {
		t.Error("Each ran in an Update")
	}
}

func txEndsWithItsFunction(t *testing.T, l core.Ledger) {
	var kept core.Tx
	update(t, l, func(tx core.Tx) error { kept = tx; return nil })
	if _, err := kept.Sites().Put(core.Site{ID: "late"}); err == nil {
		t.Error("an update could be written to after it ended")
	}
	view(t, l, func(tx core.Tx) error { kept = tx; return nil })
	if _, err := kept.Sites().Get("late"); err == nil || errors.Is(err, core.ErrNotFound) {
		t.Errorf("a view could be read after it ended: %v", err)
	}
	if _, err := kept.Log().Size(); err == nil {
		t.Error("the log could be read after its view ended")
	}
}

func cancelledContextDoesNothing(t *testing.T, l core.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	err := l.Update(ctx, func(tx core.Tx) error {
		_, err := tx.Sites().Put(core.Site{ID: "acme"})
		cancel() // while it runs
		return err
	})
	want(t, err, context.Canceled)
	_, err = get(t, l, "acme")
	want(t, err, core.ErrNotFound)
	never := func(core.Tx) error { t.Error("ran under a cancelled context"); return nil }
	want(t, l.Update(ctx, never), context.Canceled)
	want(t, l.View(ctx, never), context.Canceled)

	// One that waits for another's update to end gives up waiting.
	begun, end := make(chan struct{}, 1), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- l.Update(t.Context(), func(core.Tx) error {
			select {
			case begun <- struct{}{}:
			default: // run again
			}
			<-end
			return nil
		})
	}()
	<-begun
	ctx, cancel = context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- l.Update(ctx, func(core.Tx) error { return nil }) }()
	cancel()
	want(t, <-waited, context.Canceled)
	close(end)
	want(t, <-done, nil)
}
