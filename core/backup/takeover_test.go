package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core/backup"
	"breakglass/core/coretest"
)

// machine is a host's own files, as tests make them.
type machine struct {
	t    *testing.T
	root string
}

func (m machine) write(path, text string) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// onMachine gives the world an engine that reads a machine's files.
func (w *world) onMachine() machine {
	w.t.Helper()
	m := machine{w.t, w.t.TempDir()}
	e, err := backup.New(backup.Options{Roots: []string{w.roots}, Signer: w.key, Scratch: w.scratch, Clock: coretest.NewClock(), Version: "v0-test", Host: m.root})
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = e
	return m
}

const takeoverConfig = `<?php
define('DB_NAME', 't_over'); define( "DB_USER", 'u_t_over' );
define('DB_PASSWORD', 'S3CRET-one');
define('DB_HOST', 'localhost:SOCKET');
define('AUTH_KEY', 'S3CRET-two');
define('LOGGED_IN_SALT', "S3CRET-three");
define('EMPTY_KEY', '');
const STRIPE_API_KEY = 'S3CRET-four';
$conf['smtp_password'] = 'S3CRET-five';
$x = array('client_secret' => 'S3CRET-six', 'colour' => 'red');
define('REDIS_URL', 'redis://u:S3CRET-seven@cache:6379');
define('AWS_TOKEN', getenv('AWS_TOKEN'));
define('DISABLE_WP_CRON', true);
define('SMTP_HOST', 'mail.acme.example');
define('WP_CONTENT_DIR', '/srv/old/content');
define('EVIL` + "\\x1b[2J" + `_KEY', 'S3CRET-eight'); define("EVIL\x1b]0;_TOKEN", 'S3CRET-nine');
$table_prefix = 'wp_';
`

