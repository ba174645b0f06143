package core_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

// client is the far end of a stream. It takes as much as it wants to, and then
// nothing until it is let go.
type client struct {
	mu     sync.Mutex
	got    bytes.Buffer
	wants  int           // bytes after which it stalls; < 0: never
	goOn   chan struct{} // lets it go
	broken error         // what a write ends with once it wants no more
}

func newClient(wants int) *client { return &client{wants: wants, goOn: make(chan struct{})} }

func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	stalls := c.wants >= 0 && c.got.Len()+len(p) > c.wants
	broken := c.broken
	c.mu.Unlock()
	switch {
	case stalls && broken != nil:
		return 0, broken
	case stalls:
		<-c.goOn
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.Write(p)
}

func (c *client) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.Len()
}

// streamed is what became of a stream.
type streamed struct {
	result core.BackupResult
	err    error
}

// stream starts a stream and returns where its end is told.
func (w *world) stream(ctx context.Context, a core.Actor, to io.Writer) <-chan streamed {
	ended := make(chan streamed, 1)
	go func() {
		result, err := w.console.StreamBackup(ctx, a, to, func(core.JobInfo) {})
		ended <- streamed{result, err}
	}()
	synctest.Wait()
	return ended
}

// outcome takes the end of a stream that has ended by now.
func (w *world) outcome(from <-chan streamed) streamed {
	w.t.Helper()
	synctest.Wait()
	select {
	case s := <-from:
		return s
	default:
		w.t.Fatal("the stream goes on")
		panic("unreachable")
	}
}

// A stream gives the owner every byte of the archive and leaves none here, and
// it is told and logged as a backup and a download would be.
func TestAStreamGoesStraightToItsOwner(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.vault.SetCapacity(0) // the disk is full
		data := bytes.Repeat([]byte("archive "), 200_000)
		hold := make(chan struct{})
		w.engine.Follow(coretest.Script{Data: data, Hold: hold, Result: core.BackupResult{Verdict: core.VerdictNotes, Notes: []string{"a \x1b[31mnote"}}})
		to := newClient(-1)
		ended := w.stream(t.Context(), a, to)

		during := w.state(a).Job
		if during.State != core.JobStreaming || during.Percent != 50 || during.Progress == nil || during.Progress.Current != "" {
			t.Errorf("while it goes on: %+v", during)
		}
		if other, err := w.console.StartBackup(t.Context(), a); err != nil || other.ID != during.ID {
			t.Errorf("a second backup: %+v, %v", other, err)
		}
		_, err := w.console.StreamBackup(t.Context(), a, io.Discard, func(core.JobInfo) { t.Error("a second stream began") })
		w.refused(core.ErrBusy, err)

		close(hold)
		end := w.outcome(ended)
		w.check(end.err)
		if !bytes.Equal(to.got.Bytes(), data) || end.result.Verdict != core.VerdictNotes {
			t.Errorf("%d bytes of %d, %+v", to.got.Len(), len(data), end.result)
		}
		job, files := w.state(a).Job, w.state(a).Archives
		if job.State != core.JobStreamed || job.SHA256 != end.result.SHA256 || job.Size != int64(len(data)) || job.Progress != nil || len(files) > 0 {
			t.Errorf("afterwards: %+v, %v", job, files)
		}
		if strings.Contains(strings.Join(job.Notes, ""), "\x1b") {
			t.Errorf("notes %q", job.Notes)
		}
		told := map[core.Event]bool{}
		for _, m := range w.pending() {
			told[m.Event] = true
		}
		for _, event := range []core.Event{core.EventJobStreaming, core.EventJobStreamed} {
			if w.count(event) != 1 || !told[event] {
				t.Errorf("%s: %d lines, told %v", event, w.count(event), told[event])
			}
		}
		if w.vault.Partials() > 0 {
			t.Error("something was begun in the vault")
		}
	})
}

// A client that takes nothing for two minutes, or for an hour, holds the engine
// up and nothing else; when it goes on the archive is whole.
func TestAClientThatStallsAndGoesOn(t *testing.T) {
	for _, pause := range []time.Duration{2 * time.Minute, time.Hour} {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.access()
			w.run()
			data := bytes.Repeat([]byte("x"), 4<<20)
			w.engine.Follow(coretest.Script{Data: data})
			to := newClient(1 << 20)
			ended := w.stream(t.Context(), a, to)
			w.after(pause)
			if n := to.len(); n > 1<<20 {
				t.Errorf("%d bytes went to a client that takes none", n)
			}
			if job := w.state(a).Job; job.State != core.JobStreaming {
				t.Errorf("%+v", job)
			}
			close(to.goOn)
			if end := w.outcome(ended); end.err != nil || to.len() != len(data) {
				t.Errorf("%v after %d bytes", end.err, to.len())
			}
		})
	}
}

