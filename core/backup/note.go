package backup

import (
	"strings"
	"sync"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/core/words"
)

// note is something that a reader of the backup should know.
type note struct {
	id   string
	data map[string]any
}

// newNote makes a note of a text of the catalogue and its values in pairs.
func newNote(id string, pairs ...any) note {
	n := note{id, map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if key, ok := pairs[i].(string); ok {
			n.data[key] = pairs[i+1]
		}
	}
	return n
}

// text returns the note in a language. Of its values a core.Said and notes become
// text of it, too.
func (n note) text(lang string) string {
	data := make(map[string]any, len(n.data))
	for key, value := range n.data {
		data[key] = value
		switch v := value.(type) {
		case core.Said:
			data[key] = words.Verbatim(view.Said(lang, v)) // sentences, longer than a value
		case []note:
			texts := make([]string, len(v))
			for i, inner := range v {
				texts[i] = inner.text(lang)
			}
			data[key] = words.Verbatim(safetext.Note(strings.Join(texts, " ")))
		}
	}
	return words.Text(lang, n.id, data)
}

// shown is a path as a note may hold it.
func shown(path string) string { return safetext.Path(path) }

// maxNotes bounds the notes that are kept; all that was left out has a line in
// the manifest anyway.
const maxNotes = 200

// findings collects the notes of a run and the verdict that follows. It is safe
// for concurrent use.
type findings struct {
	lang string

	mu      sync.Mutex // held for a few instructions only
	notes   []string
	more    int
	missing bool
}

// add keeps a note: the backup is complete, but.
func (f *findings) add(n note) string { return f.keep(n, false) }

// miss keeps a note of something that the backup lacks.
func (f *findings) miss(n note) string { return f.keep(n, true) }

func (f *findings) keep(n note, missing bool) string {
	text := n.text(f.lang)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missing = f.missing || missing
	if len(f.notes) >= maxNotes {
		f.more++
		return text
	}
	f.notes = append(f.notes, text)
	return text
}

// all returns the notes so far.
func (f *findings) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	notes := append([]string(nil), f.notes...)
	if f.more > 0 {
		notes = append(notes, newNote("archive.note.more", "Count", f.more).text(f.lang))
	}
	return notes
}

// verdict returns what follows from the notes.
func (f *findings) verdict() core.Verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.missing:
		return core.VerdictNotComplete
	case len(f.notes) > 0:
		return core.VerdictNotes
	default:
		return core.VerdictComplete
	}
}
