package backup

import (
	"path"
	"strings"

	"breakglass/core/backup/sitetree"
)

// leftOutDirs are directories of a WordPress whose contents make no part of the
// site: it rebuilds them, or they are other backups of the same site. Paths are
// below the WordPress; a * stands for the rest of a name.
var leftOutDirs = []struct{ path, why string }{
	{"wp-content/cache", "archive.left.cache"},
	{"wp-content/et-cache", "archive.left.cache"},
	{"wp-content/litespeed", "archive.left.cache"},
	{"wp-content/w3tc-cache", "archive.left.cache"},
	{"wp-content/uploads/cache", "archive.left.cache"},
	{"wp-content/updraft", "archive.left.backups"},
	{"wp-content/ai1wm-backups", "archive.left.backups"},
	{"wp-content/backups-dup-lite", "archive.left.backups"},
	{"wp-content/backups-dup-pro", "archive.left.backups"},
	{"wp-content/wpvividbackups", "archive.left.backups"},
	{"wp-content/backup-db", "archive.left.backups"},
	{"wp-content/backup-migration", "archive.left.backups"},
	{"wp-content/uploads/backwpup*", "archive.left.backups"},
	{"wp-content/uploads/backupbuddy_backups", "archive.left.backups"},
	{"wp-snapshots", "archive.left.backups"},
}

// leftOutAnywhere are the same for sites of any kind.
var leftOutAnywhere = []struct{ path, why string }{
	{"storage/framework/cache", "archive.left.cache"},
	{"storage/framework/sessions", "archive.left.sessions"},
	{"var/cache", "archive.left.cache"},
	{"var/session", "archive.left.sessions"},
}

// leftOut returns why the contents of a directory are left out, "" if they are
// not.
func (s *site) leftOut(relative string) string {
	for _, install := range s.Installs {
		inside, ok := sitetree.Below(install.Dir, relative)
		if !ok {
			continue
		}
		for _, rule := range leftOutDirs {
			if ok, err := path.Match(rule.path, inside); err == nil && ok {
				return rule.why
			}
		}
	}
	for _, rule := range leftOutAnywhere {
		if relative == rule.path && s.marked(rule.path) {
			return rule.why
		}
	}
	return ""
}

// marked reports whether the site is of the kind that a rule is for.
func (s *site) marked(rule string) bool {
	if strings.HasPrefix(rule, "storage/") {
		return s.Has(".", "Laravel")
	}
	return s.Has(".", "Symfony") || s.Has(".", "Magento")
}
