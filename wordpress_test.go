package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// wordPress is a real one: Debian's package on a real MariaDB.
type wordPress struct {
	root, database, user, password string
}

// wordPresses counts them: each has a database of its own on the one server.
var wordPresses atomic.Int64

// installWordPress copies WordPress to root and lets its own installer fill the
// database, then writes posts and options as a site has them.
func installWordPress(t *testing.T, root string) wordPress {
	t.Helper()
	if out, err := exec.Command("cp", "-rL", "/usr/share/wordpress", root).CombinedOutput(); err != nil {
		t.Fatalf("copy WordPress; run `task setup`: %v\n%s", err, out)
	}
	name := fmt.Sprintf("wp_acme%d", wordPresses.Add(1))
	w := wordPress{root: root, database: name, user: name, password: `it's "quoted" \ back`}
	check(t, database.CreateDatabase(w.database, w.user, w.password))
	t.Cleanup(func() { check(t, database.SQL("", "DROP DATABASE "+w.database)) })
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	config := fmt.Sprintf(`<?php
/** The site's configuration. */
define( 'DB_NAME', '%s' );
define( 'DB_USER', '%s' );
define( 'DB_PASSWORD', '%s' ); // changed in spring
define( 'DB_HOST', 'localhost:%s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'AUTH_KEY', 'put your unique phrase here' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
`, w.database, w.user, escape.Replace(w.password), database.Socket)
	check(t, os.WriteFile(filepath.Join(root, "wp-config.php"), []byte(config), 0o600))
	check(t, os.MkdirAll(filepath.Join(root, "wp-content", "uploads", "2026", "11"), 0o755)) //nolint:gosec // a website is readable
	check(t, samplePicture(filepath.Join(root, "wp-content", "uploads", "2026", "11", "löaf.png"), 64, 48, sampleRandom()))
	script := filepath.Join(t.TempDir(), "install.php")
	check(t, os.WriteFile(script, []byte(installScript), 0o600))
	cmd := exec.Command("php", "-d", "error_reporting=1", script, root)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "installed") {
		t.Fatalf("install WordPress: %v\n%s", err, out)
	}
	return w
}

// installScript runs WordPress's own installer and then writes as a site does.
const installScript = `<?php
$_SERVER['HTTP_HOST'] = 'acme.example'; $_SERVER['REQUEST_URI'] = '/'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require $argv[1] . '/wp-admin/includes/upgrade.php';
function wp_new_blog_notification() {}
wp_install('Acme Bakery', 'admin', 'owner@example.com', true, '', 'pass-word');
update_option('siteurl', 'http://acme.example'); update_option('home', 'http://acme.example');
update_option('acme_nested', array('url' => 'http://acme.example/x', 'list' => array(1, 2.5, null, true, "quote ' \" \\ \0 end"), 'emoji' => '🥖'));
for ($i = 0; $i < 300; $i++) {
  wp_insert_post(array('post_title' => "Post $i", 'post_content' => str_repeat("Rye & spelt; 'quoted' -- not a comment\n(1),(2);\n", 20) . '🥖', 'post_status' => 'publish'));
}
echo 'installed';
`

func (w wordPress) open(t *testing.T, name string) *sql.DB {
	t.Helper()
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = w.user, w.password, "unix", database.Socket, name
	connector, err := mysql.NewConnector(c)
	check(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// tables tells of each table how it is made and a checksum over all its rows.
func (w wordPress) tables(t *testing.T, name string) map[string]string {
	t.Helper()
	db := w.open(t, name)
	rows, err := db.Query("SHOW TABLES")
	check(t, err)
	var names []string
	for rows.Next() {
		var table string
		check(t, rows.Scan(&table))
		names = append(names, table)
	}
	check(t, rows.Err())
	check(t, rows.Close())
	all := map[string]string{}
	for _, table := range names {
		var same, made string
		var sum sql.NullInt64
		var count int64
		check(t, db.QueryRow("SHOW CREATE TABLE `"+table+"`").Scan(&same, &made))
		check(t, db.QueryRow("CHECKSUM TABLE `"+table+"` EXTENDED").Scan(&same, &sum))
		check(t, db.QueryRow("SELECT COUNT(*) FROM `"+table+"`").Scan(&count))
		all[table] = fmt.Sprintf("%s\n%d rows, checksum %d", made, count, sum.Int64)
	}
	return all
}

// restore unpacks an archive with tar alone and loads its dump into an empty
// database with the stock client, as somebody would who has only those.
func (w wordPress) restore(t *testing.T, archive, into string) (top string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	if len(entries) != 1 {
		t.Fatalf("%d entries at the top of the archive", len(entries))
	}
	top = filepath.Join(dir, entries[0].Name())
	check(t, database.CreateDatabase(into, w.user, w.password))
	load := fmt.Sprintf("cat %s/database/%s/*.sql | mariadb --binary-mode --socket=%s --user=%s %s", top, w.database, database.Socket, w.user, into)
	cmd := exec.Command("sh", "-c", load)
	cmd.Env = append(os.Environ(), "MYSQL_PWD="+w.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("load the dump: %v\n%s", err, out)
	}
	return top
}

// same compares two trees of files by name, kind, mode and content.
func same(t *testing.T, original, restored string) {
	t.Helper()
	list := func(root string) []string {
		out, err := exec.Command("sh", "-c", "cd \"$0\" && find . -printf '%P %y %m %l\\n' && find . -type f -exec sha256sum {} +", root).CombinedOutput()
		if err != nil {
			t.Fatalf("list %s: %v\n%s", root, err, out)
		}
		lines := strings.Split(string(out), "\n")
		slices.Sort(lines)
		return lines
	}
	before, after := list(original), list(restored)
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("not restored: %s", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("restored but never there: %s", line)
		}
	}
}
