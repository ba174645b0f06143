package manager_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/tui/tuitest"
)

func TestSitesInTroubleComeFirst(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		got := s.Screen.View(80, 20)
		var order []int
		for _, site := range []string{"acme", "bakery", "zoo", "apricot"} {
			order = append(order, strings.Index(got, "\n  "+site)+strings.Index(got, "\n> "+site))
		}
		for i := 1; i < len(order); i++ {
			if order[i] <= order[i-1] {
				t.Errorf("order %v in\n%s", order, got)
			}
		}
		s.Has("ACCESS OPEN until 2000-01-01 04:12 CET")
		s.Has("4 sites | as of 00:00:00 UTC")
		s.Has("ssh -p 2222 eva@backup.example help")
	})
}

// Every step by keys, and what is to be seen after it.
func TestWays(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		has  []string
		not  []string
	}{
		{"a site in full", []string{"enter"}, []string{"/var/www/acme", "Eva, +31 20 123 4567", "G-7M2KQ4XA", "1.4 GB"}, []string{"apricot"}},
		{"and back", []string{"enter", "esc"}, []string{"apricot"}, []string{"/var/www/acme"}},
		{"filter follows each letter", []string{"/", "bak"}, []string{"Filter: bak_", "bakery", "2 of 4 sites"}, []string{"apricot"}},
		{"filter tuitest.Looks() at the root, too", []string{"/", "/SRV/", "enter"}, []string{"apricot", "zoo"}, []string{"acme"}},
		{"filter that nothing fits", []string{"/", "nobody"}, []string{"Nothing fits the filter"}, []string{"acme"}},
		{"Esc clears it", []string{"/", "zoo", "enter", "esc"}, []string{"apricot", "4 sites"}, []string{"Filter"}},
		{"access", []string{"2"}, []string{"G-7M2KQ4XA", "3 h 12 min", "R-2M9X", "waiting out the hold", "30 min", "all in UTC"}, []string{"G-OLD"}},
		{"with what is over", []string{"2", "e"}, []string{"G-7M2KQ4XA", "G-OLD", "revoked"}, nil},
		{"and without again", []string{"2", "e", "e"}, []string{"G-7M2KQ4XA"}, []string{"G-OLD"}},
		{"a grant's story", []string{"2", "enter"}, []string{"ACCESS OPEN", "running", "What was logged of it", "request.code_sent"}, nil},
		{"a request", []string{"2", "down", "enter"}, []string{"R-2M9X", "j*****@a*****.example", "Hold ends", "2000-01-01 00:30 UTC"}, nil},
		{"the log", []string{"3"}, []string{"12 lines in the log", "request.code_sent"}, nil},
		{"a line of the log", []string{"3", "enter"}, []string{"seq", "hash", strings.Repeat("0", 63) + "b"}, nil},
		{"the log of a site", []string{"enter", "l"}, []string{"Only site acme.", "12 lines in the log"}, nil},
		{"the log of a site from the list", []string{"down", "l"}, []string{"Only site bakery."}, nil},
		{"the log of a grant", []string{"2", "enter", "l"}, []string{"Only grant G-7M2KQ4XA."}, nil},
		{"the log of a request's site, and back to all", []string{"2", "down", "l", "esc"}, []string{"12 lines in the log"}, []string{"Filter"}},
		{"round by Tab", []string{"tab", "tab", "tab"}, []string{"apricot"}, nil},
		{"back by the arrow", []string{"left"}, []string{"12 lines in the log"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, world(), tuitest.Looks()[0], func(s *show) {
				s.Press(c.keys...)
				for _, text := range c.has {
					s.Has(text)
				}
				for _, text := range c.not {
					s.HasNot(text)
				}
			})
		})
	}
}

