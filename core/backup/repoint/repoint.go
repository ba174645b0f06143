package repoint

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"
	"path"
	"strconv"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/rewrite"
)

// Database is the one that a site is to use from now on.
type Database struct {
	// Driver is "mysql" (the zero value, MariaDB too) or "pgsql".
	Driver string
	// Host is a name or an address; "" stands for localhost. Port is 0 for the
	// usual one. Socket, where it is set, is used rather than both.
	Host   string
	Port   int
	Socket string

	Name     string
	User     string
	Password core.Secret
	// Prefix is that of the tables; "" leaves it as it is.
	Prefix string
}

// Options say what to change.
type Options struct {
	// Kind is the program as the manifest has it, with or without a version:
	// WordPress, Drupal, Joomla, Magento, TYPO3, PrestaShop, MediaWiki, Laravel,
	// Symfony, .env.
	Kind string
	// Dir is where the program lies below the root; "" is the root itself.
	Dir string
	// File is the configuration's name below the root, where it is not where
	// the program has it by itself.
	File string

	// Database is the one of the program's own connection, whatever that names
	// now. Its zero value leaves the connection as it is.
	Database Database
	// Moved are databases by the names that they had: each connection of the
	// program that names one of them, its own before all, gets the new one.
	Moved map[string]Database
	URLs  []rewrite.Pair
	Paths []rewrite.Pair
	// Settled are files, below the root, in which URLs and Paths were replaced
	// before: two programs, or two databases of one, may share a file.
	Settled []string
}

// File is a configuration as it is to be.
type File struct {
	Name string // below the root
	Text []byte
}

// Change is one value of a configuration.
type Change struct {
	File string `json:"file"` // below the root
	Line int    `json:"line"` // 0 where it is the file as a whole
	Name string `json:"name"` // DB_NAME, databases.default.default.host
	// Done says that it stands in the Files. Else it is left to a person, and Why
	// is a sentence about that.
	Done bool   `json:"done"`
	Why  string `json:"why,omitempty"`
}

// Repoint reads the configuration of the program that Options name and returns
// those of its files that are to change, as they are to be, and what is changed or
// left to be done by hand; values never stand in the changes. It writes nothing:
// the files are the caller's to put in their place, once, for a new URL that begins
// with the old one would be put into them twice. A Refusal of kind core.ErrInvalid
// says which option cannot be written into a configuration, one of kind
// core.ErrSite which file cannot be used.
func Repoint(root *os.Root, o Options) (files []File, changes []Change, err error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	w, err := rewrite.New(rewrite.Options{URLs: o.URLs, Paths: o.Paths})
	if err != nil {
		return nil, nil, err
	}
	j := &job{root: root, options: o, rewriter: w}
	plans, err := j.plans()
	if err != nil {
		return nil, nil, err
	}
	for _, p := range plans {
		text := p.result()
		if err := p.verify(text); err != nil {
			return nil, nil, err
		}
		if len(p.edits) > 0 {
			files = append(files, File{Name: p.name, Text: text})
		}
		j.changes = append(j.changes, p.changes...)
	}
	return files, j.changes, nil
}

// check refuses what no configuration can hold safely.
func (o Options) check() error {
	if o.Database.Name == "" && o.Database == (Database{}) && (len(o.Moved) > 0 || len(o.URLs) > 0 || len(o.Paths) > 0) {
		return o.checkMoved()
	}
	return errors.Join(o.Database.check(), o.checkMoved())
}

func (o Options) checkMoved() error {
	for _, d := range o.Moved {
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}

// check refuses what no configuration can hold safely.
func (d Database) check() error {
	for name, text := range map[string]string{"host": d.Host, "socket": d.Socket, "name": d.Name, "user": d.User, "password": d.Password.Reveal(), "prefix of the tables": d.Prefix} {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return core.Refuse(core.ErrInvalid, "The %s of the new database holds a line break or another control character, which no configuration can hold; choose one without.", name)
		}
	}
	switch {
	case d.Name == "":
		return core.Refuse(core.ErrInvalid, "The new database has no name.")
	case d.Driver != "" && d.Driver != "mysql" && d.Driver != "pgsql":
		return core.Refuse(core.ErrInvalid, "There is no such kind of database: %q; it is mysql or pgsql.", d.Driver)
	case d.Port < 0 || d.Port > 65535:
		return core.Refuse(core.ErrInvalid, "The new database's port %d is none.", d.Port)
	case d.Socket != "" && !path.IsAbs(d.Socket):
		return core.Refuse(core.ErrInvalid, "The new database's socket must be named in full, like /run/mysqld/mysqld.sock.")
	case strings.ContainsAny(d.Host, "/ @'\"\\"):
		return core.Refuse(core.ErrInvalid, "The new database's host holds a sign that no host has.")
	}
	return nil
}

// host is the database's host.
func (d Database) host() string {
	if d.Host == "" {
		return "localhost"
	}
	return d.Host
}

