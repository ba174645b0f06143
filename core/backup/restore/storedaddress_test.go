package restore

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
)

// The old address is read where each program has it; where one surely has none, a
// restore goes on without, and where that is not sure it asks.
func TestStoredAddress(t *testing.T) {
	const file = "config/sites/main/config.yaml"
	for _, c := range []struct {
		kind, file, text string
		urls             []string
		none             bool
	}{
		{"Joomla 5.1", "configuration.php", "<?php\nclass JConfig {\n\tpublic $live_site = 'https://acme.example/cms/';\n}\n", []string{"https://acme.example/cms"}, false},
		{"Joomla 5.1", "configuration.php", "<?php\nclass JConfig {\n\tpublic $live_site = '';\n\tpublic $cookie_domain = '';\n}\n", nil, true},
		{"Joomla 5.1", "configuration.php", "<?php\nclass JConfig {\n\tpublic $live_site = '';\n\tpublic $cookie_domain = '.acme.example';\n}\n", nil, false},
		{"Joomla 5.1", "configuration.php", "<?php\nclass JConfig {\n\tpublic $live_site = URL;\n}\n", nil, false},
		{"Joomla 5.1", "other.php", "<?php\n", nil, false},
		{"MediaWiki 1.43", "LocalSettings.php", "<?php\n$wgServer = \"https://wiki.example\";\n", []string{"https://wiki.example"}, false},
		{"MediaWiki 1.43", "LocalSettings.php", "<?php\n$wgServer = '//wiki.example';\n", []string{"https://wiki.example"}, false},
		{"MediaWiki 1.43", "LocalSettings.php", "<?php\n$wgServer = WebRequest::detectServer();\n", nil, false},
		{"MediaWiki 1.43", "LocalSettings.php", "<?php\n#$wgServer = 'https://wiki.example';\n", nil, false},
		{"TYPO3", file, "base: 'https://acme.example/'\nrootPageId: 1\n", []string{"https://acme.example"}, false},
		{"TYPO3", file, "rootPageId: 1\nbase: https://acme.example # all\n", []string{"https://acme.example"}, false},
		{"TYPO3", file, "base: /\nlanguages:\n  -\n    base: /de/\n", nil, true},
		{"TYPO3", file, "base: /\nlanguages:\n  -\n    base: 'https://acme.de/'\n", nil, false},
		{"TYPO3", file, "base: '%env(BASE)%'\n", nil, false},
		{"Drupal 10.2", "sites/default/settings.php", "<?php\n# $settings['trusted_host_patterns'] = ['^x\\.example$'];\n$databases = [];\n", nil, true},
		{"Drupal 10.2", "web/sites/default/settings.php", "<?php\n$settings['trusted_host_patterns'] = [\n  '^acme\\.example$',\n  '^www\\.acme\\.example$',\n];\n", []string{"https://acme.example", "https://www.acme.example"}, false},
		{"Drupal 10.2", "sites/default/settings.php", "<?php\n$settings['trusted_host_patterns'] = array('^.+\\.acme\\.example$');\n", nil, false},
		{"Drupal 10.2", "sites/default/settings.php", "<?php\n$settings['trusted_host_patterns'] = [getenv('HOST')];\n", nil, false},
		{"Drupal 7", "sites/default/settings.php", "<?php\n$base_url = 'http://acme.example';\n", []string{"http://acme.example"}, false},
		{"Drupal 7", "sites/default/settings.php", "<?php\n$cookie_domain = '.acme.example';\n", nil, false},
		{"static files", "index.html", "<a href=https://acme.example>", nil, true},
		{"Moodle", "config.php", "<?php\n$CFG->wwwroot = 'https://acme.example';\n", nil, false},
	} {
		dir := t.TempDir()
		p := place{target: filepath.Join(dir, "site"), beside: filepath.Join(dir, "site.restore")}
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(p.target, c.file)), 0o755))
		must(t, os.WriteFile(filepath.Join(p.target, c.file), []byte(c.text), 0o600))
		r := &run{place: p, known: backup.Contents{Header: backup.Header{Kind: c.kind}}}
		got, err := r.found()
		if err != nil || !reflect.DeepEqual(got.urls, c.urls) || got.none != c.none {
			t.Errorf("%s, %s:\n%s\n%+v %v, want %q, none %v", c.kind, c.file, c.text, got, err, c.urls, c.none)
		}
	}
}

// A pattern of more than one host is none whose address can be replaced.
func TestHostOfPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		`^acme\.example$`: "acme.example", `^a\-b\.acme\.example$`: "a-b.acme.example", `acme\.example$`: "", `^acme\.example`: "", `^.*\.acme\.example$`: "", `^localhost$`: "", ``: "",
	} {
		if got := hostOfPattern(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// A PrestaShop's address is that of TLS where it is on, with the shop's directory.
func TestShopAddress(t *testing.T) {
	for tls, want := range map[string]string{"1": "https://shop.example/eu", "0": "http://shop.example/eu"} {
		dir := t.TempDir()
		p := place{target: filepath.Join(dir, "site"), beside: filepath.Join(dir, "site.restore")}
		dump := "INSERT INTO `ps_configuration` VALUES (1,NULL,NULL,'PS_SSL_ENABLED','" + tls + "','2026'),\n(2,NULL,NULL,'PS_SHOP_DOMAIN','shop.example','2026'),\n(3,NULL,NULL,'PS_SHOP_DOMAIN_SSL','shop.example','2026');\nUNLOCK TABLES;\n" +
			"INSERT INTO `ps_shop_url` VALUES (1,1,'shop.example','shop.example','/eu/','',1,1);\nUNLOCK TABLES;\n"
		var d backup.StoredDatabase
		d.Path, d.Prefix, d.Parts = "database/shop", "ps_", 1
		must(t, os.MkdirAll(filepath.Join(p.beside, archiveDir, d.Path), 0o755))
		must(t, os.MkdirAll(p.target, 0o755))
		must(t, os.WriteFile(filepath.Join(p.beside, archiveDir, d.Path, "0001.sql"), []byte(dump), 0o600))
		r := &run{ctx: t.Context(), place: p, known: backup.Contents{Header: backup.Header{Kind: "PrestaShop"}, Databases: []backup.StoredDatabase{d}}}
		got, err := r.found()
		if err != nil || len(got.urls) != 2 || got.urls[0] != want || !strings.HasSuffix(got.urls[1], "://shop.example/eu") {
			t.Errorf("%+v %v, want %s first", got, err, want)
		}
	}
}

// One new address takes the place of all old ones: what lies below the first moves along,
// by http as by https, and another host keeps its path.
func TestJoinPairs(t *testing.T) {
	got := joinPairs([]string{"https://shop.example/eu/", "http://shop.example/eu", "http://shop.example/eu/blog", "https://shop.example/europe", "https://other.example/x"}, "https://new.example/")
	want := []rewrite.Pair{{Old: "https://shop.example/eu", New: "https://new.example"}, {Old: "https://shop.example/europe", New: "https://new.example/europe"}, {Old: "https://other.example/x", New: "https://new.example/x"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
