package owner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui"
	"breakglass/tui/owner"
	"breakglass/tui/tuitest"
)

// inPage runs a test on one page over a console that says what the test wants.
func inPage(t *testing.T, p page, f func(*tuitest.App, *console)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer func() { cancel(); synctest.Wait() }()
		clock := coretest.NewClock()
		c := &console{state: p.state(clock.Now()), report: p.report}
		actor := core.Actor{Role: core.RoleOwner, Name: "acme", Factor: "passphrase"}
		if p.token {
			actor = actor.WithToken(core.NewSecret("K7Q2MX"))
		}
		term := tuitest.NewTerminal(ctx, tuitest.Look{UTF8: true}, 80, 40)
		a := tuitest.Start(t, term, tui.New(term, actor, c, clock))
		if p.then != nil {
			p.then(a)
		}
		f(a, c)
	})
}

// Keys do what the footer says, in the order in which they were pressed.
func TestKeysAskTheConsole(t *testing.T) {
	tests := []struct {
		page string
		keys []string
		want []string
	}{
		{"welcome", []string{"enter", "my manager", "esc"}, nil},
		{"welcome", []string{"enter", "gone", "enter"}, []string{"draft gone"}},
		{"welcome", []string{"enter", "q? why", "enter"}, []string{"draft q? why"}},
		{"contacts", []string{"enter"}, []string{"send c2"}},
		{"contacts", []string{"up", "up", "up", "enter"}, []string{"send c1"}},
		{"contacts", []string{"j", "j", "j", "enter", "abcd", "enter"}, []string{"paper abcd"}},
		{"contacts", []string{"esc", "enter"}, nil},
		{"contacts", []string{"esc", "esc"}, nil},
		{"contacts", []string{"esc", "tab", "enter"}, []string{"cancel request"}},
		{"code", []string{"4XA", "enter"}, []string{"code 7M2K-Q4XA"}},
		{"code", []string{"ctrl+r"}, []string{"send c1"}},
		{"code", []string{"tab", "enter"}, []string{"send c2"}},
		{"code", []string{"esc", "esc", "enter"}, []string{"code 7M2K-Q"}},
		{"code", []string{"ctrl+x", "tab", "enter"}, []string{"cancel request"}},
		{"code_dead", []string{"ctrl+r"}, []string{"send c1"}},
		{"paper", []string{"esc", "up", "enter"}, []string{"send c2"}},
		{"holding", []string{"enter", "x", "tab", "enter"}, []string{"cancel request"}},
		{"ready", []string{"enter"}, []string{"activate"}},
		{"start", []string{"enter"}, []string{"start"}},
		{"start", []string{"x", "enter"}, nil},
		{"start", []string{"x", "tab", "enter"}, []string{"close"}},
		{"start_streamed", []string{"h", "enter", "tab", "enter"}, []string{"close"}},
		{"start_streamed", []string{"enter", "enter", "tab", "enter"}, []string{"close"}},
		{"start_full", []string{"enter", "enter"}, nil},
		{"start_full", []string{"s"}, []string{"start"}},
		{"failed_full", []string{"enter", "s"}, []string{"start"}},
		{"progress_streaming", []string{"c", "tab", "enter"}, []string{"cancel backup"}},
		{"start_again", []string{"d", "enter", "esc", "esc", "enter"}, []string{"start"}},
		{"progress", []string{"enter", "c", "tab", "tab", "enter"}, nil},
		{"progress", []string{"c", "tab", "enter"}, []string{"cancel backup"}},
		{"failed", []string{"enter"}, []string{"start"}},
		{"download", []string{"n", "enter"}, nil},
		{"download", []string{"n", "tab", "enter"}, []string{"start"}},
		{"handover", []string{"enter", "enter", "enter", "tab", "enter"}, []string{"close"}},
		{"revoked", []string{"enter", "again", "enter"}, []string{"draft again"}},
		{"vetoed", []string{"enter", "again", "enter"}, []string{"draft again"}},
		{"locked", []string{"enter", "again", "enter"}, nil},
		{"nocontact", []string{"enter", "again", "enter"}, nil},
	}
	for _, test := range tests {
		t.Run(test.page+" "+strings.Join(test.keys, " "), func(t *testing.T) {
			inPage(t, pages[test.page], func(a *tuitest.App, c *console) {
				a.Press(test.keys...)
				if got := c.asked(); !slices.Equal(got, test.want) {
					t.Errorf("asked %q, want %q:\n%s", got, test.want, a.Model.View())
				}
			})
		})
	}
}

