package detect

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"breakglass/core/backup/sitetree"
	"breakglass/core/words"
)

// detected detects a site and says in lines what was found of its databases.
func detected(t *testing.T, path string) (kind string, lines []string, notes []string) {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s, err := Look(context.Background(), sitetree.New(root, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range s.Sources {
		if from.Err != nil {
			lines = append(lines, from.Dir+": "+from.Err.Error())
			continue
		}
		c := from.Database
		lines = append(lines, fmt.Sprintf("%s: %s %s %s @ %s / %s prefix %s", from.Dir, c.Driver, c.User, c.Password.Reveal(), c.Host, c.Name, c.Prefix))
	}
	for _, n := range s.Notes {
		notes = append(notes, words.Text("en", n.ID, n.Data))
	}
	return s.Kind, lines, notes
}

// Sites as they lie on servers are understood as their programs read them.
func TestFixtures(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		lines []string
	}{
		"drupal10": {"Drupal", []string{
			`sites/default: mysql acme it's a "secret" \ $here; // not a comment @ [::1]:3307 / acme_live prefix `,
			`sites/default: mysql acme pw$2A @ /run/mysqld/other.sock / old_acme prefix d7_`,
		}},
		"drupal7": {"Drupal", []string{
			`sites/default: mysql d7user  @ localhost / d7 prefix main_`,
			`sites/shop.example: pgsql shop p @ /run/postgresql/.s.PGSQL.5433 / shop prefix `,
		}},
		"joomla4": {"Joomla", []string{`.: mysql joomla a'b\c$d"e @ localhost:3307 / joomla_acme prefix j4_`}},
		"magento2": {"Magento", []string{
			`.: mysql magento x#y=z @ [::1]:3306 / magento prefix m2_`,
			`.: mysql checkout  @ /run/mysqld/mysqld.sock / magento_checkout prefix m2_`,
			`.: app/etc/env.php computes host on line 20, which only the running site could do; ask your web manager to write it there as plain text.`,
		}},
		"laravel11": {"Laravel", []string{
			`.: mysql acme p@ss "quoted" #no comment $5 @ 127.0.0.1:3308 / acme prefix `,
			`.: pgsql legacy acme-2 @ db.example / legacy prefix `,
		}},
		"laravelcached": {"Laravel", []string{`.: mysql acme it's @ 127.0.0.1:3306 / cached prefix l_`}},
		"symfony7": {"Symfony", []string{
			`.: pgsql archive x @ [::1]:5433 / archive prefix `,
			`.: mysql acme s3cr/et @ /run/mysqld/mysqld.sock / acme_symfony prefix `,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			kind, lines, notes := detected(t, filepath.Join("testdata/sites", name))
			if kind != c.kind || !slices.Equal(lines, c.lines) || len(notes) > 0 {
				t.Errorf("%s %q\n%s", kind, notes, strings.Join(lines, "\n"))
			}
		})
	}
}

// put writes files of a site.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	oneDatabase = "['driver' => 'mysql', 'database' => 'd', 'username' => 'u', 'password' => 'p']"
	found       = "mysql u p @ localhost / d prefix "
)

