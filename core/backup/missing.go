package backup

import (
	"context"
	"errors"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// undumpable reports whether an error concerns a database alone. On the worst
// day the database is gone for good: that must not cost the owner the files, so
// the archive is made without it and says so.
func undumpable(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, core.ErrDatabase) && !errors.Is(err, core.ErrNoSpace)
}

// lack notes that the database of a source is missing, before anything is read.
func (s *site) lack(from source, err error) {
	n := s.missingNote(from, []note{because(err)})
	if from.Err != nil && !from.named {
		n.id = "archive.note.database_unread"
		n.data["Command"] = words.Verbatim("site set " + safetext.Line(s.name) + " --database URL")
	}
	s.notes = append(s.notes, finding{n, true})
	s.missing = append(s.missing, from.line(err))
}

// missingNote says which database is missing, why, and what to do.
func (s *site) missingNote(from source, why []note) note {
	if from.named {
		return newNote("archive.note.database_named", "Name", from.Database.Name, "Why", why)
	}
	at := from.Dir
	if at == "." {
		at = s.root.Path
	}
	return newNote("archive.note.database", "Kind", from.Kind, "Path", shown(at), "Why", why)
}

// line is the manifest's line of a database that is not in the archive.
func (from source) line(err error) Database {
	name := safetext.Line(shown(from.Database.Name))
	if len(name) > detect.MaxValue || name == "" {
		name = "?"
	}
	return Database{Line: lineDatabase, Name: name, Charset: "utf8mb4", Prefix: safetext.Line(shown(from.Database.Prefix)), Incomplete: said(err).String(), Cause: cause(err)}
}

// said is what a person reads of an error.
func said(err error) core.Said {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return refusal.Said
	}
	return core.Say("The site's database cannot be dumped. Start the backup again; if it stays so, ask your web manager.")
}

// because is what a note says of it.
func because(err error) note { return newNote("archive.note.why", "Why", said(err)) }

// cause is what lies under a refusal, bounded and made safe.
func cause(err error) string {
	var refusal *core.Refusal
	if !errors.As(err, &refusal) || refusal.Cause == nil {
		return ""
	}
	text := []rune(safetext.Line(refusal.Cause.Error()))
	return string(text[:min(len(text), detect.MaxValue)])
}

// brokenNote says that a dump broke off, and what of it there is.
func (s *site) brokenNote(d *dump) note {
	why := []note{because(d.broken)}
	var without []string
	for _, t := range d.tables {
		if _, ok := d.rows[t.name]; t.holdsRows() && !ok {
			without = append(without, safetext.Line(shown(t.name)))
		}
	}
	if d.part > 0 && !d.reached {
		why = append(why, newNote("archive.note.why_kept"))
	}
	if d.part > 0 && len(without) > 0 {
		why = append(why, newNote("archive.note.why_without", "Tables", shortList(without)))
	}
	n := s.missingNote(d.from, why)
	if d.reached {
		n.id = "archive.note.database_part"
	}
	return n
}
