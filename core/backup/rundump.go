package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"breakglass/core"
)

// dumpAll dumps one database after the other into parts. A dump that breaks off
// ends neither the others nor the backup.
func (r *run) dumpAll(parts chan<- part) error {
	state := core.StepDone
	for _, d := range r.dumps {
		p := &dumpParts{ctx: r.ctx, dump: d, scratch: r.engine.options.Scratch, scan: d.reader(), send: parts, clock: r.engine.options.Clock}
		var rows, tables int64 // told so far
		p.moved = func(n int) {
			r.tracker.do(func(now *core.Progress) {
				now.Rows += p.scan.Total() - rows
				now.Tables += int64(len(p.scan.Rows())) - tables
			})
			rows, tables = p.scan.Total(), int64(len(p.scan.Rows()))
			r.tracker.read(0, int64(n), shown(d.config.Name+": "+p.scan.Table()))
		}
		said, err := d.with.dump(r.ctx, d, p)
		if err != nil && undumpable(r.ctx, err) {
			d.broken, state = err, core.StepFailed
			if p.starved() {
				r.findings.add(newNote("archive.note.dump_starved", "Database", d.config.Name, "Seconds", int64(p.waited/time.Second)))
			}
			err = p.breakOff()
		}
		if err == nil {
			err = p.finish()
		}
		if err = errors.Join(err, p.drop()); err != nil {
			r.tracker.step(core.StepDatabase, core.StepFailed)
			return err
		}
		d.tool, d.rows, d.part, d.size = d.with.about().version, p.scan.Rows(), p.number, p.size
		if said != "" {
			r.findings.add(newNote("archive.note.dump_said", "Tool", d.with.about().name, "Said", said))
		}
		r.settle(d)
	}
	if len(r.dumps) > 0 {
		r.tracker.step(core.StepDatabase, state)
	}
	return nil
}

// settle puts the true size of a dump in the place of what was estimated, and
// says which tables are missing in it.
func (r *run) settle(d *dump) {
	r.tracker.do(func(p *core.Progress) { p.BytesTotal += d.size - d.bytes })
	d.bytes = d.size
	if d.broken != nil {
		r.findings.miss(r.site.brokenNote(d))
		return
	}
	for _, t := range d.tables {
		if _, ok := d.rows[t.name]; t.holdsRows() && !ok {
			r.findings.miss(newNote("archive.note.table_missing", "Database", d.config.Name, "Table", t.name))
		}
	}
}

// addPart puts a finished part of a dump into the archive.
func (r *run) addPart(p part) error {
	defer close(p.taken)
	content, err := p.spool.Reader()
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/%s/%04d.sql", databaseDir, p.dump.dir, p.number)
	return r.addStream(path, p.spool.Size(), r.order.Created, content)
}

// addStream adds a file of our own.
func (r *run) addStream(path string, size int64, mtime time.Time, content io.Reader) error {
	h := r.out.header(path, 0o600, mtime)
	h.Typeflag, h.Size = tar.TypeReg, size
	if err := r.out.begin(h); err != nil {
		return err
	}
	sum := r.sums.New()
	if err := r.out.copyIn(content, sum); err != nil {
		return err
	}
	entry := r.entryOf(lineFile, h)
	entry.SHA256 = sum.Hex()
	return r.out.line(entry)
}

// addOutside adds the files above the root that belong to the site and whose
// names come before another's: all that lies outside stands in one order. "" is
// the end.
func (r *run) addOutside(before string) error {
	for ; r.outside < len(r.site.Outside); r.outside++ {
		f := r.site.Outside[r.outside]
		if before != "" && comparePaths(f.Name, before) >= 0 {
			return nil
		}
		h := r.tarHeader(outsideDir+"/"+f.Name, f.Info)
		h.Typeflag, h.Size = tar.TypeReg, int64(len(f.Text))
		if err := r.out.begin(h); err != nil {
			return err
		}
		if err := r.out.write(f.Text); err != nil {
			return err
		}
		sum := r.sums.New()
		sum.Begin(f.Text)
		entry := r.entryOf(lineFile, h)
		entry.SHA256 = sum.Hex()
		r.countFile(f.Name, int64(len(f.Text)))
		if err := r.out.line(entry); err != nil {
			return err
		}
	}
	return nil
}

