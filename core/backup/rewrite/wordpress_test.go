package rewrite_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

// installScript lets WordPress's own installer fill the database, and then
// writes as a site and its plugins do.
const installScript = `<?php
$_SERVER['HTTP_HOST'] = 'old.example'; $_SERVER['REQUEST_URI'] = '/'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require $argv[1] . '/wp-admin/includes/upgrade.php';
function wp_new_blog_notification() {}
wp_install('Acme Bakery', 'admin', 'owner@example.com', true, '', 'pass-word');
update_option('siteurl', 'https://old.example'); update_option('home', 'https://old.example');
$object = new stdClass; $object->link = 'https://old.example/é'; $object->self = $object;
update_option('acme_nested', array('url' => 'https://old.example/x', 'list' => array(1, 2.5, null, true, "quote ' \" \\ \0 \r\n https://old.example/end"),
  'object' => $object, 'https://old.example/key' => ABSPATH . 'wp-content', 'again' => serialize(array('u' => 'http://old.example', 'v' => serialize('//old.example/é')))));
update_option('acme_json', json_encode(array('u' => 'https://old.example/é', 'php' => serialize(array('https://old.example/')))));
update_option('acme_broken', 'a:1:{s:3:"url";s:19:"https://else.example');
update_post_meta(1, 'acme_meta', array(array('https://old.example/x?u=' . urlencode('https://old.example/y'))));
for ($i = 0; $i < 100; $i++) {
  wp_insert_post(wp_slash(array('post_title' => "Post $i", 'post_content' => '<a href="https://old.example/?p=' . $i . "\">it's \\ 🥖</a> <!-- wp:image {\"u\":\"https:\\/\\/old.example\\/i\"} -->", 'post_status' => 'publish')));
}
global $wpdb;
$wpdb->query('CREATE TABLE wp_cache (id int PRIMARY KEY, data longblob)');
$wpdb->query($wpdb->prepare('INSERT INTO wp_cache VALUES (1, %s)', serialize(array('https://old.example', "\0", $object))));
$wpdb->query("CREATE VIEW wp_links_view AS SELECT concat('https://old.example/?p=', ID) AS link FROM wp_posts");
echo 'installed';
`

// askScript reads the site as WordPress does, at its new place.
const askScript = `<?php
$_SERVER['HTTP_HOST'] = 'new.example.org'; $_SERVER['REQUEST_URI'] = '/shop/'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require $argv[1] . '/wp-load.php';
global $wpdb;
$broken = array(); $read = 0;
foreach (array('options' => 'option_value', 'postmeta' => 'meta_value', 'usermeta' => 'meta_value') as $table => $column) {
  foreach ($wpdb->get_col("SELECT $column FROM {$wpdb->$table}") as $value) {
    if (is_serialized($value)) { $read++; if (maybe_unserialize($value) === false && $value !== 'b:0;') $broken[] = $value; }
  }
}
$n = get_option('acme_nested'); $again = unserialize($n['again']); $json = json_decode(get_option('acme_json'), true); $cache = unserialize($wpdb->get_var('SELECT data FROM wp_cache'));
echo json_encode(array($broken, $read >= 10, home_url(), $n['url'], $n['list'][4], $n['object']->link, $n['object']->self === $n['object'], $n['https://new.example.org/shop/key'],
  $again['u'], unserialize($again['v']), $json['u'], unserialize($json['php']), get_post_meta(1, 'acme_meta', true), $cache[0], $cache[2]->link,
  get_post(4)->guid, $wpdb->get_var('SELECT link FROM wp_links_view LIMIT 1'), get_option('acme_broken'), wp_count_posts()->publish));
`