// Whatever ends a stream ends it at once, though its client takes nothing, and
// the record and the log say why.
func TestAStreamIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		cut   func(*world, core.Actor, context.CancelFunc)
		why   error
		state core.JobState
	}{
		"revoked": {func(w *world, a core.Actor, _ context.CancelFunc) {
			w.check(w.console.RevokeGrant(w.t.Context(), w.eva, w.state(a).Grant.ID, "not agreed"))
		}, core.ErrRevoked, core.JobCancelled},
		"closed": {func(w *world, a core.Actor, _ context.CancelFunc) {
			w.check(w.console.CloseAccess(w.t.Context(), a))
		}, core.ErrClosed, core.JobCancelled},
		"expired": {func(w *world, a core.Actor, _ context.CancelFunc) {
			w.run()
			w.after(w.state(a).Grant.Left + time.Second)
		}, core.ErrExpired, core.JobCancelled},
		"cancelled": {func(w *world, a core.Actor, _ context.CancelFunc) {
			w.check(w.console.CancelBackup(w.t.Context(), a))
		}, core.ErrCancelled, core.JobCancelled},
		"the client gone": {func(_ *world, _ core.Actor, gone context.CancelFunc) { gone() }, core.ErrCancelled, core.JobFailed},
		"the server stopped": {func(w *world, _ core.Actor, _ context.CancelFunc) {
			go w.console.Close()
		}, nil, core.JobFailed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.access()
				w.engine.Follow(coretest.Script{Data: make([]byte, 4<<20)})
				to := newClient(1 << 20)
				defer close(to.goOn)
				ctx, gone := context.WithCancel(t.Context())
				defer gone()
				ended := w.stream(ctx, a, to)
				c.cut(w, a, gone)
				end := w.outcome(ended)
				if end.err == nil || c.why != nil && !errors.Is(end.err, c.why) {
					t.Errorf("it ended with %v", end.err)
				}
				before := to.len()
				w.view(func(tx core.Tx) error {
					return tx.Jobs().Each("", func(job core.Job) bool {
						if job.State != c.state || len(strings.Fields(job.Problem)) < 4 {
							t.Errorf("%+v", job)
						}
						return true
					})
				})
				event := map[core.JobState]core.Event{core.JobCancelled: core.EventJobCancelled, core.JobFailed: core.EventJobFailed}[c.state]
				if n := w.count(event); n != 1 || w.count(core.EventJobStreamed) > 0 {
					t.Errorf("%d lines of %s", n, event)
				}
				if to.len() != before {
					t.Error("bytes went out after the end")
				}
			})
		})
	}
}

// A client whose connection breaks while it is written to gets the same answer
// as one that has gone.
func TestAStreamThatBreaks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.engine.Follow(coretest.Script{Data: make([]byte, 4<<20)})
		to := newClient(1 << 20)
		to.broken = io.EOF
		w.refused(core.ErrCancelled, w.outcome(w.stream(t.Context(), a, to)).err)
		if job := w.state(a).Job; job.State != core.JobFailed || !strings.Contains(job.Problem, "delete it") {
			t.Errorf("%+v", job)
		}
		w.engine.Follow(coretest.Script{Data: []byte("whole")})
		again := newClient(-1)
		if end := w.outcome(w.stream(t.Context(), a, again)); end.err != nil || again.got.String() != "whole" {
			t.Errorf("once more: %v", end.err)
		}
	})
}

// Nobody streams without a live grant and its token, and nobody learns anything
// by trying.
func TestOnlyTheTokenStreams(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		for _, thief := range []core.Actor{w.owner, w.byKey(), w.owner.WithToken(core.NewSecret("000000")), w.eva.WithToken(a.Token)} {
			_, err := w.console.StreamBackup(t.Context(), thief, io.Discard, func(core.JobInfo) { t.Error("it began") })
			w.anyRefusal(err)
		}
		w.check(w.console.CloseAccess(t.Context(), a))
		_, err := w.console.StreamBackup(t.Context(), a, io.Discard, func(core.JobInfo) { t.Error("it began") })
		w.anyRefusal(err)
		if n := len(w.engine.Orders()); n > 0 {
			t.Errorf("%d backups were made", n)
		}
	})
}

// Before the start it is known whether the archive will find room; where it did
// not, the record says that the disk was full.
func TestThePreflightMeasuresTheRoom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.engine.Follow(coretest.Script{Data: make([]byte, 4000), Report: core.SiteReport{Bytes: 1 << 30, Files: 3}})
		for free, fits := range map[int64]bool{0: false, 1 << 30: false, 2 << 30: true} {
			w.vault.SetCapacity(free)
			found, err := w.console.Inspect(t.Context(), a)
			if err != nil || found.Free != free || found.Files != 3 || found.Fits() != fits {
				t.Errorf("with %d bytes free: %+v, %v, %v", free, found, found.Fits(), err)
			}
		}
		w.vault.SetCapacity(1000)
		w.must(w.console.StartBackup(t.Context(), a))
		synctest.Wait()
		if job := w.state(a).Job; job.State != core.JobFailed || !job.Full {
			t.Errorf("%+v", job)
		}
	})
}

// Ten wrong tokens side by side use the tokens up before the right one, tried
// meanwhile, is compared: the budget holds however many connections guess.
func TestTokensAreComparedWithinTheBudget(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		login := func(token string) error {
			_, err := w.console.PassphraseLogin(t.Context(), core.Login{User: "acme+" + token}, w.kit.Passphrase)
			return err
		}
		w.ledger.before = func() {
			for range core.TokenTries {
				w.refused(core.ErrBadLogin, login(wrong(a.Token.Reveal())))
			}
		}
		w.refused(core.ErrBadLogin, login(a.Token.Reveal()))
		lines := w.lines(0)
		dead := slices.IndexFunc(lines, func(l core.LogLine) bool { return l.Result == "tokens dead" })
		if dead < 0 || w.count(core.EventGrantWrongToken) != core.TokenTries+1 {
			t.Errorf("%d wrong tokens were counted", w.count(core.EventGrantWrongToken))
		}
	})
}
