package repoint_test

import (
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

// moved are two databases that went elsewhere.
func moved(port int) map[string]repoint.Database {
	return map[string]repoint.Database{
		"shop":  {Host: "db.example", Port: port, Name: "shop_new", User: "su", Password: core.NewSecret("s'p")},
		"stock": {Host: "db2.example", Name: "stock_new", User: "tu", Password: core.NewSecret("t")},
	}
}

// Where a site has several databases, each connection gets the one that took the
// place of the one that it names.
func TestEachConnectionFollowsItsDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		kind, file, text string
		want             []string
		undone           string
	}{
		"drupal": {
			"Drupal 10", "sites/default/settings.php",
			"<?php\n$databases['default']['default'] = ['database' => 'shop', 'username' => 'u', 'password' => 'p', 'host' => 'localhost', 'driver' => 'mysql'];\n" +
				"$databases['erp']['default'] = ['database' => 'stock', 'username' => 'u', 'password' => 'p', 'host' => 'localhost', 'driver' => 'mysql'];\n" +
				"$databases['gone']['default'] = ['database' => 'gone', 'username' => 'u', 'password' => 'p', 'host' => 'localhost', 'driver' => 'mysql'];\n",
			[]string{
				"['default']['default'] = ['database' => 'shop_new', 'username' => 'su', 'password' => 's\\'p', 'host' => 'db.example', 'port' => '3307'",
				"['erp']['default'] = ['database' => 'stock_new', 'username' => 'tu', 'password' => 't', 'host' => 'db2.example'",
				"['gone']['default'] = ['database' => 'gone', 'username' => 'u'",
			}, "databases.gone.default.database",
		},
		"magento": {
			"Magento 2.4", "app/etc/env.php",
			"<?php\nreturn ['db' => ['connection' => ['checkout' => ['host' => 'h', 'dbname' => 'stock', 'username' => 'u', 'password' => 'p'], 'default' => ['host' => 'h', 'dbname' => 'shop', 'username' => 'u', 'password' => 'p']]]];\n",
			[]string{
				"'checkout' => ['host' => 'db2.example', 'dbname' => 'stock_new', 'username' => 'tu', 'password' => 't']",
				"'default' => ['host' => 'db.example:3307', 'dbname' => 'shop_new', 'username' => 'su', 'password' => 's\\'p']",
			}, "",
		},
		"laravel": {
			"Laravel", ".env",
			"DB_HOST=localhost\nDB_PORT=3306\nDB_DATABASE=shop\nDB_USERNAME=u\nDB_PASSWORD=p\nDB_HOST_ERP=localhost\nDB_DATABASE_ERP=stock\nDB_USERNAME_ERP=u\nDB_PASSWORD_ERP=p\nOLD_DB_DATABASE=stock\nNAME=shop\n",
			[]string{
				"DB_HOST=db.example\nDB_PORT=3307\nDB_DATABASE=shop_new\nDB_USERNAME=su\nDB_PASSWORD=\"s'p\"\n",
				"DB_HOST_ERP=db2.example\nDB_DATABASE_ERP=stock_new\nDB_USERNAME_ERP=tu\nDB_PASSWORD_ERP=t\nOLD_DB_DATABASE=stock_new\nNAME=shop\n",
			}, "OLD_DB_DATABASE",
		},
		"symfony": {
			"Symfony 6", ".env", "DATABASE_URL=mysql://u:p@localhost/shop?charset=utf8mb4\nERP_DATABASE_URL=mysql://u:p@localhost/stock\nCACHE_URL=redis://localhost/1\n",
			[]string{"DATABASE_URL='mysql://su:s%27p@db.example:3307/shop_new?charset=utf8mb4'\n", "ERP_DATABASE_URL=mysql://tu:t@db2.example:3306/stock_new\nCACHE_URL=redis://localhost/1\n"}, "",
		},
		"joomla": {
			"Joomla", "configuration.php", "<?php\nclass JConfig {\n\tpublic $host = 'localhost';\n\tpublic $user = 'u';\n\tpublic $password = 'p';\n\tpublic $db = 'stock';\n}\n",
			[]string{"$user = 'tu'", "$db = 'stock_new'", "$host = 'db2.example'"}, "",
		},
		"another's": {"WordPress", "wp-config.php", "<?php\ndefine('DB_NAME', 'gone');\ndefine('DB_USER', 'u');\n", []string{"'DB_NAME', 'gone'", "'DB_USER', 'u'"}, "DB_NAME"},
		"computed":  {"WordPress", "wp-config.php", "<?php\ndefine('DB_NAME', getenv('X'));\n", []string{"'DB_NAME', getenv"}, "DB_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := site(t, map[string]string{c.file: c.text})
			changes, err := repointed(root, repoint.Options{Kind: c.kind, Moved: moved(3307)})
			if err != nil {
				t.Fatal(err)
			}
			text := read(t, dir, c.file)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			if got := undone(changes); (got == "") != (c.undone == "") || !strings.Contains(got, c.undone) {
				t.Errorf("left to do: %q, want %q", got, c.undone)
			}
			// For a second program that shares the file, it changes nothing more.
			if _, err := repointed(root, repoint.Options{Kind: c.kind, Moved: moved(3307)}); err != nil || read(t, dir, c.file) != text {
				t.Errorf("again: %v\n%s", err, read(t, dir, c.file))
			}
		})
	}
}

// Two programs that share their configuration have its addresses replaced once,
// though the new one begins with the old.
func TestASharedConfiguration(t *testing.T) {
	dir, root := site(t, map[string]string{
		"wp-config.php": "<?php\ndefine('DB_NAME', 'shop');\ndefine('DB_USER', 'u');\ndefine('DB_PASSWORD', 'p');\ndefine('DB_HOST', 'h');\ndefine('WP_HOME', 'https://a.example');\n",
		".htaccess":     wordPressRules("/"),
	})
	o := repoint.Options{Kind: "WordPress", Moved: moved(3307), URLs: []rewrite.Pair{{Old: "https://a.example", New: "https://a.example/blog"}}}
	for range 2 {
		if changes, err := repointed(root, o); err != nil || undone(changes) != "" {
			t.Fatalf("%v %+v", err, changes)
		}
		o.Settled = []string{"wp-config.php", ".htaccess"}
	}
	if got := read(t, dir, "wp-config.php"); !strings.Contains(got, "'WP_HOME', 'https://a.example/blog')") {
		t.Error(got)
	}
	if got := read(t, dir, ".htaccess"); got != wordPressRules("/blog/") {
		t.Error(got)
	}
}