// A real WordPress, dumped, rewritten and loaded again, is at its new address
// with nothing left of the old, and reads all that it wrote.
func TestWordPressMoves(t *testing.T) {
	server, err := backuptest.StartMariaDB("/tmp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	before, after := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	run(t, "cp", "-rL", "/usr/share/wordpress", before)
	run(t, "cp", "-rL", "/usr/share/wordpress", after)
	for name, password := range map[string]string{"old": "pw", "new": `it's \ "new"`} {
		if err := server.CreateDatabase(name, name, password); err != nil {
			t.Fatal(err)
		}
	}
	// The view runs as who made it.
	if err := server.SQL("", "GRANT SELECT ON new.* TO old@localhost"); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("<?php\ndefine('DB_NAME', 'old');\ndefine('DB_USER', 'old');\ndefine('DB_PASSWORD', 'pw');\ndefine('DB_HOST', 'localhost:%s');\ndefine('DB_CHARSET', 'utf8mb4');\ndefine('DB_COLLATE', '');\ndefine('WP_HTTP_BLOCK_EXTERNAL', true);\n$table_prefix = 'wp_';\nif (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }\nrequire_once ABSPATH . 'wp-settings.php';\n", server.Socket)
	for _, root := range []string{before, after} {
		if err := os.WriteFile(filepath.Join(root, "wp-config.php"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := script(t, installScript, before); !strings.HasSuffix(out, "installed") {
		t.Fatalf("install WordPress: %s", out)
	}
	w, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: oldURL, New: newURL}}, Paths: []rewrite.Pair{{Old: before, New: after}}})
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(dir, "moved.sql")
	out, err := os.Create(moved)
	if err != nil {
		t.Fatal(err)
	}
	report, err := w.Dump(t.Context(), out, bytes.NewReader(dump(t, server, "old")), rewrite.MySQL)
	if err != nil || out.Close() != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report.Total)
	if c := report.Total; c.Left() != 0 || c.Plain < 200 || c.Escaped < 2 || c.Encoded < 1 || c.Paths < 1 || report.Tables["wp_cache"].Values != 1 {
		t.Errorf("%+v", report)
	}
	run(t, "sh", "-c", `mariadb --no-defaults --user=root --binary-mode --socket="$1" new < "$2"`, "sh", server.Socket, moved)

	root, err := os.OpenRoot(after)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	database := repoint.Database{Socket: server.Socket, Name: "new", User: "new", Password: core.NewSecret(`it's \ "new"`)}
	files, changes, err := repoint.Repoint(root, repoint.Options{Kind: "WordPress 6.1", Database: database})
	if err != nil || len(changes) != 3 || len(files) != 1 {
		t.Fatalf("%v %+v", err, changes)
	}
	if err := root.WriteFile(files[0].Name, files[0].Text, 0o600); err != nil {
		t.Fatal(err)
	}
	all := bytes.ToLower(dump(t, server, "new"))
	for _, trace := range []string{"old.example", hex.EncodeToString([]byte("old.example")), before} {
		if i := bytes.Index(all, []byte(trace)); i >= 0 {
			t.Errorf("a trace of the old address: …%q…", all[max(0, i-100):min(len(all), i+100)])
		}
	}
	const want = `[[],true,"https:\/\/new.example.org\/shop","https:\/\/new.example.org\/shop\/x","quote ' \" \\ \u0000 \r\n https:\/\/new.example.org\/shop\/end","https:\/\/new.example.org\/shop\/\u00e9",true,"DIR\/wp-content",` +
		`"https:\/\/new.example.org\/shop","\/\/new.example.org\/shop\/\u00e9","https:\/\/new.example.org\/shop\/\u00e9",["https:\/\/new.example.org\/shop\/"],[["https:\/\/new.example.org\/shop\/x?u=https%3A%2F%2Fnew.example.org%2Fshop%2Fy"]],` +
		`"https:\/\/new.example.org\/shop","https:\/\/new.example.org\/shop\/\u00e9","https:\/\/new.example.org\/shop\/?p=4","https:\/\/new.example.org\/shop\/?p=1","a:1:{s:3:\"url\";s:19:\"https:\/\/else.example","101"]`
	if got := script(t, askScript, after); got != strings.ReplaceAll(want, "DIR", strings.ReplaceAll(after, "/", `\/`)) {
		t.Errorf("WordPress reads\n%s\nwant\n%s", got, want)
	}
}

// dump is the dump of a database, as the engine has it made.
func dump(t *testing.T, server *backuptest.Server, name string) []byte {
	t.Helper()
	out, err := exec.Command("mariadb-dump", "--no-defaults", "--user=root", "--socket="+server.Socket, "--single-transaction", "--quick", "--routines", "--events", "--triggers",
		"--hex-blob", "--complete-insert", "--max-allowed-packet=256M", "--default-character-set=utf8mb4", "--", name).Output()
	if err != nil {
		t.Fatalf("mariadb-dump: %v", err)
	}
	return out
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// script runs PHP and returns what it prints.
func script(t *testing.T, text, root string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.php")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("php", "-d", "error_reporting=1", file, root).CombinedOutput()
	if err != nil {
		t.Fatalf("php: %v: %s", err, out)
	}
	return string(out)
}
