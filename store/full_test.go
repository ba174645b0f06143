package store_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest/smalldisk"
	"breakglass/store"

	"go.etcd.io/bbolt"
)

// grow does in one Update what an emergency does: a record and its leaf.
func grow(t *testing.T, s *store.Store, n, leafSize int) error {
	t.Helper()
	leaf := make([]byte, leafSize)
	if _, err := rand.Read(leaf); err != nil {
		t.Fatal(err)
	}
	return s.Update(t.Context(), func(tx core.Tx) error {
		_, err := tx.Jobs().Put(core.Job{ID: fmt.Sprintf("J%06d", n)})
		return errors.Join(err, tx.Log().Append(leaf, [][32]byte{{byte(n)}}))
	})
}

// count returns how many records there are; each must have its leaf.
func count(t *testing.T, s *store.Store) (jobs int) {
	t.Helper()
	err := s.View(t.Context(), func(tx core.Tx) error {
		jobs = 0
		size, err := tx.Log().Size()
		err = errors.Join(err, tx.Jobs().Each("", func(core.Job) bool { jobs++; return true }))
		if int64(jobs) != size {
			t.Errorf("%d records and %d leaves", jobs, size)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestFullDisk(t *testing.T) {
	dir := smalldisk.Mount(t, 24<<20)
	path := filepath.Join(dir, "breakglass.db")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		checkPages(t, path)
	}()
	if info, err := os.Stat(filepath.Join(dir, "ballast")); err != nil || info.Size() != store.DefaultBallast || s.BallastGone() {
		t.Fatalf("ballast: %v, gone %v", err, s.BallastGone())
	}
	free := smalldisk.Fill(t, dir)

	// The disk is full, and what an emergency writes is written all the same.
	n := 0
	for ; !s.BallastGone(); n++ {
		if err := grow(t, s, n, 100<<10); err != nil {
			t.Fatalf("update %d on a full disk: %v", n, err)
		}
	}
	if got := count(t, s); got != n {
		t.Errorf("%d updates were promised, %d are there", n, got)
	}

	// With the ballast used up as well there is an error, and nothing is lost.
	spare := fillAgain(t, dir)
	var full error
	for ; full == nil && n < 1000; n++ {
		full = grow(t, s, n, 1<<20)
	}
	if !errors.Is(full, core.ErrNoSpace) {
		t.Fatalf("got %v", full)
	}
	if got := count(t, s); got != n-1 {
		t.Errorf("%d updates were promised, %d are there", n-1, got)
	}

	// With room again all goes on.
	spare()
	free()
	if err := grow(t, s, n, 1<<10); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// checkPages has bbolt look at every page of a closed file.
func checkPages(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) (all error) {
		for err := range tx.Check() {
			all = errors.Join(all, err)
		}
		return all
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Errorf("damaged: %v", err)
	}
}

// fillAgain fills what giving back the ballast has freed.
func fillAgain(t *testing.T, dir string) func() {
	t.Helper()
	sub := filepath.Join(dir, "more")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	return smalldisk.Fill(t, sub)
}

func TestBallastComesBack(t *testing.T) {
	dir := smalldisk.Mount(t, 24<<20)
	s := open(t, filepath.Join(dir, "breakglass.db")) // 64 KiB of ballast
	free := smalldisk.Fill(t, dir)
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	again := fillAgain(t, dir)
	if err := s.RestoreBallast(); !errors.Is(err, core.ErrNoSpace) || !s.BallastGone() {
		t.Errorf("on a full disk: %v, gone %v", err, s.BallastGone())
	}
	again()
	free()
	if err := s.RestoreBallast(); err != nil || s.BallastGone() {
		t.Errorf("with room again: %v, gone %v", err, s.BallastGone())
	}
}

// A console must come up on a full disk, or nobody could see why.
func TestOpensOnAFullDisk(t *testing.T) {
	dir := smalldisk.Mount(t, 24<<20)
	path := filepath.Join(dir, "breakglass.db")
	s, err := store.Open(path, small)
	if err == nil {
		err = errors.Join(grow(t, s, 0, 100), s.Close(), os.Remove(filepath.Join(dir, "ballast")))
	}
	if err != nil {
		t.Fatal(err)
	}
	smalldisk.Fill(t, dir)
	again := open(t, path)
	if !again.BallastGone() || count(t, again) != 1 {
		t.Errorf("gone %v, %d records", again.BallastGone(), count(t, again))
	}
}
