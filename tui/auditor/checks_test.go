package auditor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/tui/tuitest"
	"breakglass/tui/widget"
)

// refresh is a little more than the time between two questions.
const refresh = 6 * time.Second

func look() tuitest.Look { return tuitest.Looks()[0] }

func corner(t *testing.T, s *tuitest.Show, want string) {
	t.Helper()
	if got := s.Screen.(widget.Header).Corner(); got != want {
		t.Errorf("the corner says %q, want %q", got, want)
	}
}

// The header follows the log as it grows: each checkpoint continues the one seen
// last, and nothing is asked while there is nothing new.
func TestTheLogIsVerifiedAsItGrows(t *testing.T) {
	b := newBook(t, bookEvents...)
	on(t, b, look(), func(s *tuitest.Show) {
		corner(t, s, "verified to 12")
		for n := range 5 {
			b.more(n+1, "zoo")
			s.Wait(refresh)
		}
		corner(t, s, "verified to 27")
		if len(b.proofs) != 6 || b.proofs[0] != "" || !strings.HasPrefix(b.proofs[5], bookOrigin+"\n22\n") {
			t.Errorf("asked since %q", b.proofs)
		}
		s.Wait(time.Hour)
		if len(b.proofs) != 6 {
			t.Errorf("%d proofs of a log that did not grow", len(b.proofs))
		}
		s.Press("v")
		s.Has("first with 12 lines and last with 27")
		s.Has(bookKey[:60])
	})
}

// A line that is opened is proved on the spot, by the newest checkpoint.
func TestALineIsProvedWhenItIsOpened(t *testing.T) {
	b := newBook(t, bookEvents...)
	on(t, b, look(), func(s *tuitest.Show) {
		s.Press("down", "down", "enter")
		s.Has("+ Proved just now")
		s.Press("end")
		for _, text := range []string{"3 hashes: ", "checkpoint  " + bookOrigin, "log key", "log prove 9"} {
			s.Has(text)
		}
		asked := len(b.proofs)
		b.more(3, "zoo")
		s.Press("esc", "enter")
		s.Has("in the log of 15 lines")
		corner(t, s, "verified to 15")
		if len(b.proofs) != asked+1 {
			t.Errorf("%d proofs for one line", len(b.proofs)-asked)
		}
	})
}

// Whatever makes a log unbelievable is said in words, on every page, and stays
// said.
func TestALogThatIsNotToBeBelieved(t *testing.T) {
	for name, attack := range map[string]func(*book){
		"a fork that the console admits": func(b *book) {
			b.err = &core.Refusal{Kind: core.ErrInvalid, Cause: audit.ErrForked, Detail: "That checkpoint is not one of this log."}
		},
		"another checkpoint": func(b *book) {
			b.forge = func(p *audit.Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n14\n", "\n15\n", 1) }
		},
		"a proof with a byte changed": func(b *book) { b.forge = func(p *audit.Proof) { p.Inclusion[0][3] ^= 1 } },
		"a leaf that was rewritten": func(b *book) {
			b.forge = func(p *audit.Proof) { p.Leaf = []byte(strings.Replace(string(p.Leaf), "owner:acme", "owner:zoo", 1)) }
		},
		"no consistency":                 func(b *book) { b.forge = func(p *audit.Proof) { p.Since = nil } },
		"consistency with another state": func(b *book) { b.forge = func(p *audit.Proof) { p.Since.Root[0] ^= 1 } },
		"a shorter log that was signed anew": func(b *book) {
			shorter := newBook(b.t, bookEvents[:5]...)
			b.ledger, b.signer = shorter.ledger, shorter.signer
		},
		"another log that was signed anew": func(b *book) {
			other := newBook(b.t, bookEvents[1:]...)
			other.more(5, "zoo")
			b.ledger, b.signer = other.ledger, other.signer
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, bookEvents...)
			b.more(1, "acme") // 13, so that no attack is on the very first
			on(t, b, look(), func(s *tuitest.Show) {
				corner(t, s, "verified to 13")
				b.more(1, "acme")
				attack(b)
				s.Wait(refresh)
				corner(t, s, "NOT VERIFIED")
				s.Has("x THE LOG IS NOT VERIFIED: ")
				b.forge, b.err = nil, nil
				s.Wait(time.Minute)
				corner(t, s, "NOT VERIFIED")
				for _, keys := range [][]string{{"v"}, {"esc", "e"}, {"esc", "enter"}} {
					s.Press(keys...)
					s.Has("THE LOG IS NOT VERIFIED")
				}
				s.Has("NOT PROVED: the log itself is not verified.")
			})
		})
	}
}

// The line on the screen must be the one that is proved.
func TestAnotherLineThanTheOneProved(t *testing.T) {
	b := newBook(t, bookEvents...)
	b.lines[11].Hash = strings.Repeat("0", 64)
	on(t, b, look(), func(s *tuitest.Show) {
		s.Press("enter")
		s.Has("x NOT PROVED: the line that is shown is not the one")
		corner(t, s, "verified to 12")
	})
}

