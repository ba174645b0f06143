package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/backup/pairsum"
	"breakglass/core/safetext"
)

// run is one backup. Its fields without a note are for the goroutine that
// writes the archive.
type run struct {
	engine   *Engine
	ctx      context.Context // ends with the caller's, or with the first error
	order    core.BackupOrder
	site     *site
	dumps    []*dump
	out      *archive
	tracker  *tracker  // safe for concurrent use
	findings *findings // safe for concurrent use
	sums     *pairsum.Pool

	files, bytes, rows, tables int64
	omitted                    int64
	outside                    int       // how many of the site's files outside are added
	leftOut                    []Omitted // the first ones
	again                      []string  // files to read once more
	beside                     map[string]bool
	rules                      []string // files with rules for a server, below the root
	databases                  []any    // lines for the manifest
	tools                      map[string]string
	proven                     bool // the log's proof is in the archive
}

// Run implements core.Engine.
func (e *Engine) Run(ctx context.Context, order core.BackupOrder, w io.Writer, report func(core.Progress)) (core.BackupResult, error) {
	if !detect.IsHostName(order.Name) {
		return core.BackupResult{}, core.Refuse(core.ErrInvalid, "“%s” cannot be an archive's name; use letters, digits, “-” and “.”.", safetext.Line(order.Name))
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &findings{lang: order.Lang}
	r := &run{
		engine: e, ctx: inner, order: order, findings: f, sums: pairsum.NewPool(), beside: map[string]bool{}, tools: map[string]string{"breakglass": e.options.Version},
		tracker: newTracker(e.options.Clock, report, f, core.StepDetect, core.StepFiles, core.StepManifest),
	}
	defer r.tracker.close()
	result, err := r.do(w, cancel)
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return result, fmt.Errorf("back up: %w: %w", core.ErrCancelled, context.Cause(ctx))
	case noRoom(err) && !errors.Is(err, core.ErrNoSpace):
		return result, fmt.Errorf("back up: %w: %w", core.ErrNoSpace, err)
	default:
		return result, fmt.Errorf("back up: %w", err)
	}
}

// do makes the archive. Whatever it starts has ended when it returns.
func (r *run) do(w io.Writer, cancel context.CancelCauseFunc) (result core.BackupResult, err error) {
	r.tracker.step(core.StepDetect, core.StepRunning)
	if err := r.detect(); err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.site.Close()) }()
	r.showSteps()
	header := Header{
		Line: lineHeader, Format: manifestFormat, Name: r.order.Name, Site: r.order.Site, Host: r.order.Host, Grant: r.order.Grant,
		Created: r.order.Created.UTC(), Root: shown(r.site.root.Path), Kind: r.site.Kind, Version: r.engine.options.Version, Included: r.site.included(),
	}
	r.out, err = newArchive(r.ctx, w, header, r.engine.options, r.sums, func(n int64) {
		r.tracker.do(func(p *core.Progress) { p.Written = n })
	})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.out.Drop()) }()
	if err := r.fill(cancel); err != nil {
		return result, err
	}
	return r.finish()
}

// detect finds the site and looks at its databases.
func (r *run) detect() (err error) {
	root, err := r.engine.open(r.order.Root)
	if err != nil {
		return err
	}
	if r.site, err = r.engine.detect(r.ctx, root, r.order.SiteSpec); err != nil {
		return errors.Join(err, root.Close())
	}
	if r.dumps, err = r.engine.planDumps(r.ctx, r.site, r.order.SiteSpec); err != nil {
		return errors.Join(err, r.site.Close())
	}
	for _, d := range r.dumps {
		r.tools[d.with.about().name] = d.with.about().version
	}
	for _, n := range r.site.notes {
		r.findings.keep(n.note, n.missing)
	}
	for _, d := range r.dumps {
		for _, n := range d.notes {
			r.findings.add(n)
		}
		for _, n := range d.lacks {
			r.findings.miss(n)
		}
	}
	return nil
}

func (r *run) showSteps() {
	steps := []core.Step{{Name: core.StepDetect, State: core.StepDone}}
	switch {
	case len(r.dumps) > 0:
		steps = append(steps, core.Step{Name: core.StepDatabase, State: core.StepRunning})
	case len(r.site.missing) > 0:
		steps = append(steps, core.Step{Name: core.StepDatabase, State: core.StepFailed})
	}
	steps = append(steps, core.Step{Name: core.StepFiles, State: core.StepRunning}, core.Step{Name: core.StepManifest, State: core.StepWaiting})
	r.tracker.steps(steps...)
}

// fill puts files and dumps into the archive. The walk, the scan for totals and
// the dumps run beside each other and meet here.
func (r *run) fill(cancel context.CancelCauseFunc) error {
	for _, d := range r.dumps {
		r.tracker.do(func(p *core.Progress) { p.BytesTotal += d.bytes })
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	parts := make(chan part, maxParts)
	beside.Go(func() {
		if err := guard(r.scanTotals); err != nil {
			cancel(err)
		}
	})
	beside.Go(func() {
		defer close(parts)
		if err := guard(func() error { return r.dumpAll(parts) }); err != nil {
			cancel(err)
		}
	})
	items, wait := readTree(r.ctx, r.site, r.sums)
	beside.Go(func() {
		if err := wait(); err != nil {
			cancel(err)
		}
	})
	err := guard(func() error { return r.merge(items, parts) })
	if err != nil {
		cancel(err)
		drain(items)
		for p := range parts {
			err = errors.Join(err, p.spool.Close())
		}
		return err
	}
	beside.Wait()
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return guard(r.readAgain)
}

// merge takes files and finished parts of dumps as they come.
func (r *run) merge(items <-chan *item, parts <-chan part) error {
	for items != nil || parts != nil {
		select {
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		case it, ok := <-items:
			if !ok {
				items = nil
				if err := r.addOutside(""); err != nil {
					return err
				}
				r.tracker.step(core.StepFiles, core.StepDone)
				continue
			}
			if name, ok := strings.CutPrefix(it.path, "/"); ok {
				if err := r.addOutside(name); err != nil {
					it.done()
					return err
				}
			}
			if err := r.addItem(it); err != nil {
				return err
			}
		case p, ok := <-parts:
			if !ok {
				parts = nil
				continue
			}
			if err := errors.Join(r.addPart(p), p.spool.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// scanTotals counts what there is to read while reading goes on.
func (r *run) scanTotals() error {
	err := r.site.scan(r.ctx, func(size int64) {
		r.tracker.do(func(p *core.Progress) {
			p.FilesTotal++
			p.BytesTotal += size
		})
	})
	if err == nil {
		r.tracker.do(func(p *core.Progress) { p.TotalKnown = true })
	}
	return err
}
