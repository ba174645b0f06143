package manager_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/tui/tuitest"
)

func TestActs(t *testing.T) {
	for _, c := range []struct {
		name    string
		keys    []string
		acts    []string
		notices []string
		has     string // on the screen afterwards
	}{
		{"Enter again and again cancels", []string{"r", "enter", "enter", "enter"}, nil, nil, "apricot"},
		{"so it does with both fields filled", []string{"r", "wrong", "enter", "acme", "enter", "enter"}, nil, nil, "apricot"},
		{"Esc cancels", []string{"r", "wrong", "esc"}, nil, nil, "apricot"},
		{"a wrong name does nothing", []string{"r", "wrong", "enter", "Acme", "enter", "right", "enter"}, nil, nil, "Nothing was done: that is not the name of the site, which is acme."},
		{"no reason does nothing", []string{"r", "tab", "acme", "enter", "right", "enter"}, nil, nil, "Give a reason"},
		{"a blank reason does nothing", []string{"r", "  ", "tab", "acme", "enter", "right", "enter"}, nil, nil, "Give a reason"},
		{
			"revoke from the list",
			[]string{"r", "it was not her", "enter", "acme", "enter", "right", "enter"},
			[]string{"eva revokes G-7M2KQ4XA: it was not her"},
			[]string{"Access G-7M2KQ4XA to acme has ended. The owner reads your reason: it was not her"}, "apricot",
		},
		{
			"revoke from the site's page, after a mistyped name",
			[]string{"enter", "r", "why", "tab", "acne", "tab", "tab", "enter", "backspace", "backspace", "me", "tab", "tab", "enter"},
			[]string{"eva revokes G-7M2KQ4XA: why"},
			[]string{"Access G-7M2KQ4XA to acme has ended. The owner reads your reason: why"}, "/var/www/acme",
		},
		{
			"veto from the access list",
			[]string{"2", "down", "v", "nobody called", "tab", "bakery", "tab", "tab", "enter"},
			[]string{"eva vetoes R-2M9X: nobody called"},
			[]string{"Request R-2M9X for bakery is refused. The owner reads your reason: nobody called"}, "G-7M2KQ4XA",
		},
		{
			"veto from the request's page goes back to the list",
			[]string{"2", "down", "enter", "v", "no", "tab", "bakery", "tab", "tab", "enter"},
			[]string{"eva vetoes R-2M9X: no"},
			[]string{"Request R-2M9X for bakery is refused. The owner reads your reason: no"}, "G-7M2KQ4XA",
		},
		{"nothing to revoke", []string{"end", "r"}, nil, nil, "! Not possible: no access is open here."},
		{"what has ended cannot be revoked", []string{"2", "e", "end", "r"}, nil, nil, "! Not possible: this access has ended already."},
		{"the hint goes with the next key", []string{"end", "r", "up"}, nil, nil, "apricot"},
		{"nothing to veto", []string{"v"}, nil, nil, "! Not possible: nobody asks for access here."},
		{
			"no veto is left", []string{"2", "down", "down", "v"}, nil, nil,
			"! Not possible: you have said no to this owner twice in 14 days; this time the",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, world(), tuitest.Looks()[0], func(s *show) {
				s.Press(c.keys...)
				if !slices.Equal(s.console.acts, c.acts) || !slices.Equal(s.Notices, c.notices) {
					t.Errorf("acts %q, notices %q", s.console.acts, s.Notices)
				}
				s.Has(c.has)
			})
		})
	}
}

func TestTheDialogSaysWhatItMeans(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("r")
		for _, text := range []string{"loses access G-7M2KQ4XA at once", "counts as a veto", "two in 14 days", "word for word", "Type acme if you mean it", "[Cancel]"} {
			s.Has(text)
		}
		if !s.Screen.Typing() || !strings.Contains(s.Screen.Title(), "acme") {
			t.Errorf("typing %v, title %q", s.Screen.Typing(), s.Screen.Title())
		}
	})
}

// The letters of the reason are no commands.
func TestTypingIsTyping(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("r", "q", "?", "r", "v", "1", "y", "/")
		s.Has("[q?rv1y/_")
		s.Press("\x1b[2J\u202ex\nz")
		s.Has("[q?rv1y/[2Jxz_")
	})
}

func TestAFailedActKeepsTheReason(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.console.actErr = core.Refuse(core.ErrDenied, "You have said no to acme twice in 14 days.")
		s.Press("r", "a long reason", "tab", "acme", "tab", "tab", "enter")
		if !slices.Equal(s.Problems, []string{"You have said no to acme twice in 14 days."}) || len(s.Notices) > 0 {
			t.Errorf("problems %q, notices %q", s.Problems, s.Notices)
		}
		s.Has("a long reason")
		s.console.actErr = nil
		s.Press("enter")
		if len(s.console.acts) != 2 || len(s.Notices) != 1 {
			t.Errorf("acts %q, notices %q", s.console.acts, s.Notices)
		}
	})
}

// Keys that come while the act is under way do not do it twice.
func TestAnActIsDoneOnce(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("r", "why", "tab", "acme", "tab", "tab")
		_, cmd := s.Screen.Update(tuitest.Key("enter"))
		s.Has("Ending the access")
		for _, k := range []string{"enter", "esc", "tab", "x"} {
			s.Press(k)
		}
		s.Has("Ending the access")
		s.Run(cmd)
		if len(s.console.acts) != 1 || len(s.Notices) != 1 {
			t.Errorf("acts %q, notices %q", s.console.acts, s.Notices)
		}
	})
}

// A refresh behind the dialog neither closes it nor changes what it is about.
func TestTheDialogKeepsItsSubject(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("2", "r", "why")
		other := core.GrantInfo{ID: "G-OTHER", Site: "zoo", State: core.GrantActive, Left: time.Hour}
		s.console.grants = []core.GrantInfo{other}
		s.Wait(5 * time.Second)
		s.Press("tab", "acme", "tab", "tab", "enter")
		if !slices.Equal(s.console.acts, []string{"eva revokes G-7M2KQ4XA: why"}) {
			t.Errorf("acts %q", s.console.acts)
		}
	})
}

// A disabled key stays in the help and says why.
func TestDisabledKeysSayWhy(t *testing.T) {
	on(t, world(), tuitest.Looks()[0], func(s *show) {
		s.Press("end")
		found := 0
		for _, b := range s.Screen.Keys() {
			if h := b.Help(); h.Key == "r" || h.Key == "v" {
				found++
				if b.Enabled() || !strings.Contains(h.Desc, "here") {
					t.Errorf("%q enabled %v: %q", h.Key, b.Enabled(), h.Desc)
				}
			}
		}
		if found != 2 {
			t.Errorf("%d keys", found)
		}
	})
}