// port is the database's port, the usual one where none is given.
func (d Database) port() string {
	switch {
	case d.Port != 0:
		return strconv.Itoa(d.Port)
	case d.Driver == "pgsql":
		return "5432"
	}
	return "3306"
}

// joined is host, port and socket in one, as WordPress and Joomla have it.
func (d Database) joined() string {
	switch {
	case d.Socket != "":
		return "localhost:" + d.Socket
	case d.Port != 0:
		return net.JoinHostPort(d.host(), strconv.Itoa(d.Port))
	case strings.Contains(d.Host, ":"):
		return "[" + d.Host + "]"
	}
	return d.host()
}

// postgresHost is the database's host as a client of PostgreSQL takes it: a name, or
// the directory of a socket.
func (d Database) postgresHost() string {
	if dir, name := path.Split(d.Socket); strings.HasPrefix(name, ".s.PGSQL.") {
		return path.Clean(dir)
	}
	return cmp.Or(d.Socket, d.host())
}

// job is one call of Repoint.
type job struct {
	root     *os.Root
	options  Options
	rewriter *rewrite.Rewriter
	changes  []Change // of files that are not there
}

// in returns the name below the root of a file of the program.
func (j *job) in(name string) string { return path.Join(j.options.Dir, name) }

// plans finds the files of the program and plans their changes.
func (j *job) plans() ([]*plan, error) {
	kind, _, _ := strings.Cut(j.options.Kind, " ")
	switch kind {
	case "WordPress":
		return j.withRules(j.wordPress())
	case "Drupal":
		return j.drupal()
	case "Joomla":
		file := j.orFile("configuration.php")
		return j.each(j.oneServer(joomlaNames, file), file)
	case "Magento":
		file := j.orFile("app/etc/env.php")
		return j.each(j.magento(file), file)
	case "MediaWiki":
		return j.mediaWiki()
	case "PrestaShop":
		return j.prestaShop()
	case "TYPO3":
		return j.typo3()
	case "Laravel":
		j.stale("bootstrap/cache/config.php")
		return j.eachEnv(laravelEnv, j.orFile(".env"))
	case "Symfony":
		j.stale(".env.local.php")
		return j.symfony()
	case ".env":
		return j.eachEnv(plainEnv, j.orFile(".env"))
	}
	return nil, core.Refuse(core.ErrInvalid, "Of a site of the kind %q it is not known where its configuration is; change it by hand.", j.options.Kind)
}

// orFile is the file that Options name, or else the first of the program's that is
// there, or the first.
func (j *job) orFile(names ...string) string {
	if j.options.File != "" {
		return path.Clean(j.options.File)
	}
	for _, name := range names {
		if j.exists(j.in(name)) {
			return j.in(name)
		}
	}
	return j.in(names[0])
}

// exists reports whether there is a file, or a link, of a name below the root.
func (j *job) exists(name string) bool {
	info, err := j.root.Lstat(name)
	return err == nil && !info.IsDir()
}

// byHand notes what is left to a person about a file as a whole.
func (j *job) byHand(file, name, why string) {
	j.changes = append(j.changes, Change{File: file, Name: name, Why: why})
}

// stale notes a file in which a program keeps a copy of its configuration.
func (j *job) stale(name string) {
	if j.exists(j.in(name)) {
		j.byHand(j.in(name), "", "This file holds a copy of the old configuration, which the site prefers; delete it.")
	}
}

// staleFolder notes a folder in which a program keeps copies of its configuration.
func (j *job) staleFolder(name string) {
	if info, err := j.root.Lstat(j.in(name)); err == nil && info.IsDir() {
		j.byHand(j.in(name), "", "What lies in this folder was made of the old configuration; delete it, and the site makes it anew.")
	}
}

// each plans the changes of PHP files, of which one must be there.
func (j *job) each(w wishes, files ...string) (plans []*plan, err error) {
	plans, err = j.planned(files, func(p *plan) { p.php(w, j.hosts()) })
	if err != nil {
		return nil, err
	}
	j.missing(w, plans)
	return plans, nil
}

// planned plans the changes of those of some files that are there. It notes where
// there is none.
func (j *job) planned(files []string, change func(*plan)) (plans []*plan, err error) {
	for _, file := range files {
		src, err := readFile(j.root, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p := j.newPlan(file, src)
		change(p)
		plans = append(plans, p)
	}
	if len(plans) == 0 {
		j.byHand(files[0], "", "This file is not there; write it by hand.")
	}
	return plans, nil
}

// missing notes the needed settings that no file has.
func (j *job) missing(w wishes, plans []*plan) {
	for _, name := range w.needed() {
		found := false
		for _, p := range plans {
			found = found || p.seen[name]
		}
		if !found && len(plans) > 0 {
			plans[0].changes = append(plans[0].changes, Change{File: plans[0].name, Name: name, Why: "The file does not set this; write it there by hand."})
		}
	}
}
