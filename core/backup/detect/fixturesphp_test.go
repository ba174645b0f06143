package detect

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/backup/sitetree"
)

// What we read in the fixtures is what PHP itself makes of them.
func TestFixturesAsPHPReadsThem(t *testing.T) {
	const drupal = `$app_root = getcwd(); $site_path = 'sites/default'; chdir($site_path); include 'settings.php'; $v = $databases;`
	for name, code := range map[string]string{
		"drupal10":      drupal,
		"drupal7":       drupal,
		"magento2":      `eval('class PDO { const MYSQL_ATTR_LOCAL_INFILE = 1001; }'); $v = include 'app/etc/env.php';`,
		"laravelcached": `eval('namespace Some; class Thing { static function __set_state($x) { return null; } }'); $v = include 'bootstrap/cache/config.php';`,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("php", "-n", "-d", "display_errors=1", "-r", "namespace X; "+`ob_start(); `+code+` ob_end_clean(); echo json_encode($v);`)
			cmd.Dir = "testdata/sites/" + name
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("these tests need PHP (task setup installs it): %v %s", err, out)
			}
			var want any
			if err := json.Unmarshal(out, &want); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			compareValue(t, name, want, ours(t, name))
		})
	}
}

// ours is the value as we read it.
func ours(t *testing.T, name string) php.Value {
	t.Helper()
	s := &Site{root: sitetree.New(rootOf(t, "testdata/sites/"+name), "/nowhere")}
	p := place{site: s, dir: "."}
	read := func(file string) php.Value {
		text, _, err := p.file(file)
		if err != nil {
			t.Fatal(err)
		}
		return php.Returned(file, text)
	}
	switch name {
	case "magento2":
		return read("app/etc/env.php")
	case "laravelcached":
		return read("bootstrap/cache/config.php")
	}
	d := &drupalSettings{place: p, dir: "sites/default", values: map[string]php.Value{}}
	d.read("sites/default/settings.php", php.Always, 0)
	return d.values["databases"]
}

// compareValue compares each text that we claim to know.
func compareValue(t *testing.T, at string, want any, got php.Value) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		if got.Kind == php.Unknown {
			return
		}
		if len(got.Keys()) != len(w) && !got.Open {
			t.Errorf("%s: %d keys, PHP has %d", at, len(got.Keys()), len(w))
		}
		for _, key := range got.Keys() {
			value, ok := w[key]
			if !ok {
				t.Errorf("%s: PHP has no key %q", at, key)
			}
			compareValue(t, at+"."+key, value, got.At(key))
		}
	case []any:
		for i, value := range w {
			compareValue(t, at+"."+strconv.Itoa(i), value, got.At(strconv.Itoa(i)))
		}
	case string:
		if got.Kind != php.Unknown && (got.Kind != php.Scalar || got.Text != w) {
			t.Errorf("%s: %q, PHP reads %q", at, got.Text, w)
		}
	case nil:
		if got.Kind != php.Unknown && got.Kind != php.Null {
			t.Errorf("%s: %q, PHP reads null", at, got.Text)
		}
	}
}

func FuzzPrograms(f *testing.F) {
	for _, seed := range []string{
		"<?php $databases['default']['default'] = ['driver' => 'mysql', 'database' => 'd'];", "<?php if (file_exists(__DIR__ . '/x')) : include __DIR__ . '/settings.php'; endif;",
		"<?php $databases[][] = array(array(array( => ;", "<?php class JConfig { public $db = 'x'; }", "<?php return ['db' => ['connection' => [...$x, 1 => [", "<?php return (string) env('A', env('B', [1, ]));",
		"<?php $db_url['a'] = 'mysql://u:p@h/d'; $databases ??= []; $databases .= 'x';", "DB_HOST=a\nDB_DATABASE=\"x${DB_HOST}\\\"\"\nDATABASE_URL='mysql://a:b@c/d?host=/x'", "A=$A$A\nB=${A}$(x)\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s := &Site{root: sitetree.New(rootOf(t, t.TempDir()), "/nowhere")}
		if err := errors.Join(s.root.MkdirAll("sites/default", 0o755), s.root.MkdirAll("app/config", 0o755)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"sites/default/settings.php", "configuration.php", "config.php", ".env", "LocalSettings.php", "app/config/parameters.php"} {
			if err := s.root.WriteFile(name, src, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		p := place{site: s, dir: "."}
		var all []Source
		for _, read := range []func(place) ([]Source, error){readDrupal, readJoomla, readTYPO3, readMediaWiki, readPrestaShop, readSymfony, readLaravel, readEnv, func(place) ([]Source, error) { return parseMagento("env.php", src) }, func(place) ([]Source, error) {
			c := laravelConfig{file: "config.php", all: php.Returned("config.php", src), env: environment{}}
			return c.sources()
		}} {
			sources, err := read(p)
			all = append(all, append(sources, Source{Err: err})...)
		}
		for _, from := range all {
			var refusal *core.Refusal
			if from.Err != nil && !errors.As(from.Err, &refusal) {
				t.Fatalf("no sentence: %v", from.Err)
			}
			c := from.Database
			if from.Err == nil && c.Check() == nil && (strings.ContainsAny(c.User+c.Password.Reveal()+c.Host, "\n\r\x00") || c.Name == "") && c != (Database{}) {
				t.Fatalf("%+v was taken", c)
			}
		}
	})
}
