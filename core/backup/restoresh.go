package backup

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// restoreScript puts an archive back with stock tools alone. It is the same in
// every archive: what differs stands in restore.conf, which it reads and never
// runs.
//
//go:embed restore.sh
var restoreScript string

// confPath is what a path may be made of that restore.conf names: nothing that a
// reader of lines could take for something else.
var confPath = regexp.MustCompile(`^[A-Za-z0-9_./@+=-]([A-Za-z0-9_./@+=, -]*[A-Za-z0-9_./@+=-])?$`)

// confKey is what the name of a value may be that restore.sh edits.
var confKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// restoreConf returns restore.conf: the databases, and each line of a
// configuration that names one. Its words are
//
//	kind TEXT
//	root PATH
//	database mysql|pgsql FOLDER
//	beside FILE                               of outside/, to be put into the root
//	edit FORM ROLE KEY LINE FOLDER FILE       FILE below the root
//	byhand TEXT
func (r *run) restoreConf(configs []configFile) string {
	lines := []string{"# What restore.sh needs to know of this archive. It is read, never run.", "kind " + shownLine(r.site.kind)}
	if confPath.MatchString(r.site.path) {
		lines = append(lines, "root "+r.site.path)
	}
	for _, d := range r.dumps {
		if d.part > 0 {
			lines = append(lines, "database "+string(d.kind())+" "+d.dir)
		}
	}
	for _, f := range r.site.outside {
		if f.name == wpConfigName {
			lines = append(lines, "beside "+wpConfigName)
		}
	}
	for _, c := range configs {
		lines = append(lines, r.restoreEdits(c)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// kind is the server's kind as restore.conf names it.
func (d *dump) kind() dbDriver {
	if d.config.Driver == driverPostgres {
		return driverPostgres
	}
	return driverMySQL
}

// databaseKey is a value of a configuration that says where the database is.
type databaseKey struct{ form, key, role string }

// databaseKeys are those values by the program that a configuration belongs to.
var databaseKeys = map[string][]databaseKey{
	kindWordPress: {
		{formDefine, "DB_NAME", "name"}, {formDefine, "DB_USER", "user"}, {formDefine, "DB_PASSWORD", "password"}, {formDefine, "DB_HOST", "hostport"},
	},
	kindEnvironment: {
		{formEnv, "DB_DATABASE", "name"}, {formEnv, "DB_USERNAME", "user"}, {formEnv, "DB_PASSWORD", "password"}, {formEnv, "DB_HOST", "host"},
		{formEnv, "DB_PORT", "port"},
	},
	kindJoomla: {
		{formProperty, "db", "name"}, {formProperty, "user", "user"}, {formProperty, "password", "password"}, {formProperty, "host", "hostport"},
	},
	kindDrupal: {
		{formArray, "database", "name"}, {formArray, "username", "user"}, {formArray, "password", "password"}, {formArray, "host", "host"},
		{formArray, "port", "port"},
	},
	kindMagento: {
		{formArray, "dbname", "name"}, {formArray, "username", "user"}, {formArray, "password", "password"}, {formArray, "host", "hostport"},
	},
}

// restoreEdits says how a configuration is pointed at another database. What
// does not stand there exactly once as plain text, is said to be done by hand.
func (r *run) restoreEdits(c configFile) []string {
	keys, folder := databaseKeys[c.kind], r.folderFor(c)
	has := slices.ContainsFunc(keys, func(k databaseKey) bool {
		return slices.ContainsFunc(c.settings, func(s setting) bool { return s.form == k.form && s.name == k.key })
	})
	if !has || folder == "" {
		if len(r.dumps) > 0 && c.namesDatabase() {
			return []string{"byhand the database in " + shownLine(c.path)}
		}
		return nil
	}
	var lines []string
	for _, k := range keys {
		found := slices.DeleteFunc(slices.Clone(c.settings), func(s setting) bool { return s.form != k.form || s.name != k.key })
		switch {
		case len(found) == 0 && k.role == "port":
		case len(found) == 1 && found[0].plain && found[0].line == found[0].keyLine && confKey.MatchString(k.key) && confPath.MatchString(c.restored()):
			lines = append(lines, fmt.Sprintf("edit %s %s %s %d %s %s", k.form, k.role, k.key, found[0].line, folder, c.restored()))
		default:
			lines = append(lines, "byhand "+k.key+" in "+shownLine(c.path))
		}
	}
	return lines
}

// folderFor returns the folder of the dump that belongs to a configuration, ""
// where that is not certain.
func (r *run) folderFor(c configFile) string {
	var found []string
	for _, d := range r.dumps {
		if d.part > 0 && (c.database == "" || c.database == d.config.Name) {
			found = append(found, d.dir)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
