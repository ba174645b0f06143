package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	end      *End
	rows     int64
	all      int64 // tables
	omitted  int64
	lacking  bool // a database that is missing or not whole
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
	c := &comparison{v: v, seen: newLineReader(seen), settled: map[string]bool{}}
	lines := newLineReader(manifest)
	for {
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
		c.omitted++
		return nil
	case lineEnd:
		c.end = &End{}
		if json.Unmarshal(text, c.end) != nil {
			return c.bad()
		}
		return nil
	default:
		return c.bad()
	}
}

func (c *comparison) bad() error {
	return fault("Line %d of the archive's manifest is not what breakglass writes; the archive was changed, or a newer version made it.", c.line)
}

func (c *comparison) header(text []byte) error {
	var h Header
	if json.Unmarshal(text, &h) != nil || h.Format != manifestFormat {
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
	if json.Unmarshal(text, &want) != nil {
		return c.bad()
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

func (c *comparison) beginDatabase(text []byte) error {
	var d Database
	if json.Unmarshal(text, &d) != nil {
		return c.bad()
	}
	c.closeDatabase()
	c.name, c.database, c.tables = d.Name, nil, 0
	c.lacking = c.lacking || d.Incomplete != ""
	if !strings.HasPrefix(d.Path, databaseDir+"/") {
		return nil
	}
	c.database = c.v.dumps[d.Path]
	switch {
	case c.database == nil || c.settled[d.Path]:
		return fault("The dump of the database “%s” is missing in the archive.", safetext.Line(d.Name))
	case c.database.parts != d.Parts:
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” has %d parts instead of %d.", safetext.Line(d.Name), c.database.parts, d.Parts))
	case !c.database.scan.whole() && d.Incomplete == "":
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” is not whole: its last line is missing.", safetext.Line(d.Name)))
	}
	c.settled[d.Path] = true
	return nil
}

func (c *comparison) table(text []byte) error {
	var t Table
	if json.Unmarshal(text, &t) != nil || t.Database != c.name {
		return c.bad()
	}
	c.all++
	c.rows += t.Rows
	if c.database == nil {
		return nil
	}
	c.tables++
	rows, ok := c.database.rows(t.Name)
	switch {
	case !ok:
		c.v.wrong(fmt.Sprintf("The table “%s” of the database “%s” is missing in the dump.", safetext.Line(t.Name), safetext.Line(t.Database)))
	case rows != t.Rows:
		c.v.wrong(fmt.Sprintf("The table “%s” of the database “%s” has %d rows in the dump instead of %d.", safetext.Line(t.Name), safetext.Line(t.Database), rows, t.Rows))
	}
	return nil
}

// rows returns how many rows a table has in the dump. Names that are no UTF-8
// stand in the manifest as they are shown.
func (d *dumpCheck) rows(name string) (int64, bool) {
	if rows, ok := d.scan.rows()[name]; ok {
		return rows, true
	}
	for exact, rows := range d.scan.rows() {
		if shownName, b64 := setPath(exact); b64 != "" && shownName == name {
			return rows, true
		}
	}
	return 0, false
}

func (c *comparison) closeDatabase() {
	if c.database != nil && c.tables != len(c.database.scan.rows()) {
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” has %d tables instead of %d.", safetext.Line(c.name), len(c.database.scan.rows()), c.tables))
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
	if c.end.Tables != c.all || c.end.Rows != c.rows || c.end.Omitted != c.omitted {
		c.v.wrong("The manifest's last line does not fit the lines before it.")
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
	r.Verdict, r.Tables, r.Rows, r.Files = c.end.Verdict, c.all, c.rows, c.end.Files
	for i, note := range c.end.Notes {
		if i > maxNotes {
			break
		}
		r.Notes = append(r.Notes, safetext.Line(note))
	}
	return nil
}
