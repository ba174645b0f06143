package detect

import (
	"regexp"
	"strings"

	"breakglass/core/backup/php"
)

var mediaWikiProgram = program{
	name: "MediaWiki", markers: []string{"LocalSettings.php"}, version: "includes/Defines.php",
	form: regexp.MustCompile(`define\(\s*'MW_VERSION',\s*'([0-9A-Za-z.+-]{1,32})'`), read: readMediaWiki,
}

// readMediaWiki reads the variables that a LocalSettings.php sets.
func readMediaWiki(p place) ([]Source, error) {
	text, found, err := p.file("LocalSettings.php")
	if err != nil || !found {
		return nil, err
	}
	file := p.called("LocalSettings.php")
	values := php.Assigned(file, text)
	get := func(name string) php.Value { return values[strings.TrimPrefix(name, "$")] }
	config, err := namedParts(file, partNames{
		driver: "$wgDBtype", name: "$wgDBname", user: "$wgDBuser", password: "$wgDBpassword", host: "$wgDBserver", port: "$wgDBport", prefix: "$wgDBprefix",
	}, get)
	if err == nil && config.Driver == SQLite {
		var dir string
		dir, err = plain(get("$wgSQLiteDataDir"), file, "$wgSQLiteDataDir")
		config.Name = strings.TrimSuffix(dir, "/") + "/" + config.Name + ".sqlite"
	}
	return []Source{{Database: config, Err: err}}, nil
}
