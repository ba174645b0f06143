package rehearse

import (
	"fmt"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
)

// count compares the rows of each loaded table with the manifest.
func (t *trial) count(databases []backup.StoredDatabase) {
	for _, d := range databases {
		l := t.loads[d.Path]
		if t.found.Why != "" {
			return
		}
		switch {
		case strings.HasPrefix(d.Server, "SQLite") && d.Path != "":
			t.countSQLite(d)
			continue
		case l == nil || l.client == nil:
			continue // nothing of it was dumped
		}
		if err := t.countTables(l, d.Tables); err != nil {
			t.failAs(core.RehearsalNoStart, err.Error())
		}
	}
}

// countTables counts the tables of one database in one go.
func (t *trial) countTables(l *load, tables []backup.Table) error {
	var queries strings.Builder
	for i, table := range tables {
		fmt.Fprintf(&queries, "SELECT '%d', COUNT(*) FROM %s;\n", i, l.server.kind.quote(table.Name))
	}
	answer, err := l.server.ask(l.name, queries.String())
	if err != nil {
		return err
	}
	counted := map[int]int64{}
	for line := range strings.Lines(answer) {
		number, rows, _ := strings.Cut(strings.TrimSpace(line), "\t")
		i, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		if counted[i], err = strconv.ParseInt(rows, 10, 64); err != nil {
			return fmt.Errorf("count rows: %w", err)
		}
	}
	for i, table := range tables {
		rows, ok := counted[i]
		switch name := safetext.Line(table.Name); {
		case !ok:
			t.failAs(core.RehearsalRows, name+": –/"+strconv.FormatInt(table.Rows, 10))
		case rows != table.Rows:
			t.failAs(core.RehearsalRows, fmt.Sprintf("%s: %d/%d", name, rows, table.Rows))
		}
		t.found.Tables++
		t.found.Rows += rows
	}
	return nil
}
