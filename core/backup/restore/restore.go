package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
)

// Order is what is to be restored, and where.
type Order struct {
	Archive io.Reader // read once, from its start
	File    string    // the name that it was given by; "-" is a stream
	Size    int64     // of the archive; -1 unknown
	Target  string    // the directory that the site shall live in: empty, or not there
	Owner   string    // whose the files shall be; "": see place.owner
	// Databases are where the dumps go. A dump without one stays beside the files.
	Databases []Target
	URL       string   // the site's new address; "": unchanged
	OldURLs   []string // its old ones, where they cannot be found out
	Verify    backup.VerifyOptions
	Clock     core.Clock
	DryRun    bool // look and check, but change nothing
	// Known is what the archive holds, where that was read before; a Look then
	// looks at more.
	Known *backup.Contents

	// Tell is told how it goes; it must be quick.
	Tell func(Event)
	// Agree asks whether the database may be emptied of what an earlier try left
	// in it; nil: no.
	Agree func(question string) (bool, error)
}

// Event is something that happened during a restore. One of its fields is set.
type Event struct {
	Check    *Check
	Step     Step
	Progress *Progress
	Note     string
}

// Progress is how far a step is.
type Progress struct {
	Step    Step
	Done    int64 // bytes
	Total   int64 // bytes; -1 unknown
	Current string
}

// run is one restore.
type run struct {
	ctx     context.Context
	order   Order
	place   place
	targets []*target // where dumps go
	known   backup.Contents
	state   *state
	report  Report
	told    time.Time
	telling Step // that progress was told of last
	started time.Time
}

// Run restores an archive. When it refuses (a core.Refusal) before the files are
// in their place, nothing was touched or nothing is left; later, the same Order
// goes on where it broke off. The Report is as far as it came.
func Run(ctx context.Context, o Order) (_ Report, err error) {
	r, err := newRun(ctx, o)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, closeAll(r.targets)) }()
	err = r.do()
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("restore: %w: %w", core.ErrCancelled, err)
	}
	return r.report, err
}

// Look makes the preflight alone and changes nothing. The error is for what is
// not an answer, such as a broken Order.
func Look(ctx context.Context, o Order) (_ []Check, err error) {
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(r.targets)) }()
	earlier, err := r.earlier()
	if err != nil {
		return nil, err
	}
	if earlier == nil {
		list := r.preflight()
		if o.Known != nil && checks(list).failed() == nil {
			r.known = *o.Known
			list = append(list, r.fitsDumps()...)
		}
		return list, nil
	}
	var list checks
	list.ok("Directory", "the site's files are in place already: an earlier restore broke off, and this goes on with the rest.")
	r.askServers(&list)
	return list, nil
}

func newRun(ctx context.Context, o Order) (*run, error) {
	if o.Tell == nil {
		o.Tell = func(Event) {}
	}
	if o.Agree == nil {
		o.Agree = func(string) (bool, error) { return false, nil }
	}
	if o.File == "" {
		o.File = "-"
	}
	r := &run{ctx: ctx, order: o, started: time.Now()}
	for _, address := range append([]string{o.URL}, o.OldURLs...) {
		if err := CheckAddress(address); address != "" && err != nil {
			return nil, err
		}
	}
	var err error
	r.targets, err = connectAll(o.Databases)
	return r, err
}

func (r *run) do() error {
	earlier, err := r.earlier()
	if err != nil {
		return err
	}
	if earlier != nil {
		return r.resume(earlier)
	}
	list := r.preflight()
	if failed := checks(list).failed(); failed != nil {
		return core.Refuse(core.ErrInvalid, "Nothing was touched. %s: %s", failed.Name, failed.Sentence)
	}
	if r.order.DryRun {
		return r.dryRun()
	}
	return r.fresh()
}