// addSnapshot adds a consistent copy of a SQLite database at the place of the
// live file. Where none can be taken the file is copied as it is, which is
// noted, and done is false.
func (r *run) addSnapshot(path string, info interface {
	Size() int64
	ModTime() time.Time
}) (done bool, err error) {
	ctx, cancel := context.WithTimeout(r.ctx, snapshotTime)
	defer cancel()
	live, err := r.site.root.Lstat(path)
	if err != nil {
		return false, nil //nolint:nilerr // the plain copy meets it again
	}
	snap, err := r.engine.takeSnapshot(ctx, r.site.root, path)
	if r.ctx.Err() != nil {
		return false, context.Cause(r.ctx)
	}
	if err != nil {
		id := "archive.note.sqlite_copied"
		if noRoom(err) {
			id = "archive.note.sqlite_no_room"
		}
		r.findings.add(newNote(id, "Path", shown(path), "Why", reason(err)))
		return false, nil
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	h := r.tarHeader(inArchive(path), live)
	h.Typeflag, h.Size = tar.TypeReg, snap.size
	if err := r.out.begin(h); err != nil {
		return false, err
	}
	sum := r.sums.New()
	if err := r.out.copyIn(&telling{snap.file, r, shown(path)}, sum); err != nil {
		return false, err
	}
	r.countFile(path, 0)
	r.bytes += snap.size
	r.keepSnapshot(path, snap)
	entry := r.entryOf(lineFile, h)
	entry.SHA256 = sum.Hex()
	entry.Note = newNote("archive.left.snapshot").text(r.order.Lang)
	return true, r.out.line(entry)
}

// keepSnapshot remembers what stands for a SQLite database in the manifest, and
// that the files beside the live one are not needed.
func (r *run) keepSnapshot(path string, snap *snapshot) {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		r.beside[path+suffix] = true
	}
	name, _ := setPath(path)
	r.databases = append(r.databases, Database{
		Line: lineDatabase, Name: name, Path: inArchive(name), Server: snap.server, Charset: "UTF-8", Bytes: snap.size,
	})
	for _, t := range snap.tables {
		t.Database = name
		r.databases = append(r.databases, t)
	}
	r.rows += snap.rows
	r.tables += int64(len(snap.tables))
	r.tracker.do(func(p *core.Progress) {
		p.Tables += int64(len(snap.tables))
		p.Rows += snap.rows
	})
}

// addDatabases writes the manifest's lines of databases and tables.
func (r *run) addDatabases() error {
	for _, d := range r.dumps {
		about := Database{
			Line: lineDatabase, Name: d.config.Name, Path: databaseDir + "/" + d.dir, Server: d.server, Tool: d.tool, Charset: d.config.Driver.Charset(),
			Prefix: d.config.Prefix, Parts: d.part, Bytes: d.size,
		}
		if d.broken != nil {
			about.Incomplete, about.Cause = said(d.broken).String(), cause(d.broken)
		}
		if d.part == 0 {
			about.Path = ""
		}
		lines := []any{about}
		names := make([]string, 0, len(d.rows))
		for name := range d.rows {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			shownName, _ := setPath(name)
			lines = append(lines, Table{Line: lineTable, Database: d.config.Name, Name: shownName, Rows: d.rows[name]})
			r.rows += d.rows[name]
			r.tables++
		}
		r.databases = append(r.databases, lines...)
		r.bytes += d.size
	}
	for _, line := range r.site.missing {
		r.databases = append(r.databases, line)
	}
	for _, line := range r.databases {
		if err := r.out.line(line); err != nil {
			return err
		}
	}
	return nil
}

// addKit adds what a new manager needs to put the archive to use.
func (r *run) addKit(verdict core.Verdict) error {
	configs := r.site.Configs()
	for _, file := range []struct{ name, text string }{
		{readmeName, r.readme(verdict)}, {takeoverName, r.takeoverText(configs)}, {restoreName, restoreScript}, {confName, r.restoreConf(configs)},
	} {
		if err := r.addStream(file.name, int64(len(file.text)), r.order.Created, strings.NewReader(file.text)); err != nil {
			return err
		}
	}
	return nil
}

// finish writes what tells of the archive, and ends it.
func (r *run) finish() (core.BackupResult, error) {
	r.tracker.do(func(p *core.Progress) { p.FilesTotal, p.BytesTotal = p.FilesDone, p.BytesDone })
	r.tracker.step(core.StepManifest, core.StepRunning)
	if err := r.addDatabases(); err != nil {
		return core.BackupResult{}, err
	}
	if err := r.addProof(); err != nil {
		return core.BackupResult{}, err
	}
	verdict := r.findings.verdict()
	if err := r.addKit(verdict); err != nil {
		return core.BackupResult{}, err
	}
	notes := r.findings.all()
	err := r.out.line(End{
		Line: lineEnd, Verdict: verdict, Notes: notes, LeftOut: r.leftOut, Omitted: r.omitted, Files: r.files, Tables: r.tables, Rows: r.rows,
		Bytes: r.bytes, Charset: "utf8mb4", Tools: r.tools, Ended: r.engine.options.Clock.Now().UTC(),
	})
	if err != nil {
		return core.BackupResult{}, err
	}
	sum, signature, written, err := r.out.Finish()
	if err != nil {
		return core.BackupResult{}, err
	}
	r.tracker.step(core.StepManifest, core.StepDone)
	return core.BackupResult{
		Verdict: verdict, Notes: notes, Files: r.files, Tables: r.tables, Rows: r.rows, Bytes: r.bytes, Written: written,
		SHA256: sum, Signer: r.engine.Signer(), Signature: signature,
	}, nil
}
