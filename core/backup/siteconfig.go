package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// readConfigs finds each WordPress's configuration, as WordPress itself looks
// for it: in its own directory, else one level up unless another WordPress
// lives there.
func (s *site) readConfigs() error {
	for i := range s.installs {
		in := &s.installs[i]
		from := source{kind: "WordPress", dir: in.dir}
		switch err := s.readConfig(in); {
		case errors.Is(err, core.ErrSite):
			return err
		case err != nil:
			from.err = err
		case in.sqlite:
			continue // its database is in its files
		default:
			if from.config, from.err = parseWPConfig(in.text); from.err != nil {
				from.config, from.err = s.readBedrock(in, from.err)
			}
		}
		s.sources = append(s.sources, from)
	}
	return nil
}

func (s *site) readConfig(in *install) (err error) {
	in.sqlite = s.usesSQLite(in.dir)
	for _, candidate := range []string{in.dir, path.Dir(in.dir)} {
		in.config = sitetree.Join(candidate, "wp-config.php")
		in.text, _, err = sitetree.ReadSmall(s.root, in.config)
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return &core.Refusal{
				Kind: core.ErrDatabase, Cause: err,
				Detail: fmt.Sprintf("%s cannot be read, or it is a link out of the site's directory, so the database was not found; ask your web manager to put the file itself there.", safetext.Line(shown(in.config))),
			}
		}
		if in.dir == "." || s.root.Exists(sitetree.Join(path.Dir(in.dir), "wp-settings.php")) {
			break
		}
	}
	in.config = ""
	if in.dir == "." {
		if found, err := s.configAbove(in); found || err != nil {
			return err
		}
	}
	if in.sqlite {
		return nil
	}
	return core.Refuse(core.ErrDatabase, "This is a WordPress without a wp-config.php, so its database was not found; ask your web manager where its configuration is.")
}

// configAbove reads a wp-config.php one level above the root, on the conditions
// that WordPress itself has.
func (s *site) configAbove(in *install) (found bool, err error) {
	if s.existsAbove("wp-settings.php") {
		return false, nil
	}
	in.text, found, err = s.readAbove("wp-config.php")
	return found, err
}

// existsAbove reports whether there is a file, or a link, one level above the
// root.
func (s *site) existsAbove(name string) bool {
	above, err := os.OpenRoot(filepath.Dir(s.path))
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
func (s *site) readAbove(name string) (text []byte, found bool, err error) {
	above, err := os.OpenRoot(filepath.Dir(s.path))
	if err != nil {
		return nil, false, nil //nolint:nilerr // then there is none for us
	}
	defer above.Close() //nolint:errcheck // it was only read
	info, err := above.Lstat(name)
	if err != nil || s.path == "/" {
		return nil, false, nil //nolint:nilerr // there is none
	}
	text, read, err := sitetree.ReadSmall(above, name)
	if err != nil || !info.Mode().IsRegular() || !os.SameFile(info, read) {
		return nil, false, &core.Refusal{
			Kind: core.ErrDatabase, Cause: err,
			Detail: fmt.Sprintf("The %s one level above the site's directory cannot be read, or it is a link, so the database was not found; ask your web manager to put the file itself there.", name),
		}
	}
	own, err := s.root.Lstat(".")
	if err != nil {
		return nil, false, sitetree.Unopened(s.path, err)
	}
	if !readableBy(read, own) {
		return nil, false, core.Refuse(core.ErrDatabase, "The %s one level above the site's directory does not belong to this site, so it was not used; ask your web manager where the site's configuration is.", name)
	}
	if !slices.ContainsFunc(s.outside, func(f outsideFile) bool { return f.name == name }) {
		s.outside = append(s.outside, outsideFile{name, text, read})
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
