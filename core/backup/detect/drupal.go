package detect

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"breakglass/core/backup/php"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

var drupalProgram = program{
	name: "Drupal", markers: []string{"sites/default/settings.php"},
	version: "core/lib/Drupal.php", form: regexp.MustCompile(`const VERSION\s*=\s*'([0-9A-Za-z.+-]{1,32})'`),
	read: readDrupal,
}

var drupalLabels = Labels{Name: "database", User: "username", Password: "password", Host: "host", Charset: "charset", Prefix: "prefix"}

var drupalDrivers = map[string]Driver{"mysql": MySQL, "mysqli": MySQL, "pgsql": Postgres, "sqlite": SQLite}

// maxSites bounds the sites of one Drupal.
const maxSites = 64

// drupalSites returns the directories below sites/ that hold a settings.php.
func (s *Site) drupalSites(dir string) (sites []string) {
	names, err := sitetree.List(s.root, sitetree.Join(dir, "sites"))
	if err != nil {
		return nil
	}
	for _, name := range names {
		if len(sites) < maxSites && s.root.Exists(sitetree.Join(dir, "sites/"+name+"/settings.php")) {
			sites = append(sites, name)
		}
	}
	return sites
}

// readDrupal reads the settings.php of each site of a Drupal. One that names no
// database is passed over where another does: sites/default is often left empty.
func readDrupal(p place) (sources []Source, err error) {
	var empty []Source
	for _, name := range p.site.drupalSites(p.dir) {
		dir := "sites/" + name
		d := &drupalSettings{place: p, dir: dir, values: map[string]php.Value{}}
		found := d.read(dir+"/settings.php", php.Always, 0)
		for _, from := range found {
			from.Dir = sitetree.Join(p.dir, dir)
			if d.none {
				empty = append(empty, from)
				continue
			}
			sources = append(sources, from)
		}
		if d.readsMore != "" && !d.none {
			p.site.note("archive.note.config_reads", "Path", safetext.Path(p.called(dir+"/settings.php")), "More", d.readsMore)
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
	values    map[string]php.Value
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
func (d *drupalSettings) read(name string, runs php.Runs, depth int) []Source {
	text, found, err := d.place.file(name)
	if err != nil || !found {
		if err == nil {
			err = unset(d.place.called(name), "$databases")
		}
		return []Source{{Err: err}}
	}
	if err := d.take(name, text, runs, depth); err != nil {
		return []Source{{Err: err}}
	}
	return d.sources(safetext.Line(safetext.Path(d.place.called(name))))
}

// take goes through the statements of a file.
func (d *drupalSettings) take(name string, text []byte, runs php.Runs, depth int) error {
	r := php.NewReader(safetext.Line(safetext.Path(d.place.called(name))), php.Scan(text))
	for r.More() {
		t, now := r.Peek(0), max(runs, r.Runs())
		switch {
		case t.Kind == php.Variable && (t.Text == "databases" || t.Text == "db_url" || t.Text == "db_prefix"):
			d.assign(r, now)
		case t.Is(php.Word, "include"), t.Is(php.Word, "include_once"), t.Is(php.Word, "require"), t.Is(php.Word, "require_once"):
			line := t.Line
			r.Skip(1)
			if err := d.include(r, name, line, now, depth); err != nil {
				return err
			}
		default:
			r.Skip(1)
		}
	}
	return nil
}

// assign takes over an assignment to a variable, or to a part of it. Anything
// else that is done with the variable changes nothing.
func (d *drupalSettings) assign(r *php.Reader, now php.Runs) {
	name, line := r.Peek(0).Text, r.Peek(0).Line
	r.Skip(1)
	var keys []string
	known := true
	for r.Sign(0, "[") {
		r.Skip(1)
		if r.Sign(0, "]") {
			keys = append(keys, "0") // $databases['default']['replica'][] = …
		} else {
			key := r.Value()
			known = known && key.Kind == php.Scalar
			keys = append(keys, key.Text)
		}
		if !r.Sign(0, "]") {
			return
		}
		r.Skip(1)
	}
	built := r.Sign(0, ".") || r.Sign(0, "+") || r.Sign(0, "?")
	for built && r.Peek(0).Kind == php.Sign && strings.Contains(".+?", r.Peek(0).Text) && r.Peek(0).Text != "" {
		r.Skip(1)
	}
	if !r.Sign(0, "=") || r.Sign(1, "=") || r.Sign(1, ">") {
		return
	}
	r.Skip(1)
	v := r.Value()
	if built {
		v = php.Value{Kind: php.Unknown, File: r.File, Line: line}
	}
	if !known {
		keys, v = nil, php.Value{Kind: php.Unknown, File: r.File, Line: line}
	}
	d.values[name] = d.values[name].Put(keys, v, now == php.Always)
}

// include follows a file within the site. One that cannot be followed is
// remembered: it may name another database.
func (d *drupalSettings) include(r *php.Reader, from string, line int, now php.Runs, depth int) error {
	name, ok := d.target(r, from)
	if ok && depth < includeDepth && d.included < maxIncludes {
		d.included++
		text, found, err := d.place.file(name)
		if err != nil {
			return err
		}
		if found && now == php.IfFile {
			now = php.Always
		}
		if found {
			return d.take(name, text, now, depth+1)
		}
		if now != php.Always {
			return nil // it is not there, and that is as it may be
		}
	}
	if d.readsMore == "" {
		d.readsMore = r.File + ":" + strconv.Itoa(line)
	}
	return nil
}

// target reads which file an include means: texts and the words for directories
// that Drupal's own settings.php uses, joined with dots.
func (d *drupalSettings) target(r *php.Reader, from string) (name string, ok bool) {
	if r.Sign(0, "(") {
		r.Skip(1)
	}
	var out strings.Builder
	absolute := false
	for first := true; ; first = false {
		t := r.Peek(0)
		switch {
		case t.Kind == php.Literal:
			absolute = absolute || first && strings.HasPrefix(t.Text, "/")
			out.WriteString(t.Text)
		case t.Is(php.Word, "__DIR__"):
			out.WriteString("/" + path.Dir(from))
		case t.Is(php.Word, "dirname") && r.Sign(1, "(") && r.Peek(2).Is(php.Word, "__FILE__") && r.Sign(3, ")"):
			out.WriteString("/" + path.Dir(from))
			r.Skip(3)
		case t.Is(php.Variable, "site_path"):
			out.WriteString(d.dir)
		case t.Is(php.Word, "conf_path") && r.Sign(1, "(") && r.Sign(2, ")"):
			out.WriteString(d.dir)
			r.Skip(2)
		case t.Is(php.Variable, "app_root"), t.Is(php.Word, "DRUPAL_ROOT"):
		default:
			return "", false
		}
		r.Skip(1)
		if !r.Sign(0, ".") {
			break
		}
		r.Skip(1)
	}
	if !r.Ended() {
		return "", false
	}
	name = strings.TrimLeft(out.String(), "/")
	if absolute {
		base := d.place.site.root.Path
		if d.place.dir != "." {
			base += "/" + d.place.dir
		}
		if name, ok = sitetree.Below(base, out.String()); !ok {
			return "", false
		}
	}
	name = path.Clean(name)
	return name, name != ".." && !strings.HasPrefix(name, "../") && name != "."
}
