package detect

import (
	"errors"
	"io/fs"
	"path"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
)

// readConfigs finds each WordPress's configuration, as WordPress itself looks
// for it: in its own directory, else one level up unless another WordPress
// lives there.
func (s *Site) readConfigs() error {
	for i := range s.Installs {
		in := &s.Installs[i]
		from := Source{Kind: "WordPress", Dir: in.Dir}
		switch err := s.readConfig(in); {
		case errors.Is(err, core.ErrSite):
			return err
		case err != nil:
			from.Err = err
		case in.sqlite:
			continue // its database is in its files
		default:
			if from.Database, from.Err = parseWPConfig(in.text); from.Err != nil {
				from.Database, from.Err = s.readBedrock(in, from.Err)
			}
		}
		s.Sources = append(s.Sources, from)
	}
	return nil
}

func (s *Site) readConfig(in *Install) (err error) {
	in.sqlite = s.usesSQLite(in.Dir)
	for _, candidate := range []string{in.Dir, path.Dir(in.Dir)} {
		in.config = sitetree.Join(candidate, "wp-config.php")
		in.text, _, err = sitetree.ReadSmall(s.root, in.config)
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return unread(in.config, err)
		}
		if in.Dir == "." || s.root.Exists(sitetree.Join(path.Dir(in.Dir), "wp-settings.php")) {
			break
		}
	}
	in.config = ""
	if in.Dir == "." {
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
func (s *Site) configAbove(in *Install) (found bool, err error) {
	if s.existsAbove("wp-settings.php") {
		return false, nil
	}
	in.text, found, err = s.readAbove("wp-config.php")
	return found, err
}