// A console that cannot answer now is not a log that lies.
func TestAProofThatFailsIsAskedForAgain(t *testing.T) {
	b := newBook(t, bookEvents...)
	b.err = core.Refuse(core.ErrNoSpace, "The disk is full.")
	on(t, b, look(), func(s *tuitest.Show) {
		corner(t, s, "verifying…")
		s.Press("enter")
		s.Has("no proof at the moment; it is asked for again. The disk is full.")
		if len(b.proofs) > 2 {
			t.Errorf("asked %d times at once", len(b.proofs))
		}
		b.err = nil
		s.Wait(refresh)
		s.Has("Proved just now")
		corner(t, s, "verified to 12")
		b.err = errors.New("bolt: secret inside")
		b.more(1, "acme")
		s.Press("esc").Wait(refresh)
		corner(t, s, "verified to 12")
		s.Press("v")
		s.HasNot("bolt")
	})
}

// Without a key that can be read nothing is verified, and that is said.
func TestAKeyThatIsNone(t *testing.T) {
	b := newBook(t, bookEvents...)
	b.key = "nonsense"
	on(t, b, look(), func(s *tuitest.Show) {
		corner(t, s, "NOT VERIFIED")
		for _, keys := range [][]string{nil, {"v"}, {"esc", "enter"}} {
			s.Press(keys...)
			s.Has("THE LOG IS NOT VERIFIED")
		}
		if len(b.proofs) > 0 {
			t.Error("a proof was asked for that nothing can check")
		}
	})
}

func TestTheStoryOfAGrant(t *testing.T) {
	b := newBook(t, bookEvents...)
	on(t, b, look(), func(s *tuitest.Show) {
		s.Press("s") // log.read belongs to no grant
		s.Has("lines in the log")
		s.Press("down", "s")
		if got := s.Screen.Title(); got != "The story of G-7M2KQ4XA" {
			t.Errorf("title %q", got)
		}
		text := s.Screen.View(140, 60)
		at := 0
		for _, step := range []string{
			"Access was asked for", "A code was sent by email to j*****@a*****.example", "no such number", "The right code", "Access was opened", "A backup was started",
			"The backup is complete: acme-20261124T140207Z.tar.gz, 1.4 GB, COMPLETE", "A download began", "Every byte", "Access ended: the owner closed it",
		} {
			i := strings.Index(text[at:], step)
			if i < 0 {
				t.Fatalf("no %q after %d in\n%s", step, at, text)
			}
			at += i
		}
		if !strings.Contains(text, "14:12:07  +8 min 0 s") {
			t.Errorf("no times in\n%s", text)
		}
		b.story.Grant.State = core.GrantRevoked
		s.Wait(refresh)
		s.Has("revoked")
		s.Press("esc")
		s.Has("lines in the log")
		s.Press("down", "down", "down", "down", "down", "down", "down", "s") // a line of the request alone
		if got := s.Screen.Title(); got != "The story of R-2M9X" {
			t.Errorf("title %q", got)
		}
	})
}

func TestAStoryThatCannotBeRead(t *testing.T) {
	b := newBook(t, bookEvents...)
	b.story.Grant = core.GrantInfo{}
	on(t, b, look(), func(s *tuitest.Show) {
		s.Press("down", "s")
		s.Wait(time.Minute)
		if fmt.Sprint(s.Problems) != "[There is no grant and no request G-7M2KQ4XA.]" {
			t.Errorf("problems %q", s.Problems)
		}
	})
}

// One key gives the line that exports what is shown, and it is printed once more
// at the end.
func TestExportGivesTheLine(t *testing.T) {
	on(t, newBook(t, bookEvents...), look(), func(s *tuitest.Show) {
		lines := func(want, file string) {
			t.Helper()
			if s.Terminal.Farewell() != "  "+want+" > "+file {
				t.Errorf("farewell %q", s.Terminal.Farewell())
			}
			s.Press("y")
			if copied := s.Terminal.Copied(); len(copied) == 0 || copied[len(copied)-1] != want+" > "+file {
				t.Errorf("copied %q", copied)
			}
			if got := s.Screen.View(200, 40); !strings.Contains(got, "\n"+want+" > "+file+"\n") {
				t.Errorf("the line does not stand by itself in\n%s", got)
			}
		}
		const me = "ssh -p 2222 ada@backup.example "
		s.Press("e")
		lines(me+"log export", "log.jsonl")
		s.Has("breakglass log verify log.jsonl --key VKEY")
		s.Press("f")
		lines(me+"log export --format syslog", "log.syslog")
		s.HasNot("log verify")
		s.Press("f")
		lines(me+"log export --format cef", "log.cef")
		s.Press("f")
		lines(me+"log export --format ocsf", "log.ocsf.jsonl")
		s.Press("f", "esc", "/", "site:acme event:grant from:2026-11-20", "enter", "e")
		lines(me+"log export --site acme --event grant --from 2026-11-20T00:00:00Z", "lines.jsonl")
		s.Has("only the whole log shows")
		s.Press("esc", "/", "ctrl+u", "it's \"two\" words", "enter", "e")
		lines(me+`'log export --text "it'\''s \"two\" words"'`, "lines.jsonl")
	})
}
