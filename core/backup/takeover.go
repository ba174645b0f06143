package backup

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/backup/detect"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// takeover gathers what a new manager must know of the place where the site
// lived. It quotes names and lines that a hostile site chose, so each is made
// safe; a value that may be secret is never among them.
type takeover struct {
	run     *run
	host    *hostFiles
	configs []detect.ConfigFile
	roots   []string // as which the site's directory is known
}

// The limits of TAKEOVER.txt.
const (
	maxListed  = 200 // lines of one section
	maxRules   = 500 // files with server rules that are kept
	maxComment = 300 // letters of a quoted line
)

// takeoverText returns TAKEOVER.txt.
func (r *run) takeoverText(configs []detect.ConfigFile) string {
	t := &takeover{run: r, host: &hostFiles{root: r.engine.options.Host}, configs: configs, roots: []string{r.site.root.Path}}
	if r.order.Root != r.site.root.Path {
		t.roots = append(t.roots, r.order.Root)
	}
	say := func(id string, pairs ...any) string {
		return newNote("archive.takeover."+id, pairs...).text(r.order.Lang)
	}
	out := []string{
		say("title", "Name", r.order.Name), "",
		say("what", "Site", r.order.Site, "Kind", r.site.Kind, "Root", shown(r.site.root.Path), "Host", r.order.Host), "",
		say("ask"),
	}
	section := func(id string, lines []string) {
		out = append(out, "", say(id))
		if len(lines) == 0 {
			out = append(out, "  "+say("none"))
			return
		}
		for i, line := range lines {
			if i == maxListed {
				out = append(out, "  "+say("more", "Count", len(lines)-i))
				break
			}
			out = append(out, "  - "+line)
		}
	}
	section("secrets", t.secrets())
	section("php", t.php())
	section("rules", t.rules())
	section("cron", t.cron())
	section("mail", t.mail())
	section("paths", t.paths())
	unseen := make([]string, len(t.host.unseen))
	for i, path := range t.host.unseen {
		unseen[i] = shownLine(path)
	}
	if t.host.root == "" {
		unseen = append(unseen, say("no_host"))
	}
	section("unseen", unseen)
	return wrap(strings.Join(out, "\n")) + "\n"
}

// placeIn names a place in a configuration, as a person finds it in the archive.
func placeIn(c detect.ConfigFile, line int) string {
	file := inArchive(c.Path)
	if c.Outside {
		file = outsideDir + "/" + c.Path
	}
	return fmt.Sprintf("%s:%d", shownLine(file), line)
}

// secrets lists the names of what must be changed, and where each stands.
func (t *takeover) secrets() []string {
	var lines []string
	for _, c := range t.configs {
		for _, s := range c.Settings {
			if s.Secret() {
				lines = append(lines, placeIn(c, s.Line)+"  "+safetext.Line(s.Name))
			}
		}
	}
	return lines
}

// absoluteForm is a value that is a path from / on.
var absoluteForm = regexp.MustCompile(`^/[A-Za-z0-9_.-]+(/[^\n]*)?$`)

// paths lists the absolute paths that a new place has to change.
func (t *takeover) paths() []string {
	var lines []string
	for _, c := range t.configs {
		for _, s := range c.Settings {
			if !s.Secret() && s.Plain && absoluteForm.MatchString(s.Value) {
				lines = append(lines, placeIn(c, s.Line)+"  "+safetext.Line(s.Name)+"  "+shownLine(s.Value))
			}
		}
	}
	for _, rules := range t.run.rules {
		lines = append(lines, t.naming(inArchive(rules), t.siteText(rules))...)
	}
	return lines
}

// siteText reads a small file of the site, "" where it cannot be.
func (t *takeover) siteText(relative string) string {
	text, _, err := sitetree.ReadSmall(t.run.site.root, relative)
	if err != nil {
		return ""
	}
	return string(text)
}

