package owner_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/lipgloss"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui"
	"breakglass/tui/owner"
	"breakglass/tui/tuitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// page is one page of the wizard, as a test shows it.
type page struct {
	state  func(now time.Time) core.OwnerState
	token  bool // this session holds one
	report core.Preflight
	then   func(*tuitest.App)
}

func site(now time.Time) core.OwnerState {
	return core.OwnerState{
		Site: "acme", Title: "Acme Shop", Call: "Eva de Vries, +31 6 12345678", Zone: "Europe/Amsterdam", Lang: "en",
		Host: "backup.example", Port: 2222, Now: now, HasPaper: true, Extension: ".tar.gz",
		Contacts: []core.ContactInfo{
			{ID: "c1", Kind: core.ContactEmail, Masked: "j•••••@e•••••.nl", Proven: now.Add(-12 * 24 * time.Hour), Usable: true},
			{ID: "c2", Kind: core.ContactPhone, Masked: "+31 ••••• 78", Usable: true},
		},
	}
}

// with is the site with something changed.
func with(change func(now time.Time, s *core.OwnerState)) func(time.Time) core.OwnerState {
	return func(now time.Time) core.OwnerState {
		s := site(now)
		change(now, &s)
		return s
	}
}

func withRequest(state core.RequestState, change func(now time.Time, r *core.RequestInfo)) func(time.Time) core.OwnerState {
	return with(func(now time.Time, s *core.OwnerState) {
		s.Request = &core.RequestInfo{
			ID: "R-1", State: state, Created: now.Add(-time.Hour), Lapses: now.Add(23 * time.Hour), SendsLeft: 2, TriesLeft: 5, SentTo: s.Contacts[0],
		}
		if change != nil {
			change(now, s.Request)
		}
	})
}

func withGrant(state core.GrantState, change func(now time.Time, s *core.OwnerState)) func(time.Time) core.OwnerState {
	return with(func(now time.Time, s *core.OwnerState) {
		s.Grant = &core.GrantInfo{ID: "G-1", State: state, Start: now.Add(-time.Hour), Expires: now.Add(3 * time.Hour), Proven: true, Left: 3 * time.Hour}
		if state != core.GrantActive {
			s.Grant.Left, s.Grant.Proven, s.Grant.Ended = 0, false, now.Add(-time.Minute)
		}
		if change != nil {
			change(now, s)
		}
	})
}

func sealed(verdict core.Verdict, notes ...string) func(now time.Time, s *core.OwnerState) {
	return func(now time.Time, s *core.OwnerState) {
		s.Job = &core.JobInfo{ID: "J-1", State: core.JobSealed, Archive: "acme-20000101T000000Z.tar.gz"}
		s.Archives = []core.ArchiveInfo{{
			Name: s.Job.Archive, Size: 1_420_000_000, SHA256: strings.Repeat("0123456789abcdef", 4), Verdict: verdict, Notes: notes,
			Sealed: now, Removes: now.Add(7 * 24 * time.Hour),
		}}
	}
}

// report is a site that finds room.
var report = core.Preflight{Free: 50_000_000_000, SiteReport: core.SiteReport{
	Kind: "WordPress 6.6", Files: 48211, Bytes: 3_900_000_000,
	Databases: []core.DatabaseReport{{Name: "acme_wp", Server: "MariaDB 10.11.6", Bytes: 412_000_000, Tables: 74}},
	Notes:     []string{"wp-content/cache is left out: it is rebuilt by itself"},
}}

var running = core.Progress{
	Steps: []core.Step{
		{Name: core.StepDetect, State: core.StepDone}, {Name: core.StepDatabase, State: core.StepDone},
		{Name: core.StepFiles, State: core.StepRunning}, {Name: core.StepManifest, State: core.StepWaiting}, {Name: core.StepSeal, State: core.StepWaiting},
	},
	FilesDone: 20000, FilesTotal: 48211, BytesDone: 1_638_000_000, BytesTotal: 3_900_000_000, TotalKnown: true, Rate: 21_000_000,
	ETA: 108 * time.Second, Elapsed: 78 * time.Second, Current: "wp-content/uploads/2019/07/a-very-long-name-of-a-photograph-of-the-summer-party-in-the-garden.jpeg",
	Notes: []string{"one file changed while it was read: error.log"},
}

func job(state core.JobState) func(time.Time, *core.OwnerState) {
	return func(_ time.Time, s *core.OwnerState) { s.Job = &core.JobInfo{ID: "J-1", State: state} }
}

