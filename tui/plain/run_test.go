package plain_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"breakglass/core"
	"breakglass/core/coretest"
)

// way is the answers that lead from the welcome to the end, and what each leads
// to. The code is put in when it is known.
var way = []struct {
	answer string
	says   string
}{
	{"1", "Your reason:"},
	{"my manager does not answer", "Where should it go?"},
	{"1", "We sent a code to o***@a***.example."},
	{"CODE", "Your code was right."},
	{"1", "Your website is 2.0 GB large"},
	{"1", "The backup is complete"},
	{"1", "Whoever has this file has your whole website"},
	{"1", "Type the word yes"},
	{"yes", "Access is closed. Nothing on your website was changed."},
}

// goes takes the first steps of the way.
func (c *chat) goes(steps int) {
	c.w.t.Helper()
	for _, step := range way[:steps] {
		answer := step.answer
		if answer == "CODE" {
			answer = c.w.deliver()
		}
		c.says(answer, step.says)
	}
}

func TestTheWholeWay(t *testing.T) {
	for _, echo := range []bool{false, true} {
		t.Run(fmt.Sprintf("echo %v", echo), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.begins(w.owner, echo)
				c.holds(c.heard(), `Here you fetch a complete copy of your website Café "Acme"`, "1. Ask for access.", "0. Leave.")
				c.goes(len(way))
				if err := c.ended(); err != nil {
					t.Errorf("it ended with %v", err)
				}
				token := regexp.MustCompile(`acme\+([0-9A-Z]{6})@`).FindStringSubmatch(c.out.String())
				if token == nil {
					t.Fatal("no token was said")
				}
				archive := w.state().Archives[0]
				for _, line := range []string{
					"sftp -P 2222 acme+" + token[1] + "@backup.example:" + archive.Name + " .", "scp -P 2222 acme+" + token[1] + "@backup.example:" + archive.Name + " .",
					archive.SHA256, "- Kind of website: WordPress 6.6", "- Note: one file could not be read", "If you are stuck, call Eva Jansen, +31 20 123 4567.",
				} {
					if !strings.Contains("\n"+c.out.String(), "\n"+line+"\n") {
						t.Errorf("%q does not stand on a line of its own:\n%s", line, c.out)
					}
				}
				if g := w.state().Grant; g.State != core.GrantClosed {
					t.Errorf("the grant is %s", g.State)
				}
				wellFormed(t, c.out.String(), echo)
			})
		})
	}
}

// wellFormed holds what was said to the form that a screen reader can follow.
func wellFormed(t *testing.T, said string, echo bool) {
	t.Helper()
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		prompt := strings.Contains(line, ": ") && !echo // an answer without echo leaves the line open
		command := strings.HasPrefix(line, "sftp ") || strings.HasPrefix(line, "scp ") || strings.HasPrefix(line, "ssh ")
		if n := len([]rune(line)); n > 72 && !prompt && !command {
			t.Errorf("%d columns: %q", n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.ContainsAny(line, "•“”’…–") {
			t.Errorf("it holds what is no plain text: %q", line)
		}
		if regexp.MustCompile(`\b(plain|owner|view|error)\.[a-z]+[._]`).MatchString(line) || strings.Contains(line, "<no value>") {
			t.Errorf("a text is missing: %q", line)
		}
	}
}

// Whoever leaves at any question comes back to it, with the token or without.
func TestComingBackResumes(t *testing.T) {
	farewell := []string{
		"You can come back at any time", "You can come back at any time", "You can come back at any time", "You can come back at any time",
		"To come back without a second code", "Access stays open", "To fetch your backup", "Access stays open", "Access stays open",
	}
	for steps := range len(way) {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				first := w.begins(w.owner, false)
				first.goes(steps)
				asked := first.out.String()
				if steps == 8 {
					first.says("0", "It stays as it is.") // to a yes-or-no question it is a no
				}
				first.says("0", farewell[steps])
				check(t, first.ended())
				token := regexp.MustCompile(`acme\+([0-9A-Z]{6})@`).FindStringSubmatch(first.out.String())
				if (token != nil) != (steps >= 4) {
					t.Fatalf("a token was said: %v\n%s", token, first.out)
				}
				if token == nil {
					again := w.begins(w.login(""), false).heard()
					if steps < 2 && !strings.Contains(again, "Here you fetch") || steps >= 2 && !strings.Contains(asked, again[strings.LastIndex(again, "1. "):]) {
						t.Errorf("after %d steps it begins with\n%s", steps, again)
					}
					return
				}
				back := w.begins(w.login(token[1]), false)
				back.holds(back.heard(), map[int]string{4: "Open access now.", 5: "Start the backup.", 6: "sftp -P 2222", 7: "sftp -P 2222", 8: "sftp -P 2222"}[steps])
				back.types("0")
				stranger := w.begins(w.login(""), false)
				said := stranger.heard()
				if strings.Contains(said, "acme+") {
					t.Errorf("the token is said to a session that proved nothing:\n%s", said)
				}
				if steps > 4 {
					stranger.holds(said, "this connection has not shown a code yet")
					stranger.says("1", "Access is open already and nothing is lost.", "Your reason:")
					stranger.says("I am back", "Access is open already.")
					stranger.types("2")
					stranger.holds(stranger.types(w.deliver()), "acme+"[:0]+map[bool]string{true: "Start the backup.", false: "sftp -P 2222"}[steps == 5])
				}
			})
		})
	}
}

