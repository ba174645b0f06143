package detect

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// program is a kind of software, other than WordPress, that a site may be made
// with.
type program struct {
	name    string
	markers []string // files that tell of it; any one of them is enough
	version string   // a file that tells its version,
	form    *regexp.Regexp
	// read reads its configuration. It returns no source where there is none.
	read func(p place) ([]Source, error)
}

// programs are those that are known, in the order in which one directory is
// taken for one of them.
func programs() []program {
	return []program{drupalProgram, joomlaProgram, magentoProgram, laravelProgram, symfonyProgram, typo3Program, mediaWikiProgram, prestaShopProgram, envProgram}
}

// place is a program of a site.
type place struct {
	site    *Site
	program program
	dir     string // below the root, "." for the root itself
	above   bool   // it lies one level above the root, which is its public directory
}

// findPlaces looks for programs in a directory.
func (s *Site) findPlaces(dir string) {
	for _, p := range programs() {
		if len(s.places) >= maxInstalls || p.name == envProgram.name && (dir != "." || len(s.places) > 0) {
			return
		}
		if slices.ContainsFunc(p.markers, func(m string) bool { return s.root.Exists(sitetree.Join(dir, m)) }) || p.name == drupalProgram.name && len(s.drupalSites(dir)) > 0 {
			s.places = append(s.places, place{site: s, program: p, dir: dir})
		}
	}
}

// placeAbove looks for a program whose public directory the root is.
func (s *Site) placeAbove() {
	if len(s.Installs) > 0 || slices.ContainsFunc(s.places, func(p place) bool { return p.dir == "." }) || !s.root.Exists("index.php") {
		return
	}
	for _, p := range programs() {
		if p.name == magentoProgram.name || p.name == laravelProgram.name || p.name == symfonyProgram.name {
			if slices.ContainsFunc(p.markers, s.existsAbove) {
				s.places = append(s.places, place{site: s, program: p, dir: ".", above: true})
				return
			}
		}
	}
}

// placed reports whether any program lies in a directory.
func (s *Site) placed(dir string) bool {
	return slices.ContainsFunc(s.places, func(p place) bool { return p.dir == dir && p.program.name != envProgram.name })
}

// readPlaces reads the configurations of all programs. A file that is there and
// cannot be read, or understood, is a database that is missing.
func (s *Site) readPlaces() error {
	for _, p := range s.places {
		if p.program.name == envProgram.name && (len(s.Installs) > 0 || len(s.places) > 1) {
			continue // it is that of another program, which was asked
		}
		sources, err := p.program.read(p)
		switch {
		case errors.Is(err, core.ErrSite):
			return err
		case err != nil:
			sources = append(sources, Source{Err: err})
		}
		for _, from := range sources {
			from.Kind, from.Above = p.program.name, p.above
			if from.Dir == "" {
				from.Dir = p.dir
			}
			if from.Err == nil && from.Database.Driver == SQLite {
				if from.Err = s.lookAtSQLite(p, from.Database); from.Err == nil {
					continue // it is in the files
				}
			}
			s.Sources = append(s.Sources, from)
		}
		if s.Kind == "" && (len(sources) > 0 || p.program.name != envProgram.name) {
			s.Kind = p.kind()
		}
	}
	return nil
}

// kind is the program's name with its version, where that is known.
func (p place) kind() string {
	if p.program.version == "" || p.above {
		return p.program.name // what lies above is read for its configuration only
	}
	text, found, err := p.file(p.program.version)
	if err != nil || !found {
		return p.program.name
	}
	if m := p.program.form.FindSubmatch(text); m != nil {
		return p.program.name + " " + string(m[1])
	}
	return p.program.name
}

// file reads a file of the program. One that is there but cannot be read is an
// error.
func (p place) file(name string) (text []byte, found bool, err error) {
	if p.above {
		return p.site.readAbove(name)
	}
	text, _, err = sitetree.ReadSmall(p.site.root, sitetree.Join(p.dir, name))
	switch {
	case err == nil:
		return text, true, nil
	case errors.Is(err, fs.ErrNotExist) && !p.site.root.Exists(sitetree.Join(p.dir, name)):
		return nil, false, nil
	}
	return nil, false, unread(p.called(name), err)
}

// called is what a sentence calls a file of the program.
func (p place) called(name string) string {
	if p.above {
		return "../" + name
	}
	return sitetree.Join(p.dir, name)
}

var aboveForm = regexp.MustCompile(`(?:__DIR__|dirname\(\s*__FILE__\s*\))\s*\.\s*['"]/\.\./|dirname\(\s*__DIR__\s*\)\s*\.`)

// lookAtProgram notes that the root is only the public directory of a program
// whose other files lie above it: they would be missing.
func (s *Site) lookAtProgram() {
	if slices.ContainsFunc(s.root.More, func(in sitetree.Included) bool { return path.Dir(in.Path) == path.Dir(s.root.Path) }) {
		return // the manager has said what of it belongs to the site
	}
	for _, name := range []string{"index.php", "autoload.php", "wp-config.php"} {
		if text, _, err := sitetree.ReadSmall(s.root, name); err == nil && aboveForm.Match(text) {
			s.miss("archive.note.program_above", "Path", name, "Root", safetext.Path(path.Dir(s.root.Path)))
			return
		}
	}
}

// unread refuses a configuration that is there and cannot be read.
func unread(path string, err error) error {
	return core.Refuse(core.ErrDatabase, "%s cannot be read, or it is a link out of the site's directory, so the database was not found; ask your web manager to put the file itself there.",
		safetext.Line(safetext.Path(path))).Because(err)
}
