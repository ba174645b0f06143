package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"breakglass/core"
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

// openParts opens the dump that is loaded.
func (r *run) openParts() (*dumpParts, error) {
	root, err := os.OpenRoot(filepath.Join(r.place.beside, archiveDir))
	if err != nil {
		return nil, fmt.Errorf("open the dump: %w", err)
	}
	p := &dumpParts{root: root, dir: r.dump().Path, tell: func(int64, int64) {}}
	for n := range r.dump().Parts {
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

// load loads the dump into the database, with its addresses rewritten.
func (r *run) load() error {
	if err := r.addresses(); err != nil {
		return err
	}
	if r.server == nil || r.dump() == nil || r.state.Step != StepPlaced && r.state.Step != StepLoad {
		return nil
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	r.state.Step = StepLoad
	if err := r.state.keep(r.place); err != nil {
		return err
	}
	w, err := newRewriter(r.state.URLs, r.directories())
	if err != nil {
		return err
	}
	var loaded rewrite.Report
	var mended []string
	err = r.server.load(r.ctx, func(to io.Writer) (err error) {
		loaded, mended, err = r.pour(r.ctx, w, to)
		return err
	})
	if err != nil {
		return r.loadError(err)
	}
	r.state.Step, r.state.Loaded, r.state.Mended = StepValues, &loaded, mended
	return r.state.keep(r.place)
}

// loadError adds what to do to an error that has no sentence yet.
func (r *run) loadError(err error) error {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	return fmt.Errorf("%w; the files are in place, and the same command again goes on with the database", err)
}

// makeRoom makes sure that the database is empty, and empties it of what an
// earlier try left there, if that is agreed to.
func (r *run) makeRoom() error {
	holds, err := r.server.empty(r.ctx)
	if err != nil || len(holds) == 0 {
		return err
	}
	name := safetext.Line(r.order.Database.Name)
	if r.state.Step != StepLoad {
		return core.Refuse(core.ErrExists, "The database “%s” was empty a moment ago, and now it holds %d things; it was left as it is. The files are in place: give an empty database and the same command again.", name, len(holds))
	}
	yes, err := r.order.Agree(fmt.Sprintf("An earlier try broke off while it loaded the dump and left %d things in the database “%s”. Empty it and load again?", len(holds), name))
	if err != nil {
		return err
	}
	if !yes {
		return core.Refuse(core.ErrState, "The database “%s” holds what an earlier try left there, and was left as it is. Give the same command with --yes to empty it and load again.", name)
	}
	return r.server.clear(r.ctx, r.tables())
}

// tables are the names of the dump's tables.
func (r *run) tables() (names []string) {
	for _, t := range r.dump().Tables {
		names = append(names, t.Name)
	}
	return names
}

// How a dump for MariaDB or MySQL begins and ends: each table is one transaction,
// which loads it many times faster than one for each statement, and old dates
// that are all zeros are let in. The dump sets the rest itself.
const (
	loadBegins = "SET autocommit=0, foreign_key_checks=0, unique_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO';\n"
	loadEnds   = "\nCOMMIT;\n"
)

// pour writes the dump to a client: through the rewriter, if there is one, and
// through what the server needs mended.
func (r *run) pour(ctx context.Context, w *rewrite.Rewriter, to io.Writer) (report rewrite.Report, mended []string, err error) {
	parts, err := r.openParts()
	if err != nil {
		return report, nil, err
	}
	defer func() { err = errors.Join(err, parts.Close()) }()
	parts.tell = func(done, total int64) {
		r.progress(Progress{Step: StepLoad, Done: done, Total: total, Current: safetext.Line(r.dump().Name)})
	}
	mysql := r.server.dialect() == rewrite.MySQL
	if mysql {
		if _, err := io.WriteString(to, loadBegins); err != nil {
			return report, nil, err
		}
	}
	mend := r.server.mend(to)
	if w == nil {
		_, err = io.CopyBuffer(onlyWriter{mend}, onlyReader{parts}, make([]byte, 256<<10))
	} else {
		report, err = w.Dump(ctx, mend, parts, r.server.dialect())
	}
	if err == nil {
		err = mend.Flush()
	}
	if err == nil && mysql {
		_, err = io.WriteString(to, loadEnds)
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