// The end of the input at any question is a farewell, not a fault, and nothing
// is left running.
func TestEndOfInputAtAnyQuestion(t *testing.T) {
	for steps := range len(way) {
		inWorld(t, func(t *testing.T, w *world) {
			c := w.begins(w.owner, steps%2 == 0)
			c.goes(steps)
			c.in.leave()
			if err := c.ended(); err != nil {
				t.Errorf("after %d steps: %v", steps, err)
			}
		})
	}
}

// A last line without an end is still an answer.
func TestALastLineNeedsNoEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, false)
		c.sends("1\nI am lo")
		c.sends("cked out")
		c.in.leave()
		check(t, c.ended())
		if r := w.state().Request; r == nil || r.State != core.RequestDrafted {
			t.Errorf("the request is %+v", r)
		}
	})
}

func TestEndOfContextAtAnyQuestion(t *testing.T) {
	for steps := range len(way) {
		inWorld(t, func(t *testing.T, w *world) {
			c := w.begins(w.owner, steps%2 == 0)
			c.goes(steps)
			c.cancel()
			if err := c.ended(); !errors.Is(err, context.Canceled) {
				t.Errorf("after %d steps: %v", steps, err)
			}
		})
	}
}

func TestCtrlCAndCtrlDLeave(t *testing.T) {
	for _, key := range []string{"\x03", "\x04"} {
		for steps := range len(way) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.begins(w.owner, true)
				c.goes(steps)
				c.sends("half a li" + key)
				if err := c.ended(); err != nil {
					t.Errorf("after %d steps: %v", steps, err)
				}
			})
		}
	}
}

// A client that takes no text ends it, with the reason.
func TestABrokenOutputEndsIt(t *testing.T) {
	broken := errors.New("the client is gone")
	for steps := range len(way) {
		inWorld(t, func(t *testing.T, w *world) {
			c := w.begins(w.owner, false)
			c.goes(steps)
			c.out.mu.Lock()
			c.out.broken = broken
			c.out.mu.Unlock()
			c.types("9")
			if err := c.ended(); !errors.Is(err, broken) {
				t.Errorf("after %d steps: %v", steps, err)
			}
		})
	}
}

// When access ends under a waiting question it is said within a second or so,
// with the reason, and the line mode ends.
func TestAccessThatEndsMeanwhile(t *testing.T) {
	for name, end := range map[string]struct {
		do   func(*world)
		says string
	}{
		"revoked": {func(w *world) {
			check(w.t, w.console.RevokeGrant(w.t.Context(), w.eva, w.state().Grant.ID, "it was \x1b[2Jnot you"))
		}, "Your manager has ended this access"},
		"expired": {func(w *world) { time.Sleep(time.Minute) }, "The time of this access is over"},
		"closed":  {func(w *world) { check(w.t, w.console.CloseAccess(w.t.Context(), w.elsewhere())) }, "Access is closed."},
		"removed": {func(w *world) { check(w.t, w.console.RemoveSite(w.t.Context(), w.eva, "acme")) }, "There is nothing by that name here."},
	} {
		for steps := 5; steps < len(way); steps++ {
			for _, answer := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s after %d steps, answering %v", name, steps, answer), func(t *testing.T) {
					inWorld(t, func(t *testing.T, w *world) {
						if life := time.Minute; name == "expired" {
							_, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Life: &life})
							check(t, err)
						}
						c := w.begins(w.owner, true)
						c.goes(steps)
						end.do(w)
						c.sends("half a line")
						if answer {
							c.types("")
							c.types("1")
						}
						said := c.after(2 * time.Second)
						check(t, c.ended())
						c.holds(c.out.String(), end.says)
						if strings.Contains(said, "internal") || strings.Contains(c.out.String(), "\x1b") {
							t.Error(said)
						}
					})
				})
			}
		}
	}
}

