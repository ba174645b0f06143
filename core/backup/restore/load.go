package restore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// dumpParts reads the parts of a dump one after the other.
type dumpParts struct {
	root  *os.Root
	dir   string
	names []string
	open  *os.File
	size  int64
	read  int64
	tell  func(done, total int64)
}

// openParts opens a dump.
func (r *run) openParts(d backup.StoredDatabase) (*dumpParts, error) {
	root, err := os.OpenRoot(filepath.Join(r.place.beside, archiveDir))
	if err != nil {
		return nil, fmt.Errorf("open the dump: %w", err)
	}
	p := &dumpParts{root: root, dir: d.Path, tell: func(int64, int64) {}}
	for n := range d.Parts {
		name := fmt.Sprintf("%s/%04d.sql", p.dir, n+1)
		info, err := root.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			return nil, errors.Join(core.Refuse(core.ErrState, "A part of the dump, %s, is no longer in %s; remove that and %s and start anew.", safetext.Line(name),
				safetext.Line(safetext.Path(r.place.beside)), safetext.Line(safetext.Path(r.place.target))), err, root.Close())
		}
		p.names = append(p.names, name)
		p.size += info.Size()
	}
	return p, nil
}

// Read implements io.Reader.
func (p *dumpParts) Read(b []byte) (int, error) {
	for {
		if p.open == nil {
			if len(p.names) == 0 {
				return 0, io.EOF
			}
			f, err := p.root.Open(p.names[0])
			if err != nil {
				return 0, err
			}
			p.open, p.names = f, p.names[1:]
		}
		n, err := p.open.Read(b)
		p.read += int64(n)
		p.tell(p.read, p.size)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := p.open.Close(); err != nil {
			return 0, err
		}
		p.open = nil
	}
}

// Close closes what is open.
func (p *dumpParts) Close() error {
	err := p.root.Close()
	if p.open != nil {
		err = errors.Join(err, p.open.Close())
	}
	return err
}

// load loads each dump into its database, with its addresses rewritten. One that
// is loaded stays, whatever becomes of the next.
func (r *run) load() error {
	if err := r.addresses(); err != nil {
		return err
	}
	if r.state.Step != StepPlaced && r.state.Step != StepLoad {
		return nil
	}
	for _, t := range r.targets {
		l := r.loadOf(r.state.Loads, t)
		if l.Done {
			continue
		}
		if err := r.loadOne(t, l); err != nil {
			return r.loadError(t, err)
		}
	}
	r.state.Step = StepValues
	return r.state.keep(r.place)
}

func (r *run) loadOne(t *target, l *load) error {
	whole, err := r.makeRoom(t, l)
	if err != nil {
		return err
	}
	if !whole {
		err = r.loadAnew(t, l)
	}
	if err != nil {
		return err
	}
	l.Done = true
	return r.state.keep(r.place)
}

// loadAnew loads a dump into a database that is empty. Where it is there whole or
// not at all, the state says what was done to it before it is: then a restore that
// goes on knows by what it finds whether it was.
func (r *run) loadAnew(t *target, l *load) error {
	r.state.Step, l.Begun = StepLoad, true
	if err := r.state.keep(r.place); err != nil {
		return err
	}
	w, err := newRewriter(r.state.URLs, r.directories())
	if err != nil {
		return err
	}
	begin, commit := t.server.around()
	return t.server.load(r.ctx, func(to io.Writer) error {
		if _, err := io.WriteString(to, begin); err != nil {
			return err
		}
		rewritten, mended, err := r.pour(t, w, to)
		if err != nil {
			return err
		}
		l.Mended, l.Rewritten = mended, &rewritten
		if commit == "" {
			return nil
		}
		if err := r.state.keep(r.place); err != nil {
			return err
		}
		_, err = io.WriteString(to, commit)
		return err
	})
}