func TestRefreshKeepsTheSelection(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("down", "down") // zoo
		s.Has("> zoo")
		s.console.sites = append([]core.SiteInfo{{ID: "aaa"}, {ID: "bbb"}}, s.console.sites...)
		s.HasNot("aaa")
		s.Wait(5 * time.Second)
		s.Has("aaa")
		s.Has("> zoo")
		s.Has("as of 00:00:05 UTC")
		s.console.sites = s.console.sites[:4]
		s.Wait(5 * time.Second)
		s.HasNot("zoo")
		s.Has("as of 00:00:10 UTC")
	})
}

func TestStaleAnswersAreDropped(t *testing.T) {
	c := world()
	on(t, c, tuitest.Looks()[0], func(s *show) {
		slow := make(chan struct{})
		c.slow = slow
		s.Wait(5 * time.Second) // the refresh hangs
		c.slow, c.sites = nil, nil
		s.Press("2", "1") // asked anew, and answered
		s.Has("No sites yet")
		close(slow) // the old answer comes at last
		s.Run(nil)
		s.Has("No sites yet")
		before := c.calls
		s.Wait(5 * time.Second)
		if c.calls != before+1 {
			t.Errorf("%d questions in one turn: the old answer started a second round", c.calls-before)
		}
	})
}

func TestAProblemIsToldOnceAndTheListStays(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.console.err = errors.New("bolt: secret inside")
		s.Wait(20 * time.Second)
		if len(s.Problems) != 1 || strings.Contains(s.Problems[0], "secret") {
			t.Errorf("problems %q", s.Problems)
		}
		s.Has("as of 00:00:00 UTC")
		s.Has("apricot")
		s.console.err = nil
		s.Wait(5 * time.Second)
		s.console.err = core.Refuse(core.ErrDenied, "You are no longer enrolled here.")
		s.Wait(5 * time.Second)
		if len(s.Problems) != 2 || s.Problems[1] != "You are no longer enrolled here." {
			t.Errorf("problems %q", s.Problems)
		}
	})
}

func TestNoSitesYetGivesTheNextCommand(t *testing.T) {
	const line = "ssh -p 2222 eva@backup.example site add acme --root /var/www/acme --email jo@acme.example"
	on(t, &console{}, tuitest.Looks()[0], func(s *show) {
		if got := s.Screen.View(140, 36); !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("the line does not stand by itself in\n%s", got)
		}
		s.Press("y")
		if !slices.Equal(s.Terminal.Copied(), []string{line}) || s.Terminal.Farewell() != "  "+line || len(s.Notices) != 1 {
			t.Errorf("copied %q, farewell %q, notices %q", s.Terminal.Copied(), s.Terminal.Farewell(), s.Notices)
		}
		s.Press("2")
		s.Has("Nobody has access now")
		s.Press("enter", "r", "v", "l", "e", "down", "3", "enter", "esc", "1", "enter", "/", "x", "esc", "end", "pgdown") // nothing to act on
	})
}

func TestAPageThatIsGoneSaysSo(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("2", "down", "enter")
		s.Has("R-2M9X")
		s.console.requests = nil
		s.Wait(5 * time.Second)
		s.Has("This request is no longer open.")
		s.Press("v")
		s.Has("Not possible: nobody asks for access here.")
		s.Press("esc", "1", "enter")
		s.console.sites = nil
		s.Wait(5 * time.Second)
		s.Has("no longer yours or was removed")
	})
}

// Only the rows that show are drawn.
func TestThousandsOfSites(t *testing.T) {
	c := &console{}
	for i := range 5000 {
		c.sites = append(c.sites, core.SiteInfo{ID: fmt.Sprintf("site-%04d", i)})
	}
	on(t, c, tuitest.Looks()[0], func(s *show) {
		s.Press("end")
		s.Has("> site-4999")
		if got := s.Screen.View(80, 20); strings.Count(got, "site-") > 20 || strings.Count(got, "\n") >= 20 {
			t.Errorf("too much in\n%s", got)
		}
		s.Press("pgup")
		s.HasNot("> site-4999")
		s.Press("home")
		s.Has("> site-0000")
	})
}
