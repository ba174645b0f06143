package repoint

import "breakglass/core/backup/php"

// The sentences about wikis that one person only can tell apart.
const (
	whyFamily  = "The file names the databases of several wikis; write there by hand where each of them is."
	whyServers = "This wiki has several database servers; write the new one there by hand."
)

// mediaWiki plans the changes of a MediaWiki. One file may serve a family of wikis,
// each with a database of its own.
func (j *job) mediaWiki() ([]*plan, error) {
	file := j.orFile("LocalSettings.php")
	family := len(j.values(mediaWikiNames.database, file)) > 1
	var w wishes
	if !family {
		w = j.mediaWikiWishes(file)
	}
	plans, err := j.each(w, file)
	for _, p := range plans {
		if family {
			p.byHand(0, mediaWikiNames.database, whyFamily)
		}
		for _, t := range php.Scan(p.src) {
			if t.Is(php.Variable, "wgDBservers") || t.Is(php.Variable, "wgLBFactoryConf") {
				p.byHand(t.Line, t.Text, whyServers)
			}
		}
	}
	return plans, err
}

// mediaWikiWishes are those of a wiki. For PostgreSQL it has a setting for the port, and
// takes a socket's directory for a host.
func (j *job) mediaWikiWishes(file string) wishes {
	w := j.oneServer(mediaWikiNames, file)
	if d, ok := j.own(j.value(mediaWikiNames.database, file)); ok && d.Driver == "pgsql" {
		w[mediaWikiNames.host], w["wgDBport"] = wish{value: d.postgresHost(), needed: true}, wish{value: d.port(), needed: d.Port != 0}
	}
	return w
}
