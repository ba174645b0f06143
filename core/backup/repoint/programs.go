package repoint

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"breakglass/core"
	"breakglass/core/safetext"
)

// wordPress plans the changes of a WordPress: of its wp-config.php, which may lie
// one level up, or of the .env of a Bedrock.
func (j *job) wordPress() ([]*plan, error) {
	file := j.orFile("wp-config.php")
	above := path.Join(path.Dir(j.in(".")), "wp-config.php")
	if j.options.File == "" && !j.exists(file) && j.in(".") != "." && j.exists(above) {
		file = above
	}
	plans, err := j.each(j.oneServer(wordPressNames, file), file)
	if err != nil || len(plans) > 0 && plans[0].seen["DB_NAME"] {
		return plans, err
	}
	for _, env := range []string{j.in(".env"), path.Join(path.Dir(file), ".env"), path.Join(path.Dir(path.Dir(file)), ".env")} {
		if j.options.File == "" && j.exists(env) {
			for _, p := range plans {
				p.changes = nil // what the file does not set, the .env does
			}
			j.changes = nil
			more, err := j.eachEnv(bedrockEnv, env)
			return append(plans, more...), err
		}
	}
	return plans, nil
}

// drupal plans the changes of a Drupal. Dir may name one of its sites.
func (j *job) drupal() ([]*plan, error) {
	dir, err := j.drupalSite()
	if err != nil {
		return nil, err
	}
	const own = "databases.default.default."
	files := []string{path.Join(dir, "settings.php"), path.Join(dir, "settings.local.php")}
	w := wishes{}
	if d, ok := j.own(j.value(own+"database", files...)); ok {
		w = drupalConnection(own, d)
	}
	j.further(w, own, "databases.", ".database", drupalConnection, files...)
	plans, err := j.each(w, files...)
	for _, p := range plans {
		if p.seen["db_url"] {
			p.byHand(0, "db_url", "This is the setting of a Drupal before version 7; change it by hand.")
		}
	}
	return plans, err
}

// drupalConnection are the wishes of one connection of a Drupal.
func drupalConnection(own string, d Database) wishes {
	w := socketOrPort(own, d)
	w[own+"database"], w[own+"username"] = wish{value: d.Name, needed: true}, wish{value: d.User, needed: true}
	if d.Prefix != "" {
		w[own+"prefix"], w[own+"prefix.default"] = wish{value: d.Prefix}, wish{value: d.Prefix}
	}
	return w
}

// drupalSite is the directory of the site's settings.
func (j *job) drupalSite() (string, error) {
	if j.options.File != "" {
		return path.Dir(path.Clean(j.options.File)), nil
	}
	if j.exists(j.in("settings.php")) {
		return j.in("."), nil
	}
	sites, err := fs.Glob(j.root.FS(), path.Join(j.in("sites"), "*", "settings.php"))
	if err != nil {
		return "", err
	}
	switch len(sites) {
	case 0:
		return j.in("sites/default"), nil // where it is missing
	case 1:
		return path.Dir(sites[0]), nil
	}
	return "", core.Refuse(core.ErrSite, "This Drupal has %d sites, in %s and others; say which one is meant.", len(sites), safetext.Line(path.Dir(sites[0])))
}

// magento are the wishes of a Magento.
func (j *job) magento(file string) wishes {
	const own = "return.db.connection.default."
	w := wishes{}
	if d, ok := j.own(j.value(own+"dbname", file)); ok {
		w = magentoConnection(own, d)
		if d.Prefix != "" {
			w["return.db.table_prefix"] = wish{value: d.Prefix}
		}
	}
	j.further(w, own, "return.db.connection.", ".dbname", magentoConnection, file)
	return w
}

// magentoConnection are the wishes of one connection of a Magento, which takes a
// socket for a host.
func magentoConnection(own string, d Database) wishes {
	host := d.joined()
	if d.Socket != "" {
		host = d.Socket
	}
	return wishes{
		own + "dbname": {value: d.Name, needed: true}, own + "username": {value: d.User, needed: true},
		own + "password": {value: d.Password.Reveal(), needed: true}, own + "host": {value: host, needed: true},
		own + "unix_socket": {null: true}, own + "port": {value: d.port()},
	}
}

// symfony plans the changes of a Symfony: of its .env files, of which the later
// ones prevail.
func (j *job) symfony() (plans []*plan, err error) {
	var files []string
	for _, name := range []string{".env", ".env.local", ".env.prod", ".env.prod.local"} {
		if j.exists(j.in(name)) {
			files = append(files, j.in(name))
		}
	}
	if len(files) == 0 || j.options.File != "" {
		files = []string{j.orFile(".env")}
	}
	rules := symfonyEnv
	text, err := readFile(j.root, j.in("config/packages/doctrine.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	rules.percents = resolves(text)
	// Only the file that prevails gets the database: .env is for everybody.
	last := len(files) - 1
	for i, file := range files {
		src, err := readFile(j.root, file)
		if err == nil && slices.ContainsFunc(envLines(src), func(l envLine) bool { return l.name == "DATABASE_URL" }) {
			last = i
		}
	}
	for i, file := range files {
		rules.address = i != last
		more, err := j.eachEnv(rules, file)
		if err != nil {
			return nil, err
		}
		plans = append(plans, more...)
	}
	return plans, nil
}
