package detect

import (
	"breakglass/core/backup/php"
)

var prestaShopProgram = program{
	name: "PrestaShop", markers: []string{"app/config/parameters.php", "config/settings.inc.php"}, read: readPrestaShop,
}

// readPrestaShop reads the parameters of version 1.7 on, or the constants of the
// ones before.
func readPrestaShop(p place) ([]Source, error) {
	name := "app/config/parameters.php"
	text, found, err := p.file(name)
	if err != nil {
		return nil, err
	}
	if found {
		all := php.Returned(p.called(name), text).At("parameters")
		config, err := namedParts(p.called(name), partNames{
			name: "database_name", user: "database_user", password: "database_password", host: "database_host", port: "database_port", prefix: "database_prefix",
		}, func(key string) php.Value { return all.At(key) })
		return []Source{{Database: config, Err: err}}, nil
	}
	name = "config/settings.inc.php"
	if text, found, err = p.file(name); err != nil || !found {
		return nil, err
	}
	values := php.Assigned(p.called(name), text)
	config, err := namedParts(p.called(name), partNames{name: "_DB_NAME_", user: "_DB_USER_", password: "_DB_PASSWD_", host: "_DB_SERVER_", prefix: "_DB_PREFIX_"}, //nolint:gosec // names, no password
		func(key string) php.Value { return values[key] })
	return []Source{{Database: config, Err: err}}, nil
}
