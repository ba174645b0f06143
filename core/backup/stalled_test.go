package backup_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakglass/core"

	"golang.org/x/sys/unix"
)

// stalled is the far end of a stream that takes nothing until it is let go.
type stalled struct {
	bytes.Buffer
	goOn <-chan struct{}
}

func (s *stalled) Write(p []byte) (int, error) {
	<-s.goOn
	return s.Buffer.Write(p)
}

// aborted counts the clients that the server has given up on.
func aborted(t *testing.T) int {
	t.Helper()
	out, err := server.Query("mysql", "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Aborted_clients'")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(out)
	n, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An owner whose computer takes nothing for longer than the database server
// waits for a client: where there is disk, the dump is taken ahead and whole;
// where there is none, the backup says that the dump broke off, and why.
func TestAClientThatStallsLongerThanTheDatabaseWaits(t *testing.T) {
	if err := server.SQL("mysql", "SET GLOBAL net_write_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.SQL("mysql", "SET GLOBAL net_write_timeout = 60"); err != nil {
			t.Error(err)
		}
	})
	for name, full := range map[string]bool{"s_room": false, "s_full": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if full {
				disk := smallDisk(t, "128k")
				w.scratch = filepath.Join(disk, "scratch")
				w.engine = w.newEngine(w.key)
				if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
					t.Fatalf("the disk is not full: %v", err)
				}
			}
			dbSite(t, w, name)
			large(t, server.SQL, name)
			goOn, before := make(chan struct{}), aborted(t)
			to := &stalled{goOn: goOn}
			dumped := make(chan struct{})
			go func() {
				defer close(goOn)
				if !full {
					<-dumped
					return
				}
				for range 600 { // until the server has lost patience
					if aborted(t) > before {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
			told := false
			result, err := w.engine.Run(t.Context(), w.order(), to, func(p core.Progress) {
				for _, step := range p.Steps {
					if step.Name == core.StepDatabase && step.State == core.StepDone && !told {
						told = true
						close(dumped)
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			w.unpack(result, to.Bytes()).verify()
			notes := strings.Join(result.Notes, "\n")
			switch {
			case !full && result.Verdict != core.VerdictComplete:
				t.Errorf("with room: %s\n%s", result.Verdict, notes)
			case full && (result.Verdict != core.VerdictNotComplete || !strings.Contains(notes, "broke off") || !strings.Contains(notes, "your computer took nothing")):
				t.Errorf("without room: %s\n%s", result.Verdict, notes)
			}
		})
	}
}
