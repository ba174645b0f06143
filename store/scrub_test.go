package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"breakglass/core"
)

// inFile reports whether the file holds a text anywhere, also where nothing leads.
func inFile(t *testing.T, s *Store, text string) bool {
	t.Helper()
	raw, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(raw, []byte(text))
}

// What was forgotten is not in the file any more, whether it had been moved to
// where it belongs or not; what else there is stays, and is there after a start.
func TestForgottenBytesAreWrittenOver(t *testing.T) {
	for _, between := range []int{0, maxRows + 1, 5 * maxRows} {
		t.Run(fmt.Sprint(between), func(t *testing.T) {
			s := openNew(t)
			do := func(f func(core.Tx) error) {
				t.Helper()
				if err := s.Update(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			do(func(tx core.Tx) error {
				return errors.Join(tx.Log().PutPersonal("person/eva", 0, []byte("eva@example.nl")), putAnyway(tx.Sent(), core.Message{ID: "M-1", Address: "eva@example.nl"}),
					putAnyway(tx.Sent(), core.Message{ID: "M-2", Address: "bob@example.nl"}))
			})
			for i := range between {
				do(func(tx core.Tx) error { return putAnyway(tx.Outbox(), core.Message{ID: fmt.Sprint("other-", i)}) })
			}
			do(func(tx core.Tx) error { return putAnyway(tx.Sent(), core.Message{ID: "M-1"}) })
			if !inFile(t, s, "eva@example.nl") {
				t.Fatal("it was not even kept")
			}
			forget := func(tx core.Tx) error { return tx.Log().Forget("person/eva") }
			// Somebody who still reads the state of before sees it whole.
			if err := s.View(t.Context(), func(before core.Tx) error {
				do(forget)
				data, err := before.Log().Personal("person/eva", 0)
				if string(data) != "eva@example.nl" {
					t.Errorf("whoever reads the state of before sees %q", data)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if !s.unscrubbed || !inFile(t, s, "eva@example.nl") {
				t.Fatal("pages were written over that somebody could read")
			}
			// A start does what was left to do.
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err := Open(s.path, Options{BallastSize: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // nothing is written
			checkForgotten(t, s)
			if s.unscrubbed {
				t.Error("it is still to be done")
			}
			do(func(tx core.Tx) error { return tx.Log().PutPersonal("person/ann", 1, []byte("ann@example.nl")) })
			do(func(tx core.Tx) error { return tx.Log().Forget("person/ann") })
			if inFile(t, s, "ann@example.nl") {
				t.Error("ann@example.nl is still in the file")
			}
			checkForgotten(t, s)
		})
	}
}

// checkForgotten looks for what was forgotten, and whether all else is there and
// whole.
func checkForgotten(t *testing.T, s *Store) {
	t.Helper()
	for _, personal := range []string{"eva@example.nl", "person/eva"} {
		if inFile(t, s, personal) {
			t.Errorf("%s is still in the file", personal)
		}
	}
	if err := s.View(t.Context(), func(tx core.Tx) error {
		m, err := tx.Sent().Get("M-2")
		if m.Address != "bob@example.nl" {
			t.Errorf("another's message: %+v", m)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	for err := range tx.Check() {
		t.Errorf("the file is damaged: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}
