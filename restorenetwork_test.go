package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// networkScript makes a WordPress the main site of a network and adds a second site,
// as its own screens do.
const networkScript = `<?php
$_SERVER['HTTP_HOST'] = 'acme.example'; $_SERVER['REQUEST_URI'] = '/'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
if ($argv[2] === 'make') {
  require $argv[1] . '/wp-load.php';
  require $argv[1] . '/wp-admin/includes/upgrade.php';
  require $argv[1] . '/wp-admin/includes/network.php';
  foreach ($wpdb->tables('ms_global') as $table => $prefixed) { $wpdb->$table = $prefixed; }
  install_network();
  $made = populate_network(1, 'acme.example', 'owner@example.com', 'Acme', '/', false);
  if (is_wp_error($made) && $made->get_error_code() !== 'no_wildcard_dns') { echo $made->get_error_message(); exit(1); }
} else {
  require $argv[1] . '/wp-load.php';
  require $argv[1] . '/wp-admin/includes/upgrade.php';
  $id = wpmu_create_blog('acme.example', '/two/', 'The second', 1);
  if (is_wp_error($id)) { echo $id->get_error_message(); exit(1); }
}
echo 'done';
`

// askNetwork asks a WordPress which of its sites it serves at a path.
const askNetwork = `<?php
$_SERVER['HTTP_HOST'] = 'new.example'; $_SERVER['REQUEST_URI'] = $argv[2]; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1'; $_SERVER['HTTPS'] = 'on';
define('WP_USE_THEMES', false);
require $argv[1] . '/wp-load.php';
echo get_current_blog_id(), ' ', home_url('/'), ' ', get_network()->domain, get_network()->path, ' ', get_option('blogname');
`

// A WordPress network of two sites moves into a folder of another host, and WordPress
// itself finds both there.
func TestRestoreMovesANetworkIntoAFolder(t *testing.T) {
	w := installWordPress(t, filepath.Join(t.TempDir(), "acme"))
	php := func(script string, args ...string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "script.php")
		check(t, os.WriteFile(file, []byte(script), 0o600))
		out, err := exec.Command("php", append([]string{"-d", "error_reporting=1", file}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("php: %v\n%s", err, out)
		}
		return string(out)
	}
	config := filepath.Join(w.root, "wp-config.php")
	php(networkScript, w.root, "make")
	text := strings.Replace(readFile(t, config), "$table_prefix", "define( 'MULTISITE', true );\ndefine( 'SUBDOMAIN_INSTALL', false );\ndefine( 'DOMAIN_CURRENT_SITE', 'acme.example' );\n"+
		"define( 'PATH_CURRENT_SITE', '/' );\ndefine( 'SITE_ID_CURRENT_SITE', 1 );\ndefine( 'BLOG_ID_CURRENT_SITE', 1 );\n$table_prefix", 1)
	check(t, os.WriteFile(config, []byte(text), 0o600))
	if out := php(networkScript, w.root, "two"); !strings.Contains(out, "done") {
		t.Fatal(out)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "acme.tar.gz")
	if out, err := program("backup", w.root, "--output", file).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	into := w.database + "_network"
	check(t, database.CreateDatabase(into, w.user, w.password))
	t.Cleanup(func() { check(t, database.SQL("", "DROP DATABASE "+into)) })
	secret, target := filepath.Join(dir, "password"), filepath.Join(dir, "shop")
	check(t, os.WriteFile(secret, []byte(w.password+"\n"), 0o600))
	check(t, os.Rename(w.root, w.root+".gone"))
	out, err := program("restore", file, "--to", target, "--database", "mysql://"+w.user+"@/"+into+"?socket="+database.Socket, "--password-file", secret, "--url", "https://new.example/shop").CombinedOutput()
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	for path, want := range map[string]string{
		"/shop/": "1 https://new.example/shop/ new.example/shop/ Acme Bakery", "/shop/two/": "2 https://new.example/shop/two/ new.example/shop/ The second",
	} {
		if got := php(askNetwork, target, path); got != want {
			t.Errorf("at %s: %s, want %s", path, got, want)
		}
	}
	if got := readFile(t, filepath.Join(target, "wp-config.php")); !strings.Contains(got, "'PATH_CURRENT_SITE', '/shop/'") {
		t.Errorf("%s", got)
	}
}
