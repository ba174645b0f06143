package repoint_test

import (
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
)

// Whatever a file holds, what is done to it stays done: a second run finds
// nothing more to change, and what is written is what was wanted.
func FuzzConfigs(f *testing.F) {
	kinds := []string{"WordPress", "Drupal", "Joomla", "Magento", "Laravel", "Symfony", ".env", "TYPO3", "PrestaShop", "PrestaShop", "MediaWiki"}
	names := []string{"wp-config.php", "sites/default/settings.php", "configuration.php", "app/etc/env.php", ".env", ".env", ".env", "config/system/settings.php", "app/config/parameters.php", "config/settings.inc.php", "LocalSettings.php"}
	f.Add(wpConfig, 0, "it's")
	f.Add("<?php\n$databases = ['default' => ['default' => ['database' => 'old', 'host' => \"x\", 'port' => 1]]];", 1, "x")
	f.Add("<?php class J { public $db = 'x'; public $user = array('a' => array(1, 2 + 3)); }", 2, "\\")
	f.Add("<?php return array('db' => ['connection' => ['default' => ['dbname' => 'x', f(1) => 2]]]);", 3, "?>")
	f.Add("DB_DATABASE='x'\nDB_HOST=x # y\nDB_PASSWORD=\"a\\\"b\"\nexport DATABASE_URL=mysql://a:b@c/d?e=f\r\n", 4, "$x")
	f.Add(typo3Settings, 7, "\"'\\")
	f.Add(shopParameters, 8, "'")
	f.Add(oldShop, 9, "$x")
	f.Add(wiki, 10, "\\'")
	f.Fuzz(func(t *testing.T, text string, kind int, password string) {
		k := int(uint(kind) % uint(len(kinds)))
		dir, root := site(t, map[string]string{names[k]: text})
		o := repoint.Options{Kind: kinds[k], Database: repoint.Database{Name: "new", User: "u", Password: core.NewSecret(password), Socket: "/s"}, URLs: urls, Paths: paths}
		if _, err := repointed(root, o); err != nil {
			return
		}
		once := read(t, dir, names[k])
		if changes, err := repointed(root, repoint.Options{Kind: o.Kind, Database: o.Database}); err != nil || read(t, dir, names[k]) != once {
			t.Fatalf("%v %+v:\n%q\n%q\n%q", err, changes, text, once, read(t, dir, names[k]))
		}
	})
}
