package detect

import (
	"cmp"

	"breakglass/core/backup/php"
	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

var typo3Program = program{name: "TYPO3", markers: typo3Files, read: readTYPO3}

// typo3Files are where a TYPO3 keeps its settings, the newest place first.
var typo3Files = []string{"config/system/settings.php", "typo3conf/LocalConfiguration.php", "public/typo3conf/LocalConfiguration.php"}

// readTYPO3 reads the array that a TYPO3's settings return, of version 12 on and
// before.
func readTYPO3(p place) ([]Source, error) {
	for i, name := range typo3Files {
		text, found, err := p.file(name)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		more := []string{"config/system/additional.php", "typo3conf/AdditionalConfiguration.php", "public/typo3conf/AdditionalConfiguration.php"}[i]
		if p.site.root.Exists(sitetree.Join(p.dir, more)) {
			p.site.note("archive.note.config_reads", "Path", safetext.Path(p.called(name)), "More", safetext.Path(p.called(more)))
		}
		return typo3Databases(p.called(name), php.Returned(p.called(name), text))
	}
	return nil, nil
}

func typo3Databases(file string, all php.Value) (sources []Source, err error) {
	connections := all.At("DB", "Connections")
	if connections.Kind != php.Array {
		_, err := plain(connections, file, "the databases")
		return nil, cmp.Or(err, unset(file, "DB/Connections"))
	}
	for _, name := range connections.Keys() {
		v := connections.At(name)
		get := func(key string) php.Value { return v.At(key) }
		config, err := namedParts(file, partNames{driver: "driver", name: "dbname", user: "user", password: "password", host: "host", port: "port", socket: "unix_socket"}, get)
		sources = append(sources, Source{Database: config, Err: err})
	}
	return sources, nil
}
