package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/repoint"
	"breakglass/core/safetext"
)

// configAbove is the one configuration that a program looks for above its root
// as well as in it.
const configAbove = "wp-config.php"

// repoint points the site's configuration at its new database, address and
// directory. What cannot be done is left to a person and said in the report; it
// does not stop a restore.
func (r *run) repoint() error {
	if r.state.Step == StepCheck {
		return nil
	}
	root, err := os.OpenRoot(r.place.target)
	if err != nil {
		return fmt.Errorf("repoint: %w", err)
	}
	defer root.Close() //nolint:errcheck // files in it are closed by themselves
	if err := r.bringIn(root); err != nil {
		return fmt.Errorf("repoint: %w", err)
	}
	if err := r.findConfigs(); err != nil {
		return err
	}
	for i := range r.state.Configs {
		if c := &r.state.Configs[i]; !c.Done {
			swaps, err := r.pointAt(root, *c)
			if err != nil {
				return err
			}
			c.Done = true
			for _, s := range swaps {
				r.state.Settled = append(r.state.Settled, s.name)
			}
			if err := r.swapIn(swaps...); err != nil {
				return err
			}
		}
	}
	for _, t := range r.targets {
		if !r.named(t) {
			r.byHand(fmt.Sprintf("No configuration that could be read names the database “%s”; where the site uses it, write there that it is %s now.", safetext.Line(t.dump.Name), t.Database))
		}
	}
	if len(r.targets) == 0 && len(Dumps(r.known)) > 0 {
		r.byHand("Load the dump, and write the database's name, user and password into the site's configuration.")
	}
	r.state.Step = StepCheck
	return r.state.keep(r.place)
}

// byHand keeps what is left to a person, once.
func (r *run) byHand(line string) {
	if !slices.Contains(r.state.Hand, line) {
		r.state.Hand = append(r.state.Hand, line)
	}
}

// config is a configuration of the site that is pointed at where it is now.
type config struct {
	backup.Configuration
	Done bool `json:"done"`
}

// findConfigs finds the site's configurations, once: when some are changed
// already, they name other databases.
func (r *run) findConfigs() error {
	if r.state.Configs != nil {
		return nil
	}
	err := r.withEngine(func(e *backup.Engine) error {
		found, err := e.Configurations(r.ctx, r.place.target)
		for _, c := range found {
			r.state.Configs = append(r.state.Configs, config{Configuration: c})
		}
		return err
	})
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		r.byHand(refusal.Detail)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("repoint: %w", err)
	}
	if len(r.state.Configs) == 0 { // its program may be known all the same
		r.state.Configs = []config{{Configuration: backup.Configuration{Kind: r.known.Header.Kind, Dir: "."}}}
	}
	return r.state.keep(r.place)
}

// named reports whether a configuration names the database that a dump is of.
func (r *run) named(t *target) bool {
	if len(Dumps(r.known)) == 1 {
		return true // the site's only one is written wherever one is named
	}
	return slices.ContainsFunc(r.state.Configs, func(c config) bool { return c.Database == t.dump.Name })
}

// pointAt says what is to become of the files of one configuration. It says of a
// database by its old name where that is now.
func (r *run) pointAt(root *os.Root, c config) (swaps []swap, err error) {
	o := repoint.Options{Kind: c.Kind, Dir: c.Dir, URLs: r.state.URLs, Paths: r.directories(), Settled: r.state.Settled, Moved: map[string]repoint.Database{}}
	if strings.HasPrefix(c.Kind, "Drupal") && c.Dir != "." {
		o.File = c.Dir + "/settings.php"
	}
	for _, t := range r.targets {
		d := pointed(t.Database)
		switch {
		case r.owns(c, t):
			o.Database = d
		case r.unique(t.dump.Name):
			o.Moved[t.dump.Name] = d
		}
	}
	if len(r.targets) == 0 && (len(Dumps(r.known)) > 0 || len(o.URLs)+len(o.Paths) == 0) {
		return nil, nil
	}
	files, changes, err := repoint.Repoint(root, o)
	var refusal *core.Refusal
	switch {
	case len(r.targets) == 0 && errors.Is(err, core.ErrInvalid):
		return nil, nil // there is no configuration that names a database, or none is known
	case errors.As(err, &refusal):
		r.byHand(refusal.Detail)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("repoint: %w", err)
	}
	for _, c := range changes {
		where := safetext.Path(c.File)
		if c.Line > 0 {
			where = fmt.Sprintf("%s, line %d", where, c.Line)
		}
		line := where + ": " + safetext.Line(c.Name)
		switch {
		case !c.Done:
			r.byHand(line + ": " + safetext.Line(c.Why))
		case !slices.Contains(r.state.Pointed, line):
			r.state.Pointed = append(r.state.Pointed, line)
		}
	}
	for _, f := range files {
		info, err := root.Lstat(f.Name)
		if err != nil {
			return nil, fmt.Errorf("repoint: %w", err)
		}
		swaps = append(swaps, swap{f.Name, info, func(to *os.File) (bool, error) {
			_, err := to.Write(f.Text)
			return true, err
		}})
	}
	return swaps, nil
}

// owns reports whether a configuration is that of the archive's only dump,
// whatever it calls the database: it names it, or it is the site's first and none
// names it, as when the manager had said where the database is.
func (r *run) owns(c config, t *target) bool {
	if len(Dumps(r.known)) != 1 {
		return false
	}
	names := func(c config) bool { return c.Database == t.dump.Name }
	first := r.state.Configs[0].Configuration == c.Configuration
	return names(c) || first && !slices.ContainsFunc(r.state.Configs, names)
}

// unique reports whether a name is that of one dump only: two servers may each
// have a database of one name, and then no configuration says which it means.
func (r *run) unique(name string) bool {
	n := 0
	for _, d := range Dumps(r.known) {
		if d.Name == name {
			n++
		}
	}
	return n == 1
}

// pointed is a database as a configuration names it.
func pointed(to Database) repoint.Database {
	driver := "mysql"
	if to.Driver == postgresDriver {
		driver = "pgsql"
	}
	return repoint.Database{
		Driver: driver, Host: to.Server.Host, Port: usual(to), Socket: to.Server.Socket, Name: to.Name, User: to.User, Password: to.Password,
	}
}

// usual leaves out the port that a driver takes by itself.
func usual(d Database) int {
	if d.Server.Socket != "" || d.Driver == mysqlDriver && d.Server.Port == 3306 || d.Driver == postgresDriver && d.Server.Port == 5432 {
		return 0
	}
	return d.Server.Port
}

// bringIn puts a configuration that lay above the old root into the new one:
// nothing is ever written above it.
func (r *run) bringIn(root *os.Root) (err error) {
	if !strings.HasPrefix(r.known.Header.Kind, "WordPress") {
		return nil
	}
	if _, err := root.Lstat(configAbove); err == nil {
		return nil
	}
	outside, err := os.OpenRoot(filepath.Join(r.place.beside, archiveDir, "outside"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, outside.Close()) }()
	info, err := outside.Lstat(configAbove)
	if err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // it is none that was left above
	}
	r.state.Pointed = append(r.state.Pointed, configAbove+": it lay above the old directory, and lies in the new one now")
	return r.swapIn(swap{configAbove, info, func(to *os.File) (bool, error) {
		from, err := outside.Open(configAbove)
		if err != nil {
			return false, err
		}
		_, err = io.Copy(to, from)
		return true, errors.Join(err, from.Close())
	}})
}
