package repoint_test

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

const typo3Settings = "<?php\nreturn [\n    'DB' => [\n        'Connections' => [\n            'Default' => [\n                'charset' => 'utf8mb4',\n                'dbname' => 'old',\n" +
	"                'driver' => 'mysqli',\n                'host' => '127.0.0.1',\n                'password' => 'old',\n                'port' => 3306,\n                'user' => 'old',\n            ],\n" +
	"            'Stock' => ['dbname' => 'stock_old', 'host' => 'localhost', 'user' => 's', 'password' => 's'],\n        ],\n    ],\n" +
	"    'SYS' => ['trustedHostsPattern' => '(www\\.)?old\\.example', 'sitename' => 'Acme'],\n];\n"

const typo3Site = "base: 'https://old.example/'\nbaseVariants:\n  -\n    base: 'https://test.example/'\n    condition: 'x'\nlanguages:\n  -\n    title: Deutsch\n    base: \"https://old.example/de/\" # German\n" +
	"  -\n    title: English\n    base: /en/\n  -\n    base: '%env(BASE)%'\nwebsiteTitle: 'base: https://old.example'\n"

// A TYPO3 is pointed at its databases by its settings, and at its address by those of
// its sites.
func TestTYPO3(t *testing.T) {
	for _, file := range []string{"config/system/settings.php", "typo3conf/LocalConfiguration.php"} {
		for _, password := range passwords {
			dir, root := site(t, map[string]string{file: typo3Settings, "config/sites/main/config.yaml": typo3Site, "var/cache/code/x.php": ""})
			stock := repoint.Database{Socket: "/run/db.sock", Name: "stock_new", User: "s2", Password: core.NewSecret(password)}
			changes, err := repointed(root, repoint.Options{
				Kind: "TYPO3", Database: database(password), URLs: urls, Paths: paths, Moved: map[string]repoint.Database{"stock_old": stock},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := php(t, dir, "$c = include '"+file+"'; echo json_encode([$c['DB']['Connections'], $c['SYS']]);")
			same(t, password, got, []any{
				map[string]any{
					"Default": map[string]any{"charset": "utf8mb4", "dbname": "new_db", "driver": "mysqli", "host": "db.example", "password": password, "port": 3307, "user": "new'user"},
					"Stock":   map[string]any{"dbname": "stock_new", "host": "localhost", "unix_socket": "/run/db.sock", "user": "s2", "password": password},
				},
				map[string]any{"trustedHostsPattern": `(www\.)?new\.example\.org`, "sitename": "Acme"},
			})
			want := strings.NewReplacer("base: 'https://old.example/'", "base: 'https://new.example.org/shop/'", `"https://old.example/de/"`, `"https://new.example.org/shop/de/"`).Replace(typo3Site)
			if text := read(t, dir, "config/sites/main/config.yaml"); text != want {
				t.Errorf("the site's settings are\n%s", text)
			}
			if names := undone(changes); names != "base " && names != " base" {
				t.Errorf("left to a person: %q of %+v", names, changes)
			}
		}
	}
}

const shopParameters = "<?php return array (\n  'parameters' => \n  array (\n    'database_host' => '127.0.0.1',\n    'database_port' => '',\n    'database_name' => 'old',\n    'database_user' => 'old',\n" +
	"    'database_password' => 'old',\n    'database_prefix' => 'ps_',\n    'database_engine' => 'InnoDB',\n    'mailer_host' => '127.0.0.1',\n    'secret' => 'x',\n  ),\n);\n"

const oldShop = "<?php\ndefine('_DB_SERVER_', 'localhost');\ndefine('_DB_NAME_', 'old');\ndefine('_DB_USER_', 'old');\ndefine('_DB_PASSWD_', 'old');\ndefine('_DB_PREFIX_', 'ps_');\ndefine('_MYSQL_ENGINE_', 'InnoDB');\n"

// A PrestaShop is pointed at its database by its parameters, or by the constants of
// the versions before 1.7.
func TestPrestaShop(t *testing.T) {
	for _, password := range passwords {
		dir, root := site(t, map[string]string{"app/config/parameters.php": shopParameters, "config/settings.inc.php": "<?php\n"})
		changes, err := repointed(root, repoint.Options{Kind: "PrestaShop", Database: database(password), URLs: urls})
		if err != nil {
			t.Fatal(err)
		}
		got := php(t, dir, "echo json_encode((include 'app/config/parameters.php')['parameters']);")
		same(t, password, got, map[string]any{
			"database_host": "db.example", "database_port": "3307", "database_name": "new_db", "database_user": "new'user", "database_password": password,
			"database_prefix": "ps_", "database_engine": "InnoDB", "mailer_host": "127.0.0.1", "secret": "x",
		})
		if names := undone(changes); names != "" {
			t.Errorf("left to a person: %q", names)
		}
		dir, root = site(t, map[string]string{"config/settings.inc.php": oldShop})
		if _, err := repointed(root, repoint.Options{Kind: "PrestaShop 1.6", Database: database(password), URLs: urls}); err != nil {
			t.Fatal(err)
		}
		got = php(t, dir, "include 'config/settings.inc.php'; echo json_encode([_DB_SERVER_, _DB_NAME_, _DB_USER_, _DB_PASSWD_, _DB_PREFIX_]);")
		same(t, password, got, []string{"db.example:3307", "new_db", "new'user", password, "ps_"})
	}
}

// A shop that can name no socket leaves it to a person, and copies of its old
// configuration too.
func TestPrestaShopLeavesToAPerson(t *testing.T) {
	_, root := site(t, map[string]string{"app/config/parameters.php": shopParameters, "var/cache/prod/appContainer.php": ""})
	changes, err := repointed(root, repoint.Options{Kind: "PrestaShop", Database: repoint.Database{Socket: "/run/db.sock", Name: "n", User: "u"}})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, c := range changes {
		if !c.Done {
			left = append(left, c.File+" "+c.Name)
		}
	}
	if got := strings.Join(left, ", "); got != "var/cache/prod , app/config/parameters.php return.parameters.database_host" {
		t.Errorf("left to a person: %s", got)
	}
}

const wiki = "<?php\n$wgSitename = \"Acme\";\n$wgScriptPath = \"/w\";\n$wgServer = \"https://old.example\";\n$wgLogo = \"$wgServer/logo.png\";\n$wgDBtype = \"mysql\";\n$wgDBserver = \"localhost\";\n" +
	"$wgDBname = \"old\";\n$wgDBuser = \"old\";\n$wgDBpassword = \"o\\$ld\";\n$wgDBprefix = \"\";\n$wgDBport = \"5432\";\n$wgUploadDirectory = '/var/www/old/images';\n"

// A MediaWiki is pointed at its database, its address and its directories.
func TestMediaWiki(t *testing.T) {
	const show = "include 'LocalSettings.php'; echo json_encode([$wgServer, $wgScriptPath, $wgDBserver, $wgDBname, $wgDBuser, $wgDBpassword, $wgDBport, $wgUploadDirectory]);"
	hosts := []rewrite.Pair{{Old: "https://old.example", New: "https://new.example"}}
	for _, password := range passwords {
		dir, root := site(t, map[string]string{"LocalSettings.php": wiki})
		changes, err := repointed(root, repoint.Options{Kind: "MediaWiki 1.43.1", Database: database(password), URLs: hosts, Paths: paths})
		if err != nil || undone(changes) != "" {
			t.Fatalf("%v %+v", err, changes)
		}
		same(t, password, php(t, dir, show), []string{"https://new.example", "/w", "db.example:3307", "new_db", "new'user", password, "5432", "/srv/it-new/images"})
	}
	dir, root := site(t, map[string]string{"LocalSettings.php": strings.ReplaceAll(wiki, "https://old", "//old")})
	to := repoint.Database{Driver: "pgsql", Socket: "/run/postgresql/.s.PGSQL.5433", Port: 5433, Name: "n", User: "u"}
	if _, err := repointed(root, repoint.Options{Kind: "MediaWiki", Database: to, URLs: hosts}); err != nil {
		t.Fatal(err)
	}
	same(t, "PostgreSQL", php(t, dir, show), []string{"//new.example", "/w", "/run/postgresql", "n", "u", "", "5433", "/var/www/old/images"})
}

// Several wikis that one file serves are left to a person: only the host's name says
// which database is whose.
func TestMediaWikiFamily(t *testing.T) {
	family := wiki + "if ($_SERVER['HTTP_HOST'] === 'two.example') { $wgDBname = 'two'; }\n$wgDBservers = [['host' => 'a'], ['host' => 'b']];\n"
	dir, root := site(t, map[string]string{"LocalSettings.php": family})
	changes, err := repointed(root, repoint.Options{Kind: "MediaWiki", Database: database("x")})
	if err != nil || read(t, dir, "LocalSettings.php") != family {
		t.Fatalf("%v\n%s", err, read(t, dir, "LocalSettings.php"))
	}
	if names := undone(changes); names != "wgDBname wgDBservers" {
		t.Errorf("left to a person: %q", names)
	}
}
