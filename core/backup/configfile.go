package backup

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/backup/php"
	"breakglass/core/backup/sitetree"
)

// The programs whose configuration restore.sh can point at another database.
const (
	kindWordPress   = "WordPress"
	kindEnvironment = ".env"
	kindJoomla      = "Joomla"
	kindDrupal      = "Drupal"
	kindMagento     = "Magento"
)

// The forms in which a configuration says a value.
const (
	formDefine   = "define"   // define('KEY', VALUE)
	formConst    = "const"    // const KEY = VALUE
	formArray    = "array"    // 'KEY' => VALUE
	formIndex    = "index"    // $x['KEY'] = VALUE
	formProperty = "property" // $KEY = VALUE
	formEnv      = "env"      // KEY=VALUE in a .env file
)

// configFile is a file that configures the site, and what it says.
type configFile struct {
	kind     string
	path     string // below the root, or below outside/
	outside  bool
	database string // the name of its database, where that is known
	settings []setting
}

// setting is one value of a configuration.
type setting struct {
	form, name    string
	value         string
	plain         bool // a literal text, not computed and no constant
	line, keyLine int
}

// maxSettings bounds the values that are kept of one file.
const maxSettings = 5000

// where is the file as a person finds it in the archive.
func (c configFile) where() string {
	if c.outside {
		return outsideDir + "/" + c.path
	}
	return inArchive(c.path)
}

// restored is where restore.sh puts the file, below the new root.
func (c configFile) restored() string { return path.Clean(c.path) }

// namesDatabase reports whether the file has a value that says where a database
// is.
func (c configFile) namesDatabase() bool {
	return slices.ContainsFunc(c.settings, func(s setting) bool { return databaseForm.MatchString(s.name) })
}

var databaseForm = regexp.MustCompile(`(?i)^(DB_|DATABASE_URL$|_DB_|dbname$|wgDB)`)

// knownConfigs are the files that configure a site, by place.
var knownConfigs = []struct{ path, kind string }{
	{".env", kindEnvironment}, {".env.local", kindEnvironment}, {".env.production", kindEnvironment},
	{"sites/default/settings.php", kindDrupal}, {"sites/default/settings.local.php", ""}, {"configuration.php", kindJoomla}, {"app/etc/env.php", kindMagento},
	{"app/config/parameters.php", ""}, {"config/settings.inc.php", ""}, {"LocalSettings.php", ""},
	{"typo3conf/LocalConfiguration.php", ""}, {"config/system/settings.php", ""},
}

// configFiles reads the files that configure the site. None of them is run.
func (s *site) configFiles() []configFile {
	var all []configFile
	for _, in := range s.installs {
		if len(in.text) == 0 {
			continue
		}
		c := configFile{kind: kindWordPress, path: in.config, settings: phpSettings(in.text)}
		if in.config == "" {
			c.path, c.outside = wpConfigName, true
		}
		if config, err := parseWPConfig(in.text); err == nil {
			c.database = config.Name
		}
		all = append(all, c)
	}
	for _, known := range knownConfigs {
		text, _, err := sitetree.ReadSmall(s.root, known.path)
		if err != nil {
			continue
		}
		all = append(all, configFile{kind: known.kind, path: known.path, settings: settingsOf(known.path, text)})
	}
	for _, f := range s.outside {
		if f.name != wpConfigName {
			all = append(all, configFile{path: f.name, outside: true, settings: settingsOf(f.name, f.text)})
		}
	}
	return all
}

// wpConfigName is what WordPress calls its configuration.
const wpConfigName = "wp-config.php"

// settingsOf finds the values that a file sets.
func settingsOf(name string, text []byte) []setting {
	if strings.HasSuffix(name, ".php") {
		return phpSettings(text)
	}
	return envSettings(text)
}

// phpSettings finds the values that a PHP file sets.
func phpSettings(text []byte) []setting {
	var all []setting
	tokens := php.Scan(text)
	for i := range tokens {
		if len(all) == maxSettings {
			break
		}
		if s, value := settingAt(tokens[i:]); s.form != "" && value < len(tokens)-i {
			s.keyLine = s.line
			s.take(tokens[i+value:])
			all = append(all, s)
		}
	}
	return all
}

// settingAt recognises a name that a value follows, and says how many tokens on
// the value begins.
func settingAt(t []php.Token) (setting, int) {
	is := func(at int, sign string) bool { return at < len(t) && t[at].Is(php.Sign, sign) }
	assigns := func(at int) bool { return is(at, "=") && !is(at+1, "=") && !is(at+1, ">") }
	switch first := t[0]; {
	case first.Is(php.Word, "define") && is(1, "(") && len(t) > 2 && t[2].Kind == php.Literal && is(3, ","):
		return setting{form: formDefine, name: t[2].Text, line: t[2].Line}, 4
	case first.Is(php.Word, "const") && len(t) > 1 && assigns(2):
		return setting{form: formConst, name: t[1].Text, line: t[1].Line}, 3
	case first.Kind == php.Literal && is(1, "=") && is(2, ">"):
		return setting{form: formArray, name: first.Text, line: first.Line}, 3
	case first.Kind == php.Literal && is(1, "]") && assigns(2):
		return setting{form: formIndex, name: first.Text, line: first.Line}, 3
	case first.Kind == php.Variable && assigns(1):
		return setting{form: formProperty, name: first.Text, line: first.Line}, 2
	}
	return setting{}, 0
}

// take reads the value.
func (s *setting) take(t []php.Token) {
	s.value, s.line = t[0].Text, t[0].Line
	ended := len(t) > 1 && t[1].Kind == php.Sign && strings.ContainsAny(t[1].Text, ",;)]")
	s.plain = t[0].Kind == php.Literal && ended
	if t[0].Kind != php.Literal && t[0].Kind != php.Word {
		s.value = ""
	}
}

var envForm = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$`)

// envSettings finds the values that a .env file sets.
func envSettings(text []byte) []setting {
	var all []setting
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		m := envForm.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || len(all) == maxSettings {
			continue
		}
		value := strings.Trim(m[2], `"'`)
		all = append(all, setting{form: formEnv, name: m[1], value: value, plain: !strings.Contains(value, "${"), line: number, keyLine: number})
	}
	return all
}

// secretForm is what secrets are called.
var secretForm = regexp.MustCompile(`(?i)(passw|passphrase|pwd|secret|salt|token|credential|private|licen[cs]e|_key$|^key$|apikey|api_key|access_?key|auth_?key|_dsn$|cryptkey|smtppass|wgSMTP)`)

// userInURL is a URL that carries a password.
var userInURL = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[^/\s]*:[^/\s]*@`)

// secret reports whether a value is one that a new manager changes.
func (s setting) secret() bool {
	switch strings.ToLower(s.value) {
	case "", "null", "true", "false", "array", "getenv", "env":
		return false
	}
	return secretForm.MatchString(s.name) || userInURL.MatchString(s.value)
}
