package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"

	"golang.org/x/crypto/ssh"
)

// Options are what an Engine is made of.
type Options struct {
	// Roots are the directories under which sites may lie. They must exist.
	Roots []string
	// Signer is the archive key; nil: archives are unsigned.
	Signer ssh.Signer
	// Scratch is a directory of the engine's own, made 0700 if it is missing and
	// emptied by New: for snapshots of SQLite and spools. Two engines must not
	// share one.
	Scratch string
	// Host is where the machine's own files are read for TAKEOVER.txt: "/"; "":
	// they are not read.
	Host string
	// Own are directories that hold our own data: no backup may hold them, or lie
	// in them.
	Own []string
	// Clock is where time comes from.
	Clock core.Clock
	// Format is how archives are packed; "": FormatGzip.
	Format Format
	// Version is that of breakglass, as the manifest names it.
	Version string
}

// Engine reads sites and writes archives. It is safe for concurrent use.
type Engine struct {
	options Options
}

var _ core.Engine = (*Engine)(nil)

// New returns an Engine. It resolves the roots and sweeps Scratch of what a
// crash left there.
func New(o Options) (*Engine, error) {
	if o.Clock == nil || o.Scratch == "" || len(o.Roots) == 0 {
		return nil, errors.New("make engine: a clock, a scratch directory and at least one root are needed")
	}
	if o.Format == "" {
		o.Format = FormatGzip
	}
	roots := make([]string, 0, len(o.Roots))
	for _, root := range o.Roots {
		resolved, err := resolve(root)
		if err != nil {
			return nil, fmt.Errorf("make engine: root %s: %w", root, err)
		}
		roots = append(roots, resolved)
	}
	o.Roots = roots
	scratch, err := filepath.Abs(o.Scratch)
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	if err := sweep(scratch); err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	if o.Scratch, err = filepath.EvalSymlinks(scratch); err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	own := make([]string, 0, len(o.Own))
	for _, dir := range o.Own {
		resolved, err := resolve(dir)
		if err != nil {
			return nil, fmt.Errorf("make engine: our own directory %s: %w", dir, err)
		}
		own = append(own, resolved)
	}
	o.Own = own
	return &Engine{options: o}, nil
}

// sweep makes the scratch directory private and empty.
func sweep(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs its x bit
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// resolve follows every link of a path and makes sure that a directory is there.
func resolve(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", sitetree.ErrNotDir
	}
	return resolved, nil
}

// CheckRoot implements core.Engine.
func (e *Engine) CheckRoot(ctx context.Context, root string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("check root: %w", err)
	}
	shown := safetext.Line(safetext.Path(root))
	if !filepath.IsAbs(root) {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not an absolute path; give the site's directory from / on.", shown)
	}
	resolved, err := resolve(root)
	switch {
	case errors.Is(err, sitetree.ErrNotDir):
		return "", core.Refuse(core.ErrInvalid, "%s is not a directory; give the directory that holds the site's files.", shown)
	case errors.Is(err, os.ErrNotExist):
		return "", core.Refuse(core.ErrInvalid, "There is no directory %s; check the path.", shown)
	case err != nil:
		return "", core.Refuse(core.ErrInvalid, "The directory %s cannot be opened by this server; check its permissions.", shown).Because(err)
	}
	if e.holdsUs(resolved) || e.isOurs(resolved) {
		return "", core.Refuse(core.ErrInvalid, "%s holds the data of this server itself, which no backup may contain; give the site's own directory.", shown)
	}
	if _, ok := e.allowed(resolved); ok {
		return resolved, nil
	}
	if _, ok := e.allowed(filepath.Clean(root)); ok {
		return "", core.Refuse(core.ErrInvalid, "%s is a link that leads to %s, outside the directories that the configuration allows; give the real directory and have it allowed under roots.",
			shown, safetext.Line(safetext.Path(resolved)))
	}
	return "", core.Refuse(core.ErrInvalid, "%s lies outside the directories that the configuration allows; add it to roots in breakglass.yaml, or choose one under: %s.",
		shown, safetext.Line(safetext.Path(strings.Join(e.options.Roots, ", "))))
}

// holdsUs reports whether a directory holds the engine's own: then keys and
// unfinished archives may lie in it too.
func (e *Engine) holdsUs(path string) bool {
	return path == "/" || e.options.Scratch == path || strings.HasPrefix(e.options.Scratch, path+"/")
}

// allowed returns the allowed root that a path lies under, or is.
func (e *Engine) allowed(path string) (root string, ok bool) {
	for _, root := range e.options.Roots {
		if path == root || root == "/" || strings.HasPrefix(path, root+"/") {
			return root, true
		}
	}
	return "", false
}

// open opens a site's root. It goes through the allowed root, so that a link put
// there since the check leads nowhere.
func (e *Engine) open(path string) (*os.Root, error) {
	base, ok := e.allowed(filepath.Clean(path))
	if !ok {
		return nil, core.Refuse(core.ErrSite, "The site's directory %s is no longer among the directories that the configuration allows; ask your web manager.",
			safetext.Line(safetext.Path(path)))
	}
	if e.holdsUs(filepath.Clean(path)) || e.isOurs(filepath.Clean(path)) {
		return nil, core.Refuse(core.ErrSite, "The site's directory %s holds the data of this server itself, so it was not backed up; ask your web manager.",
			safetext.Line(safetext.Path(path)))
	}
	relative, err := filepath.Rel(base, filepath.Clean(path))
	if err != nil {
		return nil, sitetree.Unopened(path, err)
	}
	root, err := sitetree.OpenBelow(base, relative)
	if err != nil {
		return nil, sitetree.Unopened(path, err)
	}
	return root, nil
}

// Extension implements core.Engine.
func (e *Engine) Extension() string { return "." + string(e.options.Format) }

// Signer implements core.Engine.
func (e *Engine) Signer() string {
	if e.options.Signer == nil {
		return ""
	}
	return ssh.FingerprintSHA256(e.options.Signer.PublicKey())
}