func TestWhileOneActRunsNoOtherBegins(t *testing.T) {
	inPage(t, pages["code"], func(a *tuitest.App, c *console) {
		c.set(func(c *console) { c.hold = make(chan struct{}) })
		a.Press("enter", "enter", "ctrl+r", "enter")
		a.Sees("One moment.")
		if got := c.asked(); len(got) != 1 {
			t.Fatalf("asked %q", got)
		}
		close(c.hold)
		a.Run(nil)
		a.Misses("One moment.")
	})
}

func TestStaleStatesAreDropped(t *testing.T) {
	inPage(t, pages["download"], func(a *tuitest.App, _ *console) {
		old := site(time.Now())
		a.Send(owner.StaleState(old))
		a.Sees("Step 4 of 5: Download")
	})
}

func TestCodeIsNeverSentByItself(t *testing.T) {
	inPage(t, pages["code"], func(a *tuitest.App, c *console) {
		a.Press("backspace", "backspace", "backspace", "backspace", "backspace", "backspace")
		a.Send(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune("7M2K-Q4XA\r\n")})
		a.Sees("7M2K-Q4XA")
		if got := c.asked(); len(got) != 0 {
			t.Fatalf("asked %q", got)
		}
		a.Press("enter")
		if got := c.asked(); !slices.Equal(got, []string{"code 7M2K-Q4XA"}) {
			t.Fatalf("asked %q", got)
		}
	})
}

func TestHugePasteIsCutAndTheServersClipboardNotRead(t *testing.T) {
	inPage(t, pages["welcome"], func(a *tuitest.App, c *console) {
		a.Press("enter", "ctrl+v")
		a.Send(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(strings.Repeat("x\x1b[31m\u202e", 100_000))})
		a.Press("enter")
		got := c.asked()
		if len(got) != 1 || len(got[0]) > len("draft ")+4<<10 || strings.ContainsAny(got[0], "\x1b\u202e") {
			t.Fatalf("asked %.100q", got)
		}
	})
}

func TestKeyThatCannotBeUsedSaysWhy(t *testing.T) {
	p := page{state: withRequest(core.RequestCodeSent, func(now time.Time, r *core.RequestInfo) {
		r.CodeLive, r.CodeExpires, r.SendsLeft = true, now.Add(time.Minute), 0
	})}
	inPage(t, p, func(a *tuitest.App, c *console) {
		a.Misses("Ctrl+R new code")
		a.Press("ctrl+r")
		a.Sees("All codes of this request have been sent")
		if got := c.asked(); len(got) != 0 {
			t.Fatalf("asked %q", got)
		}
		a.Press("f1")
		a.Sees("Ctrl+R new code")
	})
}

func TestProblemsStayUntilDismissedOrSolved(t *testing.T) {
	inPage(t, pages["start"], func(a *tuitest.App, c *console) {
		c.set(func(c *console) { c.err = core.Refuse(core.ErrBusy, "Another backup of this site is running.") })
		a.Press("enter")
		a.Sees("Another backup of this site is running.")
		a.Wait(time.Hour)
		a.Sees("Another backup of this site is running.")
		a.Press("esc")
		a.Misses("Another backup of this site is running.")
		a.Press("enter")
		a.Sees("Another backup of this site is running.")
		c.set(func(c *console) { c.err = nil })
		a.Press("enter")
		a.Misses("Another backup of this site is running.")
	})
}

// Under the longest problem, in the smallest window, what is typed still shows;
// after a wrong code the field is free for the right one.
func TestFieldStaysInSightUnderAProblem(t *testing.T) {
	for name, typed := range map[string]string{"code": "[ _", "paper": "ZZ", "reason": "answerZZ"} {
		inPage(t, pages[name], func(a *tuitest.App, c *console) {
			a.Send(tea.WindowSizeMsg{Width: 40, Height: 12})
			c.set(func(c *console) { c.err = &core.Refusal{Kind: core.ErrWrongCode, Left: 4} })
			a.Press("ZZ", "enter")
			a.Sees("not the code we sent", typed)
		})
	}
}

func TestCopyThatFailsSaysWhatToDo(t *testing.T) {
	inPage(t, pages["download"], func(a *tuitest.App, _ *console) {
		a.Press("c")
		a.Sees("Copied, if your terminal allows it")
		if got := a.Terminal.Copied(); len(got) != 1 || got[0] != "scp -P 2222 acme+K7Q2MX@backup.example:acme-20000101T000000Z.tar.gz ." {
			t.Fatalf("copied %q", got)
		}
		a.Terminal.CopyErr = errors.New("gone")
		a.Press("o")
		a.Sees("could not be copied")
	})
}

