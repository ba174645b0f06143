package detect

import (
	"cmp"
	"regexp"

	"breakglass/core"
	"breakglass/core/backup/php"
)

var magentoProgram = program{
	name: "Magento", markers: []string{"app/etc/env.php"},
	version: "composer.json", form: regexp.MustCompile(`"(?:magento/product-(?:community|enterprise)-edition|mage-os/product-community-edition)"\s*:\s*"[~^=v]?([0-9A-Za-z.+-]{1,32})"`),
	read: readMagento,
}

var magentoLabels = Labels{Name: "dbname", User: "username", Password: "password", Host: "host", Charset: "charset", Prefix: "table_prefix"}

func readMagento(p place) ([]Source, error) {
	text, found, err := p.file("app/etc/env.php")
	if err != nil || !found {
		return nil, err
	}
	return parseMagento(p.called("app/etc/env.php"), text)
}

// parseMagento reads an app/etc/env.php: an array that it returns. A shop may
// have databases of their own for its checkout and its orders.
func parseMagento(file string, src []byte) (sources []Source, err error) {
	all := php.Returned(file, src)
	if all.Kind != php.Array {
		_, err := plain(all, file, "the databases")
		return nil, cmp.Or(err, unset(file, "a database"))
	}
	prefix, err := plain(all.At("db", "table_prefix"), file, "table_prefix")
	if err != nil {
		return nil, err
	}
	connections := all.At("db", "connection")
	if connections.Kind != php.Array {
		if _, err := plain(connections, file, "the databases"); err != nil {
			return nil, err
		}
		return nil, unset(file, "a database")
	}
	for _, name := range connections.Keys() {
		config, err := magentoConnection(file, connections.At(name), prefix)
		sources = append(sources, Source{Database: config, Err: err})
	}
	if connections.Open || len(sources) == 0 {
		return append(sources, Source{Err: computed(file, "the databases", connections.Line)}), nil
	}
	return sources, nil
}

func magentoConnection(file string, v php.Value, prefix string) (Database, error) {
	f := fields{file: file}
	if v.Kind != php.Array {
		f.plain(v, "a database")
	}
	text := func(key string) string { return f.plain(v.At(key), key) }
	c := Database{
		Driver: MySQL, File: file, Labels: magentoLabels, Name: text("dbname"), User: text("username"), Password: core.NewSecret(text("password")),
		Charset: text("charset"), Prefix: prefix,
	}
	c.Host = joinAddress(MySQL, text("host"), text("port"), text("unix_socket"))
	switch {
	case f.err != nil:
		return Database{}, f.err
	case v.At("dbname").Kind == php.Nothing:
		return Database{}, unset(file, "dbname")
	case c.Host == "":
		c.Host = "localhost"
	}
	return c, nil
}
