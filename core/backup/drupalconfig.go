package backup

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/safetext"
)

var drupalProgram = program{
	name: "Drupal", markers: []string{"sites/default/settings.php"},
	version: "core/lib/Drupal.php", form: regexp.MustCompile(`const VERSION\s*=\s*'([0-9A-Za-z.+-]{1,32})'`),
	read: readDrupal,
}

var drupalLabels = dbLabels{Name: "database", User: "username", Password: "password", Host: "host", Charset: "charset", Prefix: "prefix"}

var drupalDrivers = map[string]dbDriver{"mysql": driverMySQL, "mysqli": driverMySQL, "pgsql": driverPostgres, "sqlite": driverSQLite}

// maxSites bounds the sites of one Drupal.
const maxSites = 64

// drupalSites returns the directories below sites/ that hold a settings.php.
func (s *site) drupalSites(dir string) (sites []string) {
	names, err := listDir(s.root, join(dir, "sites"))
	if err != nil {
		return nil
	}
	for _, name := range names {
		if len(sites) < maxSites && s.exists(join(dir, "sites/"+name+"/settings.php")) {
			sites = append(sites, name)
		}
	}
	return sites
}

// readDrupal reads the settings.php of each site of a Drupal. One that names no
// database is passed over where another does: sites/default is often left empty.
func readDrupal(p place) (sources []source, err error) {
	var empty []source
	for _, name := range p.site.drupalSites(p.dir) {
		dir := "sites/" + name
		d := &drupalSettings{place: p, dir: dir, values: map[string]phpValue{}}
		found := d.read(dir+"/settings.php", phpAlways, 0)
		for _, from := range found {
			from.dir = join(p.dir, dir)
			if d.none {
				empty = append(empty, from)
				continue
			}
			sources = append(sources, from)
		}
		if d.readsMore != "" && !d.none {
			p.site.notes = append(p.site.notes, finding{newNote("archive.note.config_reads", "Path", shown(p.called(dir+"/settings.php")), "More", d.readsMore), false})
		}
	}
	if len(sources) == 0 {
		return empty, nil
	}
	return sources, nil
}

// drupalSettings is one settings.php and what it includes.
type drupalSettings struct {
	place     place
	dir       string // sites/NAME
	values    map[string]phpValue
	readsMore string // another file that is not looked at, with its line
	none      bool   // no database is named
	included  int
}

// How deep files include each other, and how many of them are followed.
const (
	includeDepth = 4
	maxIncludes  = 16
)

// read reads a file and returns the databases that are known at its end.
func (d *drupalSettings) read(name string, runs phpRuns, depth int) []source {
	text, found, err := d.place.file(name)
	if err != nil || !found {
		if err == nil {
			err = unset(d.place.called(name), "$databases")
		}
		return []source{{err: err}}
	}
	if err := d.take(name, text, runs, depth); err != nil {
		return []source{{err: err}}
	}
	return d.sources(safetext.Line(shown(d.place.called(name))))
}

// take goes through the statements of a file.
func (d *drupalSettings) take(name string, text []byte, runs phpRuns, depth int) error {
	r := &phpReader{file: safetext.Line(shown(d.place.called(name))), tokens: phpTokens(text)}
	often := branches(r.tokens)
	for r.at < len(r.tokens) {
		t, now := r.peek(0), max(runs, often[r.at])
		switch {
		case t.kind == phpVariable && (t.text == "databases" || t.text == "db_url" || t.text == "db_prefix"):
			d.assign(r, now)
		case t.is(phpWord, "include"), t.is(phpWord, "include_once"), t.is(phpWord, "require"), t.is(phpWord, "require_once"):
			line := t.line
			r.at++
			if err := d.include(r, name, line, now, depth); err != nil {
				return err
			}
		default:
			r.at++
		}
	}
	return nil
}

// assign takes over an assignment to a variable, or to a part of it. Anything
// else that is done with the variable changes nothing.
func (d *drupalSettings) assign(r *phpReader, now phpRuns) {
	name, line := r.peek(0).text, r.peek(0).line
	r.at++
	var keys []string
	known := true
	for r.sign(0, "[") {
		r.at++
		if r.sign(0, "]") {
			keys = append(keys, "0") // $databases['default']['replica'][] = …
		} else {
			key := r.value()
			known = known && key.kind == phpScalar
			keys = append(keys, key.text)
		}
		if !r.sign(0, "]") {
			return
		}
		r.at++
	}
	built := r.sign(0, ".") || r.sign(0, "+") || r.sign(0, "?")
	for built && r.peek(0).kind == phpSign && strings.Contains(".+?", r.peek(0).text) && r.peek(0).text != "" {
		r.at++
	}
	if !r.sign(0, "=") || r.sign(1, "=") || r.sign(1, ">") {
		return
	}
	r.at++
	v := r.value()
	if built {
		v = phpValue{kind: phpUnknown, file: r.file, line: line}
	}
	if !known {
		keys, v = nil, phpValue{kind: phpUnknown, file: r.file, line: line}
	}
	d.values[name] = put(d.values[name], keys, v, now == phpAlways)
}

