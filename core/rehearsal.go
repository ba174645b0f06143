package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"breakglass/core/safetext"
)

// Rehearsal is what became of trying an archive out: its dumps loaded into a
// private server, its rows counted, its files hashed. The zero value means that
// none has ended yet.
type Rehearsal struct {
	At     time.Time // when it ended
	Took   time.Duration
	Why    RehearsalProblem // why the archive is not proved; "": it is
	What   string           // the table or what a server said, made safe; "" where there is no more to say
	Server string           // what the dumps were loaded into: "MariaDB 10.11.6"
	Tables int64            // loaded and counted
	Rows   int64
	Files  int64 // hashed
}

// Good reports whether the archive came back as its manifest says.
func (r Rehearsal) Good() bool { return !r.At.IsZero() && r.Why == "" }

// RehearsalProblem is why an archive could not be proved.
type RehearsalProblem string

// The problems of a rehearsal; the words for them are in the catalogue. The
// first three say that the archive is not right, the others that this host could
// not tell.
const (
	RehearsalDamaged  RehearsalProblem = "damaged"   // a hash, or the list of files
	RehearsalRefused  RehearsalProblem = "refused"   // the server did not take the dump
	RehearsalRows     RehearsalProblem = "rows"      // a table has other rows than were dumped
	RehearsalNoServer RehearsalProblem = "no_server" // no such database server is installed
	// RehearsalOtherServer is a dump of another kind or version of server than
	// is installed.
	RehearsalOtherServer RehearsalProblem = "other_server"
	RehearsalNoUser      RehearsalProblem = "no_user"  // no unprivileged user to run one
	RehearsalNoStart     RehearsalProblem = "no_start" // it does not start
	RehearsalTime        RehearsalProblem = "time"
	RehearsalMemory      RehearsalProblem = "memory"
	RehearsalDisk        RehearsalProblem = "disk"
	RehearsalBroke       RehearsalProblem = "broke" // an error; it is no outcome, and the next start tries again
)

// Rehearser tries archives out on a private database server that nobody else
// can reach, never on the site's own. It is safe for concurrent use.
type Rehearser interface {
	// Rehearse reads an archive from start to end. What it finds out is no
	// error; an error is that of reading, or wraps ErrCancelled. When it returns
	// no process and no file of it is left. At and Took are for the caller.
	Rehearse(ctx context.Context, archive io.Reader) (Rehearsal, error)
}

// rehearsals tries archives out one at a time.
type rehearsals struct {
	turn    chan struct{}
	running ends // by archive
}

// tryOut rehearses an archive in the background, on the console's context: an
// owner may download meanwhile, and their going ends nothing. Where one of the
// archive is under way already it joins that one. The channel is closed at the
// end.
func (c *Console) tryOut(id string) <-chan struct{} {
	end, begun := c.rehearsals.running.begin(id)
	if !begun || c.base.Err() != nil {
		if begun {
			c.rehearsals.running.finish(id)
		}
		return end
	}
	c.work.Go(func() {
		defer c.rehearsals.running.finish(id)
		select {
		case c.rehearsals.turn <- struct{}{}:
			defer func() { <-c.rehearsals.turn }()
		case <-c.base.Done():
			return
		}
		if err := c.rehearse(id); err != nil && c.base.Err() == nil {
			told := c.update(c.base, "record broken rehearsal", systemActor, func(t *turn) error { return t.rehearsalBroke(id) })
			c.options.Log.Error("rehearse", "archive", id, "err", errors.Join(err, told))
		}
	})
	return end
}

// rehearse tries one archive out and records what became of it. A stop of the
// server is no outcome: the next start begins again.
func (c *Console) rehearse(id string) error {
	r, err := c.vault.Open(c.base, id)
	if errors.Is(err, ErrNotFound) {
		return nil // removed while it waited for its turn
	}
	if err != nil {
		return err
	}
	_, before := c.clock.Boot()
	found, err := c.runRehearser(io.NewSectionReader(r, 0, r.Size()))
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	_, after := c.clock.Boot()
	found.Took, found.What, found.Server = after-before, safetext.Line(found.What), safetext.Line(found.Server)
	return c.update(c.base, "record rehearsal", systemActor, func(t *turn) error { return t.rehearsed(id, found) })
}

// runRehearser makes a panic an error: what is in the archive is hostile input.
func (c *Console) runRehearser(archive io.Reader) (found Rehearsal, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the rehearsal broke: %v\n%s", p, debug.Stack())
		}
	}()
	return c.options.Rehearser.Rehearse(c.base, archive)
}

