package restore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core/backup/restore"
)

// program is a site of one program on MariaDB, and what is to become of it.
type program struct {
	files map[string]string // with NAME, PASSWORD in PHP's quotes, and SOCKET
	sql   string
	ask   string // SQL that tells what the database says of the address
	told  string
	read  string // PHP that tells what the configuration says
	says  string // with NAME
	hand  []string
}

var programs = map[string]program{
	"prestashop": {
		files: map[string]string{
			"app/config/parameters.php": "<?php return array ('parameters' => array ('database_host' => 'localhost:SOCKET', 'database_port' => '', 'database_name' => 'NAME', 'database_user' => 'NAME', 'database_password' => 'PASSWORD', 'database_prefix' => 'ps_'));\n",
		},
		sql: `CREATE TABLE ps_configuration (id int PRIMARY KEY, id_shop_group int, id_shop int, name varchar(254), value text, date_add datetime DEFAULT '2026-01-01');
			INSERT INTO ps_configuration (id, name, value) VALUES (1,'PS_SSL_ENABLED','1'),(2,'PS_SHOP_DOMAIN','old.example'),(3,'PS_SHOP_DOMAIN_SSL','old.example'),(4,'PS_MAIL_DOMAIN','old.example');
			CREATE TABLE ps_shop_url (id int PRIMARY KEY, id_shop int, domain varchar(150), domain_ssl varchar(150), physical_uri varchar(64), virtual_uri varchar(64), main int, active int);
			INSERT INTO ps_shop_url VALUES (1,1,'old.example','old.example','/eu/','',1,1);
			CREATE TABLE ps_cms (body text); INSERT INTO ps_cms VALUES ('<a href="https://old.example/eu/terms">');`,
		ask:  `SELECT GROUP_CONCAT(value ORDER BY id) FROM ps_configuration UNION ALL SELECT CONCAT_WS(' ', domain, domain_ssl, physical_uri) FROM ps_shop_url UNION ALL SELECT body FROM ps_cms`,
		told: "1,new.example,new.example,old.example\nnew.example new.example /\n<a href=\"https://new.example/terms\">",
		read: "$p = (include 'app/config/parameters.php')['parameters']; echo $p['database_host'], ' ', $p['database_name'], ' ', $p['database_password'];",
		says: "localhost:SOCKET NAME PASSWORD", hand: []string{"Traffic & SEO"},
	},
	"mediawiki": {
		files: map[string]string{
			"LocalSettings.php":    "<?php\n$wgServer = \"https://old.example\";\n$wgScriptPath = \"/w\";\n$wgDBtype = \"mysql\";\n$wgDBserver = 'localhost:SOCKET';\n$wgDBname = 'NAME';\n$wgDBuser = 'NAME';\n$wgDBpassword = 'PASSWORD';\n",
			"includes/Defines.php": "<?php\ndefine( 'MW_VERSION', '1.43.1' );\n",
		},
		sql:  `CREATE TABLE text (old_text mediumblob); INSERT INTO text VALUES ('[https://old.example/wiki/Main see]');`,
		ask:  `SELECT old_text FROM text`,
		told: "[https://new.example/wiki/Main see]",
		read: "include 'LocalSettings.php'; echo $wgServer, $wgScriptPath, ' ', $wgDBserver, ' ', $wgDBname, ' ', $wgDBpassword;",
		says: "https://new.example/w localhost:SOCKET NAME PASSWORD", hand: []string{"$wgScriptPath in LocalSettings.php is /eu"},
	},
	"typo3": {
		files: map[string]string{
			"config/system/settings.php":    "<?php\nreturn ['DB' => ['Connections' => ['Default' => ['driver' => 'mysqli', 'dbname' => 'NAME', 'host' => 'localhost', 'user' => 'NAME', 'password' => 'PASSWORD', 'unix_socket' => 'SOCKET']]]];\n",
			"config/sites/main/config.yaml": "base: 'https://old.example/'\nrootPageId: 1\n",
		},
		sql:  `CREATE TABLE tt_content (bodytext mediumtext); INSERT INTO tt_content VALUES ('<a href="https://old.example/terms">');`,
		ask:  `SELECT bodytext FROM tt_content`,
		told: `<a href="https://new.example/eu/terms">`,
		read: "$c = (include 'config/system/settings.php')['DB']['Connections']['Default']; echo $c['host'], ' ', $c['unix_socket'], ' ', $c['dbname'], ' ', $c['password'], ' ', strtok(file_get_contents('config/sites/main/config.yaml'), \"\\n\");",
		says: "localhost SOCKET NAME PASSWORD base: 'https://new.example/eu/'",
	},
}

// A shop, a wiki and a TYPO3 come up on another server, with another database and at
// another address: what had to be written by hand is written.
func TestProgramsRestore(t *testing.T) {
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			check(t, err)
			check(t, os.Chmod(dir, 0o755))
			w := &world{t: t, name: "p_" + name, root: filepath.Join(dir, "www"), target: filepath.Join(dir, "new"), into: "p_" + name + "_new"}
			check(t, server.CreateDatabase(w.name, w.name, password))
			check(t, server.SQL(w.name, p.sql+"CREATE DATABASE "+w.into+"; GRANT ALL ON `"+strings.ReplaceAll(w.into, "_", `\_`)+"`.* TO "+w.name+"@localhost;"))
			t.Cleanup(func() { check(t, server.SQL("", "DROP DATABASE "+w.name+"; DROP DATABASE "+w.into)) })
			for path, text := range p.files {
				check(t, os.MkdirAll(filepath.Join(w.root, filepath.Dir(path)), 0o755))
				text = strings.NewReplacer("NAME", w.name, "PASSWORD", escaped, "SOCKET", server.Socket).Replace(text)
				check(t, os.WriteFile(filepath.Join(w.root, path), []byte(text), 0o644))
			}
			w.backUp(dir)
			check(t, os.Rename(w.root, w.root+".gone"))
			o := w.order()
			if o.URL = "https://new.example/eu"; name == "prestashop" {
				o.URL = "https://new.example"
			}
			report, err := restore.Run(t.Context(), o)
			if err != nil {
				t.Fatalf("%v\n%v\n%v", err, report.Pointed, report.Hand)
			}
			if got := w.query(p.ask); got != p.told {
				t.Errorf("the database says\n%s\nnot\n%s", got, p.told)
			}
			cmd := exec.Command("php", "-n", "-r", p.read)
			cmd.Dir = w.target
			out, err := cmd.CombinedOutput()
			check(t, err)
			if want := strings.NewReplacer("NAME", w.into, "PASSWORD", password, "SOCKET", server.Socket).Replace(p.says); string(out) != want {
				t.Errorf("the configuration says\n%s\nnot\n%s", out, want)
			}
			left := fmt.Sprint(report.Hand)
			for _, want := range p.hand {
				if !strings.Contains(left, want) {
					t.Errorf("%q is not left to a person in\n%s", want, left)
				}
			}
			if len(p.hand) == 0 && strings.Contains(left, "config/") {
				t.Errorf("left to a person: %s", left)
			}
		})
	}
}