func TestTokenIsShownInTheSessionThatProvedItOnly(t *testing.T) {
	p := pages["reprove"]
	inPage(t, p, func(a *tuitest.App, _ *console) {
		a.Misses("acme+")
		if last := a.Terminal.Farewell(); last != "" {
			t.Fatalf("last words %q", last)
		}
	})
}

func TestSiteThatIsTakenOffTheConsoleClosesItsScreens(t *testing.T) {
	for _, name := range []string{"welcome", "download"} {
		inPage(t, pages[name], func(a *tuitest.App, c *console) {
			c.set(func(c *console) { c.lost = core.Refuse(core.ErrNotFound, "This site is no longer set up here.") })
			a.Wait(2 * time.Second)
			a.Sees("no longer set up on this console")
			a.Misses("acme+")
			a.Wait(6 * time.Second)
			if !a.Quit || !a.Model.(interface{ CloseConnection() bool }).CloseConnection() || strings.Contains(a.Terminal.Farewell(), "acme+") {
				t.Fatalf("still open, or %q", a.Terminal.Farewell())
			}
		})
	}
}

// A console that cannot be read for a moment costs no page and no token.
func TestStateThatCannotBeReadIsReadAgain(t *testing.T) {
	inPage(t, pages["download"], func(a *tuitest.App, c *console) {
		c.set(func(c *console) { c.lost = errors.New("disk on fire at /var/lib/secret") })
		a.Wait(3 * time.Second)
		a.Sees("Step 4 of 5: Download", "Something went wrong inside the console", "acme+K7Q2MX@")
		a.Misses("/var/lib/secret")
		c.set(func(c *console) { c.lost = nil })
		a.Wait(2 * time.Second)
		a.Press("esc")
		a.Wait(2 * time.Second)
		a.Misses("Something went wrong")
	})
}

// What peers and sites have named cannot steer the terminal.
func TestPeerTextIsMadeSafe(t *testing.T) {
	const evil = "\x1b]0;x\x07\u202eevil\u0007\nline"
	p := page{token: true, report: core.Preflight{SiteReport: core.SiteReport{Kind: evil, Notes: []string{evil}, Databases: []core.DatabaseReport{{Name: evil, Server: evil}}}},
		state: withGrant(core.GrantActive, func(_ time.Time, s *core.OwnerState) { s.Title, s.Call, s.Site, s.Host = evil, evil, evil, evil })}
	inPage(t, p, func(a *tuitest.App, c *console) {
		safe := func() {
			t.Helper()
			if view := a.Model.View() + a.Terminal.Farewell(); strings.ContainsAny(view, "\x1b\x07\u202e") {
				t.Fatalf("not safe: %q", view)
			}
		}
		safe()
		c.set(func(c *console) {
			c.state.Job = &core.JobInfo{ID: "J-1", State: core.JobFailed, Problem: evil, Incident: evil, Notes: []string{evil}}
		})
		a.Wait(2 * time.Second)
		a.Sees("The backup failed")
		safe()
		c.set(func(c *console) { c.state.Job.State = core.JobRunning })
		a.Wait(2 * time.Second)
		a.Send(owner.ProgressMsg("J-1", core.Progress{Current: evil, Notes: []string{evil}, Steps: []core.Step{{Name: evil}}}))
		safe()
		c.set(func(c *console) {
			c.state.Job.State, c.state.Job.Archive = core.JobSealed, evil
			c.state.Archives = []core.ArchiveInfo{{Name: evil, SHA256: evil, Notes: []string{evil}}}
		})
		a.Wait(2 * time.Second)
		a.Sees("Download")
		safe()
		c.set(func(c *console) { c.state.Grant.State, c.state.Grant.Reason = core.GrantRevoked, evil })
		a.Wait(2 * time.Second)
		a.Sees("Access was ended")
		safe()
	})
}

func TestOneProgramShowsTheWizard(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	term := tuitest.NewTerminal(ctx, tuitest.Look{Colours: true, UTF8: true}, 80, 24)
	clock := coretest.NewClock()
	c := &console{state: site(clock.Now())}
	model := tui.New(term, core.Actor{Role: core.RoleOwner, Name: "acme"}, c, clock)
	var out output
	out.until = func(text string) bool { return strings.Contains(text, "Press Enter to begin") }
	program := tea.NewProgram(model, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(&out), tea.WithoutSignalHandler())
	out.then = func() { go program.Send(tea.KeyMsg{Type: tea.KeyCtrlC}) }
	_, err := program.Run()
	check(t, err)
	if !out.seen {
		t.Fatalf("the welcome never showed: %q", out.text)
	}
}
