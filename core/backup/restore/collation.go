package restore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// collations are what a server knows of character sets. The zero value knows
// none, and then nothing is mapped.
type collations struct {
	charsets map[string]bool
	names    map[string]bool
}

// read asks a server. MariaDB has a list of the full names since some of its
// collations belong to several character sets.
func (k *collations) read(ctx context.Context, db *sql.DB) error {
	k.charsets, k.names = map[string]bool{}, map[string]bool{}
	for _, q := range []struct {
		into     map[string]bool
		query    string
		optional bool
	}{
		{k.charsets, "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS", false},
		{k.names, "SELECT COLLATION_NAME FROM information_schema.COLLATIONS", false},
		{k.names, "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY", true},
	} {
		rows, err := db.QueryContext(ctx, q.query)
		if err != nil {
			if q.optional {
				continue
			}
			return err
		}
		for rows.Next() {
			var name sql.NullString
			if err = rows.Scan(&name); err != nil {
				break
			}
			q.into[strings.ToLower(name.String)] = true
		}
		if err == nil {
			err = rows.Err()
		}
		if closed := rows.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// renamed are the two names of one character set.
func renamed(name string) string {
	switch {
	case name == "utf8" || strings.HasPrefix(name, "utf8_"):
		return "utf8mb3" + strings.TrimPrefix(name, "utf8")
	case name == "utf8mb3" || strings.HasPrefix(name, "utf8mb3_"):
		return "utf8" + strings.TrimPrefix(name, "utf8mb3")
	}
	return name
}

// charset returns the name under which the server knows a character set, and
// whether it does.
func (k collations) charset(name string) (string, bool) {
	if len(k.charsets) == 0 || k.charsets[name] || name == "binary" {
		return name, true
	}
	if other := renamed(name); k.charsets[other] {
		return other, true
	}
	return name, false
}

// nearest are what can take the place of a collation of the other flavour, the
// better first: CS for those that tell small letters from capitals.
var nearest = struct{ ci, cs []string }{
	ci: []string{"utf8mb4_uca1400_ai_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci", "utf8mb4_unicode_ci", "utf8mb4_general_ci"},
	cs: []string{"utf8mb4_uca1400_as_cs", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
}

// collation returns the collation that takes the place of one in a dump: itself
// where the server knows it. ok is false when nothing can.
func (k collations) collation(name string) (to string, ok bool) {
	if len(k.names) == 0 || k.names[name] || name == "binary" {
		return name, true
	}
	if other := renamed(name); k.names[other] {
		return other, true
	}
	candidates := nearest.ci
	if strings.HasSuffix(name, "_bin") || strings.HasSuffix(name, "_as_cs") {
		candidates = nearest.cs
	}
	if strings.HasSuffix(name, "_bin") {
		candidates = []string{"utf8mb4_bin"}
	}
	if !strings.HasPrefix(name, "utf8mb4_") && !strings.HasPrefix(name, "uca1400_") {
		return k.within(name)
	}
	for _, c := range candidates {
		if k.names[c] {
			return c, true
		}
	}
	return name, false
}

// within looks for a collation of the same character set.
func (k collations) within(name string) (string, bool) {
	charset, _, _ := strings.Cut(name, "_")
	for _, set := range []string{charset, renamed(charset)} {
		for _, end := range []string{"_unicode_520_ci", "_unicode_ci", "_general_ci", "_bin"} {
			if to := set + end; k.names[to] && (end != "_bin" || strings.HasSuffix(name, "_bin")) {
				return to, true
			}
		}
	}
	return name, false
}

// fits implements server.
func (s *mysqlServer) fits(_ context.Context, d backup.StoredDatabase, c *checks) {
	s.fitsVersion(d, c)
	var mapped, lacking []string
	for _, name := range d.Needs.Collations {
		switch to, ok := s.known.collation(name); {
		case !ok:
			lacking = append(lacking, safetext.Line(name))
		case to != name:
			mapped = append(mapped, safetext.Line(name)+" becomes "+to)
		}
	}
	for _, name := range d.Needs.Charsets {
		if _, ok := s.known.charset(name); !ok {
			lacking = append(lacking, safetext.Line(name))
		}
	}
	slices.Sort(lacking)
	switch {
	case len(lacking) > 0:
		c.fail("Character sets", "%s %s knows nothing like %s, which the dump uses; restore to a newer server.", s.product, s.version, strings.Join(lacking, ", "))
	case len(mapped) > 0:
		c.warn("Character sets", "the server lacks some that the dump names, and the nearest is used: %s. Texts stay as they are; their order may differ a little.", strings.Join(mapped, ", "))
	default:
		c.ok("Character sets", "the server knows all %d collations and %d character sets that the dump names.", len(d.Needs.Collations), len(d.Needs.Charsets))
	}
	// Rewritten addresses may make a statement longer.
	longest := d.Needs.Statement + d.Needs.Statement/4 + 1<<16
	switch {
	case s.packet < d.Needs.Statement:
		c.fail("Longest statement", "the dump has one of %s, and the server takes %s at most; set max_allowed_packet = %dM under [mysqld] and restart it.",
			view.Size("", d.Needs.Statement), view.Size("", s.packet), longest>>20+1)
	case s.packet < longest:
		c.warn("Longest statement", "the dump has one of %s, and the server takes %s at most; should it grow by a longer address it may not fit.", view.Size("", d.Needs.Statement), view.Size("", s.packet))
	default:
		c.ok("Longest statement", "%s, and the server takes %s.", view.Size("", d.Needs.Statement), view.Size("", s.packet))
	}
}

// fitsVersion compares the server with the one that the dump came from.
func (s *mysqlServer) fitsVersion(d backup.StoredDatabase, c *checks) {
	product, version, _ := strings.Cut(d.Server, " ")
	was := safetext.Line(d.Server)
	switch {
	case product == "PostgreSQL" || product == "SQLite":
		c.fail("Server version", "the dump is one of %s, which %s cannot load; give a database of that kind.", was, s.product)
	case product != s.product:
		c.warn("Server version", "the dump came from %s and goes to %s %s: what is known to differ is mended on the way.", was, s.product, s.version)
	case older(s.version, version):
		c.warn("Server version", "the dump came from %s, and %s %s is older: it may not know all that is in it. If it stops, restore to a newer server.", was, s.product, s.version)
	default:
		c.ok("Server version", "%s %s takes the dump of %s.", s.product, s.version, was)
	}
}

// older compares the first two numbers of versions.
func older(a, b string) bool {
	var am, an, bm, bn int
	if _, err := fmt.Sscanf(a, "%d.%d", &am, &an); err != nil {
		return false
	}
	if _, err := fmt.Sscanf(b, "%d.%d", &bm, &bn); err != nil {
		return false
	}
	return am < bm || am == bm && an < bn
}
