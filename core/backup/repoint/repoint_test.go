package repoint_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

// passwords are what breaks a configuration that is written carelessly.
var passwords = []string{"secret", "", `it's`, `a"b`, `back\slash`, `ends\`, `\\'`, `?> <b>`, `$HOME ${PATH} {$x}`, "`id`", "#no comment", " blanks ", `%40%d %%`, "é🦊", `*/ /* //`, `');evil('`, "<<<EOT", "a=b;c,d]"}

var (
	urls  = []rewrite.Pair{{Old: "https://old.example", New: "https://new.example.org/shop"}}
	paths = []rewrite.Pair{{Old: "/var/www/old", New: "/srv/it-new"}}
)

func database(password string) repoint.Database {
	return repoint.Database{Host: "db.example", Port: 3307, Name: "new_db", User: "new'user", Password: core.NewSecret(password)}
}

// site writes files into a fresh directory.
func site(t *testing.T, files map[string]string) (dir string, root *os.Root) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, root
}

// php runs code beside a file and returns the JSON that it prints.
func php(t *testing.T, dir, code string) (values any) {
	t.Helper()
	cmd := exec.Command("php", "-n", "-d", "display_errors=stderr", "-d", "error_reporting=-1", "-r", code)
	cmd.Dir = dir
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("php: %v: %s%s", err, out, complaints.String())
	}
	if err := json.Unmarshal(out, &values); err != nil {
		t.Fatalf("php: %v: %s", err, out)
	}
	return values
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// repointed writes what Repoint says.
func repointed(root *os.Root, o repoint.Options) ([]repoint.Change, error) {
	files, changes, err := repoint.Repoint(root, o)
	for _, f := range files {
		err = errors.Join(err, root.WriteFile(f.Name, f.Text, 0o640))
	}
	return changes, err
}

