package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
)

// site is what a run knows of a site before it reads it. Close gives its root
// back.
type site struct {
	root     *sitetree.Tree
	path     string // of the root
	name     string // of the site
	kind     string
	installs []install
	sources  []source        // of databases
	missing  []Database      // lines of those that are not in the archive
	known    map[string]bool // directories in which detection met a WordPress
	notes    []finding
	pins     []*os.File    // sockets that the dumps use
	places   []place       // of programs other than WordPress
	outside  []outsideFile // files above the root that were read
}

// outsideFile is a file of the site that lies above its root.
type outsideFile struct {
	name string // as it is called there
	text []byte
	info fs.FileInfo
}

// finding is a note of detection; missing says that the backup lacks something.
type finding struct {
	note    note
	missing bool
}

// install is a WordPress of a site.
type install struct {
	dir    string // below the root, "." for the root itself
	core   bool   // WordPress itself is there, not its configuration alone
	config string // where its wp-config.php is, below the root; "" where above
	text   []byte // of the wp-config.php
	sqlite bool   // its database is SQLite, in its files
}

// The limits of detection.
const (
	installDepth = 3
	maxInstalls  = 16
)

// markers are files of programs that usually keep data in a database server, and
// whose configuration is not understood.
var markers = []struct{ path, kind string }{
	{"bitrix/php_interface/dbconn.php", "Bitrix"},
	{"concrete/dispatcher.php", "Concrete CMS"},
	{"lib/moodlelib.php", "Moodle"},
	{"occ", "Nextcloud"},
	{"app/etc/local.xml", "Magento 1"},
}

// detect finds out what a site is. It reads a few files and connects to
// nothing.
func (e *Engine) detect(ctx context.Context, root *os.Root, spec core.SiteSpec) (*site, error) {
	s := &site{root: sitetree.New(root, spec.Root), path: spec.Root, name: spec.Site, known: map[string]bool{}}
	e.include(s, spec.Include)
	if err := s.look(ctx); err != nil {
		return nil, errors.Join(err, s.root.CloseMore()) // the root is still the caller's
	}
	s.answer(spec.Database)
	slices.SortFunc(s.outside, func(a, b outsideFile) int { return comparePaths(a.name, b.name) })
	return s, nil
}

// look goes through the directories and reads what configures the programs in
// them.
func (s *site) look(ctx context.Context) error {
	if err := s.findInstalls(ctx, ".", 0); err != nil {
		return err
	}
	s.placeAbove()
	s.lookForMarkers()
	s.installs = slices.DeleteFunc(slices.Clone(s.installs), s.claimed)
	if len(s.installs) > 0 {
		s.kind = s.wordPressKind(s.installs[0].dir)
		if err := s.readConfigs(); err != nil {
			return err
		}
	}
	if err := s.readPlaces(); err != nil {
		return err
	}
	s.lookAtProgram()
	if s.kind != "" {
		return nil
	}
	s.kind = "static files"
	if names, err := sitetree.List(s.root, "."); err == nil && slices.ContainsFunc(names, func(n string) bool { return filepath.Ext(n) == ".php" }) {
		s.kind = "PHP files"
		s.notes = append(s.notes, finding{newNote("archive.note.php"), false})
	}
	return nil
}

// lookForMarkers notes programs that are known by name only.
func (s *site) lookForMarkers() {
	for _, marker := range markers {
		if _, err := s.root.Lstat(marker.path); err == nil && !s.known["."] && s.kind == "" && !s.placed(".") {
			s.kind = marker.kind
			s.notes = append(s.notes, finding{newNote("archive.note.unknown_database", "Kind", marker.kind), true})
		}
	}
}

// Close gives the root back, and what was included.
func (s *site) Close() error {
	err := s.root.Close()
	for _, pin := range s.pins {
		err = errors.Join(err, pin.Close())
	}
	return err
}

// findInstalls looks for the files that every WordPress has. A configuration
// alone counts too: of a site that an attacker has gutted, the database is what
// matters.
func (s *site) findInstalls(ctx context.Context, dir string, depth int) error {
	if ctx.Err() != nil {
		return fmt.Errorf("look for WordPress: %w", context.Cause(ctx))
	}
	if len(s.installs) >= maxInstalls {
		return nil
	}
	whole := s.root.Exists(sitetree.Join(dir, "wp-settings.php")) && s.root.Exists(sitetree.Join(dir, "wp-load.php"))
	if whole || s.root.Exists(sitetree.Join(dir, "wp-config.php")) {
		s.installs = append(s.installs, install{dir: dir, core: whole})
		s.known[dir] = true
		if s.root.Exists(sitetree.Join(dir, "db-config.php")) {
			s.notes = append(s.notes, finding{newNote("archive.note.many_databases", "Path", shown(sitetree.Join(dir, "db-config.php"))), true})
		}
	}
	s.findPlaces(dir)
	if depth == installDepth {
		return nil
	}
	names, err := sitetree.List(s.root, dir)
	if err != nil {
		return nil //nolint:nilerr // the walk meets it again and says so
	}
	for _, name := range names {
		if slices.Contains(notSearched, name) {
			continue
		}
		info, err := s.root.Lstat(sitetree.Join(dir, name))
		if err != nil || !info.IsDir() {
			continue
		}
		if err := s.findInstalls(ctx, sitetree.Join(dir, name), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// notSearched are directories in which no site of its own lies, and that may be
// large.
var notSearched = []string{"wp-content", "wp-includes", "wp-admin", "node_modules", "vendor"}

// claimed reports whether a configuration alone is that of a WordPress one level
// below.
func (s *site) claimed(alone install) bool {
	return !alone.core && slices.ContainsFunc(s.installs, func(in install) bool {
		return in.core && in.dir != "." && path.Dir(in.dir) == alone.dir && !s.root.Exists(sitetree.Join(in.dir, "wp-config.php"))
	})
}

var versionForm = regexp.MustCompile(`\$wp_version\s*=\s*'([0-9A-Za-z.+-]{1,32})'`)

func (s *site) wordPressKind(dir string) string {
	text, _, err := sitetree.ReadSmall(s.root, sitetree.Join(dir, "wp-includes/version.php"))
	if err != nil {
		return "WordPress"
	}
	if m := versionForm.FindSubmatch(text); m != nil {
		return "WordPress " + string(m[1])
	}
	return "WordPress"
}

// usesSQLite reports whether the SQLite integration plugin replaces the
// database of a WordPress and its database file is there.
func (s *site) usesSQLite(dir string) bool {
	dropin, _, err := sitetree.ReadSmall(s.root, sitetree.Join(dir, "wp-content/db.php"))
	if err != nil || !sqliteDropin.Match(dropin) {
		return false
	}
	names, err := sitetree.List(s.root, sitetree.Join(dir, "wp-content/database"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return isSQLite(s.root, sitetree.Join(dir, "wp-content/database/"+name))
	})
}

var sqliteDropin = regexp.MustCompile(`(?i)sqlite[-_ ]?(database[-_ ]integration|db[-_]dropin)`)

// isSQLite reports whether a file begins as SQLite databases do.
func isSQLite(root sitetree.Disk, relative string) bool {
	info, err := root.Lstat(relative)
	if err != nil || !info.Mode().IsRegular() || info.Size() < 512 {
		return false
	}
	f, _, err := sitetree.Open(root, relative)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	start := make([]byte, len(sqliteMagic))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == string(sqliteMagic)
}
