package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// comparison walks the manifest beside the list of what the archive holds. Both
// are in the same order, so neither is ever in memory.
type comparison struct {
	v        *verifier
	seen     *lineReader
	line     int
	database *dumpCheck // whose tables are being read; nil: of a SQLite file
	name     string     // of that database
	tables   int        // of that database
	settled  map[string]bool
	repeats  repeats
	sum      totals
	omitted  []Omitted // the first ones
	end      *End
	lacking  bool // a database that is missing or not whole
}

// totals are what the lines of a manifest come to.
type totals struct{ files, tables, rows, bytes, omitted int64 }

// String implements fmt.Stringer.
func (t totals) String() string {
	return fmt.Sprintf("%d files, %d tables, %d rows, %d bytes and %d left out", t.files, t.tables, t.rows, t.bytes, t.omitted)
}

// compare finds what is missing, changed or extra.
func (v *verifier) compare() error {
	manifest, err := v.manifest.Reader()
	if err != nil {
		return err
	}
	seen, err := v.seen.Reader()
	if err != nil {
		return err
	}
	c := &comparison{v: v, seen: newLineReader(seen), settled: map[string]bool{}, repeats: repeats{v.order.again, map[string]int{}}}
	lines := newLineReader(manifest)
	for {
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		text, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := c.take(text); err != nil {
			return err
		}
	}
	return c.finish()
}

