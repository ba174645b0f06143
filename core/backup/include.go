package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// CheckInclude implements core.Engine.
func (e *Engine) CheckInclude(ctx context.Context, path string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("check included path: %w", err)
	}
	shown := safetext.Line(safetext.Path(path))
	if !filepath.IsAbs(path) {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not an absolute path; give what is to be included from / on.", shown)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", &core.Refusal{Kind: core.ErrInvalid, Cause: err, Detail: fmt.Sprintf("%s is not there, or this server cannot see it; check the path.", shown)}
	}
	info, err := os.Stat(resolved)
	switch {
	case err != nil || !info.IsDir() && !info.Mode().IsRegular():
		return "", core.Refuse(core.ErrInvalid, "%s is neither a directory nor a file; only those can be included.", shown)
	case e.holdsUs(resolved) || e.isOurs(resolved):
		return "", core.Refuse(core.ErrInvalid, "%s holds data of this server itself, which no backup may contain.", shown)
	}
	if _, ok := e.allowed(resolved); !ok {
		return "", core.Refuse(core.ErrInvalid, "%s lies outside the directories that the configuration allows; add it to roots in breakglass.yaml, or choose a path under: %s.",
			safetext.Line(safetext.Path(resolved)), safetext.Line(safetext.Path(strings.Join(e.options.Roots, ", "))))
	}
	return resolved, nil
}

// include adds what the manager included to a site. What is not there any more
// is missing.
func (e *Engine) include(s *site, paths []string) {
	for _, path := range slices.SortedFunc(slices.Values(paths), comparePaths) { // as they stand in the archive
		in, err := e.openIncluded(path)
		if err != nil {
			s.notes = append(s.notes, finding{newNote("archive.note.include_gone", "Path", shown(path), "Why", reason(err)), true})
			continue
		}
		s.root.More = append(s.root.More, in)
	}
}

func (e *Engine) openIncluded(path string) (sitetree.Included, error) {
	base, ok := e.allowed(path)
	if !ok || e.holdsUs(path) || e.isOurs(path) || filepath.Clean(path) != path {
		return sitetree.Included{}, fmt.Errorf("it is not among the directories that the configuration allows: %w", fs.ErrPermission)
	}
	relative, err := filepath.Rel(base, path)
	if err != nil {
		return sitetree.Included{}, err
	}
	root, err := sitetree.OpenBelow(base, relative)
	if err == nil {
		return sitetree.Included{Path: path, Root: root}, nil
	}
	if !errors.Is(err, sitetree.ErrNotDir) {
		return sitetree.Included{}, err
	}
	if root, err = sitetree.OpenBelow(base, filepath.Dir(relative)); err != nil {
		return sitetree.Included{}, err
	}
	info, err := root.Lstat(filepath.Base(path))
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is neither a directory nor a file: %w", fs.ErrInvalid)
	}
	if err != nil {
		return sitetree.Included{}, errors.Join(err, root.Close())
	}
	return sitetree.Included{Path: path, Root: root, File: filepath.Base(path)}, nil
}

// isOurs reports whether a path lies in what is the engine's own.
func (e *Engine) isOurs(path string) bool {
	for _, own := range append([]string{e.options.Scratch}, e.options.Own...) {
		if path == own || strings.HasPrefix(path, own+"/") || strings.HasPrefix(own, path+"/") {
			return true
		}
	}
	return false
}

// included are the paths that were included, as they are shown.
func (s *site) included() (paths []string) {
	for _, in := range s.root.More {
		paths = append(paths, safetext.Path(in.Path))
	}
	return paths
}