// TAKEOVER.txt names what a new manager must know: each secret by name and
// place and never by value, and of the machine only what names this site.
func TestTakeover(t *testing.T) {
	w := newWorld(t)
	m := w.onMachine()
	createDatabase(t, "t_over", "u_t_over", "S3CRET-one")
	w.wordPress("t_over", "u_t_over", "x", "x")
	w.write("wp-config.php", strings.Replace(takeoverConfig, "SOCKET", server.Socket, 1))
	w.write("wp-includes/version.php", "<?php\n$wp_version = '6.6.1';\n$required_php_version = '7.2.24';\n")
	w.write("composer.json", `{"require": {"php": ">=8.1", "ext-gd": "*", "vendor/secret": "1"}}`)
	w.write(".htaccess", "RewriteEngine On\nAddHandler application/x-httpd-ea-php82 .php\nphp_value auto_prepend_file "+w.root+"/waf.php\n")
	w.write("sub/.user.ini", "memory_limit = 256M\n; a comment\n")
	w.write(".env", "APP_KEY=base64:S3CRET-ten\nMAIL_HOST=smtp.acme.example\nMAIL_PASSWORD=\"S3CRET-eleven\"\nDEBUG=false\n")
	w.write("wp-content/plugins/wp-mail-smtp/x.php", "<?php\n")
	m.write("etc/php/8.2/fpm/conf.d/20-mysqli.ini", "")
	m.write("etc/php/8.2/fpm/conf.d/10-opcache.ini", "")
	m.write("usr/bin/php8.2", "")
	m.write("etc/php/8.2/fpm/pool.d/acme.conf", "[acme]\nuser = acme\nchdir = "+w.root+"\n")
	m.write("etc/nginx/sites-available/all", "server { server_name neighbour.example; root "+w.root+"-neighbour; }\nserver { server_name acme.example; root "+w.root+"; }\n")
	m.write("etc/crontab", "* * * * * www curl -u acme:S3CRET-12 https://x/?token=S3CRET-13 && php "+w.root+"/wp-cron.php --password S3CRET-14 -pS3CRET-15\n* * * * * root /other\n")
	m.write("etc/postfix/main.cf", "# x\nrelayhost = [relay.example]:587\n")
	a := w.run()
	text := a.read("TAKEOVER.txt")
	for _, part := range []string{
		"files/wp-config.php:3  DB_PASSWORD", "files/wp-config.php:5  AUTH_KEY", "files/wp-config.php:6  LOGGED_IN_SALT", "files/wp-config.php:8  STRIPE_API_KEY",
		"files/wp-config.php:9  smtp_password", "files/wp-config.php:10  client_secret", "files/wp-config.php:11  REDIS_URL", "files/.env:1  APP_KEY", "files/.env:3  MAIL_PASSWORD",
		"files/wp-config.php:13  DISABLE_WP_CRON = true", "SMTP_HOST = mail.acme.example", "files/.env:2  MAIL_HOST = smtp.acme.example",
		"WP_CONTENT_DIR  /srv/old/content", "version.php  PHP ≥ 7.2.24", "composer.json  php >=8.1", "ext-gd", "files/.htaccess:2  AddHandler application/x-httpd-ea-php82",
		"files/sub/.user.ini:1  memory_limit = 256M", "/etc/php/8.2/fpm/conf.d  mysqli opcache", "/usr/bin/php8.2", "/etc/php/8.2/fpm/pool.d/acme.conf:3  chdir",
		"files/wp-content/plugins/wp-mail-smtp", "/etc/nginx/sites-available/all:2", "/etc/crontab:1", "relayhost = [relay.example]:587",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q", part)
		}
	}
	for _, part := range []string{"S3CRET", "\x1b", "neighbour", "EMPTY_KEY", "AWS_TOKEN", "/other", "vendor/secret"} {
		if strings.Contains(text, part) {
			t.Errorf("%q is in it", part)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// Without the machine's files it says that they are missing, in the owner's
// language.
func TestTakeoverOfTheDirectoryAlone(t *testing.T) {
	w := newWorld(t)
	w.write("index.html", "x")
	if text := w.run().read("TAKEOVER.txt"); !strings.Contains(text, "NOT SEEN") || !strings.Contains(text, "read the website's directory alone") {
		t.Error(text)
	}
}

// Each program that is known says what it needs of a timetable, in the owner's
// language: most need no line that a machine's files would show.
func TestTakeoverTasks(t *testing.T) {
	for name, c := range map[string]struct {
		file, text, lang, want string
	}{
		"a WordPress":             {"wp-config.php", "<?php\n", "", "WordPress runs its tasks when somebody visits"},
		"a WordPress without":     {"wp-config.php", "<?php\ndefine('DISABLE_WP_CRON', true);\n", "", "WordPress does not run its tasks on visits here"},
		"a WordPress with false":  {"wp-config.php", "<?php\ndefine('DISABLE_WP_CRON', false);\n", "", "WordPress runs its tasks when somebody visits"},
		"a Laravel":               {"artisan", "#!/usr/bin/env php\n<?php\n", "", "php artisan schedule:run"},
		"a Laravel, in Dutch":     {"artisan", "#!/usr/bin/env php\n<?php\n", "nl", "Laravel heeft elke minuut"},
		"a Nextcloud":             {"occ", "#!/usr/bin/env php\n<?php\n", "", "Nextcloud needs `php cron.php`"},
		"files without a program": {"index.html", "x", "", "timetables that name the website's directory:\n  Nothing found."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.lang = c.lang
			w.write(c.file, c.text)
			if c.file == "wp-config.php" {
				w.write("wp-load.php", "<?php\n")
				w.write("wp-settings.php", "<?php\n")
			}
			if c.file == "artisan" {
				w.write("bootstrap/app.php", "<?php\n")
				w.write("vendor/laravel/framework/src/Illuminate/Foundation/Application.php", "<?php\nconst VERSION = '11.0.0';\n")
				w.write(".env", "DB_CONNECTION=mysql\nDB_DATABASE=none\n")
			}
			if text := strings.Join(strings.Fields(w.run().read("TAKEOVER.txt")), " "); !strings.Contains(text, strings.Join(strings.Fields(c.want), " ")) {
				t.Errorf("no %q in\n%s", c.want, text)
			}
		})
	}
}