var pages = map[string]page{
	"welcome": {state: site},
	"help":    {state: site, then: func(a *tuitest.App) { a.Press("?") }},
	"reason":  {state: site, then: func(a *tuitest.App) { a.Press("enter", "my web manager does not answer") }},
	"problem": {state: site, then: func(a *tuitest.App) { a.Press("enter", "enter") }},
	"contacts": {state: withRequest(core.RequestDrafted, func(_ time.Time, r *core.RequestInfo) {
		r.SendsLeft = 3
	}), then: func(a *tuitest.App) { a.Press("down") }},
	"code": {state: withRequest(core.RequestCodeSent, func(now time.Time, r *core.RequestInfo) {
		r.CodeLive, r.CodeExpires, r.TriesLeft = true, now.Add(8*time.Minute+30*time.Second), 4
		r.Message = core.MessageInfo{State: core.MessageAccepted, Kind: core.ContactEmail, At: now.Add(-90 * time.Second)}
	}), then: func(a *tuitest.App) { a.Press("7M2K-Q") }},
	"code_dead": {state: withRequest(core.RequestCodeSent, func(now time.Time, r *core.RequestInfo) { r.CodeExpires = now })},
	"code_undelivered": {state: withRequest(core.RequestCodeSent, func(now time.Time, r *core.RequestInfo) {
		r.CodeLive, r.CodeExpires = true, now.Add(9*time.Minute)
		r.Message = core.MessageInfo{State: core.MessageFailed, Kind: core.ContactEmail, At: now}
	})},
	"paper": {state: withRequest(core.RequestDrafted, nil), then: func(a *tuitest.App) { a.Press("down", "down", "enter") }},
	"holding": {token: true, state: withRequest(core.RequestHolding, func(now time.Time, r *core.RequestInfo) {
		r.Proven, r.Ready = true, now.Add(23*time.Hour)
	})},
	"ready": {token: true, state: withRequest(core.RequestReady, func(_ time.Time, r *core.RequestInfo) { r.Proven = true })},
	"start": {token: true, report: report, state: withGrant(core.GrantActive, nil)},
	"start_again": {token: true, report: report, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictComplete)(now, s)
		s.Job = nil
	})},
	"start_streamed": {token: true, report: report, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		s.Job = &core.JobInfo{ID: "J-1", State: core.JobStreamed, Ended: now, Verdict: core.VerdictNotes, Notes: []string{"one file changed while it was read: error.log"},
			Size: 1_420_000_000, SHA256: strings.Repeat("0123456789abcdef", 4)}
	})},
	"start_full": {token: true, report: core.Preflight{Free: 1_000_000_000, SiteReport: report.SiteReport}, state: withGrant(core.GrantActive, nil)},
	"progress_streaming": {token: true, state: withGrant(core.GrantActive, job(core.JobStreaming)), then: func(a *tuitest.App) {
		a.Send(owner.ProgressMsg("J-1", running))
	}},
	"contacts_many": {state: func(now time.Time) core.OwnerState { // more than a small window has lines
		s := withRequest(core.RequestDrafted, nil)(now)
		for range 4 {
			s.Contacts = append(s.Contacts, s.Contacts[:2]...)
		}
		return s
	}, then: func(a *tuitest.App) {
		a.Press("down", "down", "down", "down")
	}},
	"progress": {token: true, state: withGrant(core.GrantActive, job(core.JobRunning)), then: func(a *tuitest.App) {
		a.Send(owner.ProgressMsg("J-1", running))
	}},
	"progress_stop": {token: true, state: withGrant(core.GrantActive, job(core.JobRunning)), then: func(a *tuitest.App) { a.Press("c") }},
	"failed_full": {token: true, report: report, state: withGrant(core.GrantActive, func(_ time.Time, s *core.OwnerState) {
		s.Job = &core.JobInfo{ID: "J-1", State: core.JobFailed, Incident: "I-7M2KQ4XA", Full: true,
			Problem: "The disk is full, so the backup could not be stored; free some space or ask for help, then start it again."}
	})},
	"failed": {token: true, report: report, state: withGrant(core.GrantActive, func(_ time.Time, s *core.OwnerState) {
		s.Job = &core.JobInfo{ID: "J-1", State: core.JobFailed, Incident: "I-7M2KQ4XA",
			Problem: "The site's files could not be read; nothing was changed. Start it again, or give the number below to whoever helps you."}
	})},
	"download": {token: true, state: withGrant(core.GrantActive, sealed(core.VerdictComplete))},
	"download_sending": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictNotes, "wp-content/cache was left out", "one file changed while it was read: error.log")(now, s)
		s.Archives[0].Sent, s.Archives[0].Rate, s.Archives[0].Rehearsing = 600_000_000, 2_100_000, true
	})},
	"download_stopped": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictComplete)(now, s)
		s.Archives[0].Sent = 600_000_000
	})},
	"download_once_more": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictComplete)(now, s)
		s.Archives[0].Sent, s.Archives[0].Whole, s.Archives[0].Rate = s.Archives[0].Size, now, 2_100_000
	})},
	"download_incomplete": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictNotComplete, "n1", "n2", "n3", "n4", "n5", "n6", "n7")(now, s)
		s.Archives[0].Sent, s.Archives[0].Whole = s.Archives[0].Size, now
		s.Archives[0].Rehearsal = core.Rehearsal{At: now, Why: core.RehearsalRows, What: "wp_posts: 1/2"}
	})},
	"download_proved": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictComplete)(now, s)
		s.Archives[0].Rehearsal = core.Rehearsal{At: now, Server: "MariaDB 10.11.6", Tables: 214, Rows: 30412, Files: 48211}
	})},
	"handover": {token: true, state: withGrant(core.GrantActive, func(now time.Time, s *core.OwnerState) {
		sealed(core.VerdictComplete)(now, s)
		s.Archives[0].Whole = now
	}), then: func(a *tuitest.App) { a.Press("enter") }},
	"handover_unseen": {token: true, state: withGrant(core.GrantActive, sealed(core.VerdictComplete)), then: func(a *tuitest.App) { a.Press("enter") }},
	"close":           {token: true, state: withGrant(core.GrantActive, sealed(core.VerdictComplete)), then: func(a *tuitest.App) { a.Press("x") }},
	"reprove":         {state: withGrant(core.GrantActive, func(_ time.Time, s *core.OwnerState) { s.Grant.Proven = false })},
	"reason_again":    {state: withGrant(core.GrantActive, func(_ time.Time, s *core.OwnerState) { s.Grant.Proven = false }), then: func(a *tuitest.App) { a.Press("enter") }},
	"closed":          {state: withGrant(core.GrantClosed, nil)},
	"expired":         {state: withGrant(core.GrantExpired, nil)},
	"revoked":         {state: withGrant(core.GrantRevoked, func(_ time.Time, s *core.OwnerState) { s.Grant.Reason = "that was not the owner" })},
	"locked":          {state: with(func(now time.Time, s *core.OwnerState) { s.LockedUntil = now.Add(15 * time.Minute) })},
	"vetoed":          {state: withRequest(core.RequestVetoed, func(_ time.Time, r *core.RequestInfo) { r.Refused = "This was not agreed." })},
	"lapsed":          {state: withRequest(core.RequestLapsed, nil)},
	"cancelled":       {state: withRequest(core.RequestCancelled, nil)},
	"nocontact":       {state: with(func(_ time.Time, s *core.OwnerState) { s.Contacts, s.HasPaper = nil, false }), then: func(a *tuitest.App) { a.Press("enter") }},
}

