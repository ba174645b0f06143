package restore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"golang.org/x/sys/unix"
)

// preflight looks at all that can be known before the archive is read. It tells
// each check and returns them.
func (r *run) preflight() []Check {
	var list checks
	r.lookAtPlace(&list)
	if r.place.target != "" {
		r.lookAtRoom(&list)
	}
	if len(r.targets) == 0 {
		list.warn("Database", "none was given: the files are restored, and a dump stays beside them, in the directory that ends in .restore.")
	}
	r.lookAtOldAddress(&list)
	r.askServers(&list)
	if list.failed() == nil {
		r.apart(&list)
		for _, t := range r.targets {
			r.look(t, &list, func(c *checks) { r.lookInside(t, c) })
		}
	}
	r.tell(list)
	return list
}

// askServers looks at each database server.
func (r *run) askServers(c *checks) {
	for _, t := range r.targets {
		r.look(t, c, func(own *checks) {
			t.server.before(r.ctx, own)
			r.lookAtOrigin(t, own)
		})
	}
}

// lookAtOrigin refuses to hand a dump of unknown origin to a psql that cannot be
// kept from obeying it: CVE-2025-8714. The guard reads the dump first, but a dump
// can set how psql reads what follows.
func (r *run) lookAtOrigin(t *target, c *checks) {
	p, ok := t.server.(*postgresServer)
	if ok && p.version != "" && !p.restricts && !r.order.Verify.NamesSigner() {
		c.fail("Origin", "psql here is of before August 2025 and may run commands that a stranger put into a dump; update postgresql-client, or say who must have signed the archive: --signer with the fingerprint on the emergency sheet.")
	}
}

func (r *run) lookAtPlace(c *checks) {
	p, err := findPlace(r.order.Target)
	if err == nil {
		err = p.belongTo(r.order.Owner)
	}
	if err != nil {
		c.fail("Directory", "%s", sentence(err))
		return
	}
	r.place = p
	parent := filepath.Dir(p.target)
	if err := unix.Access(parent, unix.W_OK|unix.X_OK); err != nil {
		c.fail("Directory", "%s cannot be written to, and the site is put together there before it takes its place; choose another, or have the rights changed.", safetext.Line(safetext.Path(parent)))
		return
	}
	if p.there && mountPoint(p.target, parent) {
		c.fail("Directory", "%s is a disk of its own, whose top cannot be replaced; give a directory on it.", safetext.Line(safetext.Path(p.target)))
		return
	}
	how := "is not there yet and will be made"
	if p.there {
		how = "is empty"
	}
	c.ok("Directory", "%s %s; the files will belong to %s.", safetext.Line(safetext.Path(p.target)), how, p.ownerName())
	if p.uid == 0 || p.uid < 0 && os.Geteuid() == 0 {
		c.warn("Owner", "the files will belong to root; if the web server runs the site as another user, give that with --owner.")
	}
}

func mountPoint(dir, parent string) bool {
	var a, b unix.Stat_t
	return unix.Stat(dir, &a) == nil && unix.Stat(parent, &b) == nil && a.Dev != b.Dev
}

// sentence is what a person reads of an error.
func sentence(err error) string {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return refusal.Detail
	}
	return safetext.Line(err.Error()) + "."
}

// lookAtRoom compares the disk with the archive's own size. What it unpacks to
// is known only when it has been read, and watched while it is.
func (r *run) lookAtRoom(c *checks) {
	bytes, files, err := free(filepath.Dir(r.place.target))
	switch {
	case err != nil:
		c.warn("Room for the files", "the disk does not say how much is free: %s.", safetext.Line(err.Error()))
	case files < 100:
		c.fail("Room for the files", "the disk has no room for more files; choose a directory on another one.")
	case bytes-keptFree < r.order.Size:
		c.fail("Room for the files", "%s are free, and the archive alone has %s; make room, or choose a directory on another disk.", view.Size("", bytes), view.Size("", r.order.Size))
	case bytes-keptFree < 3*r.order.Size:
		c.warn("Room for the files", "%s are free for an archive of %s: it may not be enough. If it is not, nothing will be left behind.", view.Size("", bytes), view.Size("", r.order.Size))
	default:
		c.ok("Room for the files", "%s are free.", view.Size("", bytes))
	}
}

