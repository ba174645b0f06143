package backup

import (
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/backup/detect"
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
//	above FILE                                of outside/, that lay one level above the root
//	include PATH                              that lies below outside/ with all of its path
//	edit FORM ROLE KEY LINE FOLDER FILE       FILE below the root, or ../FILE above it
//	byhand TEXT
func (r *run) restoreConf(configs []detect.ConfigFile) string {
	lines := []string{"# What restore.sh needs to know of this archive. It is read, never run.", "kind " + shownLine(r.site.Kind)}
	if confPath.MatchString(r.site.root.Path) {
		lines = append(lines, "root "+r.site.root.Path)
	}
	for _, d := range r.dumps {
		if d.part > 0 {
			lines = append(lines, "database "+string(d.kind())+" "+d.dir)
		}
	}
	for _, f := range r.site.Outside {
		word := "above "
		if f.Name == detect.WPConfig {
			word = "beside "
		}
		lines = append(lines, r.outsideLine(word, f.Name))
	}
	for _, path := range r.site.included() {
		lines = append(lines, r.outsideLine("include ", path))
	}
	for _, c := range configs {
		lines = append(lines, r.restoreEdits(c)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// outsideLine names what lay outside of the root, or leaves it to a person where
// restore.conf cannot hold its path.
func (r *run) outsideLine(word, path string) string {
	if confPath.MatchString(path) {
		return word + path
	}
	return "byhand what lay in " + shownLine(path) + ", and lies in outside/ of the backup"
}

// kind is the server's kind as restore.conf names it.
func (d *dump) kind() detect.Driver {
	if d.config.Driver == detect.Postgres {
		return detect.Postgres
	}
	return detect.MySQL
}

// databaseKey is a value of a configuration that says where the database is.
type databaseKey struct{ form, key, role string }

// databaseKeys are those values by the program that a configuration belongs to.
var databaseKeys = map[string][]databaseKey{
	detect.KindWordPress: {
		{detect.FormDefine, "DB_NAME", "name"}, {detect.FormDefine, "DB_USER", "user"}, {detect.FormDefine, "DB_PASSWORD", "password"}, {detect.FormDefine, "DB_HOST", "hostport"},
	},
	detect.KindEnvironment: {
		{detect.FormEnv, "DB_DATABASE", "name"}, {detect.FormEnv, "DB_USERNAME", "user"}, {detect.FormEnv, "DB_PASSWORD", "password"}, {detect.FormEnv, "DB_HOST", "host"},
		{detect.FormEnv, "DB_PORT", "port"},
	},
	detect.KindJoomla: {
		{detect.FormProperty, "db", "name"}, {detect.FormProperty, "user", "user"}, {detect.FormProperty, "password", "password"}, {detect.FormProperty, "host", "hostport"},
	},
	detect.KindDrupal: {
		{detect.FormArray, "database", "name"}, {detect.FormArray, "username", "user"}, {detect.FormArray, "password", "password"}, {detect.FormArray, "host", "host"},
		{detect.FormArray, "port", "port"},
	},
	detect.KindMagento: {
		{detect.FormArray, "dbname", "name"}, {detect.FormArray, "username", "user"}, {detect.FormArray, "password", "password"}, {detect.FormArray, "host", "hostport"},
	},
	detect.KindTYPO3: {
		{detect.FormArray, "dbname", "name"}, {detect.FormArray, "user", "user"}, {detect.FormArray, "password", "password"}, {detect.FormArray, "host", "host"},
		{detect.FormArray, "port", "port"},
	},
	detect.KindPrestaShop: {
		{detect.FormArray, "database_name", "name"}, {detect.FormArray, "database_user", "user"}, {detect.FormArray, "database_password", "password"},
		{detect.FormArray, "database_host", "host"}, {detect.FormArray, "database_port", "port"},
	},
	detect.KindOldShop: {
		{detect.FormDefine, "_DB_NAME_", "name"}, {detect.FormDefine, "_DB_USER_", "user"}, {detect.FormDefine, "_DB_PASSWD_", "password"}, {detect.FormDefine, "_DB_SERVER_", "hostport"},
	},
	detect.KindMediaWiki: {
		{detect.FormProperty, "wgDBname", "name"}, {detect.FormProperty, "wgDBuser", "user"}, {detect.FormProperty, "wgDBpassword", "password"}, {detect.FormProperty, "wgDBserver", "hostport"},
	},
}

// restoreEdits says how a configuration is pointed at another database. What
// does not stand there exactly once as plain text, is said to be done by hand.
func (r *run) restoreEdits(c detect.ConfigFile) []string {
	keys, folder := databaseKeys[c.Kind], r.folderFor(c)
	has := slices.ContainsFunc(keys, func(k databaseKey) bool {
		return slices.ContainsFunc(c.Settings, func(s detect.Setting) bool { return s.Form == k.form && s.Name == k.key })
	})
	if !has || folder == "" {
		if len(r.dumps) > 0 && c.NamesDatabase() {
			return []string{"byhand the database in " + shownLine(c.Path)}
		}
		return nil
	}
	postgres := slices.ContainsFunc(r.dumps, func(d *dump) bool { return d.dir == folder && d.kind() == detect.Postgres })
	var lines []string
	for _, k := range keys {
		found := slices.DeleteFunc(slices.Clone(c.Settings), func(s detect.Setting) bool { return s.Form != k.form || s.Name != k.key })
		switch {
		case len(found) == 0 && k.role == "port":
		case k.role == "hostport" && postgres: // a server's name takes its port along for MySQL only
			lines = append(lines, "byhand "+k.key+" in "+shownLine(c.Path))
		case len(found) == 1 && found[0].Plain && found[0].Line == found[0].KeyLine && confKey.MatchString(k.key) && confPath.MatchString(restored(c)):
			lines = append(lines, fmt.Sprintf("edit %s %s %s %d %s %s", k.form, k.role, k.key, found[0].Line, folder, restored(c)))
		default:
			lines = append(lines, "byhand "+k.key+" in "+shownLine(c.Path))
		}
	}
	return lines
}

// restored is where restore.sh puts a configuration, as seen from the new root.
func restored(c detect.ConfigFile) string {
	if c.Outside && c.Path != detect.WPConfig {
		return path.Join("..", c.Path)
	}
	return path.Clean(c.Path)
}

// folderFor returns the folder of the dump that belongs to a configuration, ""
// where that is not certain.
func (r *run) folderFor(c detect.ConfigFile) string {
	var found []string
	for _, d := range r.dumps {
		if d.part > 0 && (c.Database == "" || c.Database == d.config.Name) {
			found = append(found, d.dir)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
