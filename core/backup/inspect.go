package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/detect"
)

// scan calls f with the size of each file that a backup would read.
func (s *site) scan(ctx context.Context, f func(size int64)) error {
	return walkTree(ctx, s.root, func(relative string, info fs.FileInfo, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // the backup's own walk meets it and says so
		case info.IsDir() && s.leftOut(relative) != "":
			return errSkip
		case info.Mode().IsRegular():
			f(info.Size())
		}
		return nil
	})
}

// sqliteDepth is down to which level Inspect looks for SQLite databases; a
// backup finds them at any.
const sqliteDepth = 6

// Inspect implements core.Engine.
func (e *Engine) Inspect(ctx context.Context, spec core.SiteSpec) (report core.SiteReport, err error) {
	root, err := e.open(spec.Root)
	if err != nil {
		return core.SiteReport{}, fmt.Errorf("inspect: %w", err)
	}
	s, err := e.detect(ctx, root, spec)
	if err != nil {
		return core.SiteReport{}, fmt.Errorf("inspect: %w", errors.Join(err, root.Close()))
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f := &findings{lang: spec.Lang}
	report = core.SiteReport{Root: spec.Root, Kind: s.Kind}
	dumps, err := e.planDumps(ctx, s, spec)
	if err != nil {
		return core.SiteReport{}, fmt.Errorf("inspect: %w", err)
	}
	for _, d := range dumps {
		tables := int64(0)
		for _, t := range d.tables {
			if t.holdsRows() {
				tables++
			}
		}
		report.Databases = append(report.Databases, core.DatabaseReport{Name: d.config.Name, Server: d.server, Bytes: d.bytes, Tables: tables})
		report.Bytes += d.bytes
		for _, n := range d.notes {
			f.add(n)
		}
		for _, n := range d.lacks {
			f.miss(n)
		}
	}
	for _, n := range s.notes {
		f.keep(n.note, n.missing)
	}
	if err := e.look(ctx, s, f, &report); err != nil {
		return core.SiteReport{}, fmt.Errorf("inspect: %w", err)
	}
	report.Notes = f.all()
	return report, nil
}

// look walks the site: sizes, SQLite databases, and what will be missing.
func (e *Engine) look(ctx context.Context, s *site, f *findings, report *core.SiteReport) error {
	return walkTree(ctx, s.root, func(relative string, info fs.FileInfo, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			f.miss(newNote("archive.note.unreadable", "Path", shown(relative), "Why", reason(err)))
		case info.IsDir() && s.leftOut(relative) != "":
			return errSkip
		case info.Mode().Type() == fs.ModeSymlink && s.root.LeadsOut(relative):
			target, err := s.root.Readlink(relative)
			if err == nil {
				f.miss(newNote("archive.note.link_out", "Path", shown(relative), "Target", shown(target)))
			}
		case info.Mode().IsRegular():
			report.Files++
			report.Bytes += info.Size()
			if strings.Count(relative, "/") <= sqliteDepth && hasMagic(s, relative, info) {
				report.Databases = append(report.Databases, core.DatabaseReport{Name: shown(relative), Server: "SQLite", Bytes: info.Size()})
			}
		}
		return nil
	})
}

// hasMagic looks at the start of a file.
func hasMagic(s *site, relative string, info fs.FileInfo) bool {
	if info.Size() < 512 {
		return false
	}
	return detect.IsSQLite(s.root, relative)
}
