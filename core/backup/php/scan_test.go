package php

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
)

// literals returns the strings of a PHP file of which the value is known.
func literals(src []byte) (found []Token) {
	for _, t := range Scan(src) {
		if t.Kind == Literal {
			found = append(found, t)
		}
	}
	return found
}

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
	if total := compareWithPHP(t, files); total < 50000 {
		t.Errorf("%d literals only", total)
	}
}

// What a password may hold is read as PHP reads it, where our older scanner gave
// up: a $ before a digit begins no variable, and code in braces may hold quotes.
func TestScannerAgreesWithPHPOnOddStrings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "odd.php")
	text := `<?php
$a = "costs $1 and $ 2"; $b = "{$x["y"]} is computed"; $c = "${x}"; $d = "\$x \{x} \x41\101\u{1F600}\u{00000000041} \q";
$e = 'it\'s \n \\'; $f = "$"; $g = "a{ $x"; $h = <<<X
 'in' "it"
 X . 'behind';
?> 'outside' <?= 'again' ?>
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if total := compareWithPHP(t, []string{file}); total != 6 {
		t.Errorf("%d literals: %+v", total, literals([]byte(text)))
	}
}

// compareWithPHP reads files as we and as PHP do and returns how many literals
// there are.
func compareWithPHP(t *testing.T, files []string) (total int) {
	t.Helper()
	cmd := exec.Command("php", "testdata/tokens.php")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("these tests need PHP (task setup installs it): %v", err)
	}
	lines := bufio.NewReader(out)
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
		got := literals(src)
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
	return total
}

// Whatever a file holds, its tokens stand in it one behind the other, and each
// reader comes to the end.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"<?php return ['a' => [1, env('X', \"y\")], ...$more];", "<?php if (file_exists(__DIR__ . '/x')): $a['b'][] = <<<'E'\n x\nE; endif ?>x<?= `ls $x`", "<?php \"{$a[\"b\"]} ${c} \\u{41} \\x4", "<?php '", "<?php #[A] /* ?>", "<?PHP array(array(=>;", "<?php \"{$a['\\",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tokens := Scan(src)
		at, line := 0, 1
		for _, token := range tokens {
			if token.At < at || token.End <= token.At || token.End > len(src) || token.Line < line {
				t.Fatalf("%+v behind %d, line %d", token, at, line)
			}
			at, line = token.End, token.Line
		}
		if runs := branches(tokens); len(runs) != len(tokens) {
			t.Fatalf("%d tokens, %d of which it is said how often they run", len(tokens), len(runs))
		}
		if v := Returned("f", src); v.Kind == Nothing {
			t.Fatal("a file that returns nothing that is known")
		}
		Assigned("f", src)
	})
}
