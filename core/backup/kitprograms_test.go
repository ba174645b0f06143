package backup_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

// restore.sh points a TYPO3, a PrestaShop and a MediaWiki at their new database, as
// their configurations stand in a real archive.
func TestRestoreScriptPointsEachProgram(t *testing.T) {
	const old, into, secret = "kit_programs", "kit_programs_new", `n'e"w \ $x`
	for kind, c := range map[string]struct{ file, text, read, says string }{
		"TYPO3": {
			"config/system/settings.php",
			"<?php\nreturn [\n 'DB' => ['Connections' => ['Default' => [\n  'driver' => 'mysqli',\n  'dbname' => '=NAME=',\n  'host' => 'localhost',\n  'user' => '=USER=',\n  'password' => 'p',\n  'unix_socket' => 'SOCKET',\n ]]],\n];\n",
			"$c = (include 'config/system/settings.php')['DB']['Connections']['Default']; echo $c['dbname'], ' ', $c['user'], ' ', $c['password'], ' ', $c['host'];",
			into + " u_" + into + " " + secret + " localhost",
		},
		"PrestaShop": {
			"config/settings.inc.php",
			"<?php\ndefine('_DB_SERVER_', 'localhost:SOCKET');\ndefine('_DB_NAME_', '=NAME=');\ndefine('_DB_USER_', '=USER=');\ndefine('_DB_PASSWD_', 'p');\ndefine('_DB_PREFIX_', 'ps_');\n",
			"include 'config/settings.inc.php'; echo _DB_NAME_, ' ', _DB_USER_, ' ', _DB_PASSWD_, ' ', _DB_SERVER_;",
			into + " u_" + into + " " + secret + " localhost:SOCKET",
		},
		"MediaWiki": {
			"LocalSettings.php",
			"<?php\n$wgDBtype = \"mysql\";\n$wgDBserver = \"localhost:SOCKET\";\n$wgDBname = \"=NAME=\";\n$wgDBuser = \"=USER=\";\n$wgDBpassword = \"p\";\n",
			"include 'LocalSettings.php'; echo $wgDBname, ' ', $wgDBuser, ' ', $wgDBpassword, ' ', $wgDBserver;",
			into + " u_" + into + " " + secret + " localhost:SOCKET",
		},
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			user := filled(t, old, "p", "things", 3)
			w.write(c.file, strings.NewReplacer("=NAME=", old, "=USER=", user, "SOCKET", server.Socket).Replace(c.text))
			a := w.run()
			if a.result.Verdict != core.VerdictComplete || a.result.Rows != 3 {
				t.Fatalf("%+v", a.result)
			}
			createDatabase(t, into, "u_"+into, secret)
			target := filepath.Join(t.TempDir(), "new")
			cmd := exec.Command("sh", "restore.sh", "--to", target, "--database", into, "--user", "u_"+into, "--socket", server.Socket)
			cmd.Dir, cmd.Stdin = a.dir, strings.NewReader(secret+"\n")
			if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "by hand: the database in") {
				t.Fatalf("%v\n%s", err, out)
			}
			cmd = exec.Command("php", "-n", "-r", c.read)
			cmd.Dir = target
			out, err := cmd.CombinedOutput()
			if want := strings.ReplaceAll(c.says, "SOCKET", server.Socket); err != nil || string(out) != want {
				t.Errorf("%v: it says\n%s\nnot\n%s", err, out, want)
			}
		})
	}
}
