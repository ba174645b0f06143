package restore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

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
	if s.File == r.order.File && s.Size == r.order.Size && r.sameTargets(s.Loads) && s.URL == r.order.URL {
		return nil
	}
	was := s.File + " without a database"
	for i, l := range s.Loads {
		into := " to the database "
		if i > 0 {
			into = " and "
		}
		was = strings.TrimSuffix(was, " without a database") + into + l.Database
	}
	if s.URL != "" {
		was += " at " + s.URL
	}
	return core.Refuse(core.ErrState, "A restore to %s broke off, of %s. Give that same command again to go on; or, to begin anew, remove %s and %s.",
		safetext.Line(safetext.Path(s.Target)), safetext.Line(was), safetext.Line(safetext.Path(s.Target)), safetext.Line(safetext.Path(r.place.beside)))
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
	if err := r.place.moveIn(); err != nil {
		return err
	}
	if err := r.place.owner(r.place.target); err != nil {
		return core.Refuse(core.ErrState, "%s is no longer there, though a restore had put the site into it; remove %s and start anew.",
			safetext.Line(safetext.Path(r.place.target)), safetext.Line(safetext.Path(r.place.beside)))
	}
	r.note("The files of “%s” are in place already; this goes on with the rest.", strings.TrimSpace(r.known.Name))
	if err := r.reassign(); err != nil {
		return err
	}
	var list checks
	r.askServers(&list)
	r.tell(list)
	if failed := list.failed(); failed != nil {
		return core.Refuse(core.ErrDatabase, "%s: %s", failed.Name, failed.Sentence)
	}
	return r.goOn()
}
