package backup

import (
	"fmt"
	"strings"

	"breakglass/core/safetext"
)

func (c *comparison) beginDatabase(text []byte) error {
	var d Database
	if err := c.decode(text, &d); err != nil {
		return err
	}
	c.closeDatabase()
	if len(c.v.databases) >= maxDumpTables {
		return fault("The archive's manifest has more databases than any site.")
	}
	c.v.databases = append(c.v.databases, StoredDatabase{Database: d})
	c.name, c.database, c.tables = d.Name, nil, 0
	c.lacking = c.lacking || d.Incomplete != ""
	if !strings.HasPrefix(d.Path, databaseDir+"/") {
		return nil
	}
	c.database = c.v.dumps[d.Path]
	switch {
	case c.database == nil || c.settled[d.Path]:
		return fault("The dump of the database “%s” is missing in the archive.", safetext.Line(d.Name))
	case d.Path != databaseDir+"/"+folderName(d.Name) && !strings.HasPrefix(d.Path, databaseDir+"/"+folderName(d.Name)+"~"):
		return fault("The manifest calls the dump in %s that of the database “%s”, which is another.", shownLine(d.Path), safetext.Line(d.Name))
	case c.database.parts != d.Parts:
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” has %d parts instead of %d.", safetext.Line(d.Name), c.database.parts, d.Parts))
	case c.database.bytes != d.Bytes:
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” has %d bytes instead of %d.", safetext.Line(d.Name), c.database.bytes, d.Bytes))
	case !c.database.scan.Whole() && d.Incomplete == "":
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” is not whole: its last line is missing.", safetext.Line(d.Name)))
	}
	c.settled[d.Path] = true
	c.sum.bytes += d.Bytes
	c.v.databases[len(c.v.databases)-1].Needs = c.database.scan.Needs()
	return nil
}

func (c *comparison) table(text []byte) error {
	var t Table
	if err := c.decode(text, &t); err != nil {
		return err
	}
	if t.Database != c.name || len(c.v.databases) == 0 || t.Rows < 0 {
		return c.bad()
	}
	if c.sum.tables++; c.sum.tables > maxDumpTables {
		return fault("The archive's manifest has more than %d tables.", maxDumpTables)
	}
	c.sum.rows += t.Rows
	stored := &c.v.databases[len(c.v.databases)-1]
	stored.Tables = append(stored.Tables, t)
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
	if rows, ok := d.scan.Rows()[name]; ok {
		return rows, true
	}
	for exact, rows := range d.scan.Rows() {
		if shownName, b64 := setPath(exact); b64 != "" && shownName == name {
			return rows, true
		}
	}
	return 0, false
}

func (c *comparison) closeDatabase() {
	if c.database != nil && c.tables != len(c.database.scan.Rows()) {
		c.v.wrong(fmt.Sprintf("The dump of the database “%s” has %d tables instead of %d.", safetext.Line(c.name), len(c.database.scan.Rows()), c.tables))
	}
}
