package repoint

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// envRules are what differs between the readers of .env files.
type envRules struct {
	joined   bool // DB_HOST holds port and socket too
	escapes  bool // in double quotes, every escape is known to be read back
	percents bool // a % must stand twice
	address  bool // the file has nothing to say about the database
	needed   []string
}

var (
	laravelEnv = envRules{escapes: true, needed: []string{"DB_DATABASE", "DB_USERNAME", "DB_PASSWORD"}}
	bedrockEnv = envRules{joined: true, escapes: true, needed: []string{"DB_NAME", "DB_USER", "DB_PASSWORD"}}
	symfonyEnv = envRules{needed: []string{"DATABASE_URL"}}
	plainEnv   = envRules{}
)

// resolves reports whether Symfony looks for parameters between the % of the
// database's URL.
func resolves(doctrine []byte) bool { return bytes.Contains(doctrine, []byte("resolve:DATABASE_URL")) }

// variable is one line of a .env file.
type envLine struct {
	name    string
	at, end int // of its value
	text    string
	known   bool
}

// envName is the start of a line that sets a variable.
var envName = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*`)

// envLines reads a .env file.
func envLines(src []byte) (lines []envLine) {
	for at := 0; at < len(src); {
		end := at + lineEnd(src[at:])
		m := envName.FindSubmatchIndex(src[at:end])
		if m == nil {
			at = end + 1
			continue
		}
		l := envLine{name: string(src[at+m[2] : at+m[3]]), at: at + m[1]}
		l.read(src)
		lines = append(lines, l)
		at = l.end + lineEnd(src[l.end:]) + 1
	}
	return lines
}

// lineEnd is how long the first line of b is.
func lineEnd(b []byte) int {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		return i
	}
	return len(b)
}

// read reads the value that stands at l.at.
func (l *envLine) read(src []byte) {
	rest := src[l.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("'")):
		if i := bytes.IndexByte(rest[1:], '\''); i >= 0 {
			l.end, l.text, l.known = l.at+i+2, string(rest[1:1+i]), true
			return
		}
	case bytes.HasPrefix(rest, []byte(`"`)):
		if text, n, known := doubleQuoted(rest); n > 0 {
			l.end, l.text, l.known = l.at+n, text, known
			return
		}
	default:
		text := string(rest[:lineEnd(rest)])
		for _, mark := range []string{" #", "\t#"} {
			text, _, _ = strings.Cut(text, mark)
		}
		text = strings.TrimRight(text, " \t")
		if strings.HasPrefix(text, "#") {
			text = ""
		}
		l.end, l.text, l.known = l.at+len(text), text, !strings.ContainsAny(text, "$\\`'\"")
		return
	}
	l.end = l.at + lineEnd(rest) // the quote never ends
}

// doubleQuoted reads a value in double quotes. One with a variable in it is
// computed.
func doubleQuoted(src []byte) (text string, n int, known bool) {
	var out []byte
	known = true
	for i := 1; i < len(src); i++ {
		switch c := src[i]; c {
		case '"':
			return string(out), i + 1, known
		case '$', '`':
			known = known && c != '$'
			out = append(out, c)
		case '\\':
			if i+1 == len(src) {
				return "", 0, false
			}
			i++
			switch src[i] {
			case '"', '$', '\\':
				out = append(out, src[i])
			default:
				known = false // readers differ about it
			}
		default:
			out = append(out, c)
		}
	}
	return "", 0, false
}

// plainEnvValue is what needs no quotes.
var plainEnvValue = regexp.MustCompile(`^[A-Za-z0-9_./:@+,=%-]*$`)