// take compares one line of the manifest.
func (c *comparison) take(text []byte) error {
	c.line++
	var kind struct {
		Line string `json:"line"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return c.bad()
	}
	if c.end != nil || (c.line == 1) != (kind.Line == lineHeader) {
		return c.bad()
	}
	switch kind.Line {
	case lineHeader:
		return c.header(text)
	case lineFile, lineDir, lineLink:
		return c.entry(text)
	case lineDatabase:
		return c.beginDatabase(text)
	case lineTable:
		return c.table(text)
	case lineOmitted:
		return c.leftOut(text)
	case lineEnd:
		c.end = &End{}
		return c.decode(text, c.end)
	default:
		return c.bad()
	}
}

// decode reads a line, and refuses one that breakglass would write in another
// way: two readers of a line must not find two things in it.
func (c *comparison) decode(text []byte, into any) error {
	if json.Unmarshal(text, into) != nil {
		return c.bad()
	}
	again, err := encodeLine(into)
	if err != nil || !bytes.Equal(again[:len(again)-1], text) {
		return c.bad()
	}
	return nil
}

func (c *comparison) leftOut(text []byte) error {
	var o Omitted
	if err := c.decode(text, &o); err != nil {
		return err
	}
	if len(c.omitted) < maxNotes {
		c.omitted = append(c.omitted, o)
	}
	c.sum.omitted++
	return nil
}

func (c *comparison) bad() error {
	return fault("Line %d of the archive's manifest is not what breakglass writes; the archive was changed, or a newer version made it.", c.line)
}

func (c *comparison) header(text []byte) error {
	h := &c.v.header
	if err := c.decode(text, h); err != nil {
		return err
	}
	if h.Format != manifestFormat {
		return c.bad()
	}
	if h.Name != c.v.top {
		return fault("The manifest is that of “%s”, but the archive's folder is “%s”.", safetext.Line(h.Name), shownLine(c.v.top))
	}
	r := &c.v.report
	r.Name, r.Site, r.Host, r.Kind, r.Created = safetext.Line(h.Name), safetext.Line(h.Site), safetext.Line(h.Host), safetext.Line(h.Kind), h.Created
	return nil
}

// nextSeen returns the next entry that the archive holds.
func (c *comparison) nextSeen() (Entry, error) {
	text, err := c.seen.next()
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Entry{}, fmt.Errorf("read list of entries: %w", err)
	}
	return e, nil
}

func (c *comparison) entry(text []byte) error {
	var want Entry
	if err := c.decode(text, &want); err != nil {
		return err
	}
	got, err := c.nextSeen()
	if errors.Is(err, io.EOF) {
		return fault("“%s” is missing in the archive.", shownLine(want.Path))
	}
	if err != nil {
		return err
	}
	if got.Path != want.Path || got.PathB64 != want.PathB64 {
		return c.misplaced(want, got)
	}
	if what := difference(want, got); what != "" {
		c.v.wrong(fmt.Sprintf("“%s” is not what the manifest says: %s.", shownLine(want.Path), what))
	}
	return c.count(want)
}

// count adds an entry to what the last line must say.
func (c *comparison) count(e Entry) error {
	path, err := e.ExactPath()
	if err != nil {
		return c.bad()
	}
	if err := c.repeats.take(e); err != nil || e.Line != lineFile {
		return err
	}
	switch first, _, _ := strings.Cut(path, "/"); first {
	case filesDir, outsideDir:
		c.sum.bytes += e.Size
		if c.repeats.seen[path] < 2 {
			c.sum.files++
		}
	}
	return nil
}

// difference says in what two lines of one path differ.
func difference(want, got Entry) string {
	switch {
	case want.Line != got.Line:
		return "it is another kind of entry"
	case want.SHA256 != got.SHA256 || want.Size != got.Size:
		return "its content was changed"
	case want.Target != got.Target || want.TargetB64 != got.TargetB64:
		return "it points elsewhere"
	case want.Mode != got.Mode || !want.MTime.Equal(got.MTime):
		return "its mode or time was changed"
	default:
		return ""
	}
}

// misplaced says which of two entries is the wrong one: if the wanted one comes
// later, the other is extra. Nothing after it can be compared.
func (c *comparison) misplaced(want, got Entry) error {
	for {
		later, err := c.nextSeen()
		if errors.Is(err, io.EOF) {
			return fault("“%s” is missing in the archive.", shownLine(want.Path))
		}
		if err != nil {
			return err
		}
		if later.Path == want.Path && later.PathB64 == want.PathB64 {
			return fault("“%s” is in the archive but not in its manifest.", shownLine(got.Path))
		}
	}
}

// finish checks the end of both lists and of the manifest's own counts.
func (c *comparison) finish() error {
	c.closeDatabase()
	if c.end == nil {
		return fault("The archive's manifest has no last line: it was cut short.")
	}
	extra, err := c.nextSeen()
	if err == nil {
		return fault("“%s” is in the archive but not in its manifest.", shownLine(extra.Path))
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	for path := range c.v.dumps {
		if !c.settled[path] {
			c.v.wrong(fmt.Sprintf("The dump in %s is not in the manifest.", shownLine(path)))
		}
	}
	if err := c.repeats.finish(); err != nil {
		return err
	}
	if said := (totals{c.end.Files, c.end.Tables, c.end.Rows, c.end.Bytes, c.end.Omitted}); said != c.sum || !slices.Equal(c.end.LeftOut, c.omitted) {
		c.v.wrong(fmt.Sprintf("The manifest's last line does not fit the lines before it: it says %s, but they come to %s.", said, c.sum))
	}
	if c.lacking && c.end.Verdict != core.VerdictNotComplete {
		c.v.wrong(fmt.Sprintf("The manifest names a database that is missing or not whole, but calls the backup %s.", safetext.Line(string(c.end.Verdict))))
	}
	return c.conclude()
}

// conclude takes over what the manifest says of the whole.
func (c *comparison) conclude() error {
	switch c.end.Verdict {
	case core.VerdictComplete, core.VerdictNotes, core.VerdictNotComplete:
	default:
		return c.bad()
	}
	r := &c.v.report
	r.Verdict, r.Tables, r.Rows, r.Files = c.end.Verdict, c.sum.tables, c.sum.rows, c.sum.files
	c.v.end = *c.end
	for i, note := range c.end.Notes {
		if i > maxNotes {
			break
		}
		r.Notes = append(r.Notes, safetext.Note(note))
	}
	return nil
}