// dryRun reads the archive without writing any of it, and says whether it would
// fit.
func (r *run) dryRun() error {
	r.step(StepUnpack)
	known, err := backup.Read(r.ctx, r.order.Archive, r.verifyOptions(), nil)
	if err != nil {
		return err
	}
	r.known = known
	list := append(r.fits(), r.roomUnpacked()...)
	r.report.take(r)
	if failed := checks(list).failed(); failed != nil {
		return core.Refuse(core.ErrInvalid, "Nothing was touched. %s: %s", failed.Name, failed.Sentence)
	}
	return nil
}

// fresh restores from the start.
func (r *run) fresh() error {
	lock, earlier, err := lockBeside(r.place)
	if err != nil {
		return err
	}
	defer lock.Close()  //nolint:errcheck // it only holds the lock
	if earlier != nil { // what a crash left while it unpacked
		if err := clearOut(r.place); err != nil {
			return err
		}
	}
	r.state = &state{Format: stateFormat, File: r.order.File, Size: r.order.Size, Target: r.place.target, URL: r.order.URL, Step: StepUnpack, Started: r.started.UTC(), Loads: r.loads()}
	err = r.unpack()
	if err != nil {
		if removed := discard(r.place); removed != nil {
			err = errors.Join(err, fmt.Errorf("remove what was unpacked: %w", removed))
		}
		return err
	}
	return r.goOn()
}

// clearOut removes what an earlier restore unpacked, but not the directory that
// is locked.
func clearOut(p place) error {
	entries, err := os.ReadDir(p.beside)
	if err != nil {
		return fmt.Errorf("clear %s: %w", p.beside, err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(p.beside, e.Name())); err != nil {
			return fmt.Errorf("clear %s: %w", p.beside, err)
		}
	}
	return nil
}

// unpack reads the archive into the staging, checks it, and moves the site's
// files into their place.
func (r *run) unpack() (err error) {
	if err := r.state.keep(r.place); err != nil {
		return err
	}
	r.step(StepUnpack)
	s, err := openStaging(r.place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if r.known, err = backup.Read(r.ctx, r.order.Archive, r.verifyOptions(), s); err != nil {
		return unpackError(err)
	}
	list := r.fits()
	if failed := checks(list).failed(); failed != nil {
		return core.Refuse(core.ErrInvalid, "Nothing was touched, and what was unpacked was removed again. %s: %s", failed.Name, failed.Sentence)
	}
	links, err := s.settle(r.known.Header.Root)
	if err != nil {
		return err
	}
	if err := s.lay(); err != nil {
		return err
	}
	r.state.Contents, r.state.Step = r.known, StepPlaced
	r.state.Links = settledLinks{Turned: links.turned, Outs: links.outs, Out: links.out, Bits: s.bits}
	if err := r.state.keep(r.place); err != nil {
		return err
	}
	return r.place.moveIn()
}

// unpackError makes a sentence of what is none.
func unpackError(err error) error {
	var refusal *core.Refusal
	if errors.As(err, &refusal) || errors.Is(err, core.ErrCancelled) {
		return err
	}
	return fmt.Errorf("the archive could not be unpacked, and what was unpacked was removed again: %w", err)
}

func (r *run) verifyOptions() backup.VerifyOptions {
	o := r.order.Verify
	o.Progress = func(p backup.VerifyProgress) {
		r.progress(Progress{Step: StepUnpack, Done: p.Read, Total: r.order.Size, Current: p.Current})
	}
	return o
}

// goOn does what is left when the files are in place.
func (r *run) goOn() error {
	if err := r.takePlaces(); err != nil {
		return err
	}
	r.report.take(r)
	for _, step := range []struct {
		name Step
		do   func() error
	}{{StepLoad, r.load}, {StepValues, r.values}, {StepRepoint, r.repoint}, {StepCheck, r.after}} {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		r.step(step.name)
		if err := step.do(); err != nil {
			return err
		}
	}
	r.state.Step = StepFinished
	return r.state.keep(r.place)
}
