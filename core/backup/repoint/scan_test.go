package repoint_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/repoint"
)

// The scanner finds the strings of a whole WordPress where PHP finds them, and
// reads them as PHP does.
func TestScannerAgreesWithPHP(t *testing.T) {
	var files []string
	err := filepath.WalkDir("/usr/share/wordpress", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".php") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 500 {
		t.Fatalf("Debian's wordpress is what this reads: %v, %d files", err, len(files))
	}
	cmd := exec.Command("php", "testdata/tokens.php")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	total := 0
	for _, file := range files {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var want [][3]any
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := repoint.Literals(src)
		if len(got) != len(want) {
			t.Errorf("%s: %d literals, PHP has %d", file, len(got), len(want))
			continue
		}
		for i, w := range want {
			text, err := base64.StdEncoding.DecodeString(w[2].(string))
			if g := got[i]; err != nil || float64(g.At) != w[0] || float64(g.End) != w[1] || g.Text != string(text) {
				t.Errorf("%s: %+v, PHP has %v %q", file, g, w, text)
				break
			}
		}
		total += len(got)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if total < 50000 {
		t.Errorf("%d literals only", total)
	}
}

// Whatever a file holds, what is done to it stays done: a second run finds
// nothing more to change, and what is written is what was wanted.
func FuzzConfigs(f *testing.F) {
	kinds := []string{"WordPress", "Drupal", "Joomla", "Magento", "Laravel", "Symfony", ".env"}
	names := []string{"wp-config.php", "sites/default/settings.php", "configuration.php", "app/etc/env.php", ".env", ".env", ".env"}
	f.Add(wpConfig, 0, "it's")
	f.Add("<?php\n$databases = ['default' => ['default' => ['database' => 'old', 'host' => \"x\", 'port' => 1]]];", 1, "x")
	f.Add("<?php class J { public $db = 'x'; public $user = array('a' => array(1, 2 + 3)); }", 2, "\\")
	f.Add("<?php return array('db' => ['connection' => ['default' => ['dbname' => 'x', f(1) => 2]]]);", 3, "?>")
	f.Add("DB_DATABASE='x'\nDB_HOST=x # y\nDB_PASSWORD=\"a\\\"b\"\nexport DATABASE_URL=mysql://a:b@c/d?e=f\r\n", 4, "$x")
	f.Fuzz(func(t *testing.T, text string, kind int, password string) {
		k := int(uint(kind) % uint(len(kinds)))
		dir, root := site(t, map[string]string{names[k]: text})
		o := repoint.Options{Kind: kinds[k], Database: repoint.Database{Name: "new", User: "u", Password: core.NewSecret(password), Socket: "/s"}, URLs: urls, Paths: paths}
		if _, err := repoint.Repoint(root, o); err != nil {
			if read(t, dir, names[k]) != text {
				t.Fatal("refused and changed all the same")
			}
			return
		}
		once := read(t, dir, names[k])
		if changes, err := repoint.Repoint(root, repoint.Options{Kind: o.Kind, Database: o.Database}); err != nil || read(t, dir, names[k]) != once {
			t.Fatalf("%v %+v:\n%q\n%q\n%q", err, changes, text, once, read(t, dir, names[k]))
		}
	})
}
