package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

// filled makes a database with a table of some rows.
func filled(t *testing.T, name, password, table string, rows int) (user string) {
	t.Helper()
	user = "u_" + name
	createDatabase(t, name, user, password)
	sql := fmt.Sprintf("CREATE TABLE `%s` (id int PRIMARY KEY, t text);", table)
	for i := range rows {
		sql += fmt.Sprintf("INSERT INTO `%s` VALUES (%d, 'row');", table, i)
	}
	if err := server.SQL(name, sql); err != nil {
		t.Fatal(err)
	}
	return user
}

// A site of each program that is known, with its real database, comes out
// complete, and the dump restores.
func TestSitesOfEachProgram(t *testing.T) {
	const password = `p#a "q' \ $x ;=`
	php := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
	for kind, files := range map[string]func(name, user string) map[string]string{
		"Drupal": func(name, user string) map[string]string {
			return map[string]string{"sites/default/settings.php": fmt.Sprintf("<?php\n$databases['default']['default'] = array (\n  'database' => '%s',\n  'username' => '%s',\n  'password' => '%s',\n  'prefix' => '',\n  'host' => 'localhost',\n  'port' => '',\n  'unix_socket' => '%s',\n  'driver' => 'mysql',\n);\n", name, user, php, server.Socket)}
		},
		"Joomla": func(name, user string) map[string]string {
			return map[string]string{"configuration.php": fmt.Sprintf("<?php\nclass JConfig {\n\tpublic $dbtype = 'mysqli';\n\tpublic $host = 'localhost:%s';\n\tpublic $user = '%s';\n\tpublic $password = '%s';\n\tpublic $db = '%s';\n\tpublic $dbprefix = 'j_';\n}\n", server.Socket, user, php, name)}
		},
		"Magento": func(name, user string) map[string]string {
			return map[string]string{"app/etc/env.php": fmt.Sprintf("<?php\nreturn ['db' => ['table_prefix' => '', 'connection' => ['default' => ['host' => '%s', 'dbname' => '%s', 'username' => '%s', 'password' => '%s']]]];\n", server.Socket, name, user, php)}
		},
		"Laravel": func(name, user string) map[string]string {
			return map[string]string{"artisan": "x", ".env": fmt.Sprintf("DB_CONNECTION=mysql\nDB_HOST=localhost\nDB_SOCKET=%s\nDB_DATABASE=%s\nDB_USERNAME=%s\nDB_PASSWORD=\"p#a \\\"q' \\\\ \\$x ;=\"\n", server.Socket, name, user)}
		},
		"Symfony": func(name, user string) map[string]string {
			return map[string]string{"bin/console": "x", ".env": fmt.Sprintf("APP_ENV=prod\nDATABASE_URL='mysql://%s:p%%23a%%20%%22q%%27%%20%%5C%%20%%24x%%20%%3B%%3D@localhost/%s?unix_socket=%s'\n", user, name, server.Socket)}
		},
		"WordPress": func(name, user string) map[string]string { // as Bedrock lays it out
			return map[string]string{
				"web/wp/wp-load.php": "<?php", "web/wp/wp-settings.php": "<?php", "web/wp-config.php": "<?php require_once dirname(__DIR__) . '/config/application.php';",
				".env": fmt.Sprintf("DB_NAME='%s'\nDB_USER='%s'\nDB_PASSWORD=\"p#a \\\"q' \\\\ \\$x ;=\"\nDB_HOST='localhost:%s'\n", name, user, server.Socket),
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			name := "k_" + strings.ToLower(kind)
			user := filled(t, name, password, "things", 3)
			for path, text := range files(name, user) {
				w.write(path, text)
			}
			a := w.run()
			if a.result.Verdict != core.VerdictComplete || a.result.Rows != 3 || a.manifest("header")[0]["kind"] != kind {
				t.Errorf("%+v %v", a.result, a.manifest("header"))
			}
			compareTable(t, name, a.restore(name, name+"_again"), "things")
		})
	}
}

// One site, several databases: each is dumped once, whichever program names it
// and however often.
func TestSeveralDatabasesInOneSite(t *testing.T) {
	w := newWorld(t)
	one, two, three := filled(t, "s_one", "1", "a", 1), filled(t, "s_two", "2", "b", 2), filled(t, "s_three", "3", "c", 4)
	settings := func(name, user, password string) string {
		return fmt.Sprintf("['driver' => 'mysql', 'database' => '%s', 'username' => '%s', 'password' => '%s', 'unix_socket' => '%s']", name, user, password, server.Socket)
	}
	w.write("sites/default/settings.php", "<?php\n$databases['default']['default'] = "+settings("s_one", one, "1")+";\n$databases['old']['default'] = "+settings("s_two", two, "2")+";")
	w.write("sites/shop.example/settings.php", "<?php\n$databases['default']['default'] = "+settings("s_one", one, "1")+";")
	w.write("blog/wp-load.php", "<?php")
	w.write("blog/wp-settings.php", "<?php")
	w.write("blog/wp-config.php", fmt.Sprintf("<?php define('DB_NAME', 's_three'); define('DB_USER', '%s'); define('DB_PASSWORD', '3'); define('DB_HOST', ':%s');", three, server.Socket))
	a := w.run()
	if a.result.Verdict != core.VerdictComplete || a.result.Rows != 7 || a.result.Tables != 3 || len(a.manifest("database")) != 3 {
		t.Errorf("%+v %v", a.result, a.manifest("database"))
	}
	// One that does not answer costs the others nothing.
	w.write("sites/shop.example/settings.php", "<?php\n$databases['default']['default'] = "+settings("s_gone", one, "1")+";")
	if a = w.run(); a.result.Verdict != core.VerdictNotComplete || a.result.Rows != 7 || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "the database of the Drupal in sites/shop.example") {
		t.Errorf("%+v", a.result)
	}
}

