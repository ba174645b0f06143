package auditor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/tui/tuitest"
)

// million is a console over a log of any length, of which nothing can be proved.
type million struct {
	tuitest.Log
	rare map[int64]bool // lines of the site "rare"
}

func newMillion(size int64, rare ...int64) *million {
	m := &million{rare: map[int64]bool{}}
	for _, seq := range rare {
		m.rare[seq] = true
	}
	m.Size = size
	m.Line = func(seq int64) core.LogLine {
		line := core.LogLine{Seq: seq, Time: bookStart.Add(time.Duration(seq) * time.Second), Actor: "owner:acme", Event: core.EventLogin, Site: "acme", Result: "ok"}
		if m.rare[seq] {
			line.Site, line.Actor = "rare", "owner:rare"
		}
		return line
	}
	return m
}

// grow appends lines, the last of them rare.
func (m *million) grow(n int64) { m.Size += n; m.rare[m.Size-1] = true }

// console is what the screen asks.
func (m *million) console() *console { return &console{m} }

type console struct{ m *million }

func (c *console) Log(ctx context.Context, _ core.Actor, q core.LogQuery) (core.LogPage, error) {
	return c.m.Page(ctx, q)
}

func (c *console) Story(context.Context, core.Actor, string) (core.GrantStory, error) {
	return core.GrantStory{}, core.Refuse(core.ErrNotFound, "There is no story.")
}

func (c *console) LogPush(context.Context, core.Actor) (core.PushInfo, error) {
	return core.PushInfo{}, core.ErrBusy
}

func (c *console) LogKey() string { return bookKey }

func (c *console) ProveLog(context.Context, core.Actor, int64, string) (audit.Proof, error) {
	return audit.Proof{}, core.Refuse(core.ErrState, "There is no proof.")
}

// over runs f with a screen over a log of n lines.
func over(t *testing.T, n int64, f func(*million, *tuitest.Show), rare ...int64) {
	t.Helper()
	m := newMillion(n, rare...)
	on(t, m.console(), look(), func(s *tuitest.Show) { f(m, s) })
}

// selected is the number of the line under the cursor.
func selected(s *tuitest.Show) string {
	for line := range strings.SplitSeq(s.Screen.View(80, 20), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == ">" {
			return fields[1]
		}
	}
	return ""
}

func at(s *tuitest.Show, seq int64) {
	s.T.Helper()
	if got := selected(s); got != fmt.Sprint(seq) {
		s.T.Errorf("on line %s, want %d, in\n%s", got, seq, s.Screen.View(80, 20))
	}
}

// Any place of millions of lines is a query or two away.
func TestAnyPlaceOfMillionsOfLinesAtOnce(t *testing.T) {
	over(t, 3_000_000, func(m *million, s *tuitest.Show) {
		go2 := func(to int64, keys ...string) {
			t.Helper()
			m.Queries = nil
			s.Press(keys...)
			at(s, to)
			if len(m.Queries) > 3 {
				t.Errorf("%q: %d queries", keys, len(m.Queries))
			}
		}
		go2(2_999_999)
		go2(0, "end")
		s.Has("Home shows the newest again")
		go2(1, "up")
		go2(2_999_999, "home")
		go2(1_500_000, "#", "1500000", "enter")
		go2(1_500_000, "#", "esc")
		go2(0, "#", "#0", "enter")
		go2(2_999_999, "#", "99999999", "enter")
		s.Press("#", "12x", "enter")
		s.Has("no number of a line")
		s.Press("esc")
		at(s, 2_999_999)
	})
}

// From a place in the middle both directions go on without a gap or a line
// twice.
func TestPagingBothWays(t *testing.T) {
	over(t, 1_000_000, func(_ *million, s *tuitest.Show) {
		s.Press("#", "500000", "enter")
		for _, way := range []struct {
			key string
			by  int64
		}{{"up", 1}, {"down", -1}} {
			s.Press("#", "500000", "enter")
			for n := range int64(160) {
				s.Press(way.key)
				if got := selected(s); got != fmt.Sprint(500_000+way.by*(n+1)) {
					t.Fatalf("%s %d times: on line %s", way.key, n+1, got)
				}
			}
		}
	})
}

