package detect

import (
	"io"
	"path"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// SQLiteMagic is how every SQLite database begins.
const SQLiteMagic = "SQLite format 3\x00"

// IsSQLite reports whether a file begins as SQLite databases do.
func IsSQLite(root sitetree.Disk, relative string) bool {
	info, err := root.Lstat(relative)
	if err != nil || !info.Mode().IsRegular() || info.Size() < 512 {
		return false
	}
	f, _, err := sitetree.Open(root, relative)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	start := make([]byte, len(SQLiteMagic))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == SQLiteMagic
}

// lookAtSQLite checks that a SQLite database is a file of the site: then it is
// in the archive with the files.
func (s *Site) lookAtSQLite(p place, config Database) error {
	name := config.Name
	if !path.IsAbs(name) {
		name = path.Join(s.root.Path, p.dir, name)
		if p.above {
			name = path.Join(path.Dir(s.root.Path), config.Name)
		}
	}
	inside, ok := s.root.Name(path.Clean(name))
	switch {
	case config.Name == "" || config.Name == ":memory:":
		return nil
	case !ok:
		return core.Refuse(core.ErrDatabase, "Its SQLite database, %s, lies outside the site's directory; ask your web manager to have it included: --include DIR.", safetext.Line(safetext.Path(path.Clean(name))))
	case !s.root.Exists(inside):
		return core.Refuse(core.ErrDatabase, "Its SQLite database, %s, is not there; ask your web manager.", safetext.Line(safetext.Path(inside)))
	}
	return nil
}