// loadError adds what to do to an error that has no sentence yet, and says of
// several dumps which one it was.
func (r *run) loadError(t *target, err error) error {
	var refusal *core.Refusal
	switch {
	case !errors.As(err, &refusal):
		return fmt.Errorf("%w; the files are in place, and the same command again goes on with the database", err)
	case len(r.targets) == 1:
		return err
	}
	var done []string
	for _, l := range r.state.Loads {
		if l.Done {
			done = append(done, "“"+safetext.Line(l.Dump)+"”")
		}
	}
	before := "None was loaded before it."
	if len(done) > 0 {
		before = "Loaded already, and left as they are: " + strings.Join(done, ", ") + "."
	}
	return &core.Refusal{Kind: refusal.Kind, Cause: err, Detail: fmt.Sprintf("The dump of “%s”: %s %s", safetext.Line(t.dump.Name), refusal.Detail, before)}
}

// makeRoom makes sure that a database is empty, and empties it of what an
// earlier try left there, if that is agreed to. whole says that an earlier try
// loaded the dump.
func (r *run) makeRoom(t *target, l *load) (whole bool, err error) {
	holds, err := t.server.empty(r.ctx)
	if err != nil || len(holds) == 0 {
		return false, err
	}
	server, parts := t.server.(clearer)
	if !parts && l.Rewritten != nil {
		return true, nil
	}
	name := safetext.Line(t.Name)
	if !l.Begun || !parts {
		return false, core.Refuse(core.ErrExists, "The database “%s” was empty a moment ago, and now it holds %d things; it was left as it is. The files are in place: empty it and give the same command again.", name, len(holds))
	}
	yes, err := r.order.Agree(fmt.Sprintf("An earlier try broke off while it loaded the dump and left %d things in the database “%s”. Empty it and load again?", len(holds), name))
	if err != nil {
		return false, err
	}
	if !yes {
		return false, core.Refuse(core.ErrState, "The database “%s” holds what an earlier try left there, and was left as it is. Give the same command with --yes to empty it and load again.", name)
	}
	return false, server.clear(r.ctx, tablesOf(*t.dump))
}

// tablesOf are the names of a dump's tables.
func tablesOf(d backup.StoredDatabase) (names []string) {
	for _, t := range d.Tables {
		names = append(names, t.Name)
	}
	return names
}

// pour writes a dump to a client: through the rewriter, if there is one, and
// through what the server needs mended.
func (r *run) pour(t *target, w *rewrite.Rewriter, to io.Writer) (report rewrite.Report, mended []string, err error) {
	parts, err := r.openParts(*t.dump)
	if err != nil {
		return report, nil, err
	}
	defer func() { err = errors.Join(err, parts.Close()) }()
	r.told = time.Time{} // the first line of each dump is shown
	parts.tell = func(done, total int64) {
		r.progress(Progress{Step: StepLoad, Done: done, Total: total, Current: safetext.Line(t.dump.Name)})
	}
	mend := t.server.mend(to)
	if w == nil {
		_, err = io.CopyBuffer(onlyWriter{mend}, onlyReader{parts}, make([]byte, 256<<10))
	} else {
		report, err = w.Dump(r.ctx, mend, parts, t.server.dialect())
	}
	if err == nil {
		err = mend.Flush()
	}
	return report, mend.Notes(), err
}

// onlyWriter and onlyReader hide shortcuts that would pass the buffer by.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// most returns the tables with the most changes, for a report.
func most(report *rewrite.Report) (lines []string) {
	type line struct {
		text string
		n    int64
	}
	var all []line
	for table, counts := range report.Tables {
		if n := counts.Replaced(); n > 0 {
			if table == "" {
				table = "views, triggers and defaults"
			}
			all = append(all, line{fmt.Sprintf("%s: %d", safetext.Line(strings.Trim(table, "`")), n), n})
		}
	}
	slices.SortFunc(all, func(a, b line) int {
		if a.n != b.n {
			return int(b.n - a.n)
		}
		return strings.Compare(a.text, b.text)
	})
	for _, l := range all[:min(len(all), maxNamed)] {
		lines = append(lines, l.text)
	}
	return lines
}
