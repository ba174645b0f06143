package detect

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"

	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// The limits of detection.
const (
	installDepth = 3
	maxInstalls  = 16
)

// findInstalls looks for the files that every WordPress has. A configuration
// alone counts too: of a site that an attacker has gutted, the database is what
// matters.
func (s *Site) findInstalls(ctx context.Context, dir string, depth int) error {
	if ctx.Err() != nil {
		return fmt.Errorf("look for WordPress: %w", context.Cause(ctx))
	}
	if len(s.Installs) >= maxInstalls {
		return nil
	}
	whole := s.root.Exists(sitetree.Join(dir, "wp-settings.php")) && s.root.Exists(sitetree.Join(dir, "wp-load.php"))
	if whole || s.root.Exists(sitetree.Join(dir, "wp-config.php")) {
		s.Installs = append(s.Installs, Install{Dir: dir, core: whole})
		s.known[dir] = true
		if s.root.Exists(sitetree.Join(dir, "db-config.php")) {
			s.miss("archive.note.many_databases", "Path", safetext.Path(sitetree.Join(dir, "db-config.php")))
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
func (s *Site) claimed(alone Install) bool {
	return !alone.core && slices.ContainsFunc(s.Installs, func(in Install) bool {
		return in.core && in.Dir != "." && path.Dir(in.Dir) == alone.Dir && !s.root.Exists(sitetree.Join(in.Dir, "wp-config.php"))
	})
}

var versionForm = regexp.MustCompile(`\$wp_version\s*=\s*'([0-9A-Za-z.+-]{1,32})'`)

func (s *Site) wordPressKind(dir string) string {
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
func (s *Site) usesSQLite(dir string) bool {
	dropin, _, err := sitetree.ReadSmall(s.root, sitetree.Join(dir, "wp-content/db.php"))
	if err != nil || !sqliteDropin.Match(dropin) {
		return false
	}
	names, err := sitetree.List(s.root, sitetree.Join(dir, "wp-content/database"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return IsSQLite(s.root, sitetree.Join(dir, "wp-content/database/"+name))
	})
}

var sqliteDropin = regexp.MustCompile(`(?i)sqlite[-_ ]?(database[-_ ]integration|db[-_]dropin)`)