// A request that ends meanwhile is said in plain words too, and one can ask again.
func TestARequestThatEndsMeanwhile(t *testing.T) {
	for steps := 2; steps < 5; steps++ {
		inWorld(t, func(t *testing.T, w *world) {
			c := w.begins(w.owner, true)
			c.goes(steps)
			check(t, w.console.Veto(t.Context(), w.eva, w.state().Request.ID, "it was not you"))
			c.holds(c.after(2*time.Second), "Your manager has refused this request.", "it was not you", "1. Ask for access.")
			c.says("1", "Your reason:")
		})
	}
}

func TestWrongCodesAndTheLock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, true)
		c.goes(3)
		c.says("7M2K", "That was not in the form we can use.", "nothing was counted")
		c.says("", "Type the code first")
		c.says("9", "not in the form")
		for range core.TriesPerCode - 1 {
			c.says("00000000", "That is not the code we sent.", "Tries left on this code:")
		}
		c.says("00000000", "This code no longer works")
		c.says("1", "We sent a code to")
		for range core.TriesPerCode - 1 {
			c.types("00000000")
		}
		c.says("00000000", "There were too many wrong tries", "asking again is locked until", "The lock ends by itself.")
		c.says("1", "asking again is locked until")
		c.holds(c.after(15*time.Minute), "1. Ask for access.")
	})
}

// What becomes of the message is said while the person waits for it; a code that
// gets too old says so by itself.
func TestNewsOfTheCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, true)
		c.goes(3)
		c.sends("7M2")
		w.deliver()
		c.holds(c.after(2*time.Second), "The message: accepted by the mail provider", "Your code, like 7M2K-Q4XA, or a number: 7M2")
		c.holds(c.after(core.CodeLife), "does not work any more", "1. Have a new code sent.")
		c.says("2", "Where should it go?")
		c.says("2", "We sent a code to +31***78.")
		c.says("2", "Where should it go?", "Go back; I have a code to type in.")
		c.says("4", "Your code, like")
		c.says("3", "Give up this request?")
		c.says("no", "It stays as it is.")
		c.says("3", "Give up this request?")
		c.says("YES", "You gave up your request.", "You can ask again.")
		c.types("1")
		c.says("again", "Where should it go?")
	})
}

func TestThePaperCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, true)
		c.goes(2)
		c.says("3", "28 letters and digits", "you wait 24 h before access opens")
		c.says(w.kit.Paper.Reveal(), "A waiting time runs now", "ssh -p 2222 acme+")
		c.says("1", "A waiting time runs now")
		c.says("0", "To come back without a second code", "ssh -p 2222 acme+")
		check(t, c.ended())
		token := regexp.MustCompile(`acme\+([0-9A-Z]{6})@`).FindStringSubmatch(c.out.String())
		time.Sleep(core.PaperHold - time.Minute)
		back := w.begins(w.login(token[1]), true)
		back.holds(back.heard(), "A waiting time runs now")
		back.holds(back.after(2*time.Minute), "Open access now.")
		back.says("1", "Your website is 2.0 GB large")
	})
}

// A running backup says each step, how far it is every ten seconds, and answers
// to keys meanwhile.
func TestProgress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hold := make(chan struct{})
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Hold: hold, Report: report})
		c := w.begins(w.owner, true)
		c.goes(5)
		c.says("1", "Your website is being copied.", "Done: Look at the site.", "Now: Copy the files.", "To stop the backup type 1")
		if said := c.after(9 * time.Second); said != "" {
			t.Errorf("too early: %s", said)
		}
		for range 3 {
			said := c.after(10 * time.Second)
			c.holds(said, "50 % is done: 500 B of 1.0 kB.")
			if strings.Count(said, "\n") != 1 {
				t.Errorf("more than a line: %q", said)
			}
		}
		c.says("", "50 % is done")
		c.says("x", "To stop the backup type 1")
		c.says("1", "Stop the backup?")
		c.says("n", "It stays as it is.")
		close(hold)
		c.holds(c.after(time.Second), "The backup is complete", "sftp -P 2222")
	})
}