func (t *turn) rehearsed(id string, found Rehearsal) error {
	archive, err := t.Archives().Get(id)
	if err != nil || archive.State == ArchiveRemoved {
		return ignoreNotFound(err)
	}
	from := archive.State
	archive.State, archive.Rehearsal = ArchiveUnrehearsed, found
	archive.Rehearsal.At = t.now
	event, result := EventArchiveUnproved, string(found.Why)
	if found.Why == "" {
		archive.State, event, result = ArchiveRehearsed, EventArchiveRehearsed, "ok"
	}
	if _, err := t.Archives().Put(archive); err != nil {
		return err
	}
	return t.tellRehearsal(archive, line{
		event: event, site: archive.Site, from: string(from), to: string(archive.State), result: result,
		data: map[string]string{
			"archive": id, "tables": fmt.Sprint(found.Tables), "rows": fmt.Sprint(found.Rows), "files": fmt.Sprint(found.Files),
			"seconds": fmt.Sprint(int64(found.Took / time.Second)),
		},
	})
}

// rehearsalBroke records that trying an archive out came to no outcome.
func (t *turn) rehearsalBroke(id string) error {
	archive, err := t.Archives().Get(id)
	if err != nil || archive.State == ArchiveRemoved {
		return ignoreNotFound(err)
	}
	archive.Rehearsal = Rehearsal{Why: RehearsalBroke} // for what is said of it: the archive stays as it is
	return t.tellRehearsal(archive, line{
		event: EventArchiveUnproved, site: archive.Site, from: string(archive.State), to: string(archive.State), result: string(RehearsalBroke),
		data: map[string]string{"archive": id},
	})
}

// tellRehearsal records what became of a rehearsal. The site's managers are told
// where it proves nothing: only they can have it mended before the day of need.
// The owner reads it in the wizard, beside what to do about it.
func (t *turn) tellRehearsal(archive Archive, l line) error {
	seq, err := t.record(l)
	if err != nil || l.event == EventArchiveRehearsed {
		return err
	}
	site, err := t.Sites().Get(archive.Site)
	if err = ignoreNotFound(err); err != nil {
		return err
	}
	facts := t.facts(site, l)
	facts["why"], facts["what"], facts["server"] = string(archive.Rehearsal.Why), archive.Rehearsal.What, archive.Rehearsal.Server
	return t.queue(seq, site, l, facts, recipients(Site{}, t.managersOf(archive.Site), t.now))
}

// tryOutSealed rehearses what a stop kept from it.
func (c *Console) tryOutSealed(ctx context.Context) error {
	if c.options.Rehearser == nil {
		return nil
	}
	sealed, err := collect(ctx, c, func(tx Tx) Table[Archive] { return tx.Archives() }, func(a Archive) bool { return a.State == ArchiveSealed })
	for _, archive := range sealed {
		c.tryOut(archive.ID)
	}
	return err
}

// Rehearse is a manager's drill: it tries an archive out again, named by itself
// or as the newest of a site, and waits for what becomes of it.
func (c *Console) Rehearse(ctx context.Context, a Actor, name string) (ArchiveInfo, error) {
	archive, err := c.archiveToTryOut(ctx, a, name)
	if err != nil {
		return ArchiveInfo{}, err
	}
	if c.options.Rehearser == nil {
		return ArchiveInfo{}, Refuse(ErrState, "This console rehearses nothing; its configuration says so.")
	}
	was := archive.Rehearsal.At
	select {
	case <-c.tryOut(archive.ID):
	case <-ctx.Done():
		return ArchiveInfo{}, fmt.Errorf("rehearse: %w", context.Cause(ctx)) // it goes on without us
	}
	if archive, err = c.archiveToTryOut(ctx, a, archive.ID); err != nil {
		return ArchiveInfo{}, err
	}
	if archive.Rehearsal.At.Equal(was) {
		return ArchiveInfo{}, Refuse(ErrState, "The rehearsal broke off before it found anything out; the server's own log says why.")
	}
	return c.archiveInfo(archive), nil
}

// archiveToTryOut finds an archive that a manager looks after.
func (c *Console) archiveToTryOut(ctx context.Context, a Actor, name string) (found Archive, err error) {
	err = c.view(ctx, "find archive", func(tx Tx) error {
		found = Archive{}
		if archive, err := tx.Archives().Get(name); err == nil {
			found = archive
		} else if ignoreNotFound(err) != nil {
			return err
		}
		site := found.Site
		if site == "" {
			site = name
		}
		if err := mayManage(tx, a, site); err != nil {
			return err
		}
		if found.ID != "" && found.State != ArchiveRemoved {
			return nil
		}
		return tx.Archives().Each(site+"-", func(archive Archive) bool {
			if archive.Site == site && archive.State != ArchiveRemoved {
				found = archive
			}
			return strings.HasPrefix(archive.ID, site+"-")
		})
	})
	if err == nil && (found.ID == "" || found.State == ArchiveRemoved) {
		err = Refuse(ErrNotFound, "There is no stored backup of that name or site; `site show SITE` lists them.")
	}
	return found, err
}