// A multisite as WordPress itself sets it up: the tables of all its blogs lie in
// the one database, and the settings that make it one stand in wp-config.php.
func TestWordPressMultisite(t *testing.T) {
	w := newWorld(t)
	if err := os.CopyFS(w.root, os.DirFS("/usr/share/wordpress")); err != nil {
		t.Logf("copy: %v", err) // links of Debian's that lead to /etc and the libraries
	}
	for _, name := range []string{"wp-load.php", "wp-settings.php", "wp-includes/version.php"} {
		if _, err := os.Stat(filepath.Join(w.root, name)); err != nil {
			t.Fatalf("these tests need WordPress (task setup installs it): %v", err)
		}
	}
	createDatabase(t, "multi", "u_multi", "p")
	sql := "CREATE TABLE wp_blogs (blog_id bigint PRIMARY KEY, domain varchar(200), path varchar(100)); INSERT INTO wp_blogs VALUES (1, 'acme.example', '/'), (2, 'acme.example', '/shop/'), (3, 'shop.example', '/');" +
		"CREATE TABLE wp_site (id bigint PRIMARY KEY, domain varchar(200)); INSERT INTO wp_site VALUES (1, 'acme.example');"
	for _, prefix := range []string{"wp_", "wp_2_", "wp_3_"} {
		sql += fmt.Sprintf("CREATE TABLE %[1]sposts (ID bigint PRIMARY KEY, post_content longtext); INSERT INTO %[1]sposts VALUES (1, 'of %[1]s'), (2, 'more');", prefix)
	}
	if err := server.SQL("multi", sql); err != nil {
		t.Fatal(err)
	}
	w.write("wp-config.php", fmt.Sprintf("<?php\ndefine( 'DB_NAME', 'multi' );\ndefine( 'DB_USER', 'u_multi' );\ndefine( 'DB_PASSWORD', 'p' );\ndefine( 'DB_HOST', 'localhost:%s' );\n"+
		"define( 'WP_ALLOW_MULTISITE', true );\ndefine( 'MULTISITE', true );\ndefine( 'SUBDOMAIN_INSTALL', false );\ndefine( 'DOMAIN_CURRENT_SITE', $_SERVER['HTTP_HOST'] );\ndefine( 'PATH_CURRENT_SITE', '/' );\n"+
		"define( 'SITE_ID_CURRENT_SITE', 1 );\ndefine( 'BLOG_ID_CURRENT_SITE', 1 );\ndefine( 'SUNRISE', 'on' );\n$table_prefix = 'wp_';\n", server.Socket))
	w.write("wp-content/uploads/sites/2/2026/11/photo.jpg", "a photo")
	w.write("wp-content/blogs.dir/3/files/old.jpg", "an old photo")
	w.write("wp-content/sunrise.php", "<?php")
	a := w.run()
	if a.result.Rows != 10 || a.result.Tables != 5 || a.manifest("database")[0]["prefix"] != "wp_" || !strings.HasPrefix(a.manifest("header")[0]["kind"].(string), "WordPress 6.") {
		t.Errorf("%+v %v", a.result, a.manifest("header"))
	}
	for _, note := range a.result.Notes {
		if !strings.Contains(note, "is a link to") { // Debian's own
			t.Errorf("%s", note)
		}
	}
	if a.read("files/wp-content/uploads/sites/2/2026/11/photo.jpg") != "a photo" || a.read("files/wp-content/blogs.dir/3/files/old.jpg") != "an old photo" {
		t.Error("the blogs' uploads are not in the archive")
	}
	restored := a.restore("multi", "multi_again")
	for _, table := range []string{"wp_blogs", "wp_site", "wp_posts", "wp_2_posts", "wp_3_posts"} {
		compareTable(t, "multi", restored, table)
		a.wantRows(table, rowsOf(t, "multi", table))
	}
}

// What a role lets the site's user see is seen, and not noted as missing.
func TestGrantsOfARole(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "by_role")
	if err := server.SQL("by_role", "CREATE TABLE t (x int); REVOKE ALL ON `by\\_role`.* FROM `u_by_role`@localhost; GRANT SELECT, LOCK TABLES ON `by\\_role`.* TO `u_by_role`@localhost"); err != nil {
		t.Fatal(err)
	}
	if a := w.run(); len(a.result.Notes) != 3 {
		t.Errorf("without: %q", a.result.Notes)
	}
	if err := server.SQL("by_role", "CREATE ROLE r_all; GRANT ALL ON `by\\_role`.* TO r_all; GRANT r_all TO `u_by_role`@localhost; SET DEFAULT ROLE r_all FOR `u_by_role`@localhost"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.SQL("", "DROP ROLE r_all"); err != nil {
			t.Error(err)
		}
	})
	if a := w.run(); a.result.Verdict != core.VerdictComplete || len(a.result.Notes) > 0 {
		t.Errorf("with: %q", a.result.Notes)
	}
}
