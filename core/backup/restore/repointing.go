package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
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
	if err := r.pointAt(root); err != nil {
		return err
	}
	r.state.Step = StepCheck
	return r.state.keep(r.place)
}

func (r *run) pointAt(root *os.Root) error {
	d := r.dump()
	if r.order.Database == nil || d == nil {
		if d != nil {
			r.state.Hand = append(r.state.Hand, "Load the dump, and write the database's name, user and password into the site's configuration.")
		}
		return nil
	}
	driver := "mysql"
	if r.order.Database.Driver == postgresDriver {
		driver = "pgsql"
	}
	to := r.order.Database
	changes, err := repoint.Repoint(root, repoint.Options{
		Kind: r.known.Header.Kind,
		Database: repoint.Database{
			Driver: driver, Host: to.Server.Host, Port: usual(to), Socket: to.Server.Socket, Name: to.Name, User: to.User, Password: to.Password,
		},
		URLs: r.state.URLs, Paths: r.directories(),
	})
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		r.state.Hand = append(r.state.Hand, refusal.Detail)
		return nil
	}
	if err != nil {
		return fmt.Errorf("repoint: %w", err)
	}
	for _, c := range changes {
		where := safetext.Path(c.File)
		if c.Line > 0 {
			where = fmt.Sprintf("%s, line %d", where, c.Line)
		}
		if c.Done {
			r.state.Pointed = append(r.state.Pointed, where+": "+safetext.Line(c.Name))
		} else {
			r.state.Hand = append(r.state.Hand, fmt.Sprintf("%s: %s: %s", where, safetext.Line(c.Name), safetext.Line(c.Why)))
		}
	}
	return nil
}

// usual leaves out the port that a driver takes by itself.
func usual(d *Database) int {
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
	from, err := outside.Open(configAbove)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it is only read
	to, err := root.OpenFile(configAbove, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if r.place.uid >= 0 {
		err = errors.Join(err, to.Chown(r.place.uid, r.place.gid))
	}
	if err = errors.Join(err, to.Close()); err == nil {
		r.state.Pointed = append(r.state.Pointed, configAbove+": it lay above the old directory, and lies in the new one now")
	}
	return err
}