// rules lists what tells a web server how to serve the site.
func (t *takeover) rules() []string {
	var lines []string
	for _, rules := range t.run.rules {
		lines = append(lines, shownLine(inArchive(rules)))
	}
	for _, pattern := range []string{
		"/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*", "/etc/nginx/sites-available/*", "/etc/nginx/plesk.conf.d/vhosts/*",
		"/etc/apache2/sites-enabled/*", "/etc/apache2/sites-available/*", "/etc/apache2/conf-enabled/*", "/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/*.conf",
		"/etc/caddy/Caddyfile", "/usr/local/lsws/conf/vhosts/*/vhconf.conf", "/etc/lighttpd/lighttpd.conf",
	} {
		lines = append(lines, t.namingAll(pattern)...)
	}
	return lines
}

// cron lists what the site's programs need of a timetable, how WordPress's own is
// set, and the lines of the machine's timetables that name the site.
func (t *takeover) cron() []string {
	lines := t.tasks()
	for _, c := range t.configs {
		for _, s := range c.Settings {
			if s.Name == "DISABLE_WP_CRON" || s.Name == "ALTERNATE_WP_CRON" {
				lines = append(lines, placeIn(c, s.Line)+"  "+s.Name+" = "+safetext.Line(s.Value))
			}
		}
	}
	for _, pattern := range []string{
		"/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/crontabs/*", "/var/spool/cron/*", "/etc/systemd/system/*.service", "/etc/systemd/system/*.timer",
	} {
		lines = append(lines, t.namingAll(pattern)...)
	}
	return lines
}

// namingAll lists the lines of the machine's files that name the site.
func (t *takeover) namingAll(pattern string) []string {
	var lines []string
	for _, path := range t.host.glob(pattern) {
		for _, line := range t.naming(path, t.host.read(path)) {
			// What is enabled is mostly a link to what is available.
			twin := strings.Replace(line, "sites-available", "sites-enabled", 1)
			if !slices.Contains(lines, twin) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// naming lists the lines of a text that name one of the site's directories.
// Other lines are another site's business and stay out.
func (t *takeover) naming(where, text string) []string {
	var lines []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || !slices.ContainsFunc(t.roots, func(root string) bool { return namesPath(line, root) }) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s:%d  %s", shownLine(where), number, quoteLine(line)))
	}
	return lines
}

// namesPath reports whether a line holds a path or something below it, and not
// merely a longer name.
func namesPath(line, root string) bool {
	for rest := line; root != "/"; {
		i := strings.Index(rest, root)
		if i < 0 {
			return false
		}
		rest = rest[i+len(root):]
		if rest == "" || !wordByte(rest[0]) && rest[0] != '-' && rest[0] != '.' {
			return true
		}
	}
	return false
}

// secretsInLine are the forms in which a command line gives a secret away.
var secretsInLine = []*regexp.Regexp{
	regexp.MustCompile(`(?i)([a-z_-]*(?:pass|pwd|secret|token|key|auth|salt|credential)[a-z_-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;|]+)`),
	regexp.MustCompile(`(?i)(--?(?:password|passwd|pass|token|secret|key|user)\s+)("[^"]*"|'[^']*'|\S+)`),
	regexp.MustCompile(`((?:^|\s)-[pu]\s*)("[^"]*"|'[^']*'|\S+)`),
	regexp.MustCompile(`(?i)((?:bearer|basic)\s+)(\S+)`),
	regexp.MustCompile(`(://)([^/\s@]+@)`),
}

// quoteLine returns a line as it may be shown: without what may be secret.
func quoteLine(line string) string {
	for _, form := range secretsInLine {
		line = form.ReplaceAllString(line, "$1•••")
	}
	line = safetext.Line(line)
	if letters := []rune(line); len(letters) > maxComment {
		return string(letters[:maxComment]) + "…"
	}
	return line
}

// keepRules remembers a file that tells a server what to do.
func (r *run) keepRules(relative string) {
	switch path.Base(relative) {
	case ".htaccess", ".user.ini", "php.ini", ".php-version", "web.config", "nginx.conf":
		if len(r.rules) < maxRules {
			r.rules = append(r.rules, relative)
		}
	}
}
