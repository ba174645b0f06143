package detect

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
)

// OutsideFile is a file of the site that lies above its root.
type OutsideFile struct {
	Name string // as it is called there
	Text []byte
	Info fs.FileInfo
}

// existsAbove reports whether there is a file, or a link, one level above the
// root.
func (s *Site) existsAbove(name string) bool {
	above, err := os.OpenRoot(filepath.Dir(s.root.Path))
	if err != nil {
		return false
	}
	defer above.Close() //nolint:errcheck // it was only read
	info, err := above.Lstat(name)
	return err == nil && !info.IsDir()
}

// readAbove reads a file that lies above the root, where the root is a program's
// public directory, and keeps it for the archive. It is read only if the site's
// own user could read it: a hacked site that drops its configuration must not be
// handed a neighbour's.
func (s *Site) readAbove(name string) (text []byte, found bool, err error) {
	above, err := os.OpenRoot(filepath.Dir(s.root.Path))
	if err != nil {
		return nil, false, nil //nolint:nilerr // then there is none for us
	}
	defer above.Close() //nolint:errcheck // it was only read
	info, err := above.Lstat(name)
	if err != nil || s.root.Path == "/" {
		return nil, false, nil //nolint:nilerr // there is none
	}
	text, read, err := sitetree.ReadSmall(above, name)
	if err != nil || !info.Mode().IsRegular() || !os.SameFile(info, read) {
		return nil, false, core.Refuse(core.ErrDatabase, "The %s one level above the site's directory cannot be read, or it is a link, so the database was not found; ask your web manager to put the file itself there.", name).Because(err)
	}
	own, err := s.root.Lstat(".")
	if err != nil {
		return nil, false, sitetree.Unopened(s.root.Path, err)
	}
	if !readableBy(read, own) {
		return nil, false, core.Refuse(core.ErrDatabase, "The %s one level above the site's directory does not belong to this site, so it was not used; ask your web manager where the site's configuration is.", name)
	}
	if !slices.ContainsFunc(s.Outside, func(f OutsideFile) bool { return f.Name == name }) {
		s.Outside = append(s.Outside, OutsideFile{Name: name, Text: text, Info: read})
	}
	return text, true, nil
}

// readableBy reports whether the owner of a directory may read a file by its
// mode.
func readableBy(file, dir fs.FileInfo) bool {
	f, fok := file.Sys().(*syscall.Stat_t)
	d, dok := dir.Sys().(*syscall.Stat_t)
	if !fok || !dok {
		return false
	}
	return f.Uid == d.Uid || f.Gid == d.Gid && f.Mode&0o040 != 0 || f.Mode&0o004 != 0
}