// undone are the names of what is left to a person.
func undone(changes []repoint.Change) string {
	var names []string
	for _, c := range changes {
		if !c.Done {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

// same compares what PHP says with what was wanted.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

const wpConfig = "<?php\n// define('DB_NAME', 'comment');\ndefine( 'DB_NAME', 'old' ); /* define('DB_NAME', 'x') */\nDEFINE(\"DB_USER\",\"o\\x6cd\");\ndefine('DB_PASSWORD', 'o\\'ld');\r\n" +
	"define('DB_HOST', 'localhost');\nconst WP_HOME = 'https://old.example';\ndefine('WP_SITEURL', WP_HOME . '/wp');\ndefine('WP_CONTENT_DIR', '/var/www/old/wp-content');\n" +
	"define('DOMAIN_CURRENT_SITE', 'old.example');\ndefine('PATH_CURRENT_SITE', '/');\ndefine('OTHER', 'old.example.com');\n$table_prefix = 'wp_';\n$x = \"$table_prefix https://old.example\";\n?>\n<p>https://old.example 'it\n<?php require_once __DIR__ . '/wp-settings.php';\n"

func TestWordPress(t *testing.T) {
	for _, password := range passwords {
		dir, root := site(t, map[string]string{"wp-config.php": wpConfig, "wp-settings.php": ""})
		changes, err := repointed(root, repoint.Options{Kind: "WordPress 6.5", Database: database(password), URLs: urls, Paths: paths})
		if err != nil {
			t.Fatal(err)
		}
		got := php(t, dir, "ob_start(); include 'wp-config.php'; ob_end_clean(); echo json_encode([DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, WP_HOME, WP_SITEURL, WP_CONTENT_DIR, DOMAIN_CURRENT_SITE, PATH_CURRENT_SITE, OTHER, $table_prefix]);")
		same(t, password, got, []string{"new_db", "new'user", password, "db.example:3307", "https://new.example.org/shop", "https://new.example.org/shop/wp",
			"/srv/it-new/wp-content", "new.example.org", "/shop/", "old.example.com", "wp_"})
		if names := undone(changes); len(changes) != 9 || strings.TrimSpace(names) != "" || changes[8].Line != 14 || changes[8].Done {
			t.Errorf("%+v", changes)
		}
		// All else is as it was.
		text := read(t, dir, "wp-config.php")
		for _, kept := range []string{"<?php\n// define('DB_NAME', 'comment');\ndefine( 'DB_NAME', '", "' ); /* define('DB_NAME', 'x') */\nDEFINE(\"DB_USER\",", ");\r\n", "?>\n<p>https://old.example 'it\n<?php require_once"} {
			if !strings.Contains(text, kept) {
				t.Errorf("%q is not as it was:\n%s", kept, text)
			}
		}
		// Once more changes nothing.
		again, err := repointed(root, repoint.Options{Kind: "WordPress", Database: database(password)})
		if err != nil || len(again) != 0 || read(t, dir, "wp-config.php") != text {
			t.Errorf("again: %v %+v", err, again)
		}
	}
}

func TestHosts(t *testing.T) {
	for want, d := range map[string]repoint.Database{
		"localhost": {}, "localhost:/run/my.sock": {Socket: "/run/my.sock", Host: "x"}, "[::1]": {Host: "::1"}, "[::1]:3307": {Host: "::1", Port: 3307}, "db:3306": {Host: "db", Port: 3306},
	} {
		dir, root := site(t, map[string]string{"wp-config.php": wpConfig, "wp-settings.php": ""})
		d.Name = "n"
		if _, err := repointed(root, repoint.Options{Kind: "WordPress", Database: d}); err != nil {
			t.Fatal(err)
		}
		same(t, want, php(t, dir, "ob_start(); include 'wp-config.php'; ob_end_clean(); echo json_encode(DB_HOST);"), want)
	}
}

// What is computed when the site runs is left to a person, with its line.
func TestComputed(t *testing.T) {
	const text = "<?php\ndefine('DB_NAME', getenv('X'));\ndefine('DB_USER', 'a' . 'b');\ndefine('DB_PASSWORD', <<<'X'\nit's\nX);\ndefine('DB_HOST', \"h\");\n"
	dir, root := site(t, map[string]string{"wp/wp-config.php": text})
	changes, err := repointed(root, repoint.Options{Kind: "WordPress", Dir: "wp", Database: database("x")})
	if err != nil || undone(changes) != "DB_NAME DB_USER DB_PASSWORD" || changes[0].Line != 2 || changes[1].Line != 3 || changes[2].Line != 4 || changes[0].Why == "" {
		t.Errorf("%v %+v", err, changes)
	}
	if got := read(t, dir, "wp/wp-config.php"); got != strings.Replace(text, `"h"`, "'db.example:3307'", 1) {
		t.Errorf("%s", got)
	}
	_, root = site(t, map[string]string{"wp-config.php": "<?php\n"})
	changes, err = repointed(root, repoint.Options{Kind: "WordPress", Dir: "sub", Database: database("x")})
	if err != nil || undone(changes) != "DB_HOST DB_NAME DB_PASSWORD DB_USER" {
		t.Errorf("one level up, with nothing in it: %v %+v", err, changes)
	}
	_, root = site(t, nil)
	if changes, err = repointed(root, repoint.Options{Kind: "Joomla", Database: database("x")}); err != nil || len(changes) != 1 || changes[0].File != "configuration.php" || changes[0].Done {
		t.Errorf("no file: %v %+v", err, changes)
	}
}

func TestDrupal(t *testing.T) {
	const head = "<?php\n/** $databases['default']['default'] = array('database' => 'doc'); */\n"
	forms := map[string]string{
		"parts":  "$databases['default']['default'] = array (\n  'database' => 'old',\n  'username' => 'u', 'password' => \"p\",\n  'prefix' => '',\n  'host' => 'localhost',\n  'port' => '3306',\n  'namespace' => 'Drupal\\\\Core\\\\Database',\n  'driver' => 'mysql',\n);\n",
		"whole":  "$databases = ['default' => ['default' => ['database' => 'old', 'username' => 'u', 'password' => 'p', 'host' => 'localhost', 'port' => 3306, 'driver' => 'mysql']]];\n",
		"single": "$databases['default']['default']['database'] = 'old';\n$databases['default']['default']['username'] = 'u';\n$databases['default']['default']['password'] = 'p';\n$databases['default']['default']['host'] = 'localhost';\n$databases['default']['default']['port'] = '';\n",
	}
	for form, text := range forms {
		for _, password := range passwords {
			dir, root := site(t, map[string]string{"sites/default/settings.php": head + text + "$settings['trusted_host_patterns'] = ['^old\\.example$', '^.+\\.old\\.example$', '^old\\.example\\.com$'];\n$settings['file_private_path'] = '/var/www/old/private';\n"})
			changes, err := repointed(root, repoint.Options{Kind: "Drupal 10", Database: database(password), URLs: urls, Paths: paths})
			if err != nil || undone(changes) != "" {
				t.Fatalf("%s: %v %+v", form, err, changes)
			}
			got := php(t, dir, "include 'sites/default/settings.php'; $d = $databases['default']['default']; echo json_encode([$d['database'], $d['username'], $d['password'], $d['host'], (string) $d['port'], $settings]);")
			same(t, form, got, []any{"new_db", "new'user", password, "db.example", "3307", map[string]any{
				"file_private_path": "/srv/it-new/private", "trusted_host_patterns": []string{`^new\.example\.org$`, `^.+\.new\.example\.org$`, `^old\.example\.com$`},
			}})
		}
	}
	// A socket is added where none stands, and taken away where it is no more.
	dir, root := site(t, map[string]string{"sites/x/settings.php": "<?php\n" + forms["whole"]})
	d := database("p")
	d.Socket = "/run/my's.sock"
	if _, err := repointed(root, repoint.Options{Kind: "Drupal", Database: d}); err != nil {
		t.Fatal(err)
	}
	const ask = "include 'sites/x/settings.php'; echo json_encode($databases['default']['default']['unix_socket']);"
	same(t, "socket", php(t, dir, ask), "/run/my's.sock")
	if _, err := repointed(root, repoint.Options{Kind: "Drupal", Database: database("p")}); err != nil {
		t.Fatal(err)
	}
	same(t, "no socket", php(t, dir, ask), nil)

	_, root = site(t, map[string]string{"sites/a/settings.php": "<?php", "sites/b/settings.php": "<?php\n$databases['default']['default'] = ['database' => 'x'];\n$databases['other']['default'] = ['database' => 'x'];"})
	if _, err := repointed(root, repoint.Options{Kind: "Drupal", Database: d}); !errors.Is(err, core.ErrSite) {
		t.Errorf("two sites: %v", err)
	}
	changes, err := repointed(root, repoint.Options{Kind: "Drupal", Dir: "sites/b", Database: d})
	if err != nil || !strings.Contains(undone(changes), "databases.other.default.database") {
		t.Errorf("a further database: %v %+v", err, changes)
	}
}

func TestJoomlaAndMagento(t *testing.T) {
	for _, password := range passwords {
		dir, root := site(t, map[string]string{"configuration.php": "<?php\nclass JConfig {\n\tpublic $dbtype = 'mysqli';\n\tpublic $host = 'localhost';\n\tpublic $user = 'u';\n\tpublic $password = 'p';\n\tpublic $db = 'old';\n\tpublic $dbprefix = 'j_';\n\tpublic $live_site = 'https://old.example';\n\tpublic $log_path = '/var/www/old/logs';\n\tpublic $secret = 'host';\n}\n"})
		o := repoint.Options{Kind: "Joomla 4", Database: database(password), URLs: urls, Paths: paths}
		o.Database.Prefix = "k_"
		if changes, err := repointed(root, o); err != nil || undone(changes) != "" {
			t.Fatalf("%v %+v", err, changes)
		}
		got := php(t, dir, "include 'configuration.php'; $c = new JConfig; echo json_encode([$c->dbtype, $c->host, $c->user, $c->password, $c->db, $c->dbprefix, $c->live_site, $c->log_path, $c->secret]);")
		same(t, password, got, []string{"mysqli", "db.example:3307", "new'user", password, "new_db", "k_", "https://new.example.org/shop", "/srv/it-new/logs", "host"})

		dir, root = site(t, map[string]string{"app/etc/env.php": "<?php\nreturn [\n    'backend' => ['frontName' => 'admin'],\n    'db' => [\n        'table_prefix' => '',\n        'connection' => [\n            'default' => [\n                'host' => 'localhost',\n                'dbname' => 'old',\n                'username' => 'u',\n                'password' => 'p',\n                'driver_options' => [1014 => false],\n            ],\n        ],\n    ],\n    'host' => 'localhost',\n];\n"})
		o.Kind, o.Database.Socket = "Magento 2.4", "/run/my.sock"
		if changes, err := repointed(root, o); err != nil || undone(changes) != "" {
			t.Fatalf("%v %+v", err, changes)
		}
		got = php(t, dir, "$c = include 'app/etc/env.php'; $d = $c['db']['connection']['default']; echo json_encode([$d['host'], $d['dbname'], $d['username'], $d['password'], $d['driver_options'], $c['db']['table_prefix'], $c['host']]);")
		same(t, password, got, []any{"/run/my.sock", "new_db", "new'user", password, map[string]any{"1014": false}, "k_", "localhost"})
	}
}

// sh reads a .env file as the shell does, whose quotes mean what those of the
// readers mean.
func sh(t *testing.T, dir, file, name string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", `. "./$1"; eval "printf %s \"\$$2\""`, "sh", file, name)
	cmd.Dir = dir
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sh: %v: %s", err, out)
	}
	return string(out)
}

func TestEnvFiles(t *testing.T) {
	const laravel = "# DB_DATABASE=comment\nAPP_NAME=\"My Shop\"\nAPP_URL=https://old.example # here\nexport DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_PORT=3306\r\nDB_DATABASE=old\nDB_USERNAME='u'\nDB_PASSWORD=\"p\\\"w\"\n\nLOG='/var/www/old/log'\nASSETS=\"${APP_URL}/x\""
	for _, password := range passwords {
		dir, root := site(t, map[string]string{".env": laravel, "bootstrap/cache/config.php": ""})
		d := database(password)
		d.Socket = "/run/my.sock"
		changes, err := repointed(root, repoint.Options{Kind: "Laravel", Database: d, URLs: urls, Paths: paths})
		if err != nil || undone(changes) != "" || len(changes) != 9 || changes[0].File != "bootstrap/cache/config.php" {
			t.Fatalf("%v %+v", err, changes)
		}
		text := strings.ReplaceAll(read(t, dir, ".env"), "\r", "")
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"APP_NAME": "My Shop", "APP_URL": "https://new.example.org/shop", "DB_HOST": "db.example", "DB_PORT": "3307", "DB_DATABASE": "new_db", "DB_USERNAME": "new'user",
			"DB_PASSWORD": password, "DB_SOCKET": "/run/my.sock", "LOG": "/srv/it-new/log", "ASSETS": "https://new.example.org/shop/x"} {
			if got := sh(t, dir, ".env", name); got != want {
				t.Errorf("%s: %q, want %q:\n%s", name, got, want, text)
			}
		}
		if !strings.HasPrefix(text, "# DB_DATABASE=comment\nAPP_NAME=\"My Shop\"\nAPP_URL=https://new.example.org/shop # here\n") {
			t.Errorf("%s", text)
		}
	}
	_, root := site(t, map[string]string{".env": "DB_DATABASE=${NAME}\nDB_USERNAME=u\n"})
	changes, err := repointed(root, repoint.Options{Kind: "Laravel", Database: database(`'\`), URLs: urls})
	if err != nil || undone(changes) != "DB_PASSWORD DB_DATABASE" {
		t.Errorf("%v %+v", err, changes)
	}
	if changes, err = repointed(root, repoint.Options{Kind: ".env", Database: repoint.Database{Name: `'\`}}); err != nil || !strings.HasPrefix(undone(changes), "DB_DATABASE") {
		t.Errorf("%v %+v", err, changes)
	}
}

func TestSymfony(t *testing.T) {
	for _, password := range passwords {
		dir, root := site(t, map[string]string{
			".env": "DATABASE_URL=\"postgresql://app:!ChangeMe!@127.0.0.1:5432/app?charset=utf8\"\n", ".env.local.php": "",
			".env.local": "DATABASE_URL='mysql://u:p@localhost/old?unix_socket=/x&serverVersion=10.11.2-MariaDB'\nDEFAULT_URI=https://old.example/\n",
		})
		changes, err := repointed(root, repoint.Options{Kind: "Symfony 6", Database: database(password), URLs: urls})
		if err != nil || len(changes) != 3 || changes[0].File != ".env.local.php" {
			t.Fatalf("%v %+v", err, changes)
		}
		t.Setenv("D_URL", sh(t, dir, ".env.local", "DATABASE_URL"))
		got := php(t, dir, "$u = parse_url(getenv('D_URL')); echo json_encode([$u['scheme'], rawurldecode($u['user']), rawurldecode($u['pass']), $u['host'], $u['port'], $u['path'], $u['query']]);")
		same(t, password, got, []any{"mysql", "new'user", password, "db.example", 3307, "/new_db", "serverVersion=10.11.2-MariaDB"})
		if !strings.Contains(read(t, dir, ".env"), "ChangeMe") || sh(t, dir, ".env.local", "DEFAULT_URI") != "https://new.example.org/shop/" {
			t.Errorf("%s\n%s", read(t, dir, ".env"), read(t, dir, ".env.local"))
		}
	}
	dir, root := site(t, map[string]string{".env": "DATABASE_URL=mysql://u:p@localhost/old\n", "config/packages/doctrine.yaml": "url: '%env(resolve:DATABASE_URL)%'"})
	if _, err := repointed(root, repoint.Options{Kind: "Symfony", Database: repoint.Database{Name: "n", User: "u", Password: core.NewSecret("@a@"), Socket: "/s"}}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, ".env"); got != "DATABASE_URL='mysql://u:%%40a%%40@localhost/n?unix_socket=%%2Fs'\n" {
		t.Errorf("%s", got)
	}
}

func TestBedrock(t *testing.T) {
	dir, root := site(t, map[string]string{"web/wp-config.php": "<?php\nrequire_once dirname(__DIR__) . '/config/application.php';\n", ".env": "DB_NAME='old'\nDB_USER='u'\nDB_PASSWORD='p'\nDB_HOST='localhost'\nWP_HOME='https://old.example'\nWP_SITEURL=\"${WP_HOME}/wp\"\n"})
	changes, err := repointed(root, repoint.Options{Kind: "WordPress", Dir: "web", Database: database("p w"), URLs: urls})
	if err != nil || undone(changes) != "" || len(changes) != 5 {
		t.Errorf("%v %+v", err, changes)
	}
	for name, want := range map[string]string{"DB_NAME": "new_db", "DB_HOST": "db.example:3307", "DB_PASSWORD": "p w", "WP_SITEURL": "https://new.example.org/shop/wp"} {
		if got := sh(t, dir, ".env", name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
