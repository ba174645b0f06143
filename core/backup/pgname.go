package backup

import "strings"

// PostgresTable is the name of a table of PostgreSQL as a query needs it: each of
// its parts in quotes. name is as a manifest has it, or as quote_ident writes it:
// schema.table, each in quotes where it needs them.
func PostgresTable(name string) string {
	var parts []string
	var part strings.Builder
	for quoted, i := false, 0; i <= len(name); i++ {
		switch {
		case i == len(name) || name[i] == '.' && !quoted:
			parts = append(parts, `"`+strings.ReplaceAll(part.String(), `"`, `""`)+`"`)
			part.Reset()
		case name[i] == '"' && quoted && i+1 < len(name) && name[i+1] == '"':
			part.WriteByte('"')
			i++
		case name[i] == '"':
			quoted = !quoted
		default:
			part.WriteByte(name[i])
		}
	}
	return strings.Join(parts, ".")
}