var streamLine = regexp.MustCompile(`(?m)^ssh -p 2222 acme\+(\w+)@backup\.example backup > acme\.tar\.gz$`)

// Where the disk is too full the backup goes straight to the owner's computer:
// the line is there for each kind of computer, and this session says how it goes
// and what became of it.
func TestStreaming(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.vault.SetCapacity(1_000_000_000)
		hold := make(chan struct{})
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Hold: hold, Report: report})
		c := w.begins(w.owner, true)
		c.goes(4)
		said := c.says("1", "The disk of the server is too full", `cmd /c "ssh -p 2222 acme+`, "It writes the file acme.tar.gz", "Try to keep a backup on the server all the same.")
		line := streamLine.FindStringSubmatch(said)
		if line == nil {
			t.Fatalf("no line to type:\n%s", said)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := w.console.StreamBackup(t.Context(), w.login(line[1]), io.Discard, func(core.JobInfo) {})
			ended <- err
		}()
		c.holds(c.after(time.Second), "goes straight to your computer", "Leave the window open in which you typed the line")
		close(hold)
		check(t, <-ended)
		c.holds(c.after(2*time.Second), "was sent straight to your computer", "None is kept here.", w.state().Job.SHA256)
		c.says("1", "Whoever has this file has your whole website")
	})
}

func TestStoppingABackup(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Hold: make(chan struct{}), Report: report})
		c := w.begins(w.owner, true)
		c.goes(5)
		c.types("1")
		c.says("1", "What was copied so far is thrown away.")
		c.types("yes")
		c.holds(c.out.String(), "The backup was stopped before it had finished.")
		c.says("1", "Your website is being copied.")
		c.says("0", "The backup goes on without you.", "ssh -p 2222 acme+")
		check(t, c.ended())
		if job := w.state().Job; job.State != core.JobRunning {
			t.Errorf("the backup is %s", job.State)
		}
	})
}

func TestAFailedBackup(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Err: core.ErrSite, InspectErr: core.Refuse(core.ErrSite, "The site has no wp-config.php.")})
		c := w.begins(w.owner, true)
		for _, step := range way[:4] {
			answer := step.answer
			if answer == "CODE" {
				answer = w.deliver()
			}
			c.types(answer)
		}
		c.says("1", "your website could not be looked at.", "The site has no wp-config.php.")
		c.says("1", "The backup could not be finished.", "files could not be read", "give this number: "+incidentOf(w))
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000)})
		c.says("1", "The backup is complete")
	})
}

// A backup that ends before it is looked at is told of all the same, where the
// one before led to the same page.
func TestAQuickBackupIsToldOf(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.quick = true
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Err: core.ErrSite, Report: report})
		c := w.begins(w.owner, true)
		c.goes(4)
		c.says("1", "Your website is 2.0 GB large")
		for range 2 {
			c.holds(c.says("1", "The backup could not be finished."), "give this number: "+incidentOf(w))
		}
		w.engine.Follow(coretest.Script{Data: make([]byte, 1000), Report: report})
		c.says("1", "The backup is complete")
		c.says("3", "Make a new backup?")
		c.says("yes", "The backup is complete")
	})
}

func incidentOf(w *world) string {
	if job := w.state().Job; job != nil {
		return job.Incident
	}
	return ""
}

// fetches goes on to the download page and opens the archive under the token that
// stands there. read takes a thousand bytes each second and a half.
func (w *world) fetches(c *chat) (file *core.Download, read func(from, to int64)) {
	w.t.Helper()
	c.goes(6)
	token := regexp.MustCompile(`acme\+([0-9A-Z]{6})@`).FindStringSubmatch(c.out.String())
	a := w.login(token[1])
	file, err := w.console.OpenFile(w.t.Context(), a, w.state().Archives[0].Name)
	check(w.t, err)
	return file, func(from, to int64) {
		w.t.Helper()
		for ; from < to; from += 1000 {
			if _, err := file.ReadAt(make([]byte, 1000), from); !errors.Is(err, io.EOF) {
				check(w.t, err)
			}
			time.Sleep(1500 * time.Millisecond)
		}
	}
}

