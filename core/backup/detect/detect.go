package detect

import (
	"context"
	"path/filepath"
	"slices"

	"breakglass/core/backup/sitetree"
)

// Site is what was found of a site. It holds no file open.
type Site struct {
	// Kind is the program that the site is made with, with its version where that
	// is known: "WordPress 6.5", "static files".
	Kind string
	// Installs are its WordPresses.
	Installs []Install
	// Sources are what tells of its databases, in the order in which they were
	// found. One database may be told of twice. A SQLite database that lies among
	// the site's files is none of them.
	Sources []Source
	// Outside are the files above the root that were read, in no order.
	Outside []OutsideFile
	// Notes are what a reader of the backup should know.
	Notes []Note

	root   *sitetree.Tree
	known  map[string]bool // directories in which a WordPress was met
	places []place         // of programs other than WordPress
}

// Install is a WordPress of a site.
type Install struct {
	Dir string // below the root, "." for the root itself

	core   bool   // WordPress itself is there, not its configuration alone
	config string // where its wp-config.php is, below the root; "" where above
	text   []byte // of the wp-config.php
	sqlite bool   // its database is SQLite, in its files
}

// Source is a place in a site's files that tells of a database.
type Source struct {
	Kind     string // of the program that it belongs to, without a version
	Dir      string // of that program, below the root
	Above    bool   // that program lies one level above the root, its public directory
	Database Database
	Err      error // why the configuration could not be read; else nil
}

// Note is a text of the catalogue core/words and the values in it. Paths in them
// are safe to show.
type Note struct {
	ID      string
	Data    map[string]any
	Missing bool // the backup lacks something
}

// Look finds out what the site in a tree is. It reads a few files and connects to
// nothing. A configuration that cannot be read or understood is a Source with an
// error, so that the files are backed up all the same; only the end of ctx, and a
// root that cannot be looked at, are errors of Look itself. The tree stays the
// caller's and must stay open while the Site is used.
func Look(ctx context.Context, tree *sitetree.Tree) (*Site, error) {
	s := &Site{root: tree, known: map[string]bool{}}
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// HasWordPress reports whether a WordPress was met in a directory below the root.
func (s *Site) HasWordPress(dir string) bool { return s.known[dir] }

// Has reports whether a program other than WordPress lies in a directory below the
// root; name is without a version.
func (s *Site) Has(dir, name string) bool {
	return slices.ContainsFunc(s.places, func(p place) bool { return p.dir == dir && p.program.name == name && !p.above })
}

// note notes something: the backup is complete, but. values are pairs of a name in
// the text and what stands there.
func (s *Site) note(id string, values ...any) { s.Notes = append(s.Notes, newNote(id, false, values)) }

// miss notes something that the backup lacks.
func (s *Site) miss(id string, values ...any) { s.Notes = append(s.Notes, newNote(id, true, values)) }

func newNote(id string, missing bool, values []any) Note {
	n := Note{ID: id, Data: map[string]any{}, Missing: missing}
	for i := 0; i+1 < len(values); i += 2 {
		if key, ok := values[i].(string); ok {
			n.Data[key] = values[i+1]
		}
	}
	return n
}

// look goes through the directories and reads what configures the programs in
// them.
func (s *Site) look(ctx context.Context) error {
	if err := s.findInstalls(ctx, ".", 0); err != nil {
		return err
	}
	s.placeAbove()
	s.lookForMarkers()
	s.Installs = slices.DeleteFunc(slices.Clone(s.Installs), s.claimed)
	if len(s.Installs) > 0 {
		s.Kind = s.wordPressKind(s.Installs[0].Dir)
		if err := s.readConfigs(); err != nil {
			return err
		}
	}
	if err := s.readPlaces(); err != nil {
		return err
	}
	s.lookAtProgram()
	if s.Kind != "" {
		return nil
	}
	s.Kind = "static files"
	if names, err := sitetree.List(s.root, "."); err == nil && slices.ContainsFunc(names, func(n string) bool { return filepath.Ext(n) == ".php" }) {
		s.Kind = "PHP files"
		s.note("archive.note.php")
	}
	return nil
}

// lookForMarkers notes programs that are known by name only.
func (s *Site) lookForMarkers() {
	for _, marker := range markers {
		if _, err := s.root.Lstat(marker.path); err == nil && !s.known["."] && s.Kind == "" && !s.placed(".") {
			s.Kind = marker.kind
			s.miss("archive.note.unknown_database", "Kind", marker.kind)
		}
	}
}

// markers are files of programs that usually keep data in a database server, and
// whose configuration is not understood.
var markers = []struct{ path, kind string }{
	{"bitrix/php_interface/dbconn.php", "Bitrix"},
	{"concrete/dispatcher.php", "Concrete CMS"},
	{"lib/moodlelib.php", "Moodle"},
	{"occ", "Nextcloud"},
	{"app/etc/local.xml", "Magento 1"},
}