func TestDrupalSettings(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // a part of each line, in order
		note  string
	}{
		"key by key":               {map[string]string{"settings.php": "<?php $databases['default']['default']['driver'] = 'mysql'; $databases['default']['default']['database'] = 'd'; $databases[\"default\"]['default']['username'] = 'u'; $databases['default']['default']['password'] = 'p';"}, found, ""},
		"one level":                {map[string]string{"settings.php": "<?php $databases['default'] = " + oneDatabase + ";"}, found, ""},
		"Drupal 6":                 {map[string]string{"settings.php": "<?php\n$db_url = 'mysqli://u:p%40@localhost/d';\n$db_prefix = 'x_';"}, "mysql u p@ @ localhost / d prefix x_", ""},
		"the later counts":         {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['database' => 'x']; $databases['default']['default'] = " + oneDatabase + ";"}, found, ""},
		"local not included":       {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + ";", "settings.local.php": "<?php $databases['default']['default']['database'] = 'x';"}, found, ""},
		"local included":           {map[string]string{"settings.php": "<?php if (is_readable(__DIR__ . '/settings.local.php')) include __DIR__ . '/settings.local.php';", "settings.local.php": "<?php $databases['default']['default'] = " + oneDatabase + ";"}, found, ""},
		"local with alternative":   {map[string]string{"settings.php": "<?php if (file_exists(DRUPAL_ROOT . '/sites/default/l.php')): require_once(DRUPAL_ROOT . '/sites/default/l.php'); endif;", "l.php": "<?php $databases['default']['default'] = " + oneDatabase + ";"}, found, ""},
		"local not there":          {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + "; if (file_exists($app_root . '/' . $site_path . '/settings.local.php')) { include $app_root . '/' . $site_path . '/settings.local.php'; }"}, found, ""},
		"one of two":               {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + ";\nif (PHP_SAPI == 'cli') {\n  $databases['default']['default']['host'] = 'db';\n $databases['default']['default']['host'] = 'dc'; }"}, "sets host to different values on lines 3 and 4", ""},
		"either":                   {map[string]string{"settings.php": "<?php\nif (x()) $databases['default']['default'] = " + oneDatabase + ";\nelse $databases['default']['default'] = ['driver' => 'mysql', 'database' => 'e'];"}, "sets database to different values on lines 2 and 3", ""},
		"either the same":          {map[string]string{"settings.php": "<?php\nif (x()) { $databases['default']['default'] = " + oneDatabase + ";}\nelse { $databases['default']['default'] = " + oneDatabase + "; }"}, found, ""},
		"getenv":                   {map[string]string{"settings.php": "<?php\n$databases['default']['default'] = [\n'driver' => 'mysql',\n'database' => getenv('DB')];"}, "sites/default/settings.php computes database on line 4", ""},
		"built up":                 {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + ";\n$databases['default']['default']['database'] .= '2';"}, "computes database on line 2", ""},
		"merged":                   {map[string]string{"settings.php": "<?php $databases = array_merge(a(), b());"}, "computes $databases on line 1", ""},
		"spread":                   {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['driver' => 'mysql', ...$more];"}, "computes database on line 1", ""},
		"a key computed":           {map[string]string{"settings.php": "<?php $databases[$k]['default'] = " + oneDatabase + ";"}, "computes $databases on line 1", ""},
		"reads another":            {map[string]string{"settings.php": "<?php\nrequire '/var/www/site-php/acme.inc';\n"}, "reads another file on line 2", ""},
		"reads another, and sets":  {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + ";\nif (file_exists('/var/www/x')) { require '/var/www/x/a.inc'; }"}, found, "sites/default/settings.php:2"},
		"includes itself":          {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + "; include __DIR__ . '/settings.php';"}, found, "settings.php:1"},
		"nothing":                  {map[string]string{"settings.php": "<?php $databases = [];"}, "does not set $databases", ""},
		"another kind":             {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['driver' => 'oracle', 'database' => 'd'];"}, "not known here", ""},
		"SQLite that is not there": {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['driver' => 'sqlite', 'database' => 'sites/default/files/.ht.sqlite'];"}, "is not there", ""},
		"SQLite outside":           {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['driver' => 'sqlite', 'database' => '/srv/data/x.sqlite'];"}, "outside the site's directory", ""},
		"SQLite":                   {map[string]string{"settings.php": "<?php $databases['default']['default'] = ['driver' => 'sqlite', 'database' => 'sites/default/files/.ht.sqlite'];", "files/.ht.sqlite": "x"}, "", ""},
		"shared tables":            {map[string]string{"settings.php": "<?php $databases['default']['default'] = " + oneDatabase + "; $databases['default']['default']['prefix'] = ['default' => '', 'users' => 'other.'];"}, found + "|in another database, “other”", ""},
		"a link out":               {map[string]string{"settings.php": "-> /etc/hostname"}, "is a link out", ""},
		"include is a link out":    {map[string]string{"settings.php": "<?php include __DIR__ . '/l.php';", "l.php": "-> /etc/hostname"}, "is a link out", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "sites/default"), c.files)
			_, lines, notes := detected(t, dir)
			want := strings.Split(c.want, "|")
			if c.want == "" {
				want = nil
			}
			ok := len(lines) == len(want)
			for i := range want {
				ok = ok && strings.Contains(lines[i], want[i])
			}
			if !ok || (c.note == "") != (len(notes) == 0) || !strings.Contains(strings.Join(notes, ""), c.note) {
				t.Errorf("%q, notes %q, want %q %q", lines, notes, c.want, c.note)
			}
		})
	}
}

