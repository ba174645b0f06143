package backup

import (
	"context"
	"errors"
	"os"
	"slices"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/backup/sitetree"
)

// site is what a run knows of a site before it reads it. Close gives its root
// back.
type site struct {
	*detect.Site
	root    *sitetree.Tree
	name    string     // as the console has it
	missing []Database // lines of those that are not in the archive
	notes   []finding
	pins    []*os.File // sockets that the dumps use
}

// finding is a note of detection; missing says that the backup lacks something.
type finding struct {
	note    note
	missing bool
}

// detect finds out what a site is, and opens what the manager included in it.
func (e *Engine) detect(ctx context.Context, root *os.Root, spec core.SiteSpec) (*site, error) {
	s := &site{root: sitetree.New(root, spec.Root), name: spec.Site}
	e.include(s, spec.Include)
	found, err := detect.Look(ctx, s.root)
	if err != nil {
		return nil, errors.Join(err, s.root.CloseMore()) // the root is still the caller's
	}
	s.Site = found
	for _, n := range found.Notes {
		s.notes = append(s.notes, finding{note{n.ID, n.Data}, n.Missing})
	}
	s.answer(spec.Database)
	slices.SortFunc(s.Outside, func(a, b detect.OutsideFile) int { return comparePaths(a.Name, b.Name) })
	return s, nil
}

// Close gives the root back, and what was included.
func (s *site) Close() error {
	err := s.root.Close()
	for _, pin := range s.pins {
		err = errors.Join(err, pin.Close())
	}
	return err
}
