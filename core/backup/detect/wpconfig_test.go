package detect

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

const someConfig = `<?php
/** The name, as in define('DB_NAME', 'comment'); */
// define('DB_NAME', 'commented');
# define('DB_NAME', 'hashed'); ?><?php
define( 'DB_NAME', 'shop' );
DEFINE("DB_USER", "owner");
\define('DB_PASSWORD' /* x */ , 'p\'a\\ss\n' , true );
if ( ! defined( 'DB_HOST' ) ) { define('DB_HOST', "localhost"); }
$text = <<<EOT
define('DB_NAME', 'heredoc');
EOT;
$other = "define('DB_NAME', 'quoted');";
$table_prefix  = 'wp_';
if ( $table_prefix == 'x' ) { }
require_once ABSPATH . 'wp-settings.php';
`

func TestParseWPConfig(t *testing.T) {
	c, err := parseWPConfig([]byte(someConfig))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "shop" || c.User != "owner" || c.Password.Reveal() != `p'a\ss\n` || c.Host != "localhost" || c.Prefix != "wp_" {
		t.Errorf("%+v %q", c, c.Password.Reveal())
	}
}

// The sample that WordPress comes with is understood as it is.
func TestParseWordPressOwnSample(t *testing.T) {
	text, err := os.ReadFile("/usr/share/wordpress/wp-config-sample.php")
	if err != nil {
		t.Fatalf("these tests need WordPress (task setup installs it): %v", err)
	}
	c, err := parseWPConfig(text)
	if err != nil || c.Name != "database_name_here" || c.User != "username_here" || c.Password.Reveal() != "password_here" || c.Prefix != "wp_" || c.Charset != "utf8" {
		t.Errorf("%v %+v", err, c)
	}
}

// with returns a whole configuration but for one constant.
func with(line string) string {
	text := "<?php\n" + line + "\n"
	for _, name := range []string{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST"} {
		if !strings.Contains(line, name) {
			text += "define('" + name + "', 'v');\n"
		}
	}
	return text
}

func TestWPConfigThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ text, sentence string }{
		"computed by a call":  {with("define('DB_NAME', getenv('X'));"), "computes DB_NAME on line 2"},
		"interpolated":        {with(`define('DB_NAME', "a$b");`), "computes DB_NAME on line 2"},
		"interpolated braces": {with(`define('DB_NAME', "a{$b}");`), "computes DB_NAME"},
		"joined":              {with("define('DB_PASSWORD', 'a' . 'b');"), "computes DB_PASSWORD"},
		"a variable":          {with("\n\ndefine('DB_HOST', $host);"), "computes DB_HOST on line 4"},
		"a constant":          {with("define('DB_HOST', HOST);"), "computes DB_HOST"},
		"a shell":             {with("define('DB_HOST', `hostname`);"), "computes DB_HOST"},
		"an array":            {with("define('DB_HOST', $_SERVER['X']);"), "computes DB_HOST"},
		"a heredoc":           {with("define('DB_NAME', <<<X\nv\nX\n);"), "computes DB_NAME"},
		"two values":          {with("define('DB_NAME', 'one');\ndefine('DB_NAME', 'two');"), "different values on lines 2 and 3"},
		"elsewhere":           {"<?php\nrequire 'db.php';\n", "does not set DB_NAME itself"},
		"no PHP":              {"define('DB_NAME', 'x');", "does not set DB_NAME"},
		"behind the end":      {"<?php __halt_compiler(); define('DB_NAME', 'x');", "does not set DB_NAME"},
		"prefix computed":     {with("$table_prefix = 'wp_' . $n;"), "computes $table_prefix"},
		"prefix built up":     {with("$table_prefix = 'wp_';\n$table_prefix .= $n;"), "computes $table_prefix"},
		"never ends":          {with(`define('DB_NAME', "x`), "computes DB_NAME"},
		"empty":               {"", "does not set DB_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseWPConfig([]byte(c.text))
			if !errors.Is(err, core.ErrDatabase) || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v %+v, want %q", err, got, c.sentence)
			}
		})
	}
}

