package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
)

// Order is what is to be restored, and where.
type Order struct {
	Archive  io.Reader // read once, from its start
	File     string    // the name that it was given by; "-" is a stream
	Size     int64     // of the archive; -1 unknown
	Target   string    // the directory that the site shall live in: empty, or not there
	Owner    string    // whose the files shall be; "": see place.owner
	Database *Database // nil: no dump is loaded
	URL      string    // the site's new address; "": unchanged
	OldURLs  []string  // its old ones, where they cannot be found out
	Verify   backup.VerifyOptions
	Clock    core.Clock
	DryRun   bool // look and check, but change nothing

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
	server  server // nil: no database
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
	defer func() {
		if r.server != nil {
			err = errors.Join(err, r.server.Close())
		}
	}()
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
	if r.server != nil {
		defer func() { err = errors.Join(err, r.server.Close()) }()
	}
	earlier, err := r.earlier()
	if err != nil {
		return nil, err
	}
	if earlier == nil {
		return r.preflight(), nil
	}
	var list checks
	list.ok("Directory", "the site's files are in place already: an earlier restore broke off, and this goes on with the rest.")
	if r.server != nil {
		r.server.before(ctx, &list)
	}
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
	if o.Database != nil {
		var err error
		if r.server, err = connect(*o.Database); err != nil {
			return nil, err
		}
	}
	return r, nil
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

// earlier returns the state of a restore to the same target that broke off after
// the files were in place; nil: there is none.
func (r *run) earlier() (*state, error) {
	absolute, err := filepath.Abs(r.order.Target)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", r.order.Target, err)
	}
	if parent, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
		absolute = filepath.Join(parent, filepath.Base(absolute))
	}
	p := place{target: absolute, beside: absolute + ".restore"}
	if _, err := os.Lstat(p.beside); err != nil {
		return nil, nil //nolint:nilerr // then there is none
	}
	lock, s, err := lockBeside(p)
	if err != nil {
		return nil, err
	}
	if err := lock.Close(); err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	if s == nil || s.Step == StepUnpack {
		return nil, nil
	}
	r.place = p
	return s, r.sameOrder(s)
}

// sameOrder refuses to go on with another order than the one that broke off.
func (r *run) sameOrder(s *state) error {
	if s.Step == StepFinished {
		return core.Refuse(core.ErrExists, "%s was restored already, %s says how. To restore once more, move both away.",
			safetext.Line(safetext.Path(s.Target)), safetext.Line(safetext.Path(r.place.beside)))
	}
	database := ""
	if r.order.Database != nil {
		database = r.order.Database.String()
	}
	if s.File == r.order.File && s.Size == r.order.Size && s.Database == database && s.URL == r.order.URL {
		return nil
	}
	was := s.File + " to the database " + s.Database
	if s.Database == "" {
		was = s.File + " without a database"
	}
	if s.URL != "" {
		was += " at " + s.URL
	}
	return core.Refuse(core.ErrState, "A restore to %s broke off, of %s. Give that same command again to go on; or, to begin anew, remove %s and %s.",
		safetext.Line(safetext.Path(s.Target)), safetext.Line(was), safetext.Line(safetext.Path(s.Target)), safetext.Line(safetext.Path(r.place.beside)))
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
	r.report.take(r)
	list := r.fits()
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
	r.state = &state{Format: stateFormat, File: r.order.File, Size: r.order.Size, Target: r.place.target, URL: r.order.URL, Step: StepUnpack, Started: r.started.UTC()}
	if r.order.Database != nil {
		r.state.Database = r.order.Database.String()
	}
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
	counted := &countingReader{r: r.order.Archive}
	s, err := openStaging(r.place, counted.n.Load)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if r.known, err = backup.Read(r.ctx, counted, r.verifyOptions(), s); err != nil {
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
	if err := s.moveIn(); err != nil {
		return err
	}
	r.state.Contents, r.state.Step = r.known, StepPlaced
	r.state.Links = settledLinks{Turned: links.turned, Outs: links.outs, Out: links.out, Bits: s.bits}
	return r.state.keep(r.place)
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

// resume goes on where an earlier restore broke off.
func (r *run) resume(earlier *state) error {
	lock, again, err := lockBeside(r.place)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // it only holds the lock
	if again == nil || again.Step != earlier.Step {
		return core.Refuse(core.ErrBusy, "Another restore to %s has just been running; look again.", safetext.Line(safetext.Path(r.place.target)))
	}
	r.state, r.known = again, again.Contents
	if err := r.place.owner(r.place.target); err != nil {
		return core.Refuse(core.ErrState, "%s is no longer there, though a restore had put the site into it; remove %s and start anew.",
			safetext.Line(safetext.Path(r.place.target)), safetext.Line(safetext.Path(r.place.beside)))
	}
	r.note("The files of “%s” are in place already; this goes on with the rest.", strings.TrimSpace(r.known.Name))
	if r.server != nil {
		var list checks
		r.server.before(r.ctx, &list)
		r.tell(list)
		if failed := list.failed(); failed != nil {
			return core.Refuse(core.ErrDatabase, "%s: %s", failed.Name, failed.Sentence)
		}
	}
	return r.goOn()
}

// goOn does what is left when the files are in place.
func (r *run) goOn() error {
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

// step says that a step begins.
func (r *run) step(s Step) { r.order.Tell(Event{Step: s}) }

func (r *run) note(format string, args ...any) {
	r.order.Tell(Event{Note: fmt.Sprintf(format, args...)})
}

func (r *run) tell(list []Check) {
	for i := range list {
		r.order.Tell(Event{Check: &list[i]})
	}
}

// tellEvery is the pace of progress.
const tellEvery = 100 * time.Millisecond

func (r *run) progress(p Progress) {
	if p.Step == r.telling && time.Since(r.told) < tellEvery {
		return
	}
	r.told, r.telling = time.Now(), p.Step
	r.order.Tell(Event{Progress: &p})
}

// countingReader counts what is read. The count is safe for concurrent use.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