// What lies in a Drupal's other sites, in a docroot, in a second site with the
// empty sites/default that is so often left.
func TestDrupalSites(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"web/sites/default/settings.php": "<?php $databases = [];", "web/sites/a.example/settings.php": "<?php $databases['default']['default'] = " + oneDatabase + ";",
		"web/sites/default/default.settings.php": "<?php", "web/core/lib/Drupal.php": "<?php class Drupal { const VERSION = '10.3.1'; }",
	})
	if kind, lines, _ := detected(t, dir); kind != "Drupal 10.3.1" || len(lines) != 1 || lines[0] != "web/sites/a.example: "+found {
		t.Errorf("%s %q", kind, lines)
	}
}

func TestOtherConfigurations(t *testing.T) {
	symfony := map[string]string{"bin/console": "", "composer.json": "doctrine/orm"}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"Joomla 1.5":              {map[string]string{"configuration.php": "<?php\r\nclass JConfig {\r\n\tvar $db = 'd';\r\n\tvar $user = 'u'; var $password = 'p'; var $host = 'localhost';\r\n}\r\n?>"}, found},
		"Joomla PostgreSQL":       {map[string]string{"configuration.php": "<?php class JConfig { public string $dbtype = 'pgsql'; public $db = 'd'; public $user = 'u'; public $password = 'p'; public $host = '127.0.0.1'; }"}, "pgsql u p @ 127.0.0.1 / d"},
		"Joomla computed":         {map[string]string{"configuration.php": "<?php class JConfig {\npublic $db = 'd' . X; }"}, "configuration.php computes $db on line 2"},
		"another configuration":   {map[string]string{"configuration.php": "<?php $db_name = 'x';"}, "does not set $db itself"},
		"Magento without":         {map[string]string{"app/etc/env.php": "<?php return ['db' => []];"}, "does not set a database itself"},
		"Magento computed":        {map[string]string{"app/etc/env.php": "<?php return array_merge(require 'x.php', []);"}, "computes the databases on line 1"},
		"Magento no PHP":          {map[string]string{"app/etc/env.php": "\x00\xff"}, "computes"},
		"Laravel without config":  {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=p"}, found},
		"Laravel BOM, CRLF":       {map[string]string{"artisan": "", ".env": "\ufeffDB_DATABASE=d\r\nDB_HOST=localhost\r\nDB_USERNAME='u'\r\nDB_PASSWORD=\"p\"\r\n"}, found},
		"Laravel null":            {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=null"}, "mysql u  @ localhost / d"},
		"Laravel bare hash":       {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_PASSWORD=a#b"}, ".env computes the password on line 3"},
		"Laravel bare quote":      {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_PASSWORD=a\"b"}, ".env computes the password on line 3"},
		"Laravel bare backslash":  {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_PASSWORD=a\\b"}, ".env computes the password on line 3"},
		"Laravel command":         {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_PASSWORD=${UNSET}"}, ".env computes the password on line 3"},
		"Laravel dollar":          {map[string]string{"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=a$b"}, "mysql u a$b @ localhost / d"},
		"Laravel URL":             {map[string]string{"artisan": "", ".env": "DB_CONNECTION=mysql\nDB_URL=mysql://u:p@localhost/d"}, found},
		"Laravel bad URL":         {map[string]string{"artisan": "", ".env": "DB_CONNECTION=mysql\nDB_URL=mysql://u:SECRET/x@h/d"}, "is no URL"},
		"Laravel SQL Server":      {map[string]string{"artisan": "", ".env": "DB_CONNECTION=sqlsrv\nDB_HOST=h"}, "does not set the connection"},
		"Laravel SQLite":          {map[string]string{"artisan": "", ".env": "DB_CONNECTION=sqlite", "database/database.sqlite": "x"}, ""},
		"Laravel SQLite outside":  {map[string]string{"artisan": "", ".env": "DB_CONNECTION=sqlite\nDB_DATABASE=/srv/x.sqlite"}, "outside the site's directory"},
		"Laravel without .env":    {map[string]string{"artisan": ""}, "without a .env file"},
		"Laravel cache computed":  {map[string]string{"artisan": "", "bootstrap/cache/config.php": "<?php return require 'x';", ".env": "DB_DATABASE=d"}, "config.php computes the databases"},
		"Symfony":                 {map[string]string{".env": "DATABASE_URL=mysql://u:p@localhost/d"}, found},
		"Symfony dollar":          {map[string]string{".env": "DATABASE_URL=mysql://u:$X@localhost/d"}, ".env computes DATABASE_URL on line 1"},
		"Symfony command":         {map[string]string{".env": "DATABASE_URL=\"mysql://u:$(cat x)@localhost/d\""}, "computes DATABASE_URL"},
		"Symfony stage":           {map[string]string{".env": "APP_ENV=prod\nDATABASE_URL=mysql://x@localhost/x", ".env.prod": "DATABASE_URL=mysql://u:p@localhost/d"}, found},
		"Symfony stage of server": {map[string]string{".env": "DATABASE_URL=mysql://x@localhost/x", ".env.prod": "DATABASE_URL=mysql://u:p@localhost/d"}, ".env and .env.prod name different databases"},
		"Symfony dumped":          {map[string]string{".env": "DATABASE_URL=mysql://x@localhost/x", ".env.local.php": "<?php\n// Generated\nreturn array (\n  'APP_ENV' => 'prod',\n  'DATABASE_URL' => 'mysql://u:p@localhost/d',\n);"}, found},
		"Symfony without":         {map[string]string{".env": "APP_ENV=prod"}, ".env does not set DATABASE_URL"},
		"Symfony SQLite":          {map[string]string{".env": "DATABASE_URL=\"sqlite:///%kernel.project_dir%/var/data.db\"", "var/data.db": "x"}, ""},
		"Symfony SQLite outside":  {map[string]string{".env": "DATABASE_URL=sqlite:////srv/data.db"}, "outside the site's directory"},
		"TYPO3 12":                {map[string]string{"config/system/settings.php": "<?php\nreturn ['DB' => ['Connections' => ['Default' => ['charset' => 'utf8', 'dbname' => 'd', 'driver' => 'mysqli', 'host' => 'localhost', 'password' => 'p', 'user' => 'u']]]];"}, found},
		"TYPO3 11":                {map[string]string{"typo3conf/LocalConfiguration.php": "<?php\nreturn array('DB' => array('Connections' => array('Default' => array('dbname' => 'd', 'driver' => 'pdo_pgsql', 'host' => 'localhost', 'port' => 5433, 'password' => 'p', 'user' => 'u'))));"}, "pgsql u p @ localhost:5433 / d"},
		"TYPO3 computed":          {map[string]string{"typo3conf/LocalConfiguration.php": "<?php\nreturn ['DB' => ['Connections' => ['Default' => ['dbname' => getenv('X')]]]];"}, "computes dbname on line 2"},
		"MediaWiki":               {map[string]string{"LocalSettings.php": "<?php\n$wgDBtype = \"mysql\";\n$wgDBserver = \"localhost\";\n$wgDBname = \"d\";\n$wgDBuser = \"u\";\n$wgDBpassword = \"p\";\n$wgDBprefix = \"\";\n"}, found},
		"MediaWiki SQLite":        {map[string]string{"LocalSettings.php": "<?php\n$wgDBtype = 'sqlite';\n$wgDBname = 'wiki';\n$wgSQLiteDataDir = '/srv/data';"}, "/srv/data/wiki.sqlite, lies outside"},
		"MediaWiki family":        {map[string]string{"LocalSettings.php": "<?php\nif ($x) {\n$wgDBname = 'a'; } else {\n$wgDBname = 'b'; }"}, "sets $wgDBname to different values on lines 3 and 4"},
		"PrestaShop 8":            {map[string]string{"app/config/parameters.php": "<?php return array (\n  'parameters' => \n  array (\n    'database_host' => 'localhost',\n    'database_port' => '',\n    'database_name' => 'd',\n    'database_user' => 'u',\n    'database_password' => 'p',\n    'database_prefix' => '',\n  ),\n);"}, found},
		"PrestaShop 1.6":          {map[string]string{"config/settings.inc.php": "<?php\ndefine('_DB_SERVER_', 'localhost');\ndefine('_DB_NAME_', 'd');\ndefine('_DB_USER_', 'u');\ndefine('_DB_PASSWD_', 'p');\ndefine('_DB_PREFIX_', '');"}, found},
		"PrestaShop without":      {map[string]string{"app/config/parameters.php": "<?php return [];"}, "does not set database_name itself"},
		"any .env":                {map[string]string{"bin/console": "-", ".env": "DB_HOST=localhost\nDB_NAME=d\nDB_USER=u\nDB_PASS=p"}, found},
		"any .env without":        {map[string]string{"bin/console": "-", ".env": "NODE_ENV=production"}, ""},
		"Bedrock":                 {map[string]string{"bin/console": "-", "web/wp-config.php": "<?php require_once dirname(__DIR__) . '/config/application.php';", "web/wp/wp-load.php": "", "web/wp/wp-settings.php": "", ".env": "DB_NAME='d'\nDB_USER='u'\nDB_PASSWORD='p'\n\n# DB_HOST='x'\nWP_HOME='http://x'"}, found},
		"Bedrock URL":             {map[string]string{"bin/console": "-", "web/wp-config.php": "<?php require_once dirname(__DIR__) . '/config/application.php';", ".env": "DATABASE_URL=mysql://u:p@localhost/d"}, found},
		"Bedrock without":         {map[string]string{"bin/console": "-", "web/wp-config.php": "<?php require_once dirname(__DIR__) . '/config/application.php';"}, "wp-config.php does not set DB_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if strings.HasPrefix(name, "Symfony") {
				write(t, dir, symfony)
			}
			if c.files["bin/console"] == "-" {
				delete(c.files, "bin/console")
			}
			write(t, dir, c.files)
			_, lines, _ := detected(t, dir)
			switch {
			case c.want == "" && len(lines) > 0, c.want != "" && (len(lines) != 1 || !strings.Contains(lines[0], c.want)):
				t.Errorf("%q, want %q", lines, c.want)
			case strings.Contains(strings.Join(lines, ""), "SECRET"):
				t.Error("a password is told")
			}
		})
	}
}

// A public directory's program lies one level up: what tells of the database is
// read there, on the same conditions as a wp-config.php, and it is said that the
// rest of the program is missing.
func TestPublicDirectories(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"Laravel": {"artisan": "", ".env": "DB_HOST=localhost\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=p", "public/index.php": "<?php require __DIR__.'/../vendor/autoload.php';"},
		"Symfony": {"bin/console": "", ".env": "DATABASE_URL=mysql://u:p@localhost/d", "public/index.php": "<?php require_once dirname(__DIR__).'/vendor/autoload_runtime.php';"},
		"Magento": {"app/etc/env.php": "<?php return ['db' => ['connection' => ['default' => ['dbname' => 'd', 'username' => 'u', 'password' => 'p', 'host' => 'localhost']]]];", "public/index.php": "<?php require __DIR__ . '/../app/bootstrap.php';"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, files)
			kind, lines, notes := detected(t, filepath.Join(dir, "public"))
			if kind != name || len(lines) != 1 || lines[0] != ".: "+found || len(notes) != 1 || !strings.Contains(notes[0], dir) {
				t.Errorf("%s %q %q", kind, lines, notes)
			}
			_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
				if d.Type().IsRegular() && !strings.Contains(path, "/public/") {
					if err := os.Chmod(path, 0o600); err != nil {
						t.Error(err)
					}
				}
				return nil
			})
			if err := os.Lchown(filepath.Join(dir, "public"), 12345, 12345); err != nil {
				t.Fatal(err)
			}
			if _, lines, _ := detected(t, filepath.Join(dir, "public")); len(lines) != 1 || !strings.Contains(lines[0], "does not belong to this site") {
				t.Errorf("%q", lines)
			}
		})
	}
}

func rootOf(t *testing.T, path string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}