// quoteEnv writes a value so that all readers read it back; false says that
// there is no such way.
func (r envRules) quoteEnv(text string) (string, bool) {
	switch {
	case plainEnvValue.MatchString(text):
		return text, true
	case !strings.Contains(text, "'"):
		return "'" + text + "'", true
	case r.escapes || !strings.ContainsAny(text, `\`):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(text) + `"`, true
	}
	return "", false
}

// eachEnv plans the changes of .env files, of which one must be there.
func (j *job) eachEnv(rules envRules, files ...string) (plans []*plan, err error) {
	plans, err = j.planned(files, func(p *plan) { j.env(p, rules) })
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	for _, p := range plans {
		if p.seen["DATABASE_URL"] || p.seen["DB_URL"] {
			return plans, nil
		}
	}
	for _, name := range rules.needed {
		if rules.address || !slices.ContainsFunc(plans, func(p *plan) bool { return p.own }) {
			break
		}
		if !slices.ContainsFunc(plans, func(p *plan) bool { return p.seen[name] }) {
			plans[0].byHand(0, name, "The file does not set this; write it there by hand.")
		}
	}
	return plans, nil
}

// env plans the changes of a .env file.
func (j *job) env(p *plan, rules envRules) {
	p.read = readEnv
	lines, hosts := envLines(p.src), j.hosts()
	d, known := j.own(envDatabase(lines))
	moved, lacking := j.envMoved(lines, rules)
	for _, l := range lines {
		p.seen[l.name] = true
		text, ours := rules.wanted(l, d)
		switch further, ok := moved[l.name]; {
		case ok && !rules.address:
			text, ours = further, true
		case !known:
			if ours && slices.Contains(envOwn, l.name) && l.text != "" && p.strict {
				p.byHand(p.line(l.at), l.name, whyOther)
			}
			ours = false
		}
		if slices.Contains(lacking, l.name) {
			p.byHand(p.line(l.at), l.name, whyParts)
		}
		if !ours && l.known {
			text, ours = p.moved(l.name, l.text, hosts)
			if !ours {
				continue
			}
		}
		line := p.line(l.at)
		switch {
		case !l.known && !ours:
			if _, ok := p.moved(l.name, string(p.src[l.at:l.end]), hosts); ok {
				p.byHand(line, l.name, whyAddress)
			}
			continue
		case !l.known:
			p.byHand(line, l.name, whyComputed)
			continue
		case text == l.text:
			p.want[l.name] = text
			continue
		}
		quoted, ok := rules.quoteEnv(text)
		if !ok {
			p.byHand(line, l.name, "The value holds both ' and \\, which the readers of such files read differently; choose another password.")
			continue
		}
		p.want[l.name] = text
		p.done(l.at, l.end, quoted, l.name)
	}
	if p.own = known; known {
		p.addEnv(rules, d)
	}
}

// addEnv adds the port or the socket at the end of a file that has no line for
// it.
func (p *plan) addEnv(rules envRules, d Database) {
	name, value := "DB_PORT", d.port()
	if d.Socket != "" {
		name, value = "DB_SOCKET", d.Socket
	}
	if rules.joined || rules.address || d.Socket == "" && d.Port == 0 || p.seen[name] || !p.seen["DB_HOST"] {
		return
	}
	quoted, ok := rules.quoteEnv(value)
	if !ok {
		p.byHand(0, name, whyPut)
		return
	}
	text := name + "=" + quoted + "\n"
	if len(p.src) > 0 && p.src[len(p.src)-1] != '\n' {
		text = "\n" + text
	}
	p.want[name] = value
	p.done(len(p.src), len(p.src), text, name)
}

// wanted is what a variable is to be, if it is one of the database.
func (r envRules) wanted(l envLine, d Database) (text string, ours bool) {
	if r.address {
		return "", false
	}
	switch l.name {
	case "DB_HOST":
		if r.joined {
			return d.joined(), true
		}
		return d.host(), true
	case "DB_PORT":
		return d.port(), true
	case "DB_SOCKET":
		return d.Socket, true
	case "DB_DATABASE", "DB_NAME":
		return d.Name, true
	case "DB_USERNAME", "DB_USER":
		return d.User, true
	case "DB_PASSWORD", "DB_PASS":
		return d.Password.Reveal(), true
	case "DB_PREFIX":
		return d.Prefix, d.Prefix != ""
	case "DATABASE_URL", "DB_URL":
		if l.text == "" && l.known {
			return "", true
		}
		return databaseURL(l.text, d, r.percents), true
	}
	return "", false
}

// readEnv returns the values that a file sets.
func readEnv(src []byte) map[string][]string {
	values := map[string][]string{}
	for _, l := range envLines(src) {
		if l.known {
			values[l.name] = append(values[l.name], l.text)
		}
	}
	return values
}