// However far somebody pages, a session holds only so much, and what was let go
// is fetched again.
func TestASessionHoldsOnlySoMuch(t *testing.T) {
	over(t, 100_000, func(m *million, s *tuitest.Show) {
		page := func(key string, times int) (on int64) {
			t.Helper()
			for range times {
				s.Screen.View(80, 110)
				s.Press(key)
			}
			if _, err := fmt.Sscan(selected(s), &on); err != nil {
				t.Fatal(err)
			}
			return on
		}
		s.HasNot("Home shows the newest again")
		if on := page("pgdown", 44); on > 95_800 {
			t.Errorf("on line %d", on)
		}
		s.Has("Home shows the newest again") // they were let go
		page("pgup", 60)
		at(s, 99_999)
		s.HasNot("Home shows the newest again")
		at(s, page("pgdown", 1))
		if before := page("down", 0); page("down", 60) != before-60 {
			t.Errorf("from line %d to %s", before, selected(s))
		}
		if len(m.Queries) > 500 {
			t.Errorf("%d queries", len(m.Queries))
		}
	})
}

func TestNewLinesShowThemselvesAtTheTop(t *testing.T) {
	over(t, 50, func(m *million, s *tuitest.Show) {
		at(s, 49)
		m.grow(1)
		s.Wait(refresh)
		at(s, 50)
		s.Has("rare")
		s.Has("51 lines in the log")
		s.Press("down", "down")
		at(s, 48)
		m.grow(230)
		s.Wait(refresh)
		at(s, 48) // whoever reads is not carried off
		s.Press("home")
		at(s, 280)
		for range 235 {
			s.Press("down")
		}
		at(s, 45) // nothing is missing between new and old
	})
}

// So much came at once that the list begins anew, or waits for whoever reads.
func TestAFloodOfNewLines(t *testing.T) {
	over(t, 50, func(m *million, s *tuitest.Show) {
		m.grow(9000)
		s.Wait(refresh)
		at(s, 9049)
		s.Press("down", "down", "down")
		m.grow(100_000)
		s.Wait(refresh)
		at(s, 9046)
		s.Has("Home shows the newest again")
		s.Press("up", "up", "up", "up")
		at(s, 9050)
		s.Press("home")
		at(s, 109_049)
	})
}

// A search over millions of lines shows how far it is, can be stopped at any
// time and goes on from there; each step of it is bounded.
func TestALongSearchCanBeStopped(t *testing.T) {
	over(t, 60_000, func(m *million, s *tuitest.Show) {
		m.Scan = 2000 // a thirtieth of it
		s.Press("/", "owner:rare")
		m.Queries = nil
		s.Hit("enter")
		for range 5 {
			s.Step()
		}
		s.Has("No line fits so far. The search goes on.")
		s.Has("Searched 26 % (to line 44000), 0 found. Esc stops")
		for _, q := range m.Asked() {
			if q.Limit > 100 {
				t.Errorf("asked for %d lines at once", q.Limit)
			}
		}
		asked := len(m.Asked())
		s.Press("esc")
		s.Has("Stopped at ")
		s.Has("c goes on")
		if now := len(m.Asked()); now > asked+4 {
			t.Errorf("%d more queries after it was stopped", now-asked)
		}
		asked = len(m.Asked())
		s.Wait(time.Minute)
		for _, q := range m.Asked()[asked:] {
			if !q.Upward || q.Start < 60_000 {
				t.Errorf("a stopped search asks for %+v", q)
			}
		}
		s.Press("c") // to the end
		at(s, 700)
		s.HasNot("Searched")
		s.Has(`Only with "owner:rare".`)
		s.Press("esc")
		at(s, 59_999)
	}, 700)
}

// A line that fits stands further back than one query of core looks.
func TestAFilterFindsWhatIsFarBack(t *testing.T) {
	over(t, 61_500, func(m *million, s *tuitest.Show) {
		s.Press("/", "site:rare", "enter")
		at(s, 501)
		s.Press("down")
		at(s, 500)
		m.Size++
		s.Wait(refresh)
		at(s, 500)
		m.grow(1)
		s.Wait(refresh)
		s.Press("home")
		at(s, 61_501)
		s.Press("down")
		at(s, 501)
		s.Press("end")
		at(s, 1)
		s.Press("/", "ctrl+u", "site:none", "enter")
		s.Has("No line of the log fits.")
		s.Press("esc")
		at(s, 61_501)
	}, 1, 500, 501)
}

