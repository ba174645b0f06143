package detect

import (
	"regexp"
	"slices"

	"breakglass/core/backup/sitetree"
)

// The programs whose configuration restore.sh can point at another database.
const (
	KindWordPress   = "WordPress"
	KindEnvironment = ".env"
	KindJoomla      = "Joomla"
	KindDrupal      = "Drupal"
	KindMagento     = "Magento"
	KindTYPO3       = "TYPO3"
	KindPrestaShop  = "PrestaShop"
	KindOldShop     = "PrestaShop before 1.7"
	KindMediaWiki   = "MediaWiki"
)

// ConfigFile is a file that configures the site, and what it says.
type ConfigFile struct {
	Kind     string // of the program, one of those above, or ""
	Path     string // below the root, or where Outside one level above it
	Outside  bool
	Database string // the name of its database, where that is known
	Settings []Setting
}

// NamesDatabase reports whether the file has a value that says where a database
// is.
func (c ConfigFile) NamesDatabase() bool {
	return slices.ContainsFunc(c.Settings, func(s Setting) bool { return databaseForm.MatchString(s.Name) })
}

var databaseForm = regexp.MustCompile(`(?i)^(DB_|DATABASE_URL$|_DB_|dbname$|wgDB)`)

// knownConfigs are the files that configure a site, by place.
var knownConfigs = []struct{ path, kind string }{
	{".env", KindEnvironment}, {".env.local", KindEnvironment}, {".env.production", KindEnvironment},
	{"sites/default/settings.php", KindDrupal}, {"sites/default/settings.local.php", ""}, {"configuration.php", KindJoomla}, {"app/etc/env.php", KindMagento},
	{"app/config/parameters.php", KindPrestaShop}, {"config/settings.inc.php", KindOldShop}, {"LocalSettings.php", KindMediaWiki},
	{"typo3conf/LocalConfiguration.php", KindTYPO3}, {"config/system/settings.php", KindTYPO3},
}

// Configs reads the files that configure the site. None of them is run.
func (s *Site) Configs() []ConfigFile {
	var all []ConfigFile
	for _, in := range s.Installs {
		if len(in.text) == 0 {
			continue
		}
		c := ConfigFile{Kind: KindWordPress, Path: in.config, Settings: phpSettings(in.text)}
		if in.config == "" {
			c.Path, c.Outside = WPConfig, true
		}
		if config, err := parseWPConfig(in.text); err == nil {
			c.Database = config.Name
		}
		all = append(all, c)
	}
	for _, known := range knownConfigs {
		text, _, err := sitetree.ReadSmall(s.root, known.path)
		if err != nil {
			continue
		}
		all = append(all, ConfigFile{Kind: known.kind, Path: known.path, Settings: settingsOf(known.path, text)})
	}
	for _, f := range s.Outside {
		if f.Name == WPConfig {
			continue
		}
		c := ConfigFile{Path: f.Name, Outside: true, Settings: settingsOf(f.Name, f.Text)}
		for _, known := range knownConfigs {
			if known.path == f.Name {
				c.Kind = known.kind
			}
		}
		all = append(all, c)
	}
	return all
}

// WPConfig is what WordPress calls its configuration.
const WPConfig = "wp-config.php"
