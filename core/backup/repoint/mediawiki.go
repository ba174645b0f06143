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
	names := j.values("wgDBname", file)
	var w wishes
	if len(names) <= 1 {
		w = j.mediaWikiWishes(j.value("wgDBname", file))
	}
	plans, err := j.each(w, file)
	for _, p := range plans {
		if len(names) > 1 {
			p.byHand(0, "wgDBname", whyFamily)
		}
		for _, t := range php.Scan(p.src) {
			if t.Is(php.Variable, "wgDBservers") || t.Is(php.Variable, "wgLBFactoryConf") {
				p.byHand(t.Line, t.Text, whyServers)
			}
		}
	}
	return plans, err
}

// mediaWikiWishes are those of a wiki. Its server's name takes the port or the socket
// along, as WordPress has it; PostgreSQL has a setting for the port, and takes a
// socket's directory for a host.
func (j *job) mediaWikiWishes(old string) wishes {
	d, ok := j.own(old)
	if !ok {
		return nil
	}
	w := wishes{
		"wgDBname": {value: d.Name, needed: true}, "wgDBuser": {value: d.User, needed: true},
		"wgDBpassword": {value: d.Password.Reveal(), needed: true}, "wgDBserver": {value: d.joined(), needed: true},
	}
	if d.Driver == "pgsql" {
		w["wgDBserver"], w["wgDBport"] = wish{value: d.postgresHost(), needed: true}, wish{value: d.port(), needed: d.Port != 0}
	}
	if d.Prefix != "" {
		w["wgDBprefix"] = wish{value: d.Prefix}
	}
	return w
}
