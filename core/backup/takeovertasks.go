package backup

import (
	"slices"
	"strings"
)

// tasksOf are the programs of which the catalogue says what they need of a timetable,
// by the word that their kind begins with.
var tasksOf = map[string]string{
	"WordPress": "wordpress", "Laravel": "laravel", "Symfony": "symfony", "Drupal": "drupal", "Joomla": "joomla", "Magento": "magento", "TYPO3": "typo3",
	"MediaWiki": "mediawiki", "PrestaShop": "prestashop", "Moodle": "moodle", "Nextcloud": "nextcloud",
}

// tasks says of each program of the site what it needs of a timetable, once.
func (t *takeover) tasks() []string {
	kinds := []string{t.run.site.Kind}
	for range t.run.site.Installs {
		kinds = append(kinds, "WordPress")
	}
	for _, s := range t.run.site.Sources {
		kinds = append(kinds, s.Kind)
	}
	var lines []string
	for _, kind := range kinds {
		kind, _, _ = strings.Cut(kind, " ")
		id := tasksOf[kind]
		if id == "wordpress" && t.offVisits() {
			id = "wordpress_off"
		}
		if id == "" {
			continue
		}
		line := newNote("archive.takeover.tasks." + id).text(t.run.order.Lang)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// offVisits reports whether a WordPress was told not to run its tasks on visits.
func (t *takeover) offVisits() bool {
	for _, c := range t.configs {
		for _, s := range c.Settings {
			if s.Name == "DISABLE_WP_CRON" && s.Value != "" && s.Value != "0" && !strings.EqualFold(s.Value, "false") && !strings.EqualFold(s.Value, "null") {
				return true
			}
		}
	}
	return false
}