// draw shows a page in one window and returns the frame.
func (p page) draw(t *testing.T, colours bool, width, height int) (frame string) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		clock := coretest.NewClock()
		c := &console{state: p.state(clock.Now()), report: p.report}
		actor := core.Actor{Role: core.RoleOwner, Name: "acme", Factor: "passphrase"}
		if p.token {
			actor = actor.WithToken(core.NewSecret("K7Q2MX"))
		}
		term := tuitest.NewTerminal(ctx, tuitest.Look{Colours: colours, UTF8: colours}, width, height)
		a := tuitest.Start(t, term, tui.New(term, actor, c, clock))
		if p.then != nil {
			p.then(a)
		}
		frame = a.Model.View()
		cancel()
		synctest.Wait()
	})
	return frame
}

// Every page fits its window, says its next step within it, and looks as it did.
func TestPages(t *testing.T) {
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			var all strings.Builder
			for _, colours := range []bool{false, true} {
				for _, size := range [][2]int{{40, 12}, {80, 24}, {140, 40}} {
					frame := p.draw(t, colours, size[0], size[1])
					fits(t, frame, size[0], size[1])
					looks := "ascii"
					if colours {
						looks = "256 colours"
					}
					fmt.Fprintf(&all, "=== %d×%d, %s\n", size[0], size[1], looks)
					for line := range strings.SplitSeq(frame, "\n") {
						all.WriteString(strings.ReplaceAll(strings.TrimRight(line, " "), "\x1b", "␛") + "\n")
					}
				}
			}
			compare(t, filepath.Join("testdata", name+".golden"), all.String())
		})
	}
}

// fits checks a frame against its window. Only what is there to be copied may
// run over the edge.
func fits(t *testing.T, frame string, width, height int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != height {
		t.Errorf("%d×%d: %d lines", width, height, len(lines))
	}
	for _, line := range lines {
		copied := strings.Contains(line, "acme+K7Q2MX@") || strings.Contains(line, "0123456789abcdef")
		if wide := lipgloss.Width(line); wide > width && !copied {
			t.Errorf("%d×%d: %d columns: %q", width, height, wide, line)
		}
		if strings.Contains(line, "owner.") || strings.Contains(line, "shell.") || strings.Contains(line, "<no value>") {
			t.Errorf("a text is missing: %q", line)
		}
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		check(t, os.MkdirAll(filepath.Dir(path), 0o750))
		check(t, os.WriteFile(path, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range gotLines {
		if i >= len(wantLines) || line != wantLines[i] {
			t.Fatalf("%s:%d: got\n%s\nLook at the difference, then run with -update.", path, i+1, line)
		}
	}
	t.Fatalf("%s: shorter than it was", path)
}