// put sets a part of a value. What is set only sometimes stands beside what was
// there before.
func put(into phpValue, keys []string, v phpValue, always bool) phpValue {
	if len(keys) == 0 {
		if always || into.kind == phpNothing {
			return v
		}
		return either(into, v)
	}
	if into.kind == phpUnknown || into.kind == phpConflict {
		return into // a part of what is not known changes nothing
	}
	if into.kind != phpArray {
		into = phpValue{kind: phpArray, file: v.file, line: v.line}
	}
	into.items = slices.Clone(into.items)
	i := into.index(keys[0])
	if i < 0 {
		into.items = append(into.items, phpItem{key: keys[0]})
		i = len(into.items) - 1
	}
	into.items[i].value = put(into.items[i].value, keys[1:], v, always)
	return into
}

// either is a value that may be the one or the other.
func either(a, b phpValue) phpValue {
	switch {
	case a.kind == phpScalar && b.kind == phpScalar && a.text == b.text, a.kind == phpNull && b.kind == phpNull:
		return a
	case a.kind == phpNothing:
		return b
	case b.kind == phpNothing, a.kind == phpUnknown, a.kind == phpConflict:
		return a
	case b.kind == phpUnknown, b.kind == phpConflict:
		return b
	case a.kind == phpArray && b.kind == phpArray:
		a.items = slices.Clone(a.items)
		for _, item := range b.items {
			a = put(a, []string{item.key}, item.value, false)
		}
		a.open = a.open || b.open
		return a
	}
	return phpValue{kind: phpConflict, file: a.file, line: a.line, where: b.line}
}

// include follows a file within the site. One that cannot be followed is
// remembered: it may name another database.
func (d *drupalSettings) include(r *phpReader, from string, line int, now phpRuns, depth int) error {
	name, ok := d.target(r, from)
	if ok && depth < includeDepth && d.included < maxIncludes {
		d.included++
		text, found, err := d.place.file(name)
		if err != nil {
			return err
		}
		if found && now == phpIfFile {
			now = phpAlways
		}
		if found {
			return d.take(name, text, now, depth+1)
		}
		if now != phpAlways {
			return nil // it is not there, and that is as it may be
		}
	}
	if d.readsMore == "" {
		d.readsMore = r.file + ":" + decimal(line)
	}
	return nil
}

// target reads which file an include means: texts and the words for directories
// that Drupal's own settings.php uses, joined with dots.
func (d *drupalSettings) target(r *phpReader, from string) (name string, ok bool) {
	if r.sign(0, "(") {
		r.at++
	}
	var out strings.Builder
	absolute := false
	for first := true; ; first = false {
		t := r.peek(0)
		switch {
		case t.kind == phpString:
			absolute = absolute || first && strings.HasPrefix(t.text, "/")
			out.WriteString(t.text)
		case t.is(phpWord, "__DIR__"):
			out.WriteString("/" + path.Dir(from))
		case t.is(phpWord, "dirname") && r.sign(1, "(") && r.peek(2).is(phpWord, "__FILE__") && r.sign(3, ")"):
			out.WriteString("/" + path.Dir(from))
			r.at += 3
		case t.is(phpVariable, "site_path"):
			out.WriteString(d.dir)
		case t.is(phpWord, "conf_path") && r.sign(1, "(") && r.sign(2, ")"):
			out.WriteString(d.dir)
			r.at += 2
		case t.is(phpVariable, "app_root"), t.is(phpWord, "DRUPAL_ROOT"):
		default:
			return "", false
		}
		r.at++
		if !r.sign(0, ".") {
			break
		}
		r.at++
	}
	if !r.ended() {
		return "", false
	}
	name = strings.TrimLeft(out.String(), "/")
	if absolute {
		base := d.place.site.path
		if d.place.dir != "." {
			base += "/" + d.place.dir
		}
		if name, ok = below(base, out.String()); !ok {
			return "", false
		}
	}
	name = path.Clean(name)
	return name, name != ".." && !strings.HasPrefix(name, "../") && name != "."
}
