package auditor_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
)

// house is a real console over a fake ledger, whose log a test can add to.
type house struct {
	t       *testing.T
	ledger  *coretest.Ledger
	console *core.Console
	queries []core.LogQuery
	err     error
	slow    chan struct{} // when set, an answer waits for it
}

func newHouse(t *testing.T) *house {
	t.Helper()
	signing, _, err := note.GenerateKey(rand.Reader, "test/breakglass")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(signing)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, ledger: coretest.NewLedger()}
	h.console, err = core.Open(t.Context(), core.Options{
		Ledger: h.ledger, Engine: coretest.NewEngine(coretest.Script{}), Vault: coretest.NewVault(), Clock: coretest.NewClock(),
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Pepper: core.NewSecret(strings.Repeat("p", 32)),
		Signer: audit.NewSigner("test/breakglass", signer),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.update(func(tx core.Tx) error {
		_, err := tx.People().Put(core.Person{ID: ada.Name, Role: ada.Role, Keys: []core.Key{{Fingerprint: ada.Factor}}})
		return err
	})
	return h
}

func (h *house) update(f func(core.Tx) error) {
	h.t.Helper()
	if err := h.ledger.Update(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// add appends n lines of a site.
func (h *house) add(n int, site string) {
	h.t.Helper()
	now := time.Now()
	h.update(func(tx core.Tx) error {
		for range n {
			leaf := audit.Leaf{Actor: "owner:" + site, Verb: "login", Site: site, Time: now, Result: "ok"}
			seq, err := audit.Append(tx.Log(), leaf)
			if err == nil {
				err = tx.Log().Index(seq, leaf.Keys()...)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// size is the length of the log.
func (h *house) size() (size int64) {
	h.t.Helper()
	err := h.ledger.View(h.t.Context(), func(tx core.Tx) (err error) { size, err = tx.Log().Size(); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	return size
}

// Log implements auditor.Console.
func (h *house) Log(ctx context.Context, a core.Actor, q core.LogQuery) (core.LogPage, error) {
	h.queries = append(h.queries, q)
	page, err := h.console.Log(ctx, a, q)
	if slow := h.slow; slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
		}
	}
	if h.err != nil {
		return core.LogPage{}, h.err
	}
	return page, err
}

// at runs f with a screen over a log of n lines of acme.
func at(t *testing.T, n int, f func(*house, *show)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.add(n, "acme")
		in(t, h, ada, looks[0], func(s *show) { f(h, s) })
		h.console.Close()
	})
}

// selected is the number of the line under the cursor.
func (s *show) selected() string {
	for line := range strings.SplitSeq(s.screen.View(80, 20), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == ">" {
			return fields[1]
		}
	}
	return ""
}

func (s *show) at(seq int64) {
	s.t.Helper()
	if got := s.selected(); got != fmt.Sprint(seq) {
		s.t.Errorf("on line %s, want %d, in\n%s", got, seq, s.screen.View(80, 20))
	}
}

func TestNewLinesShowThemselvesAtTheTop(t *testing.T) {
	at(t, 50, func(h *house, s *show) {
		s.at(h.size() - 1)
		h.add(1, "zoo")
		s.wait(5 * time.Second)
		s.at(h.size() - 1)
		s.has("zoo")
		s.has(fmt.Sprintf("%d lines in the log", h.size()))
		s.press("down", "down")
		held := h.size() - 3
		s.at(held)
		h.add(700, "zoo")
		s.wait(5 * time.Second)
		s.at(held) // whoever reads is not carried off
		s.press("home")
		s.at(h.size() - 1)
		for range 705 {
			s.press("down")
		}
		s.at(h.size() - 706) // nothing is missing between new and old
	})
}

// So much came at once that the list begins anew.
func TestAFloodOfNewLines(t *testing.T) {
	at(t, 50, func(h *house, s *show) {
		h.add(9000, "zoo")
		s.wait(5 * time.Second)
		s.at(h.size() - 1)
		before := h.size() - 1
		for s.press("end"); s.selected() != "0"; s.press("end") {
			if got := s.selected(); got == fmt.Sprint(before) {
				t.Fatalf("stuck on line %s", got)
			} else if _, err := fmt.Sscan(got, &before); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPagingBackOverAnyLength(t *testing.T) {
	at(t, 12_345, func(h *house, s *show) {
		for range 200 {
			s.press("end")
		}
		s.at(0)
		s.has("Home shows the newest again")
		h.add(1, "zoo")
		s.wait(5 * time.Second)
		s.at(0)
		s.press("home")
		s.at(h.size() - 1)
		s.has("zoo")
		s.hasNot("Home shows")
	})
}

// A line that fits stands further back than one query of core looks.
func TestAFilterFindsWhatIsFarBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.add(1, "first")
		h.add(500, "acme")
		h.add(2, "rare")
		far := h.size() - 2
		h.add(61_000, "acme")
		in(t, h, ada, looks[0], func(s *show) {
			s.press("/", "site:rare", "enter")
			s.at(far + 1)
			s.press("down")
			s.at(far)
			h.add(1, "acme")
			s.wait(5 * time.Second)
			s.at(far)
			h.add(1, "rare")
			s.wait(5 * time.Second)
			s.press("home")
			s.at(h.size() - 1)
			s.press("down")
			s.at(far + 1)

			s.press("/", "ctrl+u", "site:first", "enter")
			s.has("first")
			s.press("/", "ctrl+u", "site:none", "enter")
			s.has("No line of the log fits.")
			s.press("esc")
			s.at(h.size() - 1)
		})
		h.console.Close()
	})
}

// The first line beyond the reach of one query of core is not skipped.
func TestNothingIsSkippedBetweenQueries(t *testing.T) {
	at(t, 1, func(h *house, s *show) {
		h.add(1, "edge")
		edge := h.size() - 1
		h.add(20_000, "acme")
		s.press("/", "site:edge", "enter")
		s.at(edge)
	})
}

func TestFilterTerms(t *testing.T) {
	at(t, 10, func(h *house, s *show) {
		h.add(3, "zoo")
		s.press("/", "site:zoo person:ow event:login OK", "enter")
		want := core.LogQuery{Limit: 100, Site: "zoo", Person: "ow", Event: "login", Text: "OK"}
		if !slices.Contains(h.queries, want) {
			t.Errorf("asked %+v", h.queries)
		}
		s.at(h.size() - 1)
		s.press("end")
		s.at(h.size() - 3)
		s.has("Filter: site:zoo person:ow event:login OK")
		s.press("/", "x", "esc") // leaves it as it was
		s.has("Filter: site:zoo person:ow event:login OK")
		s.press("esc")
		s.hasNot("Filter")
	})
}

// An answer to what was asked before the filter changed is dropped.
func TestStaleAnswersAreDropped(t *testing.T) {
	at(t, 200, func(h *house, s *show) {
		h.add(5, "zoo")
		slow := make(chan struct{})
		h.slow = slow
		s.wait(5 * time.Second) // a refresh hangs
		s.press("end")          // and so do older lines
		h.slow = nil
		s.press("/", "site:zoo", "enter")
		s.at(h.size() - 1)
		close(slow)
		s.run(nil)
		s.at(h.size() - 1)
		s.press("end")
		s.at(h.size() - 5)
		asked := len(h.queries)
		s.wait(5 * time.Second)
		if got := len(h.queries) - asked; got != 1 {
			t.Errorf("%d questions in one turn", got)
		}
	})
}

func TestALineInFull(t *testing.T) {
	at(t, 60, func(h *house, s *show) {
		s.press("down", "enter")
		open := h.size() - 2
		if want := fmt.Sprintf("Line %d of the log", open); s.screen.Title() != want {
			t.Errorf("title %q, want %q", s.screen.Title(), want)
		}
		h.add(3, "zoo")
		s.wait(5 * time.Second) // does not change under the reader
		s.has("hash")
		s.has(fmt.Sprint(open))
		s.press("esc")
		s.at(open)
	})
}

func TestReadingIsLoggedOnce(t *testing.T) {
	at(t, 1, func(h *house, s *show) {
		s.wait(10 * time.Minute)
		if h.size() != 3 { // the console's start, acme's line, the reading
			t.Errorf("%d lines", h.size())
		}
		s.has("log.read")
	})
}

func TestAProblemIsToldOnceAndTheLinesStay(t *testing.T) {
	at(t, 20, func(h *house, s *show) {
		h.err = errors.New("bolt: secret inside")
		s.wait(30 * time.Second)
		if len(s.problems) != 1 || strings.Contains(s.problems[0], "secret") {
			t.Errorf("problems %q", s.problems)
		}
		s.at(h.size() - 1)
		h.err = nil
		h.add(1, "zoo")
		s.wait(5 * time.Second)
		s.at(h.size() - 1)
		h.update(func(tx core.Tx) error { return tx.People().Delete(ada.Name, 1) })
		s.wait(5 * time.Second)
		if len(s.problems) != 2 || s.problems[1] != "You are no longer enrolled here." {
			t.Errorf("problems %q", s.problems)
		}
	})
}

func TestExportGivesTheLine(t *testing.T) {
	const line = "ssh -p 2222 ada@backup.example log export > log.jsonl"
	at(t, 3, func(_ *house, s *show) {
		s.press("e")
		if got := s.screen.View(80, 20); !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("the line does not stand by itself in\n%s", got)
		}
		s.press("y")
		if s.terminal.copied != line || s.terminal.farewell != line || len(s.notices) != 1 {
			t.Errorf("copied %q, farewell %q, notices %q", s.terminal.copied, s.terminal.farewell, s.notices)
		}
		s.press("esc")
		s.has("lines in the log")
		s.press("/", "e")
		s.has("Filter: e_")
	})
}
