package core_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
)

// rehearser is one that answers as it is told, after a time.
type rehearser struct {
	took  time.Duration
	found core.Rehearsal
	err   error
	stops bool // it breaks
	begun int
	now   int // at work
	most  int
	read  int64
}

func (r *rehearser) Rehearse(ctx context.Context, archive io.Reader) (core.Rehearsal, error) {
	r.begun++
	r.now++
	r.most = max(r.most, r.now)
	defer func() { r.now-- }()
	n, err := io.Copy(io.Discard, archive)
	if err != nil {
		return core.Rehearsal{}, err
	}
	r.read = n
	if r.stops {
		panic("hostile")
	}
	select {
	case <-time.After(r.took):
		return r.found, r.err
	case <-ctx.Done():
		return core.Rehearsal{}, context.Cause(ctx)
	}
}

// rehearsing is a world whose archives are tried out.
func rehearsing(t *testing.T, r *rehearser, f func(*testing.T, *world, core.Actor)) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		w.console.Close()
		w.options.Rehearser = r
		w.open()
		w.owner = w.passphrase("acme", w.kit)
		f(t, w, w.access())
	})
}

var proved = core.Rehearsal{Server: "MariaDB 10.11.6", Tables: 214, Rows: 30412, Files: 9, What: "x\x1b[2J"}

// A sealed archive is tried out in the background: it can be downloaded
// meanwhile, its end is logged, and the owner's going does not end it.
func TestASealedArchiveIsTriedOut(t *testing.T) {
	r := &rehearser{took: time.Minute, found: proved}
	rehearsing(t, r, func(t *testing.T, w *world, a core.Actor) {
		name := w.backUp(a)
		before := w.state(a).Archives[0]
		if !before.Rehearsing || before.State != core.ArchiveSealed || !before.Rehearsal.At.IsZero() {
			t.Errorf("%+v", before)
		}
		d, err := w.console.OpenFile(t.Context(), a, name)
		w.check(err)
		w.check(d.Close())
		w.check(w.console.CloseAccess(t.Context(), a))
		w.after(time.Hour)
		after := w.state(w.owner).Archives[0]
		if after.Rehearsing || after.State != core.ArchiveRehearsed || !after.Rehearsal.Good() || after.Rehearsal.Tables != 214 || after.Rehearsal.Took != time.Minute {
			t.Errorf("%+v", after)
		}
		if after.Rehearsal.What == proved.What {
			t.Error("what a server said is shown as it is")
		}
		if told := w.of(core.EventArchiveRehearsed); len(told) != 0 {
			t.Errorf("told of what is good: %v", told)
		}
		if n := w.count(core.EventArchiveRehearsed); n != 1 || r.begun != 1 || r.read != after.Size {
			t.Errorf("%d lines, %d rehearsals of %d bytes", n, r.begun, r.read)
		}
	})
}

// Why an archive could not be proved is kept, logged and no secret.
func TestAnArchiveThatIsNotProvedSaysWhy(t *testing.T) {
	rehearsing(t, &rehearser{found: core.Rehearsal{Why: core.RehearsalRows, What: "wp_posts: 1/2"}}, func(t *testing.T, w *world, a core.Actor) {
		w.backUp(a)
		w.after(time.Second)
		got := w.state(a).Archives[0]
		if got.State != core.ArchiveUnrehearsed || got.Rehearsal.Good() || got.Rehearsal.Why != core.RehearsalRows || w.count(core.EventArchiveUnproved) != 1 {
			t.Errorf("%+v", got)
		}
		if len(w.must2(w.console.Files(t.Context(), a))) == 0 {
			t.Error("it cannot be downloaded any more")
		}
		w.toldOfRehearsal("rows", "wp_posts: 1/2")
	})
}

// toldOfRehearsal demands that the site's manager, and nobody else, is told of a
// rehearsal that proved nothing.
func (w *world) toldOfRehearsal(why, what string) {
	w.t.Helper()
	if got := w.of(core.EventArchiveUnproved); len(got) != 1 || got[0] != "email eva@agency.example" {
		w.t.Errorf("told: %v", got)
	}
	for _, m := range w.pending() {
		if m.Event == core.EventArchiveUnproved && (m.Data["why"] != why || m.Data["what"] != what || m.Data["archive"] == "" || m.Site != "acme") {
			w.t.Errorf("%+v", m)
		}
	}
}

