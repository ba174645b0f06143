package repoint

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
)

// typo3Files are where a TYPO3 has its settings, the newest place first, and
// typo3Sites where it has those of its sites.
var (
	typo3Files = []string{"config/system/settings.php", "typo3conf/LocalConfiguration.php", "public/typo3conf/LocalConfiguration.php"}
	typo3Sites = []string{"config/sites/*/config.yaml", "typo3conf/sites/*/config.yaml"}
)

// typo3 plans the changes of a TYPO3: of its settings, and of the address of each of
// its sites.
func (j *job) typo3() ([]*plan, error) {
	file := j.orFile(typo3Files...)
	const own = "return.DB.Connections.Default."
	w := wishes{}
	if d, ok := j.own(j.value(own+"dbname", file)); ok {
		w = typo3Connection(own, d)
	}
	j.further(w, own, "return.DB.Connections.", ".dbname", typo3Connection, file)
	plans, err := j.each(w, file)
	if err != nil {
		return plans, err
	}
	sites, err := j.typo3Sites()
	j.staleFolder("var/cache")
	j.staleFolder("typo3temp/var/cache")
	return append(plans, sites...), err
}

// typo3Connection are the wishes of one connection of a TYPO3.
func typo3Connection(own string, d Database) wishes {
	w := socketOrPort(own, d)
	w[own+"dbname"], w[own+"user"] = wish{value: d.Name, needed: true}, wish{value: d.User, needed: true}
	return w
}

// baseLine is a line of a site's settings that says an address: of the site, of a
// language, of a variant.
var baseLine = regexp.MustCompile(`(?m)^[ \t]*(?:-[ \t]+)?base:[ \t]*(["']?)([^"'\s#]+)`)

// plainAddress is an address that stands for itself in YAML, in quotes and without.
var plainAddress = regexp.MustCompile(`^(?:https?:)?//[A-Za-z0-9._~:/\[\]-]+$`)

// typo3Sites plans the addresses of a TYPO3's sites.
func (j *job) typo3Sites() (plans []*plan, err error) {
	var files []string
	for _, pattern := range typo3Sites {
		found, err := fs.Glob(j.root.FS(), path.Join(j.in("."), pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 || len(j.options.URLs) == 0 {
		return nil, nil
	}
	return j.planned(files, func(p *plan) {
		p.read = func([]byte) map[string][]string { return nil }
		for _, at := range baseLine.FindAllSubmatchIndex(p.src, -1) {
			if bytes.Contains(p.src[at[4]:at[5]], []byte("%env(")) {
				p.byHand(p.line(at[4]), "base", whyComputed)
				continue
			}
			now, changed := p.moved("", string(p.src[at[4]:at[5]]), j.hosts())
			switch {
			case changed && plainAddress.MatchString(now):
				p.done(at[4], at[5], now, "base")
			case changed:
				p.byHand(p.line(at[4]), "base", whyAddress)
			}
		}
	})
}