// The first line beyond the reach of one query of core is not skipped.
func TestNothingIsSkippedBetweenQueries(t *testing.T) {
	over(t, 20_001, func(_ *million, s *tuitest.Show) {
		s.Press("/", "site:rare", "enter")
		at(s, 0)
	}, 0)
}

func TestFilterTerms(t *testing.T) {
	over(t, 10, func(m *million, s *tuitest.Show) {
		m.grow(1)
		s.Press("/", "site:rare person:ow event:login from:2026-11-24 OK", "enter")
		want := core.LogQuery{Limit: 100, Site: "rare", Person: "ow", Event: "login", Text: "OK", From: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
		if !slices.Contains(m.Queries, want) {
			t.Errorf("asked %+v", m.Queries)
		}
		at(s, 10)
		only := "Only site rare, by ow, event login, from 2026-11-24 00:00:00 UTC, with"
		s.Has(only)
		s.Press("/", "x", "esc") // leaves it as it was
		s.Has(only)
		s.Press("/", " to:someday", "enter")
		s.Has(`"someday" is no time that can be read`)
		s.Has("all are UTC")
		s.Press("esc")
		s.Has(only)
		s.Press("esc")
		s.HasNot("Only")
	})
}

// Lines of a time are found in millions of others without reading those.
func TestAFilterByTime(t *testing.T) {
	over(t, 3_000_000, func(m *million, s *tuitest.Show) {
		from := bookStart.Add(1_000_000 * time.Second)
		m.Queries = nil
		s.Press("/", "from:"+from.Format("2006-01-02T15:04:05")+" to:"+from.Add(9*time.Second).Format("2006-01-02T15:04:05"), "enter")
		at(s, 1_000_008)
		s.Press("end")
		at(s, 1_000_000)
		if len(m.Queries) > 2 {
			t.Errorf("%d queries", len(m.Queries))
		}
	})
}

// An answer to what was asked before the filter changed is dropped.
func TestStaleAnswersAreDropped(t *testing.T) {
	over(t, 200, func(m *million, s *tuitest.Show) {
		m.grow(1)
		slow := make(chan struct{})
		m.Slow = slow
		s.Wait(refresh) // a refresh hangs
		for range 90 {
			s.Press("down") // and so do older lines
		}
		m.Slow = nil
		s.Press("/", "site:rare", "enter")
		at(s, 200)
		close(slow)
		s.Run(nil)
		at(s, 200)
		asked := len(m.Queries)
		s.Wait(5 * time.Second)
		if got := len(m.Queries) - asked; got != 1 {
			t.Errorf("%d questions in one turn", got)
		}
	})
}

func TestALineInFull(t *testing.T) {
	over(t, 60, func(m *million, s *tuitest.Show) {
		s.Press("down", "enter")
		if got := s.Screen.Title(); got != "Line 58 of the log" {
			t.Errorf("title %q", got)
		}
		m.grow(3)
		s.Wait(refresh) // does not change under the reader
		s.Has("seq     58")
		s.Press("esc")
		at(s, 58)
	})
}

func TestAProblemIsToldOnceAndTheLinesStay(t *testing.T) {
	over(t, 20, func(m *million, s *tuitest.Show) {
		m.Err = fmt.Errorf("bolt: secret inside")
		s.Wait(30 * time.Second)
		if len(s.Problems) != 1 || strings.Contains(s.Problems[0], "secret") {
			t.Errorf("problems %q", s.Problems)
		}
		at(s, 19)
		m.Err = nil
		m.grow(1)
		s.Wait(refresh)
		at(s, 20)
		m.Err = core.Refuse(core.ErrDenied, "You are no longer enrolled here.")
		s.Wait(refresh)
		if len(s.Problems) != 2 || s.Problems[1] != "You are no longer enrolled here." {
			t.Errorf("problems %q", s.Problems)
		}
	})
}
