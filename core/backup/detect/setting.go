package detect

import (
	"regexp"
	"strings"

	"breakglass/core/backup/php"
)

// The forms in which a configuration says a value.
const (
	FormDefine   = "define"   // define('KEY', VALUE)
	FormConst    = "const"    // const KEY = VALUE
	FormArray    = "array"    // 'KEY' => VALUE
	FormIndex    = "index"    // $x['KEY'] = VALUE
	FormProperty = "property" // $KEY = VALUE
	FormEnv      = "env"      // KEY=VALUE in a .env file
)

// Setting is one value of a configuration.
type Setting struct {
	Form    string // in which it is said, one of those above
	Name    string
	Value   string // as far as it is one token: of what is computed, its first
	Plain   bool   // a literal text, not computed and no constant
	Line    int    // that the value is on
	KeyLine int    // that its name is on
}

// maxSettings bounds the values that are kept of one file.
const maxSettings = 5000

// settingsOf finds the values that a file sets.
func settingsOf(name string, text []byte) []Setting {
	if strings.HasSuffix(name, ".php") {
		return phpSettings(text)
	}
	return envSettings(text)
}

// phpSettings finds the values that a PHP file sets.
func phpSettings(text []byte) []Setting {
	var all []Setting
	tokens := php.Scan(text)
	for i := range tokens {
		if len(all) == maxSettings {
			break
		}
		if s, value := settingAt(tokens[i:]); s.Form != "" && value < len(tokens)-i {
			s.KeyLine = s.Line
			s.take(tokens[i+value:])
			all = append(all, s)
		}
	}
	return all
}

// settingAt recognises a name that a value follows, and says how many tokens on
// the value begins.
func settingAt(t []php.Token) (Setting, int) {
	is := func(at int, sign string) bool { return at < len(t) && t[at].Is(php.Sign, sign) }
	assigns := func(at int) bool { return is(at, "=") && !is(at+1, "=") && !is(at+1, ">") }
	switch first := t[0]; {
	case first.Is(php.Word, "define") && is(1, "(") && len(t) > 2 && t[2].Kind == php.Literal && is(3, ","):
		return Setting{Form: FormDefine, Name: t[2].Text, Line: t[2].Line}, 4
	case first.Is(php.Word, "const") && len(t) > 1 && assigns(2):
		return Setting{Form: FormConst, Name: t[1].Text, Line: t[1].Line}, 3
	case first.Kind == php.Literal && is(1, "=") && is(2, ">"):
		return Setting{Form: FormArray, Name: first.Text, Line: first.Line}, 3
	case first.Kind == php.Literal && is(1, "]") && assigns(2):
		return Setting{Form: FormIndex, Name: first.Text, Line: first.Line}, 3
	case first.Kind == php.Variable && assigns(1):
		return Setting{Form: FormProperty, Name: first.Text, Line: first.Line}, 2
	}
	return Setting{}, 0
}

// take reads the value.
func (s *Setting) take(t []php.Token) {
	s.Value, s.Line = t[0].Text, t[0].Line
	ended := len(t) > 1 && t[1].Kind == php.Sign && strings.ContainsAny(t[1].Text, ",;)]")
	s.Plain = t[0].Kind == php.Literal && ended
	if t[0].Kind != php.Literal && t[0].Kind != php.Word {
		s.Value = ""
	}
}

var envForm = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$`)

// envSettings finds the values that a .env file sets.
func envSettings(text []byte) []Setting {
	var all []Setting
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		m := envForm.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || len(all) == maxSettings {
			continue
		}
		value := strings.Trim(m[2], `"'`)
		all = append(all, Setting{Form: FormEnv, Name: m[1], Value: value, Plain: !strings.Contains(value, "${"), Line: number, KeyLine: number})
	}
	return all
}

// secretForm is what secrets are called.
var secretForm = regexp.MustCompile(`(?i)(passw|passphrase|pwd|secret|salt|token|credential|private|licen[cs]e|_key$|^key$|apikey|api_key|access_?key|auth_?key|_dsn$|cryptkey|smtppass|wgSMTP)`)

// userInURL is a URL that carries a password.
var userInURL = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[^/\s]*:[^/\s]*@`)

// Secret reports whether a value is one that a new manager changes.
func (s Setting) Secret() bool {
	switch strings.ToLower(s.Value) {
	case "", "null", "true", "false", "array", "getenv", "env":
		return false
	}
	return secretForm.MatchString(s.Name) || userInURL.MatchString(s.Value)
}
