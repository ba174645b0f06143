package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/store"
)

// childPath tells the test binary to be the process that gets killed.
const childPath = "BREAKGLASS_TEST_STORE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		fmt.Println(writeForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver counts up in a record and appends a leaf in each Update, and
// prints the count that is promised to be durable.
func writeForEver(path string) error {
	s, err := store.Open(path, small)
	if err != nil {
		return err
	}
	for {
		var n int
		err := s.Update(context.Background(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			if err != nil && !errors.Is(err, core.ErrNotFound) {
				return err
			}
			n = site.Locks["x"].Count + 1
			site.ID, site.Locks = "acme", map[string]core.Lock{"x": {Count: n}}
			_, err = tx.Sites().Put(site)
			return errors.Join(err, tx.Log().Append(fmt.Appendf(nil, "leaf %d", n), [][32]byte{{byte(n)}}))
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// Killed at any moment, what was promised is there, and state and log agree.
func TestKillNine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breakglass.db")
	for round := range 8 {
		promised := killAfter(t, path, 3+7*round)
		s, err := store.Open(path, small)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		err = s.View(t.Context(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			size, err2 := tx.Log().Size()
			if counted := site.Locks["x"].Count; int64(counted) != size || counted < promised || uint64(counted) != site.Version {
				t.Errorf("round %d: counted %d, version %d, log of %d, promised %d", round, counted, site.Version, size, promised)
			}
			leaf, err3 := tx.Log().Leaf(size - 1)
			if string(leaf) != fmt.Sprintf("leaf %d", size) {
				t.Errorf("round %d: the last of %d leaves is %q", round, size, leaf)
			}
			_, err4 := tx.Log().Hash(size - 1)
			return errors.Join(err, err2, err3, err4)
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		checkPages(t, path)
	}
}

// killAfter lets a child make some updates, kills it in the midst of the next
// ones and returns the last that it promised.
func killAfter(t *testing.T, path string, updates int) (promised int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	child.Env = append(os.Environ(), childPath+"="+path)
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for seen := 1; lines.Scan(); seen++ {
		n, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			t.Fatalf("the child says: %s", lines.Text())
		}
		promised = n
		if seen == updates {
			if err := child.Process.Kill(); err != nil { // SIGKILL; what it printed meanwhile is still read
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return promised
}