// The download page says when bytes go, and when all have gone; an old archive
// is fetched without a second backup; a new one can be made.
func TestTheDownload(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, true)
		file, read := w.fetches(c)
		read(0, file.Size())
		check(t, file.Close())
		c.holds(c.after(2*time.Second), "was sent to you, at", "All of it was sent to you.")
		c.says("2", "sftp -P 2222")
		c.says("3", "Make a new backup?")
		c.says("yes", "The backup is complete")
		c.says("1", "The server has not seen the whole file go to you yet.")
		c.says("2", "sftp -P 2222")
		c.says("4", "Close access?")
		c.says("yes", "Access is closed.")
		check(t, c.ended())

		next := w.begins(w.login(""), true)
		next.holds(next.heard(), "Access is closed.", "1. Ask for access.")
		next.types("1")
		next.types("I need it once more")
		next.types("1")
		next.types(w.deliver())
		next.says("1", "2. Fetch the backup of")
		next.says("2", "sftp -P 2222")
	})
}

// A download that breaks off says how it goes on, and one that begins once more
// is not taken for the one before.
func TestADownloadThatBreaksOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.begins(w.owner, true)
		file, read := w.fetches(c)
		read(0, file.Size()/2)
		c.holds(c.after(time.Minute), "Nothing is being sent at the moment.", "with -a behind the word sftp")
		read(0, file.Size())
		c.holds(c.after(time.Minute), "All of it was sent to you.")
		read(0, file.Size())
		c.holds(c.after(time.Minute), "now it is sent once more")
		check(t, file.Close())
	})
}

// Access that ends soon is told of ten minutes and one minute before.
func TestTheEndIsToldInTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		life := 15 * time.Minute
		_, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Life: &life})
		check(t, err)
		c := w.begins(w.owner, true)
		c.goes(5)
		if said := c.after(life - 10*time.Minute - 2*time.Second); strings.Contains(said, "Access ends in") {
			t.Errorf("too early: %s", said)
		}
		c.holds(c.after(4*time.Second), "Access ends in 10 min.")
		if said := c.after(8 * time.Minute); said != "" {
			t.Errorf("again: %s", said)
		}
		c.holds(c.after(time.Minute), "Access ends in 1 min 0 s.")
		c.holds(c.after(time.Minute), "The time of this access is over", "Log in again")
		check(t, c.ended())
	})
}

// A fault inside the console is said in a sentence, and handed on.
func TestAFaultIsHandedOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		fault := errors.New("bbolt: page 7 is free twice")
		c := w.begins(w.owner, true)
		c.goes(1)
		w.ledger.FailUpdates(fault)
		said := c.types("why")
		if err := c.ended(); !errors.Is(err, fault) {
			t.Errorf("got %v", err)
		}
		c.holds(said, "Something went wrong inside the console")
		if strings.Contains(said, "bbolt") {
			t.Errorf("it tells of its inside: %s", said)
		}
	})
}

// Without a way to send a code the person is told whom to call, and it goes on
// by itself once there is one.
func TestNoContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		check(t, w.console.RemoveContact(t.Context(), w.eva, "acme", "1"))
		check(t, w.console.RemoveContact(t.Context(), w.eva, "acme", "2"))
		check(t, w.ledger.Update(t.Context(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			if err != nil {
				return err
			}
			site.Paper = core.Paper{}
			_, err = tx.Sites().Put(site)
			return err
		}))
		c := w.begins(w.owner, true)
		c.says("1", "There is no address that a code could go to", "call Eva Jansen")
		_, err := w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "new@acme.example"})
		check(t, err)
		c.holds(c.after(2*time.Second), "Your reason:")
	})
}

// Peer text cannot steer the terminal.
func TestPeerTextIsMadeSafe(t *testing.T) {
	const evil = "\x1b]0;x\a\u202eevil\r\nline"
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.Follow(coretest.Script{
			Data: make([]byte, 10), Result: core.BackupResult{Notes: []string{evil}},
			Report: core.SiteReport{Kind: evil, Notes: []string{evil}, Databases: []core.DatabaseReport{{Name: evil, Server: evil}}},
		})
		c := w.begins(w.owner, true)
		c.sends("1\r")
		c.sends("\x1b[A\x1bOP\u202e" + "why\x1b[1;5C\r")
		synctest.Wait()
		c.types("1")
		c.types(w.deliver())
		c.says("1", "Kind of website: ]0;xevil line")
		c.says("1", "Note: ]0;xevil line")
		if strings.ContainsAny(c.out.String(), "\x1b\a\r\u202e") {
			t.Errorf("%q", c.out)
		}
	})
}