func (w *world) must2(files []core.File, err error) []core.File {
	w.t.Helper()
	w.check(err)
	return files
}

// A stop of the server ends a rehearsal at once and is no outcome: the next
// start tries again. One that breaks harms nothing, and is told of.
func TestARehearsalThatIsCutIsDoneAgain(t *testing.T) {
	r := &rehearser{took: time.Hour, found: proved}
	rehearsing(t, r, func(t *testing.T, w *world, a core.Actor) {
		w.backUp(a)
		w.console.Close()
		if r.now != 0 {
			t.Fatal("it goes on")
		}
		w.open()
		if got := w.state(w.owner).Archives[0]; got.State != core.ArchiveSealed {
			t.Fatalf("%+v", got)
		}
		r.took, r.stops = 0, true
		w.run()
		w.after(time.Second)
		if got := w.state(w.owner).Archives[0]; got.State != core.ArchiveSealed || r.begun != 2 {
			t.Errorf("after a panic: %+v, %d", got, r.begun)
		}
		if n := w.count(core.EventArchiveUnproved); n != 1 {
			t.Errorf("a panic is %d lines", n)
		}
		w.toldOfRehearsal("broke", "")
		r.stops = false
		info, err := w.console.Rehearse(t.Context(), w.eva, "acme")
		if err != nil || info.State != core.ArchiveRehearsed || r.begun != 3 {
			t.Errorf("%+v %v", info, err)
		}
	})
}

// Archives are tried out one at a time, and one of them only once at a time.
func TestRehearsalsTakeTurns(t *testing.T) {
	r := &rehearser{took: time.Minute, found: proved}
	rehearsing(t, r, func(t *testing.T, w *world, a core.Actor) {
		w.backUp(a)
		w.after(time.Second)
		w.backUp(a)
		drill := make(chan error)
		go func() { _, err := w.console.Rehearse(t.Context(), w.eva, "acme"); drill <- err }()
		w.check(<-drill)
		w.after(time.Hour)
		if r.most != 1 || r.begun != 2 {
			t.Errorf("%d at once, %d in all", r.most, r.begun)
		}
	})
}

// The drill is for the site's managers, on what is there.
func TestWhoMayRehearse(t *testing.T) {
	r := &rehearser{found: proved}
	rehearsing(t, r, func(t *testing.T, w *world, a core.Actor) {
		_, err := w.console.Rehearse(t.Context(), w.eva, "acme")
		w.refused(core.ErrNotFound, err)
		name := w.backUp(a)
		w.after(time.Second)
		for _, who := range []core.Actor{a, w.owner, w.ada, {}} {
			if _, err := w.console.Rehearse(t.Context(), who, name); !errors.Is(err, core.ErrDenied) {
				t.Errorf("%s: %v", who.ID(), err)
			}
		}
		w.must(w.console.AddPerson(t.Context(), core.RootActor, core.PersonOrder{ID: "zoe", Role: core.RoleManager, Key: publicKey('z'), Sites: []string{"acme"}}))
		zoe := w.person("zoe")
		w.must(w.console.Rehearse(t.Context(), zoe, name))
		w.addSite("other")
		for _, name := range []string{"other", "other-20261124T120000Z.tar.gz", "nothing"} {
			if _, err := w.console.Rehearse(t.Context(), zoe, name); !errors.Is(err, core.ErrDenied) {
				t.Errorf("another's %s: %v", name, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		r.took = time.Hour
		ended := make(chan error)
		go func() { _, err := w.console.Rehearse(ctx, w.eva, name); ended <- err }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		w.after(2 * time.Hour)
		if got := w.state(w.owner).Archives[0]; !got.Rehearsal.Good() || got.Rehearsal.Took != time.Hour {
			t.Errorf("it did not go on without its manager: %+v", got)
		}
	})
}
