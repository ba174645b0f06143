package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
)

// after compares what was restored with the manifest, and the site's parts with
// each other.
func (r *run) after() error {
	var list checks
	for i, t := range r.targets {
		r.look(t, &list, func(c *checks) {
			r.countRows(t, c)
			r.checkAddress(t, i == 0, c)
			r.checkConfig(t, c)
		})
	}
	r.state.Checks = list
	r.tell(list)
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	r.dropDumps(list)
	r.report.take(r)
	if err := r.writeReport(); err != nil {
		return err
	}
	if failed := list.failed(); failed != nil {
		return core.Refuse(core.ErrState, "The site is in place, but a check failed. %s: %s The report in %s says what was done.", failed.Name, failed.Sentence, safetext.Line(safetext.Path(r.place.beside)))
	}
	return nil
}

// countRows compares the rows of each table with the manifest.
func (r *run) countRows(t *target, c *checks) {
	d, l := *t.dump, r.loadOf(r.state.Loads, t)
	l.Tables, l.Rows = 0, 0
	var rows, wrong int64
	first := ""
	for i, table := range d.Tables {
		r.progress(Progress{Step: StepCheck, Done: int64(i), Total: int64(len(d.Tables)), Current: safetext.Line(table.Name)})
		n, err := t.server.rows(r.ctx, table.Name)
		rows += n
		if err == nil {
			l.Tables++
			l.Rows += n
		}
		if err == nil && n == table.Rows {
			continue
		}
		wrong++
		if first == "" {
			first = fmt.Sprintf("“%s” has %d rows instead of %d", safetext.Line(table.Name), n, table.Rows)
			if err != nil {
				first = fmt.Sprintf("“%s” cannot be counted: %s", safetext.Line(table.Name), safetext.Line(err.Error()))
			}
		}
		if r.ctx.Err() != nil {
			return
		}
	}
	if wrong > 0 {
		c.fail("Tables", "%d of %d are not as in the backup; %s.", wrong, len(d.Tables), first)
		return
	}
	c.ok("Tables", "all %d tables with %d rows are there, as in the backup.", len(d.Tables), rows)
}

// checkAddress reads from a database which address the site has now. A further
// program of the site may have one of its own, which stays.
func (r *run) checkAddress(t *target, own bool, c *checks) {
	options := t.dump.Prefix + "options"
	if !strings.HasPrefix(r.known.Header.Kind, "WordPress") || !slices.Contains(tablesOf(*t.dump), options) {
		return
	}
	for _, name := range []string{"home", "siteurl"} {
		value, err := t.server.value(r.ctx, "SELECT option_value FROM "+quoteName(options)+" WHERE option_name = '"+name+"'")
		shown := safetext.Line(value)
		switch to := strings.TrimRight(r.order.URL, "/"); {
		case err != nil:
			c.fail("Address", "“%s” of the site cannot be read: %s.", name, safetext.Line(err.Error()))
		case to == "":
			c.ok("Address", "“%s” of the site is %s.", name, shown)
		case value == to || strings.HasPrefix(value, to+"/"):
			c.ok("Address", "“%s” of the site is %s now.", name, shown)
		case !own:
			c.warn("Address", "“%s” of the site with this database is %s as before: it has an address of its own, which --url does not change.", name, shown)
		default:
			c.fail("Address", "“%s” of the site is %s, and not %s.", name, shown, safetext.Line(to))
		}
	}
}

// checkConfig has the engine read the site's configuration as it does for a
// backup: without a word from this restore it must find the database.
func (r *run) checkConfig(t *target, c *checks) {
	found, err := r.inspect(t)
	switch {
	case len(r.state.Pointed) == 0:
		c.warn("Configuration", "it could not be changed by this restore; the report says what is left to do by hand.")
	case err != nil:
		c.fail("Configuration", "with it the site does not reach its database: %s", sentence(err))
	case !found && len(r.targets) > 1:
		c.warn("Configuration", "none that could be read names the database “%s”; the report says what is left to do by hand.", safetext.Line(t.Name))
	case !found:
		c.fail("Configuration", "it does not name the database “%s”.", safetext.Line(t.Name))
	case t.dump.Prefix == "":
		c.ok("Configuration", "with it the site reaches “%s”.", safetext.Line(t.Name))
	default:
		c.ok("Configuration", "with it the site reaches “%s”, and its tables begin with “%s”.", safetext.Line(t.Name), safetext.Line(t.dump.Prefix))
	}
}

// inspect reports whether the restored site names a new database.
func (r *run) inspect(t *target) (found bool, err error) {
	err = r.withEngine(func(engine *backup.Engine) error {
		site, err := engine.Inspect(r.ctx, core.SiteSpec{Root: r.place.target, DatabaseHost: t.Server.Host})
		for _, d := range site.Databases {
			found = found || d.Name == t.Name
		}
		return err
	})
	return found, err
}

// withEngine calls f with an engine that reads the restored site as one that
// makes backups does.
func (r *run) withEngine(f func(*backup.Engine) error) (err error) {
	scratch, err := os.MkdirTemp("", "breakglass-restore-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	engine, err := backup.New(backup.Options{Roots: []string{r.place.target}, Scratch: scratch, Clock: r.order.Clock})
	if err != nil {
		return err
	}
	return f(engine)
}

// dropDumps removes the dumps of a site that is whole: they hold all that the
// databases do, beside the web server's directory.
func (r *run) dropDumps(list checks) {
	if len(r.targets) == 0 || list.failed() != nil {
		return
	}
	root, err := os.OpenRoot(r.place.beside)
	if err == nil {
		for _, t := range r.targets {
			err = errors.Join(err, root.RemoveAll(archiveDir+"/"+t.dump.Path))
		}
		err = errors.Join(err, root.Close())
	}
	if err != nil {
		r.state.Hand = append(r.state.Hand, fmt.Sprintf("Remove %s/%s/database: a dump in it could not be removed (%s).", safetext.Path(r.place.beside), archiveDir, safetext.Line(err.Error())))
	}
}
