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
	if d := r.dump(); d != nil && r.server != nil {
		r.countRows(*d, &list)
		r.checkAddress(*d, &list)
		r.checkConfig(*d, &list)
	}
	r.state.Checks = list
	r.tell(list)
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	r.dropDump(list)
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
func (r *run) countRows(d backup.StoredDatabase, c *checks) {
	var rows, wrong int64
	first := ""
	for i, t := range d.Tables {
		r.progress(Progress{Step: StepCheck, Done: int64(i), Total: int64(len(d.Tables)), Current: safetext.Line(t.Name)})
		n, err := r.server.rows(r.ctx, t.Name)
		rows += n
		if err == nil && n == t.Rows {
			continue
		}
		wrong++
		if first == "" {
			first = fmt.Sprintf("“%s” has %d rows instead of %d", safetext.Line(t.Name), n, t.Rows)
			if err != nil {
				first = fmt.Sprintf("“%s” cannot be counted: %s", safetext.Line(t.Name), safetext.Line(err.Error()))
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

// checkAddress reads from the database which address the site has now.
func (r *run) checkAddress(d backup.StoredDatabase, c *checks) {
	if !strings.HasPrefix(r.known.Header.Kind, "WordPress") || !slices.Contains(r.tables(), d.Prefix+"options") {
		return
	}
	for _, name := range []string{"home", "siteurl"} {
		value, err := r.server.value(r.ctx, "SELECT option_value FROM "+quoteName(d.Prefix+"options")+" WHERE option_name = '"+name+"'")
		shown := safetext.Line(value)
		switch to := strings.TrimRight(r.order.URL, "/"); {
		case err != nil:
			c.fail("Address", "“%s” of the site cannot be read: %s.", name, safetext.Line(err.Error()))
		case to == "":
			c.ok("Address", "“%s” of the site is %s.", name, shown)
		case value == to || strings.HasPrefix(value, to+"/"):
			c.ok("Address", "“%s” of the site is %s now.", name, shown)
		default:
			c.fail("Address", "“%s” of the site is %s, and not %s.", name, shown, safetext.Line(to))
		}
	}
}

// checkConfig has the engine read the site's configuration as it does for a
// backup: without a word from this restore it must find the database.
func (r *run) checkConfig(d backup.StoredDatabase, c *checks) {
	found, err := r.inspect()
	switch {
	case len(r.state.Pointed) == 0:
		c.warn("Configuration", "it could not be changed by this restore; the report says what is left to do by hand.")
	case err != nil:
		c.fail("Configuration", "with it the site does not reach its database: %s", sentence(err))
	case !found:
		c.fail("Configuration", "it does not name the database “%s”.", safetext.Line(r.order.Database.Name))
	default:
		c.ok("Configuration", "with it the site reaches “%s”, and its tables begin with “%s”.", safetext.Line(r.order.Database.Name), safetext.Line(d.Prefix))
	}
}

// inspect reports whether the restored site names its new database.
func (r *run) inspect() (found bool, err error) {
	scratch, err := os.MkdirTemp("", "breakglass-restore-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	engine, err := backup.New(backup.Options{Roots: []string{r.place.target}, Scratch: scratch, Clock: r.order.Clock})
	if err != nil {
		return false, err
	}
	site, err := engine.Inspect(r.ctx, core.SiteSpec{Root: r.place.target, DatabaseHost: r.order.Database.Server.Host})
	if err != nil {
		return false, err
	}
	for _, d := range site.Databases {
		found = found || d.Name == r.order.Database.Name
	}
	return found, nil
}

// dropDump removes the dump of a site that is whole: it holds all that the
// database does, beside the web server's directory.
func (r *run) dropDump(list checks) {
	if r.server == nil || r.dump() == nil || list.failed() != nil {
		return
	}
	root, err := os.OpenRoot(r.place.beside)
	if err == nil {
		err = errors.Join(root.RemoveAll(archiveDir+"/"+r.dump().Path), root.Close())
	}
	if err != nil {
		r.state.Hand = append(r.state.Hand, fmt.Sprintf("Remove %s/%s: the dump in it could not be removed (%s).", safetext.Path(r.place.beside), archiveDir, safetext.Line(err.Error())))
	}
}