// roomUnpacked compares the disk with what the archive turned out to unpack to,
// where it was not unpacked.
func (r *run) roomUnpacked() []Check {
	var list checks
	bytes, files, err := free(filepath.Dir(r.place.target))
	switch {
	case err != nil: // lookAtRoom has said it
	case bytes-keptFree < r.known.Bytes || files < r.known.Files:
		list.fail("Room for the files", "%s are free, and the archive unpacks to %d files of %s; make room, or choose a directory on another disk.", view.Size("", bytes), r.known.Files, view.Size("", r.known.Bytes))
	default:
		list.ok("Room for the files", "the archive unpacks to %d files of %s.", r.known.Files, view.Size("", r.known.Bytes))
	}
	r.tell(list)
	return list
}

// lookInside makes sure that a database is empty.
func (r *run) lookInside(t *target, c *checks) {
	holds, err := t.server.empty(r.ctx)
	name := safetext.Line(t.Name)
	switch {
	case err != nil:
		c.fail("Database", "“%s” cannot be looked into: %s.", name, safetext.Line(err.Error()))
	case len(holds) > 0:
		first := make([]string, 0, 3)
		for _, thing := range holds[:min(3, len(holds))] {
			first = append(first, safetext.Line(strings.TrimPrefix(thing, "BASE ")))
		}
		c.fail("Database", "“%s” is not empty: it holds %d things, %s among them. Nothing is ever overwritten; give an empty database.", name, len(holds), strings.Join(first, ", "))
	default:
		c.ok("Database", "“%s” is empty.", name)
	}
}

// fits compares what the archive turned out to hold with where it goes.
func (r *run) fits() []Check {
	var list checks
	r.fitsOrigin(&list)
	r.tell(list)
	return append(list, r.fitsDumps()...)
}

// fitsDumps compares the dumps of the archive with the databases that they go
// to.
func (r *run) fitsDumps() []Check {
	var list checks
	r.assign(&list)
	for _, t := range r.targets {
		if t.dump != nil {
			r.look(t, &list, func(c *checks) { r.fitsDump(t, c) })
		}
	}
	r.roomForDumps(&list)
	for _, d := range r.leftDumps() {
		list.warn("Dump", "that of “%s” stays in %s/%s, to be loaded by hand.", safetext.Line(d.Name), safetext.Line(safetext.Path(r.place.beside)), archiveDir)
	}
	r.tell(list)
	return list
}

func (r *run) fitsDump(t *target, c *checks) {
	d := *t.dump
	if d.Incomplete != "" {
		c.fail("Dump", "that of “%s” in the archive is not whole: %s Restore without a database for it and see to it by hand, or take an earlier backup.", safetext.Line(d.Name), safetext.Line(d.Incomplete))
		return
	}
	c.ok("Dump", "that of “%s”, %d tables, goes to %s.", safetext.Line(d.Name), len(d.Tables), t.Database)
	t.server.fits(r.ctx, d, c)
}

// fitsOrigin says whose archive it is, and how complete.
func (r *run) fitsOrigin(c *checks) {
	k := r.known
	switch {
	case k.Proven:
		c.ok("Signature", "signed by %s, which you asked for.", k.Signer)
	case k.Signer == "":
		c.warn("Signature", "none: the archive is consistent, its origin unproven.")
	default:
		c.warn("Signature", "consistent, origin unproven: it says that %s signed it; compare that with the emergency sheet, or demand it with --signer.", k.Signer)
	}
	switch k.Verdict {
	case core.VerdictNotComplete:
		c.warn("Backup", "the archive says of itself that it is NOT COMPLETE: %s", strings.Join(k.Notes, " "))
	default:
		c.ok("Backup", "%s of %s, made %s: %d files, %d tables, %d rows, all as its manifest says.", k.Name, k.Site, view.Time(k.Created, ""), k.Files, k.Tables, k.Rows)
	}
}