func TestWPConfigForms(t *testing.T) {
	for name, text := range map[string]string{
		"twice the same":   with("define('DB_NAME', 'v');\ndefine('DB_NAME', 'v');"),
		"const":            with("const DB_NAME = 'v';"),
		"closing tag":      with("define('DB_NAME', 'v') ?><?php "),
		"attribute":        with("#[X] function f() {}\ndefine('DB_NAME', 'v');"),
		"comment ends tag": with("// x ?> text <?php define('DB_NAME', 'v');"),
		"html before":      "<html> 'it <? \n" + with("define('DB_NAME', 'v');"),
		"CRLF":             strings.ReplaceAll(with("define('DB_NAME', 'v');"), "\n", "\r\n"),
		"CR comment":       with("// x\rdefine('DB_NAME', 'v');"),
		"nowdoc":           with("$a = <<<'X'\n define('DB_NAME', 'w');\n  X;\ndefine('DB_NAME', 'v');"),
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := parseWPConfig([]byte(text)); err != nil || c.Name != "v" {
				t.Errorf("%v %q", err, c.Name)
			}
		})
	}
}

// literals are strings as people and attackers write them.
var literals = []string{
	`'plain'`, `''`, `""`, `'it\'s'`, `'back\\slash'`, `'\n stays'`, `'trailing\\'`, `"\n\t\r\v\e\f\\\$\""`, `"\x41\x4g\xZ\101\7\377\u{1F98A}\u{41}"`, `"a\'b"`,
	`"\q\ "`, `"$"`, `"$ x"`, `"a$"`, `"{ $"`, `"\{$"`, `'$x {$y}'`, "'two\nlines'", "'caf\xe9'", `"\xA"`, `"\08"`, `"#//"`, `"costs $1"`, `'/* x */'`, `"?>"`, `'?>'`,
}

// Our reading of a string is PHP's own.
func TestStringsAsPHPReadsThem(t *testing.T) {
	for _, literal := range literals {
		comparePHP(t, literal)
	}
}

// comparePHP lets PHP say what a literal is.
func comparePHP(t *testing.T, literal string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.php")
	if err := os.WriteFile(path, []byte("<?php define('V', "+literal+"); file_put_contents($argv[1], json_encode(array_values(unpack('C*', V))));"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	said, err := exec.Command("php", "-n", "-d", "display_errors=1", path, out).CombinedOutput()
	text, readErr := os.ReadFile(out)
	config, ours := parseWPConfig([]byte(with("define('DB_NAME', " + literal + ");")))
	if err != nil || len(said) > 0 || readErr != nil {
		t.Fatalf("%s: these tests need PHP (task setup installs it): %v %v %s", literal, err, readErr, said)
	}
	var want []byte
	var codes []int
	if err := json.Unmarshal(text, &codes); err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		want = append(want, byte(c))
	}
	if ours != nil || config.Name != string(want) {
		t.Errorf("%s: PHP reads %q, we read %q (%v)", literal, want, config.Name, ours)
	}
}

func FuzzParseWPConfig(f *testing.F) {
	f.Add([]byte(someConfig))
	for _, literal := range literals {
		f.Add([]byte(with("define('DB_NAME', " + literal + ");")))
	}
	f.Add([]byte("<?php <<<"))
	f.Add([]byte("<?php \"\\u{"))
	f.Fuzz(func(t *testing.T, src []byte) {
		config, err := parseWPConfig(src)
		var refusal *core.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("no sentence: %v", err)
		}
		if err != nil {
			return
		}
		if config.Check() == nil && (strings.ContainsAny(config.User+config.Password.Reveal()+config.Host, "\n\r\x00") || config.Name == "") {
			t.Fatalf("%+v was taken", config)
		}
	})
}
