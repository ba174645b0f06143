package backup

import (
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// sources returns the databases that a Drupal's settings name: one for each key
// of $databases, or those of the $db_url of Drupal 6.
func (d *drupalSettings) sources(file string) (sources []source) {
	all := d.values["databases"]
	if url := d.values["db_url"]; all.kind == phpNothing && url.kind != phpNothing {
		return d.oldSources(file, url)
	}
	switch {
	case all.kind == phpArray && len(all.items) == 0 && !all.open, all.kind == phpNothing, all.kind == phpNull:
		d.none = true
		return []source{{err: d.unset(file)}}
	case all.kind != phpArray:
		_, err := all.plain(file, "$databases")
		return []source{{err: orElse(err, d.unset(file))}}
	case all.open:
		sources = append(sources, source{err: computed(orText(all.file, file), "a part of $databases", all.line)})
	}
	for _, key := range all.keys() {
		v := all.at(key)
		if v.at("driver").kind == phpNothing || v.kind != phpArray {
			v = v.at("default") // beside it there are only replicas
		}
		if v.kind == phpArray && v.at("driver").kind == phpNothing && v.at("0").kind == phpArray {
			v = v.at("0") // several servers with the same content
		}
		config, err := d.database(file, v)
		sources = append(sources, source{config: config, err: err})
		if shared := d.shared(v); err == nil && shared != "" {
			sources = append(sources, source{err: core.Refuse(core.ErrDatabase, "%s keeps some of its tables in another database, “%s”; ask your web manager to have it backed up too.", file, safetext.Line(shared))})
		}
	}
	return sources
}

func (d *drupalSettings) unset(file string) error {
	if d.readsMore == "" {
		return unset(file, "$databases")
	}
	return core.Refuse(core.ErrDatabase, "%s does not set $databases itself, but reads another file on line %s, which was not looked at; ask your web manager to write it there as plain text.",
		file, d.readsMore[strings.LastIndexByte(d.readsMore, ':')+1:])
}

func orText(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// database reads one database.
func (d *drupalSettings) database(file string, v phpValue) (dbConfig, error) {
	if v.kind != phpArray {
		_, err := v.plain(file, "$databases")
		return dbConfig{}, orElse(err, unset(file, "$databases"))
	}
	f := fields{file: file}
	text := func(key string) string { return f.plain(v.at(key), key) }
	kind := text("driver")
	driver, ok := drupalDrivers[kind]
	c := dbConfig{Driver: driver, File: file, Labels: drupalLabels, Name: text("database")}
	switch {
	case f.err != nil:
		return dbConfig{}, f.err
	case !ok:
		return dbConfig{}, unknownDriver(file, "driver")
	case driver == driverSQLite:
		return c, nil
	}
	c.User, c.Password, c.Charset = text("username"), core.NewSecret(text("password")), text("charset")
	prefix := v.at("prefix")
	if prefix.kind == phpArray {
		prefix = prefix.at("default")
	}
	c.Prefix = f.plain(prefix, "prefix")
	c.Host = joinDBHost(driver, text("host"), text("port"), text("unix_socket"))
	if c.Host == "" && driver == driverMySQL {
		c.Host = "localhost"
	}
	return c, f.err
}

// shared names a database in which some of the tables lie by their prefix.
func (d *drupalSettings) shared(v phpValue) string {
	prefix := v.at("prefix")
	for _, key := range prefix.keys() {
		if name, _, ok := strings.Cut(prefix.at(key).text, "."); ok {
			return name
		}
	}
	return ""
}

// oldSources reads $db_url: a URL, or an array of them.
func (d *drupalSettings) oldSources(file string, v phpValue) (sources []source) {
	each := []phpValue{v}
	if v.kind == phpArray {
		each = nil
		for _, key := range v.keys() {
			each = append(each, v.at(key))
		}
	}
	prefix := d.values["db_prefix"]
	if prefix.kind == phpArray {
		prefix = prefix.at("default")
	}
	for _, one := range each {
		text, err := one.plain(file, "$db_url")
		var config dbConfig
		if err == nil {
			config, err = parseDatabaseURL(file, "$db_url", text)
		}
		if err == nil {
			config.Prefix, err = prefix.plain(file, "$db_prefix")
		}
		sources = append(sources, source{config: config, err: err})
	}
	return sources
}
